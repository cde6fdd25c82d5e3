"""A run of one's own: a model by dimensions or config.json, and how it is to be trained."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Literal, get_args, get_origin, get_type_hints

from service.answers.question import AskedModel
from service.errors import InvalidValue, UnknownName, choice_of, nearest_first, worded
from service.estimate.block_kinds import KINDS
from service.estimate.block_matrices import modules_saved
from service.estimate.model_config import architecture_from_config, checked
from service.estimate.step_work import adapter_matrices
from service.facts import ASSUMED, Architecture, Recipe, Source, Workload, given_by_user

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
    name: get_args(words) for name, words in get_type_hints(Recipe).items() if get_origin(words) is Literal
}
RECIPE_FLAGS = frozenset(name for name, kind in get_type_hints(Recipe).items() if kind is bool)
FROZEN_BYTES = (4, 2, 1, 0.5625, 0.52)
"""Of a frozen weight: FP32, 16 bits, int8, NF4 with its scales, GPTQ with its zeros."""
CALLED_FSDP = frozenset({"zero-3", "zero3", "zero_3", "stage3", "fsdp2", "full_shard"})
LONGEST_CODE_BASE = 100
RANGES: Mapping[str, tuple[int, int]] = {
    "seq_len": (1, 10_000_000),
    "max_seq_len": (1, 10_000_000),
    "global_batch_tokens": (1, 10**9),
    "micro_batch": (1, 100_000),
    "weight_bytes": (2, 4),
    "state_bytes": (1, 4),
    "embedding_bytes": (2, 4),
    "adapter_rank": (1, 100_000),
}
LARGEST_TOKENS = 10**15
NAMES_OF_MATRICES = ("adapter_targets", "modules_to_save")
SEQUENCE_STEP = 64
"""RoBERTa has 514 learned positions for sequences of 512."""
NOT_ASKED = frozenset({"extra_matrices", "extra_vectors", "extra_embeddings", "text_part", "own_matrices"})
"""What a config.json alone can tell of a shape."""


def custom_workload(
    architecture: Mapping[str, object] | None,
    config: Mapping[str, object] | None,
    *,
    recipe: Mapping[str, object],
    tokens: int,
    today: date,
    name: str = "own model",
) -> Workload:
    """A workload from explicit dimensions (`architecture`) or a Hugging Face `config`, exactly one of them.

    `recipe` overrides DEFAULTS by field. Raises InvalidValue or UnknownName naming the field.
    """
    shape = shape_of(architecture, config, name)
    trained = recipe_of(recipe, _default_recipe(shape))
    check_positions(shape, trained)
    check_adapters(shape, trained)
    least = trained.global_batch_tokens
    if not least <= tokens <= LARGEST_TOKENS:
        raise InvalidValue(
            "tokens", tokens, worded("must be between one batch ({least}) and 10^15", least=least)
        )
    by_user = replace(given_by_user(today), read_on=today)
    stated = {"tokens": by_user}
    stated |= {f"architecture.{field.name}": by_user for field in fields(Architecture)}
    assumed = assumed_recipe(today)
    stated |= {f"recipe.{f.name}": by_user if f.name in recipe else assumed for f in fields(Recipe)}
    return Workload("custom", name, "custom", shape, trained, tokens, stated)


def shape_of(
    architecture: Mapping[str, object] | None, config: Mapping[str, object] | None, name: str
) -> Architecture:
    """The shape of dimensions or a config.json. Raises InvalidValue or UnknownName for the field."""
    if (architecture is None) == (config is None):
        raise InvalidValue("workload", name, worded("needs exactly one of dimensions and config"))
    return architecture_from_config(config) if config is not None else _dimensions(architecture or {})


def assumed_recipe(today: date) -> Source:
    """The source of what a recipe is assumed to be where nobody said it."""
    return Source(ASSUMED, "assumed where you did not say", "", today, "own", today)


def with_recipe(workload: Workload, recipe: Mapping[str, object], *, name: str, today: date) -> Workload:
    """A run of the catalog with another recipe; what it leaves out stays as published, hours do not.

    Raises InvalidValue or UnknownName naming the field.
    """
    changed = recipe_of(recipe, workload.recipe)
    if changed == workload.recipe:
        return workload
    check_positions(workload.architecture, changed)
    check_adapters(workload.architecture, changed)
    by_user = replace(given_by_user(today), read_on=today)
    sources = {**workload.sources, **{f"recipe.{key}": by_user for key in recipe}}
    told = workload.name if name == AskedModel.model_fields["name"].default else name
    return replace(workload, name=told, recipe=changed, reference_hours=None, sources=sources)


def _default_recipe(shape: Architecture) -> Recipe:
    """DEFAULTS, with sequences no longer than the model has learned positions for, and stored scores where a
    bias of relative positions keeps fused kernels out (T5)."""
    usual = replace(DEFAULTS, attention="naive") if shape.cross_attention else DEFAULTS
    longest = shape.learned_positions // SEQUENCE_STEP * SEQUENCE_STEP or shape.learned_positions
    return replace(usual, seq_len=longest) if 0 < longest < DEFAULTS.seq_len else usual


def check_positions(shape: Architecture, recipe: Recipe, field: str = "recipe.seq_len") -> None:
    """Raises InvalidValue for `field` where a sequence is longer than the model has positions for."""
    longest = recipe.max_seq_len or recipe.seq_len
    if 0 < shape.learned_positions < longest:
        reason = worded(
            "is more than the model's {learned_positions} learned positions",
            learned_positions=shape.learned_positions,
        )
        raise InvalidValue(field, longest, reason)


def check_adapters(shape: Architecture, recipe: Recipe, at: str = "recipe.") -> None:
    """Raises InvalidValue where adapters are asked for on matrices that this model does not have."""
    called = {"lora_targets": "adapter_targets"} if at == "recipe." else {}
    try:
        adapter_matrices(shape, recipe)
        modules_saved(recipe.modules_to_save)
    except InvalidValue as error:
        field = at + called.get(error.field, error.field)
        raise InvalidValue(field, error.value, error.reason, error.choices) from None


def _dimensions(asked: Mapping[str, object]) -> Architecture:
    names = {field.name for field in fields(Architecture)} - NOT_ASKED
    for key in asked:
        if key not in names:
            raise UnknownName("architecture", key, names)
    plain = dict(asked)
    for key, value in plain.items():
        if key in _FLAGS:
            if not isinstance(value, bool):
                raise InvalidValue(f"architecture.{key}", value, worded("must be true or false"))
        elif key == "block":
            choice_of("architecture.block", value, nearest_first(str(value), KINDS))
        elif key in _WORDS and not isinstance(value, str):
            raise InvalidValue(f"architecture.{key}", value, worded("must be a word"))
        elif key not in _WORDS and (isinstance(value, bool) or not isinstance(value, int)):
            raise InvalidValue(f"architecture.{key}", value, worded("must be a whole number"))
    for required in ("n_layers", "d_model", "n_heads", "vocab_size"):
        if required not in plain:
            raise InvalidValue(f"architecture.{required}", None, worded("is missing"))
    width, heads = plain["d_model"], plain["n_heads"]
    assert isinstance(width, int) and isinstance(heads, int)
    if "head_dim" not in plain:
        if heads < 1 or width % heads:
            raise InvalidValue(
                "architecture.n_heads", heads, worded("must divide the width {width}", width=width)
            )
        plain["head_dim"] = width // heads
    plain.setdefault("n_kv_heads", heads)
    plain.setdefault("d_ff", 4 * width)
    plain.setdefault("tied_embeddings", False)
    return checked(Architecture(**plain))  # type: ignore[arg-type]


_FLAGS = frozenset(name for name, kind in get_type_hints(Architecture).items() if kind is bool)
_WORDS = frozenset({"norm", "window_pattern"})


def recipe_of(asked: Mapping[str, object], usual: Recipe) -> Recipe:
    """The usual recipe with what was asked for. Raises InvalidValue or UnknownName naming the field."""
    names = {field.name for field in fields(Recipe)}
    values = {name: getattr(usual, name) for name in names}
    for key, value in asked.items():
        if key not in names:
            raise UnknownName("recipe", key, names)
        if key == "sharding" and str(value).lower() in CALLED_FSDP:
            raise InvalidValue(f"recipe.{key}", value, worded("is called fsdp here"), ("fsdp",))
        if key == "optimizer" and "8" in str(value):
            reason = worded("names states of 8 bits; say optimizer_placement=8bit beside the optimizer")
            raise InvalidValue(f"recipe.{key}", value, reason, CHOICES[key])
        if key in CHOICES:
            choice_of(f"recipe.{key}", value, CHOICES[key])
        if key in RECIPE_FLAGS and not isinstance(value, bool):
            raise InvalidValue(f"recipe.{key}", value, worded("must be true or false"))
        if key == "code_base" and not (isinstance(value, str) and len(value) <= LONGEST_CODE_BASE):
            raise InvalidValue(
                "recipe.code_base",
                value,
                worded(
                    "must be a name of at most {longest_code_base} letters",
                    longest_code_base=LONGEST_CODE_BASE,
                ),
            )
        if key in NAMES_OF_MATRICES and not isinstance(value, str):
            raise InvalidValue(f"recipe.{key}", value, worded("must be names between commas"))
        if key == "frozen_weight_bytes" and (isinstance(value, bool) or value not in FROZEN_BYTES):
            raise InvalidValue("recipe.frozen_weight_bytes", value, worded("unknown"), map(str, FROZEN_BYTES))
        if key in RANGES:
            low, high = RANGES[key]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InvalidValue(
                    f"recipe.{key}",
                    value,
                    worded("must be a whole number between {low} and {high:,}", low=low, high=high),
                )
        values[key] = value
    recipe = Recipe(**values)
    if recipe.global_batch_tokens < recipe.seq_len:
        raise InvalidValue(
            "recipe.global_batch_tokens",
            recipe.global_batch_tokens,
            worded("is less than one sequence ({seq_len})", seq_len=recipe.seq_len),
        )
    return recipe
