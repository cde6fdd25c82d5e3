"""`heimvorteil decide`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.asking import as_json_is_read, asking, question_of
from service.cli.first_days import with_days
from service.cli.opening import kept_or_told, open_facts
from service.cli.own_machine import as_said_or_here
from service.cli.own_model import asks_own_model, workload_meant
from service.cli.progress import working
from service.cli.refreshing import offer_to_refresh
from service.cli.report_files import destination_instead, write_report, writes_report
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.answers.question import AskedDecision

DECISION = asking("AskedDecision")


def decision_question(
    *, workload: str, config: Path | None, dimensions: str | None, recipe: str, **options: Any
) -> "AskedDecision":
    """The question that these options ask."""
    from service.answers.question import AskedDecision

    meant = workload_meant(workload, config, dimensions, recipe, options)
    return question_of(AskedDecision, options, workload=meant)


@click.command(cls=DECISION)
@click.argument("workload", default="nanochat-d32")
@asks_own_model
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@writes_report
def decide(as_json: bool, extension: str | None, file: Path | None, **asked: Any) -> None:
    """Find the best plan for WORKLOAD within a budget and a deadline, over machines and all offers.

    With -o or --format a report on it is written instead: heimvorteil decide --budget 700 -o plan.pdf
    """
    from service.usecases.deciding import answer_decision
    from service.usecases.reporting import decision_on_screen

    to = destination_instead(extension, file, as_json)
    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = decision_question(**as_said_or_here(snapshot, as_json_is_read(asked) if as_json else asked))
    if not as_json:
        snapshot = with_days(sessions, snapshot, request)
    if to or as_json:
        with working(lambda: words().say("working it out")):
            stored = answer_decision(sessions, snapshot, request, now)
    else:
        stored = kept_or_told(lambda: answer_decision(sessions, snapshot, request, now))
    if to:
        write_report(to, sessions, stored, request.lang)
    elif as_json:
        from service.reports.listings.as_table import print_json

        print_json(stored.answer)
    else:
        from service.cli.screen import show

        show(decision_on_screen(stored, request.lang))
        offer_to_refresh(snapshot, request.country, request.lang, now.date())
