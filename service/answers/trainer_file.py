"""A trainer's file in a question, which it completes, and in an answer: the account of its keys."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from service.answers.fine_tuning import AskedFineTune
from service.answers.parts import Answered
from service.errors import InvalidValue, Worded, worded
from service.estimate.trainer_files.all_trainers import read_trainer_file
from service.estimate.trainer_files.as_asked import (
    FIELD_OF,
    accounted,
    fine_tuning_of,
    recipe_of_file,
    supplied_by_trainer,
)
from service.estimate.trainer_files.settings import DEEPSPEED_FIELD, FIELD, Taken, TrainerFile
from service.facts import Source

LONGEST_RUN = 120
OF_ADAPTERS = ("lora_rank", "lora_targets", "modules_to_save")
NUMBERS = {"examples": int, "mean_tokens": float}
Given = str | Mapping[str, Any]
NEEDED: Mapping[str, Worded] = {
    "method": worded("says neither adapters nor full training; say which (--finetune lora)"),
    "examples": worded("cannot know how many examples the data set has; say it (--examples 20000)"),
    "mean_tokens": worded("cannot know how long an example is on average; say it (--mean-tokens 700)"),
}


class AnsweredKey(Answered):
    """A key of a trainer's file and what it was taken for."""

    key: str = Field(description="As the file has it; empty for a default of the trainer")
    value: str
    meaning: str = Field(description="What it sets; empty where its value asks for nothing")
    taken_as: str


class AnsweredTrainerFile(Answered):
    """What was taken from a trainer's file, and what was left."""

    trainer: str
    taken: tuple[AnsweredKey, ...]
    usual: tuple[AnsweredKey, ...] = Field(description="What the trainer does where its file says nothing")
    left: tuple[str, ...] = Field(description="Keys without bearing on time or memory, or unknown to us")
    uncounted: tuple[str, ...] = Field(description="Keys that bear on the run, and that we cannot count")


def read_file(config: Given, deepspeed: Given | None) -> TrainerFile:
    """The file, read. Raises InvalidValue for what cannot be read or cannot be."""
    from service.answers.trainer_text import mapping_of

    beside = None if deepspeed is None else mapping_of(DEEPSPEED_FIELD, deepspeed)
    return accounted(read_trainer_file(mapping_of(FIELD, config), beside))


_read_text = lru_cache(maxsize=8)(read_file)


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a question about a model, with what its trainer's file says where they say nothing.

    Raises InvalidValue for what no file knows and nobody said.
    """
    config, deepspeed = values[FIELD], values.get(DEEPSPEED_FIELD)
    if not isinstance(config, str | Mapping) or not isinstance(deepspeed, str | Mapping | None):
        return dict(values)
    told, recipe = values.get("finetune") or {}, values.get("recipe") or {}
    if not isinstance(told, Mapping | AskedFineTune) or not isinstance(recipe, Mapping):
        return dict(values)
    texts = isinstance(config, str) and isinstance(deepspeed, str | None)
    file = _read_text(config, deepspeed) if texts else read_file(config, deepspeed)
    told = dict(told) if isinstance(told, Mapping) else told.model_dump(exclude_unset=True)
    told |= {name: _read_number(told[name], kind) for name, kind in NUMBERS.items() if name in told}
    by_file = fine_tuning_of(file.settings, told.get("examples"), told.get("mean_tokens"))
    if told.get("method", by_file.get("method")) == "full":
        by_file = {name: value for name, value in by_file.items() if name not in OF_ADAPTERS}
    fields = {**by_file, **told}
    if file.settings.examples and "examples" in fields and isinstance(fields["examples"], int):
        fields["examples"] = min(fields["examples"], file.settings.examples)
    for name, reason in NEEDED.items():
        if fields.get(name) is None:
            raise InvalidValue(
                f"finetune.{name}", None, worded("the {file} file {reason}", file=file.name, reason=reason)
            )
    whole = {**values, "finetune": fields, "recipe": {**recipe_of_file(file), **recipe}}
    if all(values.get(name) is None for name in ("run", "config", "architecture")):
        base = file.settings.base_model
        if base is None:
            reason = worded(
                "the {file} file names no base model; name one of the catalog, or give its "
                "config.json as config",
                file=file.name,
            )
            raise InvalidValue("run", None, reason)
        whole["run"] = base if len(base) <= LONGEST_RUN else base[-LONGEST_RUN:]
    return whole


def sources_in_file(
    config: Given, deepspeed: Given | None, told: Mapping[str, Any], by_user: Source
) -> dict[str, Source]:
    """Who said what the run has from the file, by field of the fine-tuning or the recipe: the reader with the
    file, or the trainer where it says nothing. `told` are the fields of the run.
    """
    file = read_file(config, deepspeed)
    data = (told.get("examples"), told.get("mean_tokens"))
    by_file = fine_tuning_of(file.settings, *data) | recipe_of_file(file)
    supplied = supplied_by_trainer(file, *data)
    return {
        name: file.defaults_from if name in supplied else by_user
        for name, value in by_file.items()
        if told.get(name) == value
    }


def _read_number(value: object, kind: type) -> object:
    """A number as the question reads it, "20000" too; what is none is refused there."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return value


def tell_file(
    config: Given,
    deepspeed: Given | None,
    *,
    run: str | None,
    finetune: AskedFineTune,
    recipe: Mapping[str, object],
) -> AnsweredTrainerFile:
    """The account of a file's keys, as an answer tells it; those that a person said otherwise are left."""
    file = read_file(config, deepspeed)
    by_file = fine_tuning_of(file.settings, finetune.examples, finetune.mean_tokens) | recipe_of_file(file)
    used = {**finetune.model_dump(), **recipe}
    other = {name for name, value in by_file.items() if name != "examples" and used.get(name, value) != value}
    if run is None or not (file.settings.base_model or "").endswith(run):
        other.add("base_model")
    taken = [one for one in file.taken if FIELD_OF.get(one.meaning, one.meaning) not in other]
    left = dict.fromkeys(one.key for one in file.taken if one not in taken)
    return AnsweredTrainerFile(
        trainer=file.name,
        taken=tuple(_key(one) for one in taken),
        usual=tuple(_key(one) for one in file.usual if FIELD_OF.get(one.meaning, one.meaning) not in other),
        left=(*left, *file.left),
        uncounted=file.uncounted,
    )


def _key(one: Taken) -> AnsweredKey:
    return AnsweredKey(key=one.key, value=one.value, meaning=one.meaning, taken_as=one.taken_as)
