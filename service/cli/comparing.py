"""`heimvorteil compare`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.asking import asking, question_of
from service.cli.opening import kept_or_told, open_facts
from service.cli.own_machine import as_said_or_here
from service.errors import InvalidValue

if TYPE_CHECKING:
    from service.answers.question import AskedComparison, AskedModel

COMPARISON = asking("AskedComparison", limit=5)
OWN_MODEL = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A Hugging Face config.json instead of WORKLOAD; needs --tokens.",
    ),
    click.option(
        "--dimensions",
        help="Explicit dimensions instead of WORKLOAD, e.g. "
        "n_layers=12,d_model=768,n_heads=12,vocab_size=50257; needs --tokens.",
    ),
    click.option("--recipe", default="", help="Recipe of an own model, e.g. seq_len=1024,micro_batch=16."),
)


def asks_own_model(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options that describe a model of one's own."""
    for option in reversed(OWN_MODEL):
        command = option(command)
    return command


def question(
    *, workload: str, config: Path | None, dimensions: str | None, recipe: str, **options: Any
) -> "AskedComparison":
    """The question that these options ask."""
    from service.answers.question import AskedComparison

    if config or dimensions:
        tokens = options.pop("tokens")
        model = _own_model(config, dimensions, recipe, tokens, options["lang"])
        return question_of(AskedComparison, options, workload=model)
    return question_of(AskedComparison, options, workload=workload)


@click.command(cls=COMPARISON)
@click.argument("workload", default="nanochat-d32")
@asks_own_model
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@click.option("--explain", is_flag=True, help="Every input number with unit, source and date.")
def compare(as_json: bool, explain: bool, **asked: Any) -> None:
    """Compare training WORKLOAD at home with renting; without arguments: the headline case."""
    from service import usecases

    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = question(**as_said_or_here(snapshot, asked))
    if as_json:
        from service.reports.listings.as_table import print_json

        print_json(usecases.answer(sessions, snapshot, request, now).answer)
        return
    from service.cli.screen import show
    from service.usecases.reporting import comparison_on_screen

    stored = kept_or_told(lambda: usecases.answer(sessions, snapshot, request, now))
    show(comparison_on_screen(sessions, snapshot, stored, request.lang, explain=explain))


def _own_model(
    config: Path | None, dimensions: str | None, recipe: str, tokens: int | None, language: str
) -> "AskedModel":
    """The model that --config or --dimensions describes."""
    import orjson

    from service.answers.question import LONGEST_NAME, AskedModel
    from service.reports.words.wording import wording

    if tokens is None:
        raise InvalidValue("--tokens", None, "an own model needs a number of tokens")
    read = None
    if config:
        try:
            read = orjson.loads(config.read_bytes())
        except ValueError as error:
            raise InvalidValue("--config", str(config), f"is not JSON: {error}") from error
        if not isinstance(read, dict):
            raise InvalidValue("--config", str(config), "is not a JSON object")
    return AskedModel.of(
        architecture=_pairs("--dimensions", dimensions) if dimensions else None,
        config=read,
        recipe=_pairs("--recipe", recipe),
        tokens=tokens,
        name=config.stem[:LONGEST_NAME] if config else wording(language).say("own model"),
    )


def _pairs(option: str, text: str) -> dict[str, object]:
    """`a=1,b=true,c=word` as a mapping; numbers and truth values are recognised."""
    pairs: dict[str, object] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InvalidValue(option, part, "is not of the form name=value")
        word = value.strip()
        lowered = word.lower()
        if lowered in ("true", "false"):
            pairs[key.strip()] = lowered == "true"
        else:
            pairs[key.strip()] = int(word) if word.lstrip("-").isdigit() else word
    return pairs
