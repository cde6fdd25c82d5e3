"""`heimvorteil report`."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.cli.asking import refuse_another_question
from service.cli.comparing import COMPARISON, question
from service.cli.opening import open_database
from service.cli.own_machine import as_said_or_here
from service.cli.own_model import asks_own_model
from service.cli.progress import working
from service.cli.report_files import destination, writes_report
from service.reports.words.spoken import words

IDENTITY = re.compile(r"[0-9a-f]{20}")


@click.command(cls=COMPARISON)
@click.argument("asked_about", metavar="[WORKLOAD|ID]", default="nanochat-d32")
@asks_own_model
@writes_report
@click.pass_context
def report(
    context: click.Context, /, *, asked_about: str, extension: str | None, file: Path | None, **asked: Any
) -> None:
    """Write a report on a stored comparison or decision, or on the comparison these options ask for.

    ID is that of an answer given before, by command or over HTTP. Without -o the report is written into the
    current folder under a name made from the run. A decision of its own: heimvorteil decide -o FILE.
    """
    from service.usecases.reporting import stored_report

    to = destination(extension, file)
    sessions = open_database()
    identity = asked_about
    if IDENTITY.fullmatch(asked_about):
        refuse_another_question(context, asked, asked_about)
    else:
        from service import usecases
        from service.store.snapshot import load

        now = datetime.now(UTC)
        snapshot = load(sessions)
        request = question(workload=asked_about, **as_said_or_here(snapshot, asked))
        with working(lambda: words().say("working it out")):
            identity = usecases.answer(sessions, snapshot, request, now).id
    with working(lambda: words().say("writing the report")):
        written = stored_report(sessions, identity, to.extension, asked["lang"])
    to.write(written)
