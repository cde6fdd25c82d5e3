"""A run of one's own: a model by dimensions or config.json, and how it is to be trained."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date

from service.errors import InvalidValue, UnknownName
from service.estimate.hardware import PRECISIONS
from service.estimate.model_config import architecture_from_config, checked
from service.facts import Architecture, Recipe, Source, Workload, given_by_user

DEFAULTS = Recipe(
    optimizer="adamw",
    precision="bf16",
    engine="torch-compile",
    attention="flash",
    seq_len=2048,
    global_batch_tokens=524_288,
    micro_batch=8,
)
"""What a custom run is assumed to use where it does not say; shown as such."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimizer": ("adamw", "muon+adamw"),
    "precision": PRECISIONS,
    "engine": ("torch-compile", "torch-eager", "native"),
    "attention": ("flash", "naive"),
    "sharding": ("ddp", "zero-1", "zero-2", "fsdp"),
    "checkpointing": ("none", "selective", "full"),
    "optimizer_placement": ("gpu", "8bit", "8bit-paged", "host"),
    "trained": ("all", "lora", "qlora"),
}
RECIPE_FLAGS = frozenset({"chunked_cross_entropy", "gradient_release", "activations_on_host"})
LONGEST_CODE_BASE = 100
RANGES: Mapping[str, tuple[int, int]] = {
    "seq_len": (1, 10_000_000),
    "global_batch_tokens": (1, 10**9),
    "micro_batch": (1, 100_000),
    "weight_bytes": (2, 4),
    "state_bytes": (1, 4),
    "embedding_bytes": (2, 4),
}
LARGEST_TOKENS = 10**15


def custom_workload(
    architecture: Mapping[str, object] | None,
    config: Mapping[str, object] | None,
    recipe: Mapping[str, object],
    tokens: int,
    today: date,
    name: str = "own model",
) -> Workload:
    """A workload from explicit dimensions (`architecture`) or a Hugging Face `config`, exactly one of them.

    `recipe` overrides DEFAULTS by field. Raises InvalidValue or UnknownName naming the field.
    """
    if (architecture is None) == (config is None):
        raise InvalidValue("workload", name, "needs exactly one of dimensions and config")
    shape = architecture_from_config(config) if config is not None else _dimensions(architecture or {})
    trained = _recipe(recipe)
    least = trained.global_batch_tokens
    if not least <= tokens <= LARGEST_TOKENS:
        raise InvalidValue("tokens", tokens, f"must be between one batch ({least}) and 10^15")
    given = replace(given_by_user(today), read_on=today)
    stated = {"tokens": given}
    stated |= {f"architecture.{field.name}": given for field in fields(Architecture)}
    assumed = Source(
        "heimvorteil-assumption-recipe", "assumed where you did not say", "", today, "own", today
    )
    stated |= {f"recipe.{f.name}": given if f.name in recipe else assumed for f in fields(Recipe)}
    return Workload("custom", name, "custom", shape, trained, tokens, stated)


def _dimensions(given: Mapping[str, object]) -> Architecture:
    known = {field.name: field for field in fields(Architecture)}
    for key in given:
        if key not in known:
            raise UnknownName("architecture", key, known)
    plain = dict(given)
    for required in ("n_layers", "d_model", "n_heads", "vocab_size"):
        if required not in plain:
            raise InvalidValue(f"architecture.{required}", None, "is missing")
    for key, value in plain.items():
        if key in _FLAGS:
            if not isinstance(value, bool):
                raise InvalidValue(f"architecture.{key}", value, "must be true or false")
        elif key not in _WORDS and (isinstance(value, bool) or not isinstance(value, int)):
            raise InvalidValue(f"architecture.{key}", value, "must be a whole number")
    width, heads = plain["d_model"], plain["n_heads"]
    assert isinstance(width, int) and isinstance(heads, int)
    if "head_dim" not in plain:
        if heads < 1 or width % heads:
            raise InvalidValue("architecture.n_heads", heads, f"must divide the width {width}")
        plain["head_dim"] = width // heads
    plain.setdefault("n_kv_heads", heads)
    plain.setdefault("d_ff", 4 * width)
    plain.setdefault("tied_embeddings", False)
    return checked(Architecture(**plain))  # type: ignore[arg-type]


_FLAGS = frozenset({"tied_embeddings", "gated_mlp", "qkv_bias", "linear_bias", "qk_norm_parameters"})
_WORDS = frozenset({"norm", "window_pattern"})


def _recipe(given: Mapping[str, object]) -> Recipe:
    known = {field.name for field in fields(Recipe)}
    values = {name: getattr(DEFAULTS, name) for name in known}
    for key, value in given.items():
        if key not in known:
            raise UnknownName("recipe", key, known)
        if key in CHOICES and value not in CHOICES[key]:
            raise InvalidValue(f"recipe.{key}", value, "unknown", CHOICES[key])
        if key in RECIPE_FLAGS and not isinstance(value, bool):
            raise InvalidValue(f"recipe.{key}", value, "must be true or false")
        if key == "code_base" and not (isinstance(value, str) and len(value) <= LONGEST_CODE_BASE):
            raise InvalidValue(
                "recipe.code_base", value, f"must be a name of at most {LONGEST_CODE_BASE} letters"
            )
        if key in RANGES:
            low, high = RANGES[key]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InvalidValue(f"recipe.{key}", value, f"must be between {low} and {high:,}")
        values[key] = value
    recipe = Recipe(**values)
    if recipe.global_batch_tokens < recipe.seq_len:
        raise InvalidValue(
            "recipe.global_batch_tokens",
            recipe.global_batch_tokens,
            f"is less than one sequence ({recipe.seq_len})",
        )
    return recipe
