"""Families of mixtures of experts, as transformers 5.24 builds them (modeling_*.py of each)."""

from collections.abc import Mapping
from dataclasses import replace

from service.errors import InvalidValue, worded
from service.estimate.model_families.config import Config
from service.estimate.model_families.dense import GEMMA, GLM, LLAMA, OLMO_2, QWEN_2, QWEN_3
from service.estimate.model_families.family import FULL, Beside, Experts, Family
from service.estimate.model_families.windows import Windows, chunked, period_of, short
from service.facts import Architecture, OwnMatrix

LOCAL = Experts("num_local_experts", width="intermediate_size")
"""Mixtral: every layer a mixture, its experts of the plain width."""


def _after_the_first(c: Config, layer: int) -> bool:
    """DeepSeek: the first few layers are dense."""
    return layer >= c.count("first_k_dense_replace", 0)


def _every_few(c: Config, layer: int) -> bool:
    """Qwen: each n-th layer is a mixture, but those listed."""
    dense = c.places("mlp_only_layers") or frozenset()
    return layer not in dense and (layer + 1) % max(c.count("decoder_sparse_step", 1), 1) == 0


def _interleaved(c: Config, layer: int) -> bool:
    """Llama 4: as listed, else each n-th layer."""
    listed = c.places("moe_layers")
    return layer in listed if listed is not None else (layer + 1) % c.number("interleave_moe_layer_step") == 0


def _between(c: Config, layer: int) -> bool:
    """Ernie 4.5: each n-th layer between two."""
    first, last = c.count("moe_layer_start_index"), c.count("moe_layer_end_index")
    return (
        layer >= first and (last < 0 or layer <= last) and (layer + 1) % c.number("moe_layer_interval") == 0
    )


def _latent(c: Config, a: Architecture) -> Architecture:
    """Latent attention (DeepSeek-V2, arXiv:2405.04434): heads of the mean width of keys and values.

    While it trains, keys and values of every head are unpacked, so that attention costs what it does with
    heads of (qk + v) / 2 channels; the matrices are counted beside.
    """
    qk = c.count("qk_nope_head_dim") + c.count("qk_rope_head_dim")
    both = qk + c.count("v_head_dim")
    if both % 2:
        raise InvalidValue(
            "v_head_dim", c.count("v_head_dim"), worded("must be even or odd as the query's head is")
        )
    return replace(a, n_kv_heads=a.n_heads, head_dim=both // 2, own_matrices=_latent_matrices(c, a))


def _latent_matrices(c: Config, a: Architecture) -> tuple[OwnMatrix, ...]:
    """Down to the latent vectors and up to the heads, by transformers' names."""
    nope, rope, v = (c.count(key) for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
    q_rank, kv_rank = c.count("q_lora_rank", 0), c.count("kv_lora_rank")
    heads, d = a.n_heads, a.d_model
    queries = heads * (nope + rope)
    shapes = [("q_a_proj", d, q_rank), ("q_b_proj", q_rank, queries)] if q_rank else [("q_proj", d, queries)]
    shapes += [
        ("kv_a_proj_with_mqa", d, kv_rank + rope),
        ("kv_b_proj", kv_rank, heads * (nope + v)),
        ("o_proj", heads * v, d),
    ]
    return tuple(OwnMatrix(name, "attention", i, o, a.n_layers) for name, i, o in shapes)


def _latent_beside(c: Config, a: Architecture) -> Beside:
    nope, rope, v = (c.count(key) for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
    q_rank, kv_rank = c.count("q_lora_rank", 0), c.count("kv_lora_rank")
    heads, d = a.n_heads, a.d_model
    queries = q_rank * (d + heads * (nope + rope)) if q_rank else d * heads * (nope + rope)
    keys_and_values = d * (kv_rank + rope) + kv_rank * heads * (nope + v)
    attention = queries + keys_and_values + heads * v * d
    vectors = q_rank + kv_rank
    if c.flag("attention_bias"):
        vectors += q_rank + kv_rank + rope + d
    taken = 4 * d * heads * a.head_dim
    return Beside(a.n_layers * (attention - taken), a.n_layers * vectors)


def _shared(number: str, width: str = "moe_intermediate_size") -> Experts:
    """Experts after the first layers, with so many shared ones of the same width."""
    return Experts(
        "n_routed_experts",
        shared_width=lambda c: c.count(number, 0) * c.count(width),
        mixed=_after_the_first,
    )


DEEPSEEK = Family(experts=_shared("n_shared_experts"), reshaped=_latent, beside=_latent_beside)
QWEN = Experts(("num_experts", "num_local_experts"), mixed=_every_few)

EXPERTS: Mapping[str, Family] = {
    "mixtral": Family(experts=LOCAL, windows=Windows(short)),
    "qwen2_moe": replace(
        QWEN_2, qkv_bias="qkv_bias",
        experts=replace(
            QWEN, shared_width=lambda c: c.count("shared_expert_intermediate_size", 0), gates_shared=True
        ),
    ),
    "qwen3_moe": replace(QWEN_3, experts=QWEN),
    "qwen3_vl_moe_text": replace(QWEN_3, experts=QWEN),
    "olmoe": replace(OLMO_2, experts=Experts("num_experts", width="intermediate_size")),
    "flex_olmo": replace(OLMO_2, experts=Experts("num_experts", width="intermediate_size")),
    "deepseek_v2": DEEPSEEK,
    "deepseek_v3": DEEPSEEK,
    "gpt_oss": replace(
        LLAMA, experts=replace(LOCAL, router_bias=True, biased=True), windows=Windows(period_of(2)),
        beside=lambda c, a: Beside(vectors=a.n_layers * a.n_heads),
    ),
    "llama4_text": replace(
        GEMMA, windows=Windows(chunked, "attention_chunk_size"),
        experts=Experts(
            "num_local_experts", width="intermediate_size", dense_width="intermediate_size_mlp",
            shared_width=lambda c: c.count("intermediate_size"), mixed=_interleaved,
        ),
    ),
    "granitemoe": replace(GEMMA, experts=LOCAL),
    "granitemoeshared": replace(
        GEMMA, experts=replace(LOCAL, shared_width=lambda c: c.count("shared_intermediate_size", 0))
    ),
    "granitemoehybrid": replace(
        GEMMA, windows=FULL,
        experts=replace(
            LOCAL, shared_width=lambda c: c.count("shared_intermediate_size", 0),
            mixed=lambda c, layer: c.count("num_local_experts") > 0, dense_width="shared_intermediate_size",
        ),
    ),
    "phimoe": replace(GEMMA, norm="layer", head_bias="lm_head_bias", experts=LOCAL, windows=Windows(short)),
    "glm4_moe": replace(
        GLM, head_norm="one", head_norm_if="use_qk_norm", experts=_shared("n_shared_experts")
    ),
    "ernie4_5_moe": Family(
        qkv_bias="use_bias", output_bias="use_bias", mlp_bias="use_bias", head_bias="use_bias",
        experts=Experts(
            "moe_num_experts", "moe_k", mixed=_between, router_bias=True,
            shared_width=lambda c: c.count("moe_num_shared_experts", 0) * c.count("moe_intermediate_size"),
        ),
    ),
    "minimax_m2": Family(head_norm="whole", experts=LOCAL),
}  # fmt: skip
