"""Step time, the ladder of adjustments, hours with their interval, and the rule of three."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.adjustments import adjustments
from service.estimate.duration import exposed_offload_s, matmul_flops_per_s, step_time
from service.estimate.hardware import (
    dense_tensor_tflops,
    host_link_gb_per_s,
    peak_tflops,
    precision_used,
)
from service.estimate.ladder import ladder
from service.estimate.machine import machines
from service.estimate.memory import instants, peak_memory, with_context
from service.estimate.memory_plan import MemoryPlan, published_plan
from service.estimate.memory_plan_search import families, micro_batches
from service.estimate.planned_step import plan_steps
from service.estimate.reference_run import rule_of_three
from service.estimate.step_work import count_step, newton_schulz_flops, recomputed_share
from service.estimate.training_time import check_gpu_count
from tests.facts_for_tests import A100_80, D32, H100_SXM, KNOWN, RTX_4070, RTX_4090, TERMS, V100


def seconds(gpu, count=1, workload=D32, **plan):
    machine = machines([(gpu, count)], workload.recipe.precision)
    work = count_step(
        workload.architecture,
        workload.recipe,
        MemoryPlan(plan.pop("micro_batch", 1), **plan),
        machine.gpu_count,
    )
    return step_time(work, machine, TERMS).of(0)


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
    step = seconds(RTX_4070, checkpointed_layers=32, optimizer="host")
    parts = step.matmul_s + step.attention_s + step.memory_s + step.micro_batch_s
    parts += step.optimizer_s + step.sharding_s + step.offload_s
    assert parts == pytest.approx(step.step_s)
    assert step.accumulation == 256


def test_offload_hides_behind_gradient_accumulation():
    """ESTIMATION 3.4: 1-2 % of a step that accumulates 256 times, much more of one that hardly does."""
    step = seconds(RTX_4070, checkpointed_layers=32, optimizer="host")
    assert 0.005 < step.offload_s / step.step_s < 0.02
    little = replace(D32, recipe=replace(D32.recipe, global_batch_tokens=4_096))
    step = seconds(RTX_4070, workload=little, optimizer="host")
    assert step.offload_s / step.step_s > 0.2


def test_offload_is_amortised_as_measured_with_prime_rl():
    """prime-rl #3234, 8 H200, full offload: 44, 90 and about 100 % of the speed at 8, 16 and 32 K tokens.

    Its model is not stated: one whose offload takes 2.27 times the computation of 8 K tokens gives
    44 % there, and the law of overlap must give the rest within 15 points.
    """
    kept = []
    for tokens in (8, 16, 32):
        computation, transfer = tokens / 8, 2.27
        work = SimpleNamespace(
            accumulation=1.0,
            host_link_bytes=transfer * 1e9,
            host_memory_bytes=0.0,
            streamed_bytes=0.0,
            accumulated_bytes=0.0,
            synchronous=0.0,
        )
        machine = SimpleNamespace(host_link_gb_per_s=1.0, nodes=1.0)
        terms = {"pcie_efficiency": 1.0, "host_memory_gb_per_s": 40.0}
        kept.append(computation / (computation + exposed_offload_s(work, machine, terms, computation)))
    assert kept == pytest.approx([0.44, 0.90, 1.0], abs=0.15)
    assert kept[0] < kept[1] < kept[2]


@settings(max_examples=40)
@given(st.sampled_from([RTX_4070, RTX_4090, H100_SXM, A100_80]), st.sampled_from([1, 2, 4, 8]))
def test_more_gpus_are_faster_but_never_more_than_linearly(gpu, count):
    alone, together = seconds(gpu).step_s, seconds(gpu, count).step_s
    assert together <= alone * 1.0001
    assert together * count >= alone * 0.999


def test_arrays_answer_what_single_machines_answer():
    hardware = [(RTX_4070, 1), (H100_SXM, 8), (A100_80, 4), (V100, 2)]
    together = plan_steps(D32, hardware, KNOWN, [64] * 4)
    for machine, planned in zip(hardware, together, strict=True):
        alone = plan_steps(D32, [machine], KNOWN, [64])[0]
        assert alone.log_spread == pytest.approx(planned.log_spread, rel=1e-9)
        assert alone.step.step_s == pytest.approx(planned.step.step_s, rel=1e-9)
        assert (alone.plan, alone.verdict, alone.peak) == (planned.plan, planned.verdict, planned.peak)
    assert plan_steps(D32, [], KNOWN, []) == []


def rate(gpu, limit_watts=None):
    return matmul_flops_per_s(machines([(gpu, 1)], "bf16", [limit_watts]), TERMS)[0]


def test_a_power_starved_card_is_slower_than_its_peak():
    assert rate(replace(RTX_4090, board_watts=100.0)) < rate(RTX_4090)
    assert rate(H100_SXM, 350.0) < rate(H100_SXM)
    assert rate(RTX_4090, 449.0) == rate(RTX_4090)  # 2.7 W per TFLOP/s suffice


def test_d32_fits_12_gib_only_with_its_optimizer_in_host_memory():
    planned = plan_steps(D32, [(RTX_4070, 1)], KNOWN, [64])[0]
    assert planned.verdict == "fits_with_adjustments"
    assert planned.plan.optimizer == "host"
    assert planned.peak.p90 <= planned.available_gib
    codes = {a.code: a for a in adjustments(D32, RTX_4070, 1, planned.plan, host_memory_gib=18, terms=TERMS)}
    assert {"micro_batch", "checkpointing", "optimizer_host"} <= set(codes)
    assert codes["checkpointing"].time_factor > 1.05
    assert not codes["micro_batch"].needs_code_change
    assert codes["optimizer_host"].needs_code_change


def test_offload_needs_a_host_that_can_hold_it():
    """d32 moves 18 GiB off the card: a PC with 16 GiB to spare cannot, and no other plan fits 12 GiB."""
    assert plan_steps(D32, [(RTX_4070, 1)], KNOWN, [18])[0].verdict == "fits_with_adjustments"
    starved = plan_steps(D32, [(RTX_4070, 1)], KNOWN, [16])[0]
    assert starved.verdict == "does_not_fit" and starved.plan.optimizer == "gpu"


def test_the_published_recipe_wins_where_it_fits():
    planned = plan_steps(D32, [(H100_SXM, 8)], KNOWN, [64])[0]
    assert planned.verdict == "fits"
    assert planned.plan == published_plan(D32.recipe, 32)
    assert adjustments(D32, H100_SXM, 8, planned.plan, host_memory_gib=0, terms=TERMS) == ()


def test_the_fastest_fitting_plan_is_chosen():
    planned = plan_steps(D32, [(RTX_4090, 1)], KNOWN, [64])[0]
    chosen = seconds(
        RTX_4090, **{n: getattr(planned.plan, n) for n in MemoryPlan.__dataclass_fields__}
    ).step_s
    fitting = 0
    for family in families(D32.recipe):
        for batch in micro_batches(D32.recipe):
            for layers in range(33):
                plan = replace(family, micro_batch=batch, checkpointed_layers=layers)
                peak = with_context(peak_memory(D32.architecture, D32.recipe, plan, 1), 1)
                if peak.p90 <= planned.available_gib:
                    fitting += 1
                    other = seconds(
                        RTX_4090, **{n: getattr(plan, n) for n in MemoryPlan.__dataclass_fields__}
                    )
                    assert chosen <= other.step_s * 1.05
    assert fitting > 50


def test_memory_of_many_plans_at_once_is_that_of_each():
    batches, layers = np.array([[1.0], [8.0]]), np.array([[0.0, 1.0, 32.0]])
    plan = MemoryPlan(1, optimizer="host")
    many = instants(D32.architecture, D32.recipe, plan, 1, micro_batch=batches, checkpointed_layers=layers)
    for i, batch in enumerate((1, 8)):
        for j, count in enumerate((0, 1, 32)):
            alone = peak_memory(D32.architecture, D32.recipe, MemoryPlan(batch, count, optimizer="host"))
            assert many.p90[i, j] / 2**30 == pytest.approx(alone.p90, rel=1e-12)


def test_the_ladder_of_d32_on_12_gib_is_complete():
    planned = plan_steps(D32, [(RTX_4070, 1)], KNOWN, [64])[0]
    rungs = ladder(D32, RTX_4070, 1, planned, terms=TERMS, host_memory_gib=64)
    assert [rung.code for rung in rungs] == [
        "as_published",
        "micro_batch",
        "chunked_cross_entropy",
        "checkpointing",
        "optimizer_8bit",
        "optimizer_host",
        "gradients_host",
        "parameters_host",
    ]
    by_code = {rung.code: rung for rung in rungs}
    assert [rung.code for rung in rungs if rung.fits] == [
        "optimizer_host",
        "gradients_host",
        "parameters_host",
    ]
    assert by_code["optimizer_8bit"].experimental  # nobody publishes an 8-bit Muon
    assert by_code["optimizer_8bit"].peak.p50 == pytest.approx(16.7 + 0.65, rel=0.03)
    assert not by_code["micro_batch"].needs_code_change and by_code["checkpointing"].needs_code_change
    assert by_code["as_published"].hours_added == 0
    assert all(rung.hours_added >= 0 for rung in rungs)
    assert by_code["optimizer_host"].host_memory_gib == pytest.approx(17.75, rel=0.01)
    hours = planned.step.step_s * 71_680 * 1.0543 / 3600
    assert by_code["optimizer_host"].hours == pytest.approx(hours, rel=1e-9)
    small_host = ladder(D32, RTX_4070, 1, planned, terms=TERMS, host_memory_gib=16)
    assert not any(rung.fits for rung in small_host)


def test_a_rung_that_fits_for_sure_with_nothing_shows_its_best_chance():
    """d32 on 24 GiB: checkpointed at micro-batch 1 it is marginal (22.2 GiB and context), never hopeless."""
    planned = plan_steps(D32, [(RTX_4090, 1)], KNOWN, [64])[0]
    by_code = {rung.code: rung for rung in ladder(D32, RTX_4090, 1, planned, terms=TERMS, host_memory_gib=64)}
    tight = by_code["checkpointing"]
    assert not tight.fits and 0.5 < tight.fit_probability < 0.9
    assert (tight.plan.micro_batch, tight.plan.checkpointed_layers) == (1, D32.architecture.n_layers)
    assert by_code["optimizer_8bit"].fits and by_code["optimizer_host"].fits


def test_two_cards_can_share_the_weights():
    recipe = replace(D32.recipe, optimizer="adamw", micro_batch=1)
    wide = replace(D32, recipe=recipe)
    rungs = ladder(
        wide, A100_80, 4, plan_steps(wide, [(A100_80, 4)], KNOWN, [64])[0], terms=TERMS, host_memory_gib=64
    )
    fsdp = next(rung for rung in rungs if rung.code == "fsdp")
    assert fsdp.plan.sharding == "fsdp"
    assert fsdp.peak.p50 < rungs[0].peak.p50


def test_what_cannot_fit_says_so():
    tiny = replace(RTX_4070, memory_gib=1.5)
    planned = plan_steps(D32, [(tiny, 1)], KNOWN, [64])[0]
    assert planned.verdict == "does_not_fit"
    assert planned.peak.p10 > planned.available_gib


def test_fp16_on_a_v100_is_an_adjustment():
    planned = plan_steps(D32, [(V100, 1)], KNOWN, [64])[0]
    assert adjustments(D32, V100, 1, planned.plan, host_memory_gib=0, terms=TERMS)[0].code == "precision"


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


def test_families_start_with_the_published_one_and_offer_no_8_bit_muon():
    found = families(D32.recipe)
    assert found[0] == published_plan(D32.recipe, 0)
    assert len(set(found)) == len(found)
    assert "8bit" not in {plan.optimizer for plan in found}
    assert "8bit" in {plan.optimizer for plan in families(replace(D32.recipe, optimizer="adamw"))}
    assert {plan.sharding for plan in families(D32.recipe, 2)} == {"", "fsdp"}
    assert micro_batches(D32.recipe) == [8, 4, 2, 1]
