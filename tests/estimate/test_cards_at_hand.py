"""Cards that people have and nobody has published a run on: their peaks, and intervals that say so."""

import pytest

from service.estimate.hardware import (
    FP32_FLOPS_PER_SM_AND_CLOCK,
    TENSOR_FLOPS_PER_SM_AND_CLOCK,
    available_memory_gib,
    dense_tensor_tflops,
    peak_tflops,
    precision_used,
)
from service.estimate.machine import efficiency_term
from service.estimate.planned_step import plan_steps
from service.estimate.power_limit import STANDS_IN_FOR
from service.estimate.terms import TERMS
from service.estimate.training_time import evidence_class
from service.store.calibration_file import calibration_from
from tests.facts_for_tests import shipped_catalog

CATALOG = shipped_catalog()
GPUS = {gpu.slug: gpu for gpu in CATALOG.gpus}
WORKLOADS = {workload.slug: workload for workload in CATALOG.workloads}


@pytest.fixture(scope="module")
def calibration():
    return calibration_from({f.name: f for f in CATALOG.figures}, CATALOG.measured_runs, GPUS)


@pytest.mark.parametrize(
    ("slug", "precision", "tflops"),
    [
        ("gtx-1650", "fp16", 5.97),
        ("gtx-1660-ti", "fp16", 10.87),
        ("gtx-1660-ti", "fp32", 5.44),
        ("mi50-16gb", "fp16", 26.8),
        ("mi50-16gb", "fp32", 13.4),
        ("mi100", "fp16", 184.6),
        ("mi100", "bf16", 92.3),
        ("radeon-pro-w7900", "bf16", 122.6),
        ("radeon-pro-w7800-48gb", "bf16", 90.5),
        ("ryzen-ai-max-395", "bf16", 59.4),
        ("rtx-4090-48gb", "bf16", 165.2),
    ],
)
def test_peaks_are_those_of_the_data_package(slug, precision, tflops):
    assert peak_tflops(GPUS[slug], precision) == pytest.approx(tflops, rel=0.005)


def test_gtx_16_has_no_tensor_units_and_no_bf16():
    card = GPUS["gtx-1660-super"]
    assert precision_used(card, "bf16") == "fp16" and precision_used(card, "tf32") == "fp32"
    per_sm = dense_tensor_tflops(card) / card.sm_count / card.boost_clock_mhz
    of_turing = GPUS["rtx-2060-super"]
    assert per_sm * 2 == pytest.approx(
        dense_tensor_tflops(of_turing) / of_turing.sm_count / of_turing.boost_clock_mhz
    ), "half of what the tensor units of a half-rate Turing card do"


def test_every_architecture_of_the_catalog_is_known_to_every_table():
    for gpu in GPUS.values():
        assert gpu.architecture in TENSOR_FLOPS_PER_SM_AND_CLOCK.keys() & FP32_FLOPS_PER_SM_AND_CLOCK.keys()
        assert efficiency_term(gpu, "fp16") in TERMS and efficiency_term(gpu, "fp32") in TERMS
        assert any(gpu.architecture in alike for alike in STANDS_IN_FOR.values()), gpu.slug


def test_a_modified_card_is_the_card_with_more_memory(calibration):
    run = WORKLOADS["nanochat-d12"]
    for usual, modified in (
        ("rtx-4090", "rtx-4090-48gb"),
        ("rtx-2080-ti", "rtx-2080-ti-22gb"),
        ("rtx-3080-10gb", "rtx-3080-20gb"),
    ):
        a, b = GPUS[usual], GPUS[modified]
        assert b.memory_gib >= 2 * a.memory_gib and dense_tensor_tflops(a) == dense_tensor_tflops(b)
        held = plan_steps(run, [(a, 1), (b, 1)], calibration.posterior, [0.0, 0.0])
        assert held[1].available_gib > held[0].available_gib
        assert held[1].step.step_s == pytest.approx(held[0].step.step_s, rel=0.1)


@pytest.mark.parametrize(
    "slug", ["gtx-1660-super", "mi50-16gb", "mi100", "radeon-pro-w7900", "ryzen-ai-max-395"]
)
def test_where_no_run_is_known_the_interval_says_so(calibration, slug):
    run = WORKLOADS["nanochat-d12"]
    known = GPUS["rtx-4090"]
    unknown, sure = plan_steps(run, [(GPUS[slug], 1), (known, 1)], calibration.posterior, [64.0, 64.0])
    assert evidence_class(GPUS[slug], run.recipe.engine, calibration) == "unseen"
    assert unknown.log_spread > 2 * sure.log_spread and unknown.log_spread > 0.2


def test_nothing_moves_from_shared_memory_to_the_host(calibration):
    """Beside a card of the same size the host may hold what does not fit; shared memory has no such place."""
    shared, apart = GPUS["ryzen-ai-max-395"], GPUS["rtx-pro-6000-blackwell"]
    assert shared.memory_gib == apart.memory_gib and shared.pcie_lanes is None
    assert available_memory_gib(shared) == pytest.approx(94.95, abs=0.01)
    runs = [w for w in CATALOG.workloads if "host" in chosen(w, apart, calibration)]
    assert runs, "some run of the catalog needs the host beside 96 GiB"
    for run in runs:
        assert "host" not in chosen(run, shared, calibration), run.slug


def chosen(run, gpu, calibration):
    (planned,) = plan_steps(run, [(gpu, 1)], calibration.posterior, [512.0])
    return planned.plan.optimizer if planned.verdict != "does_not_fit" else ""
