"""`heimvorteil compare`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.asking import as_json_is_read, asking, question_of
from service.cli.beside import refuse_given
from service.cli.first_days import with_days
from service.cli.opening import kept_or_told, open_facts
from service.cli.own_machine import as_said_or_here
from service.cli.own_model import asks_own_model, workload_meant
from service.cli.progress import working
from service.cli.refreshing import offer_to_refresh
from service.cli.report_files import destination_instead, write_report, writes_report
from service.errors import worded
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.answers.question import AskedComparison

COMPARISON = asking("AskedComparison")
SHOWN = 5
"""Of every stored offer; what a terminal has room for."""


def question(
    *, workload: str, config: Path | None, dimensions: str | None, recipe: str, **options: Any
) -> "AskedComparison":
    """The question that these options ask."""
    from service.answers.question import EVERY_OFFER, AskedComparison

    if options["limit"] is None and EVERY_OFFER in (name.strip().lower() for name in options["cloud"]):
        options["limit"] = SHOWN
    meant = workload_meant(workload, config, dimensions, recipe, options)
    return question_of(AskedComparison, options, workload=meant)


@click.command(cls=COMPARISON)
@click.argument("workload", default="nanochat-d32")
@asks_own_model
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@click.option("--explain", is_flag=True, help="Every input number with unit, source and date.")
@writes_report
def compare(as_json: bool, explain: bool, extension: str | None, file: Path | None, **asked: Any) -> None:
    """Compare training WORKLOAD at home with renting; without arguments: the headline case.

    With -o or --format a report on it is written instead: heimvorteil compare --home rtx-3090 -o plan.pdf
    """
    from service import usecases

    to = destination_instead(extension, file, as_json)
    if to or as_json:
        refuse_given("explain", worded("goes to the screen; --json has every number with its source"))
    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = question(**as_said_or_here(snapshot, as_json_is_read(asked) if as_json else asked))
    if as_json:
        from service.reports.listings.as_table import print_json

        print_json(usecases.answer(sessions, snapshot, request, now).answer)
        return
    snapshot = with_days(sessions, snapshot, request)
    if to:
        with working(lambda: words().say("working it out")):
            stored = usecases.answer(sessions, snapshot, request, now)
        write_report(to, sessions, stored, request.lang)
        return
    from service.cli.screen import show
    from service.usecases.reporting import comparison_on_screen

    stored = kept_or_told(lambda: usecases.answer(sessions, snapshot, request, now))
    with working(lambda: words().say("writing it down")):
        document = comparison_on_screen(sessions, snapshot, stored, request.lang, explain=explain)
    show(document)
    offer_to_refresh(snapshot, request.country, request.lang, now.date())
