"""An architecture from a Hugging Face config.json or from explicit dimensions, checked on entry.

Key names per model type: Hugging Face transformers configuration classes (GPT2Config, LlamaConfig,
MistralConfig, MixtralConfig, Qwen2Config, Qwen3Config, Qwen3MoeConfig, GPTNeoXConfig) and MPT's
configuration. Refuses rather than guesses: shared experts and unknown model types are named as such.
"""

from collections.abc import Mapping
from dataclasses import fields, replace

from service.errors import InvalidValue
from service.estimate.block_kinds import kind_of
from service.facts import Architecture

MODEL_TYPES = ("gpt2", "llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen3_moe", "gpt_neox", "mpt")
LARGEST = {
    "n_layers": 1_000, "d_model": 100_000, "n_heads": 1_000, "n_kv_heads": 1_000, "head_dim": 10_000,
    "d_ff": 1_000_000, "vocab_size": 10_000_000, "learned_positions": 100_000_000,
    "value_embedding_layers": 1_000, "short_window_divisor": 1_000, "n_experts": 10_000,
    "experts_per_token": 10_000,
}  # fmt: skip
OPTIONAL_ZERO = frozenset({"learned_positions", "value_embedding_layers"})


def architecture_from_config(config: Mapping[str, object]) -> Architecture:
    """The architecture that a Hugging Face `config.json` describes.

    Raises InvalidValue naming the field: unknown `model_type`, a missing or impossible dimension,
    shared experts, whose part nobody here counts yet.
    """
    model_type = config.get("model_type")
    if model_type not in MODEL_TYPES:
        raise InvalidValue("model_type", model_type, "unknown kind of config.json", MODEL_TYPES)
    for key in ("n_routed_experts", "n_shared_experts", "shared_expert_intermediate_size"):
        if config.get(key):
            raise InvalidValue(key, config[key], "shared experts are not supported yet")
    shape = _READERS[str(model_type)](config)
    named = replace(shape, block=str(model_type))
    return shape if kind_of(shape) == kind_of(named) else named


def _gpt2(c: Mapping[str, object]) -> Architecture:
    width, heads = _count(c, "n_embd"), _count(c, "n_head")
    return checked(
        Architecture(
            n_layers=_count(c, "n_layer"),
            d_model=width,
            n_heads=heads,
            n_kv_heads=heads,
            head_dim=_divided(width, heads, "n_head"),
            d_ff=_count(c, "n_inner", 4 * width),
            vocab_size=_count(c, "vocab_size"),
            tied_embeddings=_flag(c, "tie_word_embeddings", True),
            qkv_bias=True,
            linear_bias=True,
            norm="layernorm",
            learned_positions=_count(c, "n_positions", 1024),
        )
    )


def _llama(c: Mapping[str, object]) -> Architecture:
    width, heads = _count(c, "hidden_size"), _count(c, "num_attention_heads")
    head_dim = _count(c, "head_dim", 0) or _divided(width, heads, "num_attention_heads")
    kind = c["model_type"]
    return checked(
        Architecture(
            n_layers=_count(c, "num_hidden_layers"),
            d_model=width,
            n_heads=heads,
            n_kv_heads=_count(c, "num_key_value_heads", heads),
            head_dim=head_dim,
            d_ff=_count(c, "moe_intermediate_size", 0) or _count(c, "intermediate_size"),
            vocab_size=_count(c, "vocab_size"),
            tied_embeddings=_flag(c, "tie_word_embeddings", False),
            gated_mlp=True,
            qkv_bias=kind == "qwen2" or _flag(c, "attention_bias", False),
            qk_norm_parameters=str(kind).startswith("qwen3"),
            n_experts=_count(c, "num_local_experts", _count(c, "num_experts", 1)),
            experts_per_token=_count(c, "num_experts_per_tok", 1),
        )
    )


def _gpt_neox(c: Mapping[str, object]) -> Architecture:
    width, heads = _count(c, "hidden_size"), _count(c, "num_attention_heads")
    return checked(
        Architecture(
            n_layers=_count(c, "num_hidden_layers"),
            d_model=width,
            n_heads=heads,
            n_kv_heads=heads,
            head_dim=_divided(width, heads, "num_attention_heads"),
            d_ff=_count(c, "intermediate_size"),
            vocab_size=_count(c, "vocab_size"),
            tied_embeddings=_flag(c, "tie_word_embeddings", False),
            qkv_bias=True,
            linear_bias=True,
            norm="layernorm",
        )
    )


def _mpt(c: Mapping[str, object]) -> Architecture:
    width, heads = _count(c, "d_model"), _count(c, "n_heads")
    biased = not _flag(c, "no_bias", True)
    return checked(
        Architecture(
            n_layers=_count(c, "n_layers"),
            d_model=width,
            n_heads=heads,
            n_kv_heads=heads,
            head_dim=_divided(width, heads, "n_heads"),
            d_ff=_count(c, "expansion_ratio", 4) * width,
            vocab_size=_count(c, "vocab_size"),
            tied_embeddings=True,
            qkv_bias=biased,
            linear_bias=biased,
            norm="layernorm" if biased else "rmsnorm",
        )
    )


_READERS = {
    "gpt2": _gpt2, "llama": _llama, "mistral": _llama, "qwen2": _llama, "qwen3": _llama,
    "mixtral": _llama, "qwen3_moe": _llama,
    "gpt_neox": _gpt_neox, "mpt": _mpt,
}  # fmt: skip


def checked(a: Architecture) -> Architecture:
    """The same architecture, or InvalidValue naming the first dimension that cannot be."""
    for field in fields(a):
        value = getattr(a, field.name)
        most = LARGEST.get(field.name)
        if most is None:
            continue
        least = 0 if field.name in OPTIONAL_ZERO else 1
        if not least <= value <= most:
            raise InvalidValue(field.name, value, f"must be between {least} and {most:,}")
    if a.n_heads % a.n_kv_heads:
        raise InvalidValue("n_kv_heads", a.n_kv_heads, f"must divide the {a.n_heads} heads")
    if a.value_embedding_layers > a.n_layers:
        raise InvalidValue("value_embedding_layers", a.value_embedding_layers, f"of {a.n_layers} layers")
    if a.experts_per_token > a.n_experts:
        raise InvalidValue("experts_per_token", a.experts_per_token, f"more than the {a.n_experts} experts")
    if a.norm not in ("rmsnorm", "layernorm", "none"):
        raise InvalidValue("norm", a.norm, "unknown", ("rmsnorm", "layernorm", "none"))
    if not a.window_pattern or set(a.window_pattern) - {"L", "S"}:
        raise InvalidValue("window_pattern", a.window_pattern, "must consist of L and S", ("L", "SSSL"))
    return a


def _count(c: Mapping[str, object], key: str, default: int | None = None) -> int:
    value = c.get(key)
    if value is None:
        if default is None:
            raise InvalidValue(key, None, "is missing from the model's configuration")
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(key, value, "must be a whole number")
    return value


def _flag(c: Mapping[str, object], key: str, default: bool) -> bool:
    value = c.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidValue(key, value, "must be true or false")
    return value


def _divided(width: int, heads: int, key: str) -> int:
    if heads < 1 or width % heads:
        raise InvalidValue(key, heads, f"must divide the width {width}")
    return width // heads
