"""Step time, the ladder of adjustments, hours with their interval, and the rule of three."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.calibration import PRIORS, fit_terms, log_spread
from service.estimate.duration import newton_schulz_flops, recomputed_share, step_time
from service.estimate.hardware import (
    dense_tensor_tflops,
    host_link_gb_per_s,
    peak_tflops,
    precision_used,
)
from service.estimate.machine import machines, matmul_efficiency
from service.estimate.memory import MemoryPlan
from service.estimate.plan import adjustments, candidate_plans, plan_steps, published_plan
from service.estimate.reference_run import rule_of_three
from service.estimate.training_time import check_gpu_count
from tests.facts_for_tests import A100_80, D32, H100_SXM, RTX_4070, RTX_4090, TERMS, V100


def seconds(gpu, count=1, workload=D32, **plan):
    machine = machines([(gpu, count)], workload.recipe.precision, TERMS)
    return step_time(
        workload.architecture, workload.recipe, machine, TERMS, micro_batch=plan.pop("micro_batch", 1), **plan
    ).of(0)


def test_peaks_follow_from_silicon():
    assert dense_tensor_tflops(RTX_4070) == pytest.approx(58.3, rel=0.01)
    assert dense_tensor_tflops(H100_SXM) == pytest.approx(989, rel=0.01)
    assert peak_tflops(H100_SXM, "fp8") == 2 * peak_tflops(H100_SXM, "bf16")
    assert peak_tflops(RTX_4070, "fp32") == pytest.approx(29.15, rel=0.01)


def test_a_card_without_bf16_falls_back_and_refuses():
    assert precision_used(V100, "bf16") == "fp16"
    assert precision_used(A100_80, "fp8") == "bf16"
    assert precision_used(V100, "tf32") == "fp32"
    with pytest.raises(InvalidValue, match="does not run"):
        peak_tflops(V100, "bf16")
    with pytest.raises(InvalidValue, match="precision = 'bf17'"):
        precision_used(V100, "bf17")


def test_pcie_is_lanes_times_generation_and_unknown_stays_unknown():
    assert host_link_gb_per_s(RTX_4070) == pytest.approx(31.5, rel=0.01)
    assert host_link_gb_per_s(replace(RTX_4070, pcie_lanes=None)) is None


def test_muon_orthogonalises_d32_in_8_2e13_flops():
    assert newton_schulz_flops(D32.architecture) == pytest.approx(8.2e13, rel=0.01)


def test_full_checkpointing_repeats_31_percent():
    assert recomputed_share(D32.architecture, D32.recipe, 32) == pytest.approx(0.311, abs=0.001)
    assert recomputed_share(D32.architecture, D32.recipe, 16) == pytest.approx(0.1555, abs=0.001)


def test_d32_on_8_h100_takes_its_published_step():
    """1.572 s per step (run1000.sh); within 10 %."""
    assert seconds(H100_SXM, 8, micro_batch=8).step_s == pytest.approx(1.572, rel=0.10)


def test_parts_add_up_to_the_step():
    step = seconds(RTX_4070, checkpointed_layers=32, optimizer_placement="host")
    parts = step.matmul_s + step.memory_s + step.optimizer_s + step.sharding_s
    parts += step.offload_s + step.overhead_s
    assert parts == pytest.approx(step.step_s)
    assert step.accumulation == 256


def test_offload_hides_behind_gradient_accumulation():
    """ESTIMATION 3.4: 1-2 % of a step that accumulates 256 times."""
    step = seconds(RTX_4070, checkpointed_layers=32, optimizer_placement="host")
    assert 0.005 < step.offload_s / step.step_s < 0.03
    little = replace(D32, recipe=replace(D32.recipe, global_batch_tokens=16_384))
    step = seconds(RTX_4070, workload=little, optimizer_placement="host")
    assert step.offload_s / step.step_s > 0.2


@settings(max_examples=40)
@given(st.sampled_from([RTX_4070, RTX_4090, H100_SXM, A100_80]), st.sampled_from([1, 2, 4, 8]))
def test_more_gpus_are_faster_but_never_more_than_linearly(gpu, count):
    alone, together = seconds(gpu).step_s, seconds(gpu, count).step_s
    assert together <= alone * 1.0001
    assert together * count >= alone * 0.999


def test_arrays_answer_what_single_machines_answer():
    hardware = [(RTX_4070, 1), (H100_SXM, 8), (A100_80, 4), (V100, 2)]
    together = plan_steps(D32, hardware, TERMS, [64] * 4)
    for machine, planned in zip(hardware, together, strict=True):
        assert plan_steps(D32, [machine], TERMS, [64])[0] == planned
    assert plan_steps(D32, [], TERMS, []) == []


def test_a_power_starved_card_is_slower_than_its_peak():
    starved = replace(RTX_4090, board_watts=100.0)
    assert matmul_efficiency(starved, "bf16", TERMS) < matmul_efficiency(RTX_4090, "bf16", TERMS)


def test_d32_fits_12_gib_only_with_its_optimizer_in_host_memory():
    planned = plan_steps(D32, [(RTX_4070, 1)], TERMS, [64])[0]
    assert planned.verdict == "fits_with_adjustments"
    assert planned.plan.optimizer == "host"
    assert planned.peak.p90 <= planned.available_gib
    codes = {a.code: a for a in adjustments(D32, RTX_4070, 1, planned, TERMS)}
    assert {"micro_batch", "checkpointing", "optimizer_host"} <= set(codes)
    assert codes["checkpointing"].time_factor > 1.05
    assert not codes["micro_batch"].needs_code_change
    assert codes["optimizer_host"].needs_code_change


def test_offload_needs_a_host_that_can_hold_it():
    """d32 moves 18 GiB off the card: a PC with 16 GiB to spare cannot, and no other plan fits 12 GiB."""
    assert plan_steps(D32, [(RTX_4070, 1)], TERMS, [18])[0].verdict == "fits_with_adjustments"
    starved = plan_steps(D32, [(RTX_4070, 1)], TERMS, [16])[0]
    assert starved.verdict == "does_not_fit" and starved.plan.optimizer == "gpu"


def test_the_published_recipe_wins_where_it_fits():
    planned = plan_steps(D32, [(H100_SXM, 8)], TERMS, [64])[0]
    assert planned.verdict == "fits"
    assert planned.plan == published_plan(D32)
    assert adjustments(D32, H100_SXM, 8, planned, TERMS) == ()


def test_the_fastest_fitting_plan_is_chosen():
    planned = plan_steps(D32, [(RTX_4090, 1)], TERMS, [64])[0]
    from service.estimate.memory import peak_memory, with_context

    for plan in candidate_plans(D32):
        peak = with_context(peak_memory(D32.architecture, D32.recipe, plan, 1), 1)
        if peak.p90 <= planned.available_gib:
            other = seconds(
                RTX_4090,
                micro_batch=plan.micro_batch,
                checkpointed_layers=plan.checkpointed_layers,
                optimizer_placement=plan.optimizer,
            )
            assert planned.step.step_s <= other.step_s * 1.05


def test_what_cannot_fit_says_so():
    tiny = replace(RTX_4070, memory_gib=2.0)
    planned = plan_steps(D32, [(tiny, 1)], TERMS, [64])[0]
    assert planned.verdict == "does_not_fit"
    assert planned.peak.p10 > planned.available_gib


def test_fp16_on_a_v100_is_an_adjustment():
    planned = plan_steps(D32, [(V100, 1)], TERMS, [64])[0]
    assert adjustments(D32, V100, 1, planned, TERMS)[0].code == "precision"


def test_a_batch_cannot_be_shared_by_more_gpus_than_it_has_sequences():
    check_gpu_count(D32, 256)
    with pytest.raises(InvalidValue, match="256 sequences"):
        check_gpu_count(D32, 257)


def test_the_note_in_its_own_numbers():
    note = rule_of_three(33, 8, (8, 9), 200)
    assert note.gpu_hours == 264
    assert (note.hours_low, note.hours_high) == (2112, 2376)
    assert (note.days_low, note.days_high) == (88, 99)
    assert note.energy_kwh_low == pytest.approx(422.4)
    assert note.energy_kwh_high == pytest.approx(475.2)
    with pytest.raises(InvalidValue, match="ratio"):
        rule_of_three(33, 8, (0, 9), 200)


def test_the_fit_recovers_terms_it_did_not_know():
    """Synthetic runs from known terms: the fit comes back to them although its priors say otherwise."""
    truth = {**TERMS, "efficiency_ada": 0.80, "traffic_torch-compile": 300.0}

    def predictor(gpu, batch, layers):
        def predict(terms):
            machine = machines([(gpu, 1)], "bf16", {**TERMS, **terms})
            workload = replace(D32, architecture=replace(D32.architecture, n_layers=layers))
            step = step_time(
                workload.architecture, workload.recipe, machine, {**TERMS, **terms}, micro_batch=batch
            )
            return workload.recipe.global_batch_tokens / step.of(0).step_s

        return predict

    predictors = [predictor(g, b, n) for g in (RTX_4070, RTX_4090) for b in (1, 8) for n in (4, 32)]
    priors = {name: PRIORS[name] for name in ("efficiency_ada", "traffic_torch-compile")}
    weak = {name: (median, 2.0) for name, (median, _) in priors.items()}
    terms, covariance = fit_terms(predictors, [p(truth) for p in predictors], weak)
    assert terms["efficiency_ada"] == pytest.approx(0.80, rel=0.02)
    assert terms["traffic_torch-compile"] == pytest.approx(300, rel=0.05)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)
    with pytest.raises(ValueError, match="predictors"):
        fit_terms(predictors, [1.0])


def test_a_spread_holds_80_percent_of_the_errors():
    errors = np.linspace(-1, 1, 1001)
    assert log_spread(errors) == pytest.approx(0.8 / 1.2816, rel=0.01)


def test_the_ladder_starts_with_the_published_recipe_and_offers_no_8_bit_muon():
    plans = candidate_plans(D32)
    assert plans[0] == MemoryPlan(8)
    assert len(set(plans)) == len(plans)
    assert "8bit" not in {plan.optimizer for plan in plans}
    adamw = replace(D32, recipe=replace(D32.recipe, optimizer="adamw"))
    assert "8bit" in {plan.optimizer for plan in candidate_plans(adamw)}
