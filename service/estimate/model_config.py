"""An architecture from a Hugging Face config.json, and the check of dimensions on entry.

What families call their dimensions and how they build blocks: model_families/. Refuses rather than
guesses: kinds of models that nobody here has counted, or whose time nobody has measured, are named as such.
"""

from collections.abc import Mapping
from dataclasses import fields, replace

from service.errors import InvalidValue, nearest_first, worded
from service.estimate.architecture import parameters
from service.estimate.block_kinds import kind_of
from service.estimate.block_matrices import names_of
from service.estimate.known_files import what_it_is
from service.estimate.model_families import FAMILIES
from service.estimate.model_families.config import Config
from service.estimate.model_families.hybrids import HYBRIDS, is_plain
from service.estimate.model_families.library_defaults import LIBRARY_DEFAULTS
from service.facts import Architecture

LARGEST = {
    "n_layers": 1_000, "d_model": 100_000, "n_heads": 1_000, "n_kv_heads": 1_000, "head_dim": 10_000,
    "d_ff": 1_000_000, "vocab_size": 10_000_000, "learned_positions": 100_000_000,
    "value_embedding_layers": 1_000, "short_window_divisor": 1_000, "n_experts": 10_000,
    "experts_per_token": 10_000, "shared_d_ff": 1_000_000, "dense_layers": 1_000, "dense_d_ff": 1_000_000,
    "window_tokens": 100_000_000, "bidirectional_layers": 1_000,
}  # fmt: skip
OPTIONAL_ZERO = frozenset({
    "learned_positions", "value_embedding_layers", "shared_d_ff", "dense_layers", "dense_d_ff",
    "window_tokens", "bidirectional_layers",
})  # fmt: skip
OF_LAYERS = ("value_embedding_layers", "dense_layers", "bidirectional_layers")
TEXT_PARTS = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where models that see or hear keep what they say of their text part."""
TEXT_KINDS = {
    "gemma3": "gemma3_text", "gemma3n": "gemma3n_text", "llama4": "llama4_text", "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text", "qwen3_vl": "qwen3_vl_text", "qwen3_vl_moe": "qwen3_vl_moe_text",
    "llava": "llama", "llava_next": "llama", "mistral3": "mistral", "paligemma": "gemma", "idefics3": "llama",
    "smolvlm": "llama",
}  # fmt: skip
"""Of what kind the text part of such a model is, where it does not say so itself."""
SAME_AS = {"kimi_k2": "deepseek_v3", "RefinedWebModel": "falcon", "RefinedWeb": "falcon"}
"""Kinds of code outside transformers that are built as one inside."""
WAY_OUT = worded("its shape can be given with --dimensions n_layers=…,d_model=…,n_heads=…,vocab_size=…")


def architecture_from_config(config: Mapping[str, object]) -> Architecture:
    """The architecture that a Hugging Face `config.json` describes; of a model that sees or hears, of its
    text part.

    Raises InvalidValue naming the field: an unknown `model_type`, the nearest kinds first, one whose time
    nobody can tell, a missing or impossible dimension.
    """
    text, is_part = _text_of(config)
    kind = text.get("model_type")
    c = Config(text, LIBRARY_DEFAULTS.get(str(kind), {}))
    if isinstance(kind, str) and kind in HYBRIDS and not is_plain(c):
        raise InvalidValue("model_type", kind, HYBRIDS[kind].refusal(c))
    if kind is None and (what := what_it_is(config)):
        raise InvalidValue("model_type", None, worded("is missing: this is {what}", what=what))
    if not isinstance(kind, str) or kind not in FAMILIES:
        reason = (
            worded("unknown kind of config.json; {way_out}", way_out=WAY_OUT)
            if kind
            else worded("is missing; {way_out}", way_out=WAY_OUT)
        )
        raise InvalidValue("model_type", kind, reason, nearest_first(str(kind or ""), model_types()))
    named = checked(replace(FAMILIES[kind].read(c), text_part=is_part))
    # A kind that is written as others are goes without a name, like the same dimensions said by hand.
    unnamed = replace(named, block="")
    alike = kind_of(unnamed) == kind_of(named) and names_of(unnamed) == names_of(named)
    return unnamed if alike else named


def model_types() -> tuple[str, ...]:
    """Every `model_type` that is read."""
    return tuple(sorted({*FAMILIES, *TEXT_KINDS, *SAME_AS}))


def _text_of(config: Mapping[str, object]) -> tuple[Mapping[str, object], bool]:
    """What the file says of the text part, and whether it is but a part."""
    kind = config.get("model_type")
    part = next((config[key] for key in TEXT_PARTS if isinstance(config.get(key), Mapping)), None)
    if isinstance(part, Mapping):
        inner, _ = _text_of(part)
        told = {"model_type": TEXT_KINDS.get(str(kind), kind), **inner}
        if "tie_word_embeddings" in config:
            told.setdefault("tie_word_embeddings", config["tie_word_embeddings"])
        return told, True
    if isinstance(kind, str) and kind in TEXT_KINDS:
        # Older files of these say it all at the top.
        return {**config, "model_type": TEXT_KINDS[kind]}, True
    same = SAME_AS.get(str(kind))
    named = {**config, "model_type": same} if same else config
    return named, str(kind).endswith(("_vl_text", "_vl_moe_text"))


def checked(a: Architecture) -> Architecture:
    """The same architecture, or InvalidValue naming the first dimension that cannot be."""
    for field in fields(a):
        value = getattr(a, field.name)
        most = LARGEST.get(field.name)
        if most is None:
            continue
        least = 0 if field.name in OPTIONAL_ZERO else 1
        if not least <= value <= most:
            raise InvalidValue(
                field.name, value, worded("must be between {least} and {most:,}", least=least, most=most)
            )
    if a.n_heads % a.n_kv_heads:
        raise InvalidValue(
            "n_kv_heads", a.n_kv_heads, worded("must divide the {n_heads} heads", n_heads=a.n_heads)
        )
    for name in OF_LAYERS:
        if getattr(a, name) > a.n_layers:
            raise InvalidValue(name, getattr(a, name), worded("of {n_layers} layers", n_layers=a.n_layers))
    if a.experts_per_token > a.n_experts:
        raise InvalidValue(
            "experts_per_token",
            a.experts_per_token,
            worded("more than the {n_experts} experts", n_experts=a.n_experts),
        )
    if a.dense_layers and not a.dense_d_ff:
        raise InvalidValue(
            "dense_d_ff", 0, worded("is missing for {dense_layers} dense layers", dense_layers=a.dense_layers)
        )
    if a.cross_attention and not 0 < a.bidirectional_layers < a.n_layers:
        raise InvalidValue(
            "cross_attention", True, worded("needs bidirectional_layers to read from, and others")
        )
    if a.norm not in ("rmsnorm", "layernorm", "none"):
        raise InvalidValue("norm", a.norm, worded("unknown"), ("rmsnorm", "layernorm", "none"))
    if not a.window_pattern or set(a.window_pattern) - {"L", "S", "C"}:
        raise InvalidValue(
            "window_pattern", a.window_pattern, worded("must consist of L, S and C"), ("L", "SSSL")
        )
    if "C" in a.window_pattern and not a.window_tokens:
        raise InvalidValue("window_tokens", 0, worded("is missing for the chunks of window_pattern"))
    if min(parameters(a), a.d_model) < 1:
        raise InvalidValue("extra_matrices", a.extra_matrices, worded("leaves no parameters"))
    return a
