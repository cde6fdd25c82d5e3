"""Counts against numbers that the projects print themselves."""

import pytest

from service.estimate.architecture import (
    attention_windows,
    flops_per_token,
    layer_flops_share,
    matmul_parameters,
    parameter_groups,
    parameters,
    steps,
)
from service.facts import Architecture


def nanochat_2025(depth: int) -> Architecture:
    width = 64 * depth
    heads = -(-width // 128)
    return Architecture(depth, width, heads, heads, width // heads, 4 * width, 65536, False, norm="none")


def nanochat_2026(depth: int, windows: str = "SSSL") -> Architecture:
    width = -(-64 * depth // 128) * 128
    heads = width // 128
    return Architecture(
        depth,
        width,
        heads,
        heads,
        128,
        4 * width,
        32768,
        False,
        norm="none",
        value_embedding_layers=-(-depth // 2),
        window_pattern=windows,
    )


def llama(layers, width, heads, kv, ff, vocabulary, **kwargs) -> Architecture:
    return Architecture(
        layers,
        width,
        heads,
        kv,
        width // heads,
        ff,
        vocabulary,
        kwargs.pop("tied", False),
        gated_mlp=True,
        **kwargs,
    )


@pytest.mark.parametrize(
    ("architecture", "published"),
    [
        (nanochat_2025(32), 1_879_048_192),  # run1000.sh@fae3aca
        (nanochat_2025(20), 560_988_160),
        (nanochat_2025(34), 2_217_082_880),
        (nanochat_2026(12), 286_261_730),  # printed by nanochat in 2026
        (nanochat_2026(26), 1_681_786_938),
        (nanochat_2026(32), 2_818_575_450),
        (
            Architecture(
                12,
                768,
                12,
                12,
                64,
                3072,
                50257,
                True,
                qkv_bias=True,
                linear_bias=True,
                norm="layernorm",
                learned_positions=1024,
            ),
            124_439_808,
        ),  # GPT-2
        (llama(32, 4096, 32, 32, 11008, 32000), 6_738_415_616),  # Llama 2 7B
        (llama(22, 2048, 32, 4, 5632, 32000), 1_100_048_384),  # TinyLlama
        (llama(32, 4096, 32, 8, 14336, 128256), 8_030_261_248),  # Llama 3 8B
        (llama(24, 896, 14, 2, 4864, 151936, tied=True, qkv_bias=True), 494_032_768),  # Qwen2.5 0.5B
        (llama(28, 3584, 28, 4, 18944, 152064, qkv_bias=True), 7_615_616_512),  # Qwen2.5 7B
        (
            Architecture(
                16, 2048, 8, 8, 256, 8192, 50304, False, qkv_bias=True, linear_bias=True, norm="layernorm"
            ),
            1_011_781_632,
        ),  # Pythia 1B
        (
            Architecture(
                32,
                4096,
                32,
                32,
                128,
                16384,
                50368,
                True,
                qkv_bias=True,
                linear_bias=True,
                norm="layernorm",
                learned_positions=2048,
            ),
            6_658_859_008,
        ),  # MPT-7B, llm-foundry
    ],
)
def test_parameters_are_exact(architecture, published):
    assert parameters(architecture) == published


def test_d32_is_what_its_script_prints():
    d32 = nanochat_2025(32)
    tokens = 37_580_963_840
    assert flops_per_token(d32, 2048) == 12_079_595_520
    assert steps(tokens, 524_288) == 71_680
    assert flops_per_token(d32, 2048) * tokens == pytest.approx(4.539628e20, rel=1e-6)


@pytest.mark.parametrize(
    ("depth", "per_token"), [(12, 7.597e8), (20, 2.886e9), (26, 5.991e9), (34, 1.2835e10)]
)
def test_flops_of_the_2026_nanochat(depth, per_token):
    assert flops_per_token(nanochat_2026(depth), 2048) == pytest.approx(per_token, rel=2e-4)


def test_short_windows_are_a_quarter_and_the_last_layer_sees_everything():
    assert attention_windows(nanochat_2026(4), 2048) == (512, 512, 512, 2048)
    assert attention_windows(nanochat_2026(6), 2048)[-1] == 2048
    assert attention_windows(nanochat_2026(4), 100) == (100, 100, 100, 100)


def test_groups_add_up_and_a_tied_head_is_counted_in_products_not_in_parameters():
    tied = llama(24, 896, 14, 2, 4864, 151936, tied=True, qkv_bias=True)
    groups = parameter_groups(tied)
    assert groups.head == 0
    assert groups.total == parameters(tied)
    assert matmul_parameters(tied) == groups.matrices + 151936 * 896


def test_recomputing_all_blocks_of_d32_costs_31_percent():
    assert 1 + layer_flops_share(nanochat_2025(32), 2048) / 3 == pytest.approx(1.311, abs=0.001)
