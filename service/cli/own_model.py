"""The options that say what is to be trained where no run of the catalog is meant as it stands."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from service.cli.fine_tuning import FINE_TUNING, fine_tuning_meant, fine_tuning_said
from service.cli.trainer_file import TRAINER_FILES, trainer_files_meant
from service.errors import InvalidValue, worded

if TYPE_CHECKING:
    from service.answers.question import AskedModel

OPTIONS = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A Hugging Face config.json instead of WORKLOAD; needs --tokens or --finetune.",
    ),
    click.option(
        "--dimensions",
        help="Explicit dimensions instead of WORKLOAD, e.g. "
        "n_layers=12,d_model=768,n_heads=12,vocab_size=50257; needs --tokens or --finetune.",
    ),
    click.option(
        "--recipe",
        default="",
        help="Recipe of the run where it is another, e.g. seq_len=1024,micro_batch=16.",
    ),
)


def asks_own_model(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options that describe a model of one's own, or another recipe."""
    for option in reversed((*OPTIONS, *FINE_TUNING, *TRAINER_FILES)):
        command = option(command)
    return command


def workload_meant(
    workload: str, config: Path | None, dimensions: str | None, recipe: str, options: dict[str, Any]
) -> "str | AskedModel":
    """The run of the catalog, or the one that these options describe; its tokens are taken out of `options`.

    Raises InvalidValue for what cannot be meant together, UnknownName for unknown keys.
    """
    from service.answers.question import LONGEST_NAME, AskedModel
    from service.reports.words.wording import wording

    if files := trainer_files_meant(options):
        return _as_the_file_says(files, workload, config, dimensions, recipe, options)
    finetune = fine_tuning_meant(options)
    if config is None and not dimensions:
        if finetune is not None:
            name = f"{workload}, {finetune.method}"[:LONGEST_NAME]
            return AskedModel.of(
                run=workload, finetune=finetune, recipe=_pairs("--recipe", recipe), name=name
            )
        if not recipe:
            return workload
        name = f"{workload}, {recipe}"[:LONGEST_NAME]
        return AskedModel.of(run=workload, recipe=_pairs("--recipe", recipe), name=name)
    if config is not None and dimensions:
        raise InvalidValue(
            "--config", str(config), worded("is said beside --dimensions; keep one of the two")
        )
    option, value = ("--config", str(config)) if config else ("--dimensions", dimensions)
    if _is_named():
        raise InvalidValue(
            option,
            value,
            worded("describes another run than {workload}; name one of the two", workload=workload),
        )
    tokens = None if finetune else options.pop("tokens")
    if tokens is None and finetune is None:
        raise InvalidValue("--tokens", None, worded("an own model needs a number of tokens, or --finetune"))
    return AskedModel.of(
        architecture=_pairs("--dimensions", dimensions) if dimensions else None,
        config=_read(config) if config else None,
        recipe=_pairs("--recipe", recipe),
        tokens=tokens,
        finetune=finetune,
        name=config.stem[:LONGEST_NAME] if config else wording(options["lang"]).say("own model"),
    )


def _as_the_file_says(
    files: dict[str, str],
    workload: str,
    config: Path | None,
    dimensions: str | None,
    recipe: str,
    options: dict[str, Any],
) -> "AskedModel":
    """The model and the fine-tuning of a trainer's file; what an option says as well is as it says."""
    from service.answers.question import LONGEST_NAME, AskedModel
    from service.reports.words.wording import wording

    said: dict[str, Any] = {**files, "finetune": fine_tuning_said(options)}
    if config and dimensions:
        raise InvalidValue(
            "--dimensions", dimensions, worded("describes another model than --config; name one")
        )
    if _is_named() and (config or dimensions):
        raise InvalidValue(
            "--config" if config else "--dimensions", workload, worded("describes another model; name one")
        )
    if config is not None:
        said |= {"config": _read(config), "name": config.stem[:LONGEST_NAME]}
    elif dimensions:
        said |= {
            "architecture": _pairs("--dimensions", dimensions),
            "name": wording(options["lang"]).say("own model"),
        }
    elif _is_named():
        said["run"] = workload
    try:
        return AskedModel.of(recipe=_pairs("--recipe", recipe), **said)
    except InvalidValue as error:
        if error.field not in files:
            raise
        path = str(click.get_current_context().params[error.field])
        raise InvalidValue(error.field, path, error.reason, error.choices) from None


def _is_named() -> bool:
    """Whether WORKLOAD was given, and is not the usual one."""
    context = click.get_current_context()
    return any(
        context.get_parameter_source(argument) not in (None, ParameterSource.DEFAULT)
        for argument in ("workload", "asked_about")
    )


def _read(config: Path) -> dict[str, object]:
    """A config.json with all that Python writes into one, Infinity and NaN too."""
    import json

    try:
        read = json.loads(config.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidValue("--config", str(config), worded("is not JSON: {error}", error=error)) from error
    if not isinstance(read, dict):
        raise InvalidValue("--config", str(config), worded("is not a JSON object"))
    return read


def _pairs(option: str, text: str) -> dict[str, object]:
    """`a=1,b=true,c=word` as a mapping; numbers and truth values are recognised."""
    pairs: dict[str, object] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InvalidValue(option, part, worded("is not of the form name=value"))
        if key.strip() in pairs:
            raise InvalidValue(option, part, worded("says {key} twice", key=key.strip()))
        pairs[key.strip()] = _value(value.strip())
    return pairs


def _value(word: str) -> object:
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    for kind in (int, float):
        try:
            number = kind(word)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return word
