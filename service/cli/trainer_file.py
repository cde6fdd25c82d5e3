"""The options that take the file of a trainer, as people have it."""

from pathlib import Path
from typing import Any

import click

from service.errors import worded

TRAINER_FILES = (
    click.option(
        "--trainer-config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File of Axolotl, LLaMA-Factory, transformers, TRL, torchtune or Unsloth (YAML or JSON): model, "
        "adapters, batches and the rest; needs --mean-tokens and --examples.",
    ),
    click.option(
        "--deepspeed-config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="DeepSpeed's JSON, where the trainer's file names it.",
    ),
)
FIELDS = ("trainer_config", "deepspeed_config")


def trainer_files_meant(options: dict[str, Any]) -> dict[str, str]:
    """Texts of the files that the options name, taken out of them. InvalidValue for what is no text."""
    paths = {name: options.pop(name, None) for name in FIELDS}
    given = {name: path for name, path in paths.items() if path is not None}
    if not given:
        return {}
    from service.answers.trainer_text import MOST_BYTES, text_of
    from service.errors import InvalidValue

    if "trainer_config" not in given:
        path = str(given["deepspeed_config"])
        raise InvalidValue(
            "--deepspeed-config", path, worded("belongs to --trainer-config FILE, which is not named")
        )
    texts = {}
    for name, path in given.items():
        with path.open("rb") as file:
            texts[name] = text_of("--" + name.replace("_", "-"), file.read(MOST_BYTES + 1))
    return texts
