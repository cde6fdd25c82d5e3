"""A value of a trainer's file, read: each reader takes a key and its value, and returns what it means.

None means that the value asks for nothing. A reader raises InvalidValue with the key, the value and what
would be valid.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from service.errors import InvalidValue, Worded, nearest_first, worded
from service.estimate.block_matrices import EMBEDDINGS, EXPERT_TENSORS, EXPERTS, known_names, modules_saved
from service.estimate.trainer_files.settings import FIELD
from service.facts import Optimizer

Reader = Callable[[str, object], Any]
TRUTHS: Mapping[str, bool] = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}
AUTO = "auto"
LARGEST = 10**12
LONGEST_NAME = 300
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Linear matrices of a Llama block, by transformers' names."""
ALL_LINEAR = ("all-linear",)
ALL_WORDS = ("all", "all-linear", "all_linear")
KNOWN = ("all-linear", *known_names())
OPTIMIZERS: tuple[tuple[str, Optimizer], ...] = (
    (r"muon", "muon+adamw"),
    (r"lion", "lion"),
    (r"adafactor", "adafactor"),
    (r"\bsgdw?\b", "sgd"),
    (r"\badamw?\b|adamw", "adamw"),
)
KNOWN_OPTIMIZERS = (
    "adamw_torch", "adamw_torch_fused", "adamw_8bit", "adamw_bnb_8bit", "paged_adamw_32bit",
    "paged_adamw_8bit", "adafactor", "lion_32bit", "lion_8bit", "sgd", "muon",
)  # fmt: skip
UNKNOWN_OPTIMIZERS = re.compile(
    r"galore|apollo|lomo|grokadamw|ademamix|4bit|adamw_?mini|adam_?mini|fp8|schedule_free"
)
"""States of another size than those we count."""
FUSED = {
    "flash", "flash_attention", "flash_attention_2", "flash_attention_3", "fa2", "fa3", "sdpa",
    "flex_attention", "xformers", "sage", "unsloth",
}  # fmt: skip
STORED = {"eager", "disabled", "naive"}


def refused(key: str, value: object, reason: Worded, choices: tuple[str, ...] = ()) -> InvalidValue:
    """The error for a key's value."""
    return InvalidValue(f"{FIELD}.{key}", value, reason, choices)


def whole(low: int = 1, high: int = LARGEST, *, nothing: int | None = None) -> Reader:
    """A whole number in a range; `nothing` is the value by which the trainer says that it is not meant."""

    def read(key: str, value: object) -> int | None:
        number = _number(key, value)
        if number is None or number == nothing:
            return None
        if number != int(number) or not low <= number <= high:
            raise refused(
                key, value, worded("must be a whole number between {low} and {high:,}", low=low, high=high)
            )
        return int(number)

    return read


def positive(high: float) -> Reader:
    """A number above 0 and at most `high`."""

    def read(key: str, value: object) -> float | None:
        number = _number(key, value)
        if number is not None and not 0 < number <= high:
            raise refused(key, value, worded("must be above 0 and at most {high:,.0f}", high=high))
        return number

    return read


def _number(key: str, value: object) -> float | None:
    """A finite number, also where it is quoted; None for auto."""
    if isinstance(value, str):
        if value.strip().lower() == AUTO:
            return None
        try:
            value = float(value)
        except ValueError:
            raise refused(key, value, worded("is not a number")) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(key, value, worded("is not a number"))
    if isinstance(value, float) and not math.isfinite(value):
        raise refused(key, value, worded("is not a finite number"))
    return value


def truth(key: str, value: object) -> bool | None:
    """True or false, also where it is quoted; None for auto."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word == AUTO:
        return None
    if word not in TRUTHS:
        raise refused(key, value, worded("must be true or false"), ("true", "false"))
    return TRUTHS[word]


def when(meaning: object, otherwise: object = None) -> Reader:
    """A truth value that means something of its own."""

    def read(key: str, value: object) -> object:
        said = truth(key, value)
        return None if said is None else (meaning if said else otherwise)

    return read


def auto_is_yes(meaning: object) -> Reader:
    """A truth value where auto stands for what today's GPUs can: bf16."""

    def read(key: str, value: object) -> object:
        word = str(value).strip().lower()
        return meaning if word in (AUTO, "full") or truth(key, value) else None

    return read


def word_of(meanings: Mapping[str, object]) -> Reader:
    """One of the words that a key may have; the others are refused, with the nearest first."""

    def read(key: str, value: object) -> object:
        word = str(value).strip().lower()
        if word not in meanings:
            raise refused(key, value, worded("unknown"), nearest_first(word, meanings, in_order=True))
        return meanings[word]

    return read


def name(key: str, value: object) -> str:
    """A model's name or path."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
        raise refused(
            key, value, worded("must be a name of at most {longest_name} letters", longest_name=LONGEST_NAME)
        )
    return value.strip()


def modules(key: str, value: object) -> tuple[str, ...] | None:
    """The matrices with an adapter: a list, a word for all, or names with commas."""
    names = [ALL_LINEAR[0] if n.lower() in ALL_WORDS else n for n in _names(key, value)]
    for one in names:
        if one.rpartition(".")[2] not in KNOWN:
            raise refused(key, one, worded("unknown"), nearest_first(one, KNOWN, in_order=True))
    return tuple(dict.fromkeys(names)) or None


def expert_tensors(key: str, value: object) -> tuple[str, ...]:
    """PEFT's target_parameters: the fused tensors of experts."""
    names = [name.rpartition(".")[2] for name in _names(key, value)]
    for one in names:
        if one not in EXPERT_TENSORS:
            raise refused(
                key, one, worded("cannot be counted"), tuple(EXPERTS + name for name in EXPERT_TENSORS)
            )
    return tuple(EXPERTS + name for name in dict.fromkeys(names))


def beside(key: str, value: object) -> tuple[str, ...] | None:
    """What is trained in full beside the adapters; all names that we can count."""
    try:
        return tuple(filter(None, modules_saved(",".join(_names(key, value))).split(","))) or None
    except InvalidValue as error:
        raise refused(key, error.value, worded("cannot be counted"), EMBEDDINGS) from None


def _names(key: str, value: object) -> tuple[str, ...]:
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise refused(key, value, worded("must be a list of names"), ("all-linear", *MODULES))
    return tuple(one.strip() for one in given if one.strip())


def optimizer(key: str, value: object) -> Optimizer:
    """The method, whatever the width and place of its states."""
    word = _optimizer_word(key, value)
    for pattern, ours in OPTIMIZERS:
        if re.search(pattern, word):
            return ours
    raise refused(key, value, worded("unknown"), nearest_first(word, KNOWN_OPTIMIZERS, in_order=True))


def optimizer_bits(key: str, value: object) -> int:
    """Bits of a state element."""
    word = _optimizer_word(key, value)
    return 8 if "8bit" in word or "adamw_bnb" in word else 32


def optimizer_paged(key: str, value: object) -> bool | None:
    """Whether the states are paged to host memory."""
    return "paged" in _optimizer_word(key, value) or None


def _optimizer_word(key: str, value: object) -> str:
    word = str(value).strip().lower().removeprefix("optimizernames.")
    if UNKNOWN_OPTIMIZERS.search(word):
        raise refused(key, value, worded("keeps states that we cannot count"), KNOWN_OPTIMIZERS)
    return word


def attention(key: str, value: object) -> str | None:
    """Whether scores are stored: any fused kernel is flash; a kernel's path on the hub is one too."""
    word = str(value).strip().lower()
    if word == AUTO:
        return None
    if word in FUSED or "/" in word:
        return "flash"
    if word in STORED:
        return "naive"
    raise refused(key, value, worded("unknown"), ("flash_attention_2", "sdpa", "flex_attention", "eager"))
