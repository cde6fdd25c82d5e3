"""Whose file it is, and what it says: the list of trainers whose files are read."""

from collections.abc import Mapping

from service.errors import InvalidValue, worded
from service.estimate.known_files import what_it_is
from service.estimate.trainer_files import deepspeed
from service.estimate.trainer_files.axolotl import AXOLOTL
from service.estimate.trainer_files.hugging_face import TRANSFORMERS, TRL
from service.estimate.trainer_files.llama_factory import LLAMA_FACTORY
from service.estimate.trainer_files.settings import DEEPSPEED_FIELD, FIELD, TrainerFile
from service.estimate.trainer_files.table import TrainerTable, flattened, read, shown
from service.estimate.trainer_files.torchtune import TORCHTUNE
from service.estimate.trainer_files.unsloth import UNSLOTH

TRAINERS = (TORCHTUNE, AXOLOTL, LLAMA_FACTORY, UNSLOTH, TRL, TRANSFORMERS)
"""Of those with equally many marks in a file the first is meant; the last shares its keys."""
LEAST_MARKS = 2


def read_trainer_file(
    mapping: Mapping[str, object], beside: Mapping[str, object] | None = None
) -> TrainerFile:
    """A trainer's file, with DeepSpeed's `beside` it where there is one.

    Raises InvalidValue for a file of nobody we know, a value that cannot be, and keys in contradiction.
    """
    table = recognised(mapping)
    return read(table, mapping if beside is None else _with_deepspeed(table, mapping, beside))


def recognised(mapping: Mapping[str, object]) -> TrainerTable:
    """The trainer whose keys these are. Raises InvalidValue where they are nobody's, or DeepSpeed's alone."""
    shared = _marks(TRANSFORMERS, mapping)
    table = max(TRAINERS[:-1], key=lambda one: _marks(one, mapping))
    own = _marks(table, mapping)
    if own and own + shared >= LEAST_MARKS:
        return table
    if shared >= LEAST_MARKS:
        return TRANSFORMERS
    keys = dict(flattened(mapping))
    if len(deepspeed.MARKS & keys.keys()) >= LEAST_MARKS:
        reason = worded(
            "is DeepSpeed's; give it beside the trainer's file ({deepspeed_field})",
            deepspeed_field=DEEPSPEED_FIELD,
        )
        raise InvalidValue(FIELD, shown(tuple(mapping)), reason)
    if what := what_it_is(mapping):
        raise InvalidValue(FIELD, shown(tuple(mapping)), worded("is {what}", what=what))
    raise InvalidValue(
        FIELD,
        shown(tuple(mapping)),
        worded("has the keys of no trainer we know"),
        [one.name for one in TRAINERS],
    )


def _marks(table: TrainerTable, mapping: Mapping[str, object]) -> int:
    keys = set(mapping) | {key for key, _ in flattened(mapping)}
    for group in table.groups & mapping.keys():
        inside = mapping[group]
        keys |= set(inside) if isinstance(inside, Mapping) else set()
    return len(table.marks & keys)


def _with_deepspeed(
    table: TrainerTable, mapping: Mapping[str, object], beside: Mapping[str, object]
) -> Mapping[str, object]:
    """The file with DeepSpeed's in the place of the name it is called by."""
    if not any(key.name == "deepspeed" for key in table.keys):
        raise InvalidValue(
            DEEPSPEED_FIELD, shown(tuple(beside)), worded("is nothing that {table} takes", table=table.name)
        )
    if not deepspeed.MARKS & dict(flattened(beside)).keys():
        raise InvalidValue(
            DEEPSPEED_FIELD,
            shown(tuple(beside)),
            worded("has none of DeepSpeed's keys"),
            ("zero_optimization",),
        )
    if isinstance(mapping.get("deepspeed"), Mapping):
        raise InvalidValue(
            DEEPSPEED_FIELD,
            shown(tuple(beside)),
            worded("is in the trainer's file already; keep one of the two"),
        )
    return {**mapping, "deepspeed": beside}
