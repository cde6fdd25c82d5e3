"""`heimvorteil reports`: a saved decision asked again on a cadence, reported to a folder or a webhook."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from service.cli.asking import refuse_another_question
from service.cli.beside import refuse_given
from service.cli.deciding import DECISION, decision_question
from service.cli.opening import open_database
from service.cli.own_model import asks_own_model
from service.errors import worded
from service.reports.words.spoken import words
from service.settings import Settings

if TYPE_CHECKING:
    from service.reports.words.wording import Wording
    from service.store.report_runs import Delivery, ReportRun
    from service.store.report_schedules import ReportSchedule
    from service.store.session import Sessions
    from service.usecases.report_runs import Runner

IDENTITY = re.compile(r"[0-9a-f]{20}")
UNKNOWN = "-"
RUNS_SHOWN, WIDTH = 10, 110
log = logging.getLogger(__name__)


@click.group()
def reports() -> None:
    """Ask a saved decision again on a cadence, and be told what it says and whether the verdict changed."""


@reports.command("schedule", cls=DECISION)
@click.argument("asked_about", metavar="[WORKLOAD|DECISION-ID]", default="nanochat-d32")
@asks_own_model
@click.option("--every", default="weekly", show_default=True, help="daily | weekly | monthly | 12h | 7d | 2w")
@click.option(
    "--first",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="First run, in this machine's time; later ones keep its weekday and hour.",
)
@click.option(
    "--to", "folder", default="", metavar="FOLDER", help="Where each report is written as a new file."
)
@click.option(
    "--format",
    "extension",
    default="html",
    show_default=True,
    help="Of the file in FOLDER: html | pdf | xlsx | csv | json | md",
)
@click.option("--webhook", default="", help="https address that is told of each run, and of a new verdict.")
@click.option("--name", default="", help="What it is called; else made from the run and the cadence.")
@click.pass_context
def schedule_(
    context: click.Context, /, *, asked_about: str, every: str, first: datetime | None, folder: str,
    extension: str, webhook: str, name: str, **asked: Any,
) -> None:  # fmt: skip
    """Ask for the best plan again on a cadence: that of a stored decision, or the one these options ask for.

    DECISION-ID is what `heimvorteil decide --json` prints. Each run is answered on the newest prices and
    held against the run before; it always has an entry in the feed. Runs are made by `heimvorteil prices
    watch` and `serve` when prices are fresh, or by `heimvorteil reports run-due`.
    """
    from service.usecases.report_schedules import WantedReport, save_schedule

    if not folder:
        refuse_given("extension", worded("is of the file in a folder; name one with --to"))
    now, sessions = datetime.now(UTC), open_database()
    identity, lang = _decision(context, sessions, asked_about, asked, now)
    first_at = None if first is None else first.astimezone()
    wanted = WantedReport(
        decision=identity,
        every=every,
        first_at=first_at,
        name=name,
        format=extension,
        language=lang,
        folder=folder,
        webhook_url=webhook,
    )
    saved = save_schedule(sessions, wanted, "command line", now)
    w, order = words(), saved.order
    every = w.say("{cadence}, next {when}", cadence=_cadence(w, order.cadence), when=w.minute(saved.due_at))
    click.echo(f"{saved.slug}: {order.name}, {every}")
    if order.folder:
        click.echo(w.say("{format} into {folder}", format=order.format, folder=order.folder))
    if saved.webhook_secret:
        click.echo(w.say("signed with {secret} (shown this once)", secret=saved.webhook_secret))
    click.echo(w.say("feed: {address}", address=f"/api/v1/report-schedules/{saved.slug}/feed.atom"))


def _decision(
    context: click.Context, sessions: "Sessions", asked_about: str, asked: dict[str, Any], now: datetime
) -> tuple[str, str | None]:
    """The id of the decision to ask again, and the language if it shall be another than the decision's."""
    if not IDENTITY.fullmatch(asked_about):
        from service.store.snapshot import load
        from service.usecases.deciding import answer_decision

        request = decision_question(workload=asked_about, **asked)
        return answer_decision(sessions, load(sessions), request, now).id, None
    named = refuse_another_question(context, asked, asked_about)
    return asked_about, asked["lang"] if "lang" in named else None


@reports.command("list")
def list_() -> None:
    """List the schedules: cadence, next run, how the last one went, where to."""
    from service.reports.listings.as_table import print_table
    from service.store import report_runs, report_schedules

    w, rows = words(), []
    with open_database().reading() as session:
        for schedule in report_schedules.all(session):
            last = next(iter(report_runs.newest(session, schedule.slug, 1)), None)
            rows.append([
                schedule.slug,
                _cadence(w, schedule.order.cadence),
                _next(w, schedule),
                f"{w.minute(last.at)} {_outcome(w, last)}" if last else UNKNOWN,
                _where_to(schedule),
                last.headline if last else "",
            ])  # fmt: skip
    if not rows:
        click.echo(w.say("No schedule yet: heimvorteil reports schedule makes one."))
        return
    titles = [
        w.say("name"),
        w.say("how often"),
        w.say("next run"),
        w.say("last run"),
        w.say("to"),
        w.say("said"),
    ]
    print_table(titles, rows, set(), width=200)


@reports.command("show")
@click.argument("name")
def show_(name: str) -> None:
    """Show one schedule with its last runs: what changed, where it was delivered, what went wrong."""
    from service.store import report_runs
    from service.usecases.report_schedules import find_schedule

    sessions = open_database()
    schedule = find_schedule(sessions, name)
    with sessions.reading() as session:
        runs = report_runs.newest(session, schedule.slug, RUNS_SHOWN)
        delivered = report_runs.deliveries(session, runs)
    w, order = words(), schedule.order
    click.echo(f"{schedule.slug}: {order.name}")
    every = _cadence(w, order.cadence)
    click.echo(w.say("{cadence}, next {when}", cadence=every, when=_next(w, schedule)))
    click.echo(
        w.say(
            "asks decision {id} again; {language}; to {place}",
            id=order.decision_id, language=order.language, place=_where_to(schedule),
        )
    )  # fmt: skip
    click.echo(w.say("feed: {address}", address=f"/api/v1/report-schedules/{schedule.slug}/feed.atom"))
    for run in runs:
        at, outcome = w.minute(run.at), _outcome(w, run)
        click.echo("\n" + w.say("run {number}, {at}: {outcome}", number=run.number, at=at, outcome=outcome))
        _tell(run, delivered[run.id])


@reports.command("run")
@click.argument("name")
@click.pass_context
def run_(context: click.Context, name: str) -> None:
    """Run one now, due or not, and deliver it; its due times stay. Exit code 1 when it failed."""
    from pricing.beside import tell_webhooks
    from service.usecases.report_runs import deliveries_of, run_now, write_due_files
    from service.usecases.report_schedules import find_schedule

    sessions = open_database()
    runner = _runner()
    run = run_now(sessions, find_schedule(sessions, name).slug, runner)
    write_due_files(sessions, runner)
    tell_webhooks(sessions)
    delivered = deliveries_of(sessions, run)
    click.echo(_told(run))
    _tell(run, delivered)
    if run.error or any(one.error for one in delivered):
        context.exit(1)


@reports.command("run-due")
@click.pass_context
def run_due_(context: click.Context) -> None:
    """Run every schedule that is due, once however often it was missed, and deliver what waits.

    For cron, where no `heimvorteil prices watch` and no `serve` is running. Exit code 1 when a run failed.
    """
    from pricing.beside import tell_webhooks

    sessions = open_database()
    done = run_due_reports(sessions)
    tell_webhooks(sessions)
    for run in done:
        click.echo(f"{_told(run)}. {run.headline}")
    if not done:
        click.echo(words().say("nothing is due"))
    if any(run.error for run in done):
        context.exit(1)


@reports.command("pause")
@click.argument("name")
def pause_(name: str) -> None:
    """Run it no more until it is resumed."""
    from service.usecases.report_schedules import find_schedule, pause_schedule

    sessions = open_database()
    slug = find_schedule(sessions, name).slug
    pause_schedule(sessions, slug, datetime.now(UTC))
    click.echo(words().say("paused {name}", name=slug))


@reports.command("resume")
@click.argument("name")
def resume_(name: str) -> None:
    """Run it again from its next time on; what was missed in the pause stays missed."""
    from service.usecases.report_schedules import find_schedule, resume_schedule

    sessions = open_database()
    slug = find_schedule(sessions, name).slug
    resumed = resume_schedule(sessions, slug, datetime.now(UTC))
    click.echo(words().say("resumed {name}, next {when}", name=slug, when=words().minute(resumed.due_at)))


@reports.command("remove")
@click.argument("name")
def remove_(name: str) -> None:
    """Forget a schedule and its runs; files that were written and decisions that were answered stay."""
    from service.store import report_schedules
    from service.usecases.report_schedules import find_schedule

    sessions = open_database()
    slug = find_schedule(sessions, name).slug
    with sessions.begin() as session:
        report_schedules.remove(session, slug)
    click.echo(words().say("removed {name}", name=slug))


def run_due_reports(sessions: "Sessions") -> "list[ReportRun]":
    """Run what is due and write the files that wait: what a watching worker does beside refreshing."""
    from service.usecases.report_runs import run_due, write_due_files

    runner = _runner()
    done = run_due(sessions, runner)
    written = write_due_files(sessions, runner)
    if done or written:
        changed = sum(run.verdict_changed for run in done)
        failed = sum(bool(run.error) for run in done)
        log.info(
            "reports: %d run, %d with a new verdict, %d failed, %d files written",
            len(done), changed, failed, written,
        )  # fmt: skip
    return done


def beside_refreshing(sessions: "Sessions") -> None:
    """What a watching worker does when prices are fresh: due reports, and once a day what expired goes."""
    from service.store.pruning import prune_when_due

    try:
        run_due_reports(sessions)
    finally:
        prune_when_due(sessions)


def _runner() -> "Runner":
    from service.store.held_lease import new_owner
    from service.usecases.report_runs import Runner

    return Runner(new_owner(), lease=timedelta(seconds=Settings.from_environ().lease_seconds))


def _tell(run: "ReportRun", delivered: "list[Delivery]") -> None:
    for line in (run.headline, run.summary, *(f"- {change['sentence']}" for change in run.changes)):
        if line:
            click.echo(click.wrap_text(line, WIDTH, "  ", "  "))
    w = words()
    for one in delivered:
        what = w.say("file {name}", name=one.file_name) if one.file_name else one.kind
        state = {"waiting": w.say("waiting"), "delivered": w.say("delivered"), "given up": w.say("given up")}
        said = [f"{what}: {state.get(one.state, one.state)}"]
        if one.attempts > 1:
            said.append(w.say("tried {count} times", count=w.number(one.attempts)))
        click.echo("  " + ", ".join(filter(None, (*said, one.error))))


def _told(run: "ReportRun") -> str:
    w = words()
    return w.say(
        "{schedule}, run {number}: {outcome}",
        schedule=run.schedule,
        number=run.number,
        outcome=_outcome(w, run),
    )


def _cadence(w: "Wording", cadence: str) -> str:
    """How often, in words."""
    named = {"daily": w.say("daily"), "weekly": w.say("weekly"), "monthly": w.say("monthly")}
    return named.get(cadence) or w.say("every {span}", span=cadence)


def _outcome(w: "Wording", run: "ReportRun") -> str:
    if run.error:
        return w.say("failed")
    return w.say("verdict changed") if run.verdict_changed else w.say("verdict stands")


def _next(w: "Wording", schedule: "ReportSchedule") -> str:
    if schedule.paused_at is not None:
        return w.say("paused")
    return w.say("running") if schedule.is_running else w.minute(schedule.due_at)


def _where_to(schedule: "ReportSchedule") -> str:
    order = schedule.order
    return ", ".join(filter(None, (order.folder, order.webhook_url))) or words().say("feed")
