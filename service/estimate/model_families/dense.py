"""Families of dense decoders, as transformers 5.24 builds them (modeling_*.py of each)."""

from collections.abc import Mapping
from dataclasses import replace

from service.errors import InvalidValue, worded
from service.estimate.model_families.config import Config
from service.estimate.model_families.family import Beside, Family, Keys
from service.estimate.model_families.windows import Windows, above, alternating, every, period_of, short
from service.facts import Architecture, OwnMatrix

GPT_KEYS = Keys(
    layers=("n_layer", "num_hidden_layers"),
    width=("n_embd", "hidden_size"),
    heads=("n_head", "num_attention_heads"),
    d_ff="n_inner",
)
LEARNED = replace(GPT_KEYS, positions=("n_positions", "max_position_embeddings"))
BIASED = Family(
    gated=False, norm="layer", qkv_bias=True, output_bias=True, mlp_bias=True,
    d_ff=lambda c, width: c.count("n_inner", 4 * width),
)  # fmt: skip
LLAMA = Family(qkv_bias="attention_bias", output_bias="attention_bias", mlp_bias="mlp_bias")
QUERIES_BIASED = Family(qkv_bias=True)
ONE_NORM = replace(BIASED, keys=GPT_KEYS, norms=1, qkv_bias=False, output_bias=False, head_bias=True)
"""GPT-J: attention and MLP read one norm."""


def _falcon_kv_heads(c: Config, heads: int) -> int:
    if c.flag("new_decoder_architecture"):
        return c.count(("num_kv_heads", "n_head_kv"), heads)
    return 1 if c.flag("multi_query") else heads


def _falcon_norms(c: Config) -> int:
    if not c.flag("parallel_attn"):
        return 2
    return c.count("num_ln_in_parallel_attn", 2 if c.flag("new_decoder_architecture") else 1)


def _mpt_beside(c: Config, a: Architecture) -> Beside:
    # llm-foundry's own files may ask for biases, on norms as well.
    biased = c.given("no_bias") is False
    each = 8 * a.d_model + a.d_ff + a.d_model
    return Beside(vectors=(a.n_layers * each + a.d_model) * biased)


def _opt_checked(c: Config, a: Architecture) -> Architecture:
    narrow = c.count("word_embed_proj_dim", a.d_model)
    if narrow != a.d_model:
        reason = worded(
            "must be hidden_size, {d_model}: an embedding of another width is not counted", d_model=a.d_model
        )
        raise InvalidValue("word_embed_proj_dim", narrow, reason)
    return a


def _gemma_3n_beside(c: Config, a: Architecture) -> Beside:
    """AltUp, LAuReL and embeddings per layer; the last layers reuse the keys and values of earlier ones."""
    inputs, rank = c.count("altup_num_inputs"), c.count("laurel_rank")
    narrow, shared = c.count("hidden_size_per_layer_input"), c.count("num_kv_shared_layers")
    kv = a.n_kv_heads * a.head_dim
    matrices = a.n_layers * (2 * a.d_model * rank + 2 * a.d_model * narrow) - shared * 2 * a.d_model * kv
    matrices += a.d_model * a.n_layers * narrow + 2 * (inputs - 1) * a.d_model**2
    altup = 2 * a.d_model + inputs**2 + inputs**3 + a.d_model * inputs
    vectors = a.n_layers * (altup + 2 * a.d_model) + narrow - shared * a.head_dim
    tables = c.count("vocab_size_per_layer_input") * a.n_layers * narrow
    return Beside(matrices, vectors, tables)


def _gemma_3n_matrices(c: Config, a: Architecture) -> Architecture:
    """The same matrices by name; the last layers have no keys and values of their own."""
    inputs, rank, narrow = (
        c.count(k) for k in ("altup_num_inputs", "laurel_rank", "hidden_size_per_layer_input")
    )
    kv, d, n = a.n_kv_heads * a.head_dim, a.d_model, a.n_layers
    own = n - c.count("num_kv_shared_layers")
    beside = (
        ("linear_left", d, rank, n), ("linear_right", rank, d, n), ("per_layer_input_gate", d, narrow, n),
        ("per_layer_projection", narrow, d, n), ("per_layer_model_projection", d, n * narrow, 1),
        ("correction_coefs", inputs, inputs, n), ("prediction_coefs", inputs, inputs**2, n),
        ("modality_router", d, inputs, n), ("altup_projections", d, d, 2 * (inputs - 1)),
    )  # fmt: skip
    named = tuple(OwnMatrix(name, "beside", i, o, count) for name, i, o, count in beside)
    shared = tuple(OwnMatrix(name, "attention", d, kv, own) for name in ("k_proj", "v_proj"))
    return replace(a, own_matrices=(*shared, *named))


def _gemma_3n_d_ff(c: Config, width: int) -> int:
    told = c.given("intermediate_size")
    if isinstance(told, list) and told and all(type(one) is int and one == told[0] for one in told):
        return int(told[0])
    return c.count("intermediate_size")


GEMMA = Family(qkv_bias="attention_bias", output_bias="attention_bias")
QWEN_2 = replace(QUERIES_BIASED, windows=Windows(above))
QWEN_3 = replace(GEMMA, head_norm="one", windows=Windows(above))
GEMMA_3 = replace(
    GEMMA,
    norms=4,
    head_norm="one",
    windows=Windows(every(("sliding_window_pattern", "_sliding_window_pattern"))),
)
OLMO_2 = replace(GEMMA, head_norm="whole")
COHERE = replace(GEMMA, norm="unbiased", norms=1, head_norm="each", head_norm_if="use_qk_norm")
GLM = replace(QUERIES_BIASED, qkv_bias="attention_bias")

DENSE: Mapping[str, Family] = {
    "llama": LLAMA,
    "mistral": Family(windows=Windows(short)),
    "ministral": Family(windows=Windows(short)),
    "ministral3": Family(windows=Windows(short)),
    "qwen2": QWEN_2,
    "qwen2_vl_text": QWEN_2,
    "qwen2_5_vl_text": QWEN_2,
    "qwen3": QWEN_3,
    "qwen3_vl_text": QWEN_3,
    "gemma": GEMMA,
    "gemma2": replace(GEMMA, norms=4, windows=Windows(period_of(2))),
    "gemma3_text": GEMMA_3,
    "gemma3n_text": replace(
        GEMMA_3, windows=Windows(period_of(5)), d_ff=_gemma_3n_d_ff, beside=_gemma_3n_beside,
        reshaped=_gemma_3n_matrices,
    ),
    "phi": replace(
        BIASED, norms=1, head_bias=True, head_norm="one", head_norm_if="qk_layernorm", d_ff=None
    ),
    "phi3": Family(windows=Windows(short)),
    "olmo": replace(GEMMA, norm="none"),
    "olmo2": OLMO_2,
    "olmo3": replace(OLMO_2, windows=Windows(period_of(4))),
    "smollm3": replace(LLAMA, windows=Windows(above)),
    "granite": LLAMA,
    "arcee": replace(LLAMA, gated=False),
    "helium": replace(GEMMA, output_bias=False),
    "seed_oss": replace(LLAMA, output_bias="attention_out_bias"),
    "apertus": replace(
        GEMMA, gated=False, head_norm="one", beside=lambda c, a: Beside(vectors=2 * a.n_layers)
    ),
    "hunyuan_v1_dense": replace(GEMMA, head_norm="one"),
    "ernie4_5": Family(qkv_bias="use_bias", output_bias="use_bias", mlp_bias="use_bias"),
    "nemotron": replace(LLAMA, gated=False, norm="layer"),
    "cohere": COHERE,
    "cohere2": replace(COHERE, head_norm="", windows=Windows(every("sliding_window_pattern"))),
    "glm": GLM,
    "glm4": replace(GLM, norms=4),
    "exaone": replace(LLAMA, keys=Keys(layers=("num_hidden_layers", "num_layers"))),
    "exaone4": Family(head_norm="one", windows=Windows(every("sliding_window_pattern"))),
    "starcoder2": Family(
        gated=False, norm="layer", qkv_bias="use_bias", output_bias="use_bias", mlp_bias="use_bias",
        windows=Windows(short),
    ),
    "stablelm": Family(
        norm="layer", norms=lambda c: 1 if c.flag("use_parallel_residual") else 2, qkv_bias="use_qkv_bias",
        beside=lambda c, a: Beside(
            vectors=a.n_layers * (a.n_heads + a.n_kv_heads) * a.head_dim * c.flag("qk_layernorm")
        ),
    ),
    "persimmon": replace(BIASED, head_norm="one", head_norm_if="qk_layernorm", d_ff=None),
    "falcon": Family(
        Keys(layers=("num_hidden_layers", "n_layer"), heads=("num_attention_heads", "n_head")),
        gated=False, norm="layer", norms=_falcon_norms, qkv_bias="bias", output_bias="bias", mlp_bias="bias",
        kv_heads=_falcon_kv_heads, d_ff=lambda c, width: c.count("ffn_hidden_size", 4 * width),
    ),
    "bloom": replace(
        BIASED, keys=replace(GPT_KEYS, width=("hidden_size", "n_embed")), final_norms=2,
        d_ff=lambda c, width: 4 * width,
    ),
    "opt": replace(
        BIASED, keys=Keys(positions="max_position_embeddings", d_ff="ffn_dim"), d_ff=None, position_offset=2,
        qkv_bias="enable_bias", output_bias="enable_bias", mlp_bias="enable_bias", reshaped=_opt_checked,
        final_norms=lambda c: int(c.flag("do_layer_norm_before") and not c.flag("_remove_final_layer_norm")),
    ),
    "gpt2": replace(BIASED, keys=LEARNED),
    "gpt_bigcode": replace(
        BIASED, keys=LEARNED, kv_heads=lambda c, heads: 1 if c.flag("multi_query") else heads
    ),
    "gpt_neo": replace(
        BIASED, keys=Keys("num_layers", "hidden_size", "num_heads", positions="max_position_embeddings"),
        qkv_bias=False, d_ff=lambda c, width: c.count("intermediate_size", 4 * width),
        windows=Windows(alternating, "window_size"),
    ),
    "gpt_neox": replace(BIASED, qkv_bias="attention_bias", output_bias="attention_bias", d_ff=None),
    "gptj": ONE_NORM,
    "codegen": ONE_NORM,
    "mpt": replace(
        BIASED, keys=Keys("n_layers", "d_model", "n_heads"), norm="unbiased", qkv_bias=False,
        output_bias=False, mlp_bias=False, beside=_mpt_beside,
        d_ff=lambda c, width: c.count("expansion_ratio") * width,
    ),
}  # fmt: skip
