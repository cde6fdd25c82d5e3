"""`heimvorteil compare`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.household import household, lives
from service.cli.opening import open_facts
from service.errors import InvalidValue

if TYPE_CHECKING:
    from service.usecases import ComparisonRequest


QUESTION = (
    click.option("--home", default="rtx-4070", show_default=True, help="GPU at home, by name or slug."),
    click.option("--home-count", default=1, show_default=True, help="How many of them in one machine."),
    click.option(
        "--cloud",
        default="8xh100-sxm",
        show_default=True,
        help="Rented: COUNTxGPU, an offer's slug, or 'any' for every stored offer.",
    ),
    click.option(
        "--tier",
        default="on_demand",
        show_default=True,
        help="on_demand | spot | reserved | community | marketplace | any",
    ),
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
    click.option("--limit", default=5, show_default=True, help="With --cloud any: how many offers."),
    click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True),
)
"""What a comparison is asked with, the same for `compare` and `report`."""


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """The command with all options of a comparison's question."""
    command = lives(command)
    for option in reversed(QUESTION):
        command = option(command)
    return command


def question(
    now: datetime,
    *,
    workload: str,
    tokens: int | None,
    config: Path | None,
    dimensions: str | None,
    recipe: str,
    lang: str,
    **asked_of_household: Any,
) -> "ComparisonRequest":
    """The question that these options ask."""
    from service import usecases

    asked: Any = workload
    if config or dimensions:
        asked = _own_workload(config, dimensions, recipe, tokens, now, lang)
        tokens = None
    same = household(**asked_of_household)
    return usecases.ComparisonRequest(workload=asked, tokens=tokens, language=lang, **same)


@click.command()
@click.argument("workload", default="nanochat-d32")
@asks
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@click.option("--explain", is_flag=True, help="Every input number with unit, source and date.")
def compare(as_json: bool, explain: bool, **asked: Any) -> None:
    """Compare training WORKLOAD at home with renting; without arguments: the headline case."""
    from service import usecases

    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = question(now, **asked)
    if as_json:
        stored = usecases.answer(sessions, snapshot, request, now)
        from service.reports.as_table import print_json

        print_json(stored.answer)
        return
    from service.reports import as_text, from_json
    from service.reports.as_json import render

    comparison = usecases.compare_from_store(sessions, snapshot, request, now)
    reasons = []
    if explain:
        reasons = [usecases.explain(snapshot, comparison.workload, option) for option in comparison.options]
    told = from_json.comparison(render(comparison, request.language))
    text = as_text.render(told, request.language, explain=explain, reasons=reasons, width=_width())
    click.echo(text, nl=False)


def _width() -> int:
    """Columns of the terminal within reason; a file or a pipe gets 100."""
    import shutil
    import sys

    return min(120, max(80, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else 100


def _own_workload(
    config: Path | None,
    dimensions: str | None,
    recipe: str,
    tokens: int | None,
    now: datetime,
    language: str,
) -> Any:
    """The workload that --config or --dimensions describes."""
    import orjson

    from service.reports.wording import wording
    from service.usecases import custom_workload

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
    given = _pairs("--dimensions", dimensions) if dimensions else None
    name = config.stem if config else wording(language).say("own model")
    return custom_workload(
        given, read, recipe=_pairs("--recipe", recipe), tokens=tokens, today=now.date(), name=name
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
