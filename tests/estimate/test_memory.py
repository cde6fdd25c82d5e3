"""Memory against the project's step-by-step account of d32 and against published peaks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.memory import MemoryPlan, fit_verdict, peak_memory, with_context, with_reserved
from service.facts import Architecture, Recipe
from tests.estimate.test_architecture import llama, nanochat_2025, nanochat_2026

NANOCHAT = Recipe("muon+adamw", "bf16", "torch-compile", "flash", 2048, 524_288, 8, embedding_bytes=2)
D32 = nanochat_2025(32)
BATCHES = (1, 2, 4, 8, 16)


@pytest.mark.parametrize(
    ("plan", "expected_gib"),
    [
        ({}, (29.3, 34.3, 44.3, 64.4, 104.5)),
        ({"checkpointed_layers": 32}, (21.9, 22.6, 23.9, 26.5, 31.7)),
        ({"checkpointed_layers": 32, "chunked_cross_entropy": True}, (21.8, 22.2, 23.0, 24.6, 27.8)),
        ({"checkpointed_layers": 32, "optimizer": "8bit"}, (16.4, 17.1, 18.4, 21.0, 26.2)),
        ({"checkpointed_layers": 32, "optimizer": "host"}, (7.7, 8.3, 9.6, 12.2, 17.4)),
        ({"checkpointed_layers": 32, "optimizer": "host+gradients"}, (4.4, 5.1, 6.4, 9.0, 14.2)),
    ],
    ids=["plain", "checkpointing", "chunked loss", "8-bit states", "optimizer on host", "gradients too"],
)
def test_d32_on_one_gpu_within_3_percent(plan, expected_gib):
    """The project's account with one buffer of logits, as PyTorch 2.11 keeps on an H200."""
    for batch, expected in zip(BATCHES, expected_gib, strict=True):
        assert peak_memory(D32, NANOCHAT, MemoryPlan(batch, **plan)).p50 == pytest.approx(expected, rel=0.03)


def test_states_of_d32_are_21_gib():
    peak = peak_memory(D32, NANOCHAT, MemoryPlan(1))
    assert peak.weights_gib == pytest.approx(6.75, abs=0.01)
    assert peak.gradients_gib == pytest.approx(6.75, abs=0.01)
    assert peak.optimizer_gib == pytest.approx(7.50, abs=0.01)


def test_published_peaks_lie_in_the_band():
    """nanochat d20 on 8 GPUs at batch 32: 75,422.02 MiB in six reports; d12 on an RTX 4070: 9,448 MiB."""
    d20 = peak_memory(nanochat_2025(20), NANOCHAT, MemoryPlan(32), gpu_count=8)
    assert d20.p10 < 75_422.02 / 1024 < d20.p90
    d12 = peak_memory(nanochat_2026(12), NANOCHAT, MemoryPlan(8))
    assert d12.p10 < 9_448 / 1024 < d12.p90


def test_d32_on_8_gpus_fits_at_batch_8_and_runs_out_at_16():
    """Case 2 of the sharp cases: b8 fits, b16 does not."""
    available = 80 * 0.98
    assert fit_verdict(with_context(peak_memory(D32, NANOCHAT, MemoryPlan(8), 8), 8), available) == "fits"
    assert fit_verdict(with_context(peak_memory(D32, NANOCHAT, MemoryPlan(16), 8), 8), available) == (
        "does_not_fit"
    )


def test_tinyllama_fits_a_40_gb_card_without_checkpointing():
    recipe = Recipe("adamw", "bf16", "native", "flash", 2048, 2**21, 8, sharding="fsdp")
    peak = with_context(peak_memory(llama(22, 2048, 32, 4, 5632, 32000), recipe, MemoryPlan(8), 16), 16)
    assert fit_verdict(peak, 40 * 0.98) == "fits"


def test_the_muon_stack_can_be_the_peak():
    """The 2026 nanochat needs 8 more bytes per matrix weight during the optimizer step: d32 +12 GiB."""
    peak = peak_memory(nanochat_2026(32), NANOCHAT, MemoryPlan(1, checkpointed_layers=32))
    assert peak.instant == "optimizer-step"
    assert peak.p50 == pytest.approx(27.5 + 12.0, rel=0.01)


@given(st.integers(1, 32), st.integers(0, 32), st.booleans(), st.sampled_from(["gpu", "8bit", "host"]))
def test_more_batch_never_needs_less_and_more_checkpointing_never_more(batch, layers, chunked, optimizer):
    def peak(b, n):
        return peak_memory(D32, NANOCHAT, MemoryPlan(b, n, chunked, optimizer)).p50

    assert peak(batch + 1, layers) > peak(batch, layers)
    if layers > 1:
        assert peak(batch, layers) <= peak(batch, layers - 1) + 1e-9


@given(st.sampled_from(["zero-1", "zero-2", "fsdp"]), st.integers(1, 64))
def test_sharding_never_needs_more_than_one_gpu(sharding, gpus):
    """But DDP, which copies gradients into buckets."""
    recipe = Recipe("adamw", "bf16", "torch-eager", "flash", 2048, 2**22, 4, sharding=sharding)
    model = llama(22, 2048, 32, 4, 5632, 32000)
    alone, shared = (peak_memory(model, recipe, MemoryPlan(4), n) for n in (1, gpus))
    assert shared.p50 <= alone.p50 + 1e-9
    assert shared.p10 <= shared.p50 <= shared.p90


def test_the_headline_plan_as_measured_under_a_cap():
    """nanochat d32 for an RTX 4070, on an H200 capped at 11.1 GiB: 10.10 GiB allocated, 10.19 held."""
    plan = MemoryPlan(1, checkpointed_layers=17, chunked_cross_entropy=True, optimizer="host")
    peak = peak_memory(D32, NANOCHAT, plan)
    assert peak.p50 == pytest.approx(10.10, rel=0.02)
    assert with_reserved(peak).p50 == pytest.approx(10.19, rel=0.02)


@pytest.mark.parametrize(
    ("layers", "width", "most"), [(4, 512, 42), (4, 768, 32), (12, 768, 12), (24, 1024, 2)]
)
def test_languinis_largest_batches_on_a_12_gb_card(layers, width, most):
    """The largest batch that its table has fits, the next one does not, to 8 %; FP16 autocast, eager."""
    shape = Architecture(
        layers, width, width // 64, width // 64, 64, 4 * width, 16_384, False, False, "layernorm"
    )
    model = replace(shape, block="languini")

    def taken(batch):
        recipe = Recipe("adamw", "fp16", "torch-eager", "naive", 512, 512 * batch, batch, weight_bytes=4,
                        state_bytes=4, embedding_bytes=4, code_base="languini kitchen")  # fmt: skip
        return with_context(peak_memory(model, recipe, MemoryPlan(batch)), 1).p50

    assert taken(most) < 11.65 * 1.08 and taken(most + 1) > 11.65 * 0.98


def test_bert_in_tensorflow_on_a_12_gb_card():
    """BERT's README: base fits at 512 tokens and batch 6; large does not fit at batch 1."""
    base, large = (
        Architecture(layers, width, width // 64, width // 64, 64, 4 * width, 30_522, True, False, "layernorm")
        for layers, width in ((12, 768), (24, 1024))
    )

    def taken(model, batch):
        recipe = Recipe("adamw", "fp32", "native", "naive", 512, 512 * batch, batch, weight_bytes=4,
                        state_bytes=4, embedding_bytes=4)  # fmt: skip
        return with_context(peak_memory(model, recipe, MemoryPlan(batch)), 1).p50

    assert taken(base, 6) < 11.65 < taken(large, 1)
