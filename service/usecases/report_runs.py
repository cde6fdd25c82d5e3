"""Asking a saved decision again on the newest facts, saying what changed, and bringing files to folders.

However many processes look: one run for one due time, held by a lease. A run is computed first and then
kept in one transaction with everything it has to deliver, so that a process that is killed leaves either
nothing, and another runs it, or all of it, and another delivers it.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from service.answers.question import AskedDecision
from service.answers.reading import read_decision
from service.decide.decision_change import AnswerSeen, Dated, verdict_changed, what_changed
from service.errors import DatabaseNotReady, HeimvorteilError, InvalidValue, NotFound, worded
from service.estimate.cadence import cadence_of, next_run, next_try
from service.reports.notices.decision_changes import answer_seen, change_item, failure_headline, headline
from service.reports.notices.report_letters import letter
from service.reports.words.wording import wording
from service.store import comparisons, leases, offers, report_files, report_runs, report_schedules
from service.store.comparisons import StoredComparison
from service.store.held_lease import HeldLease
from service.store.leases import LeaseLost
from service.store.report_runs import FAILURE, FILE, NOTICE, REPORT, Delivery, ReportRun
from service.store.report_schedules import ReportSchedule, lease_name
from service.store.session import Sessions
from service.store.snapshot import Snapshot, Snapshots
from service.usecases.deciding import answer_decision
from service.usecases.kept_questions import as_meant
from service.usecases.reporting import decision_report

log = logging.getLogger(__name__)
Clock = Callable[[Any], datetime]
"""Tells the time inside a transaction: the database's own, so that all machines agree."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs reports, by which clock, and how long a silent one counts as alive."""

    owner: str
    clock: Clock = leases.clock
    lease: timedelta = timedelta(minutes=2)


def run_due(sessions: Sessions, runner: Runner) -> list[ReportRun]:
    """Run every schedule that is due and nobody runs, each once however many due times were missed.

    Safe to call from any number of processes at once. What goes wrong with one is recorded as its failed
    run and never stops the others; what the database raises passes through.
    """
    with sessions.reading() as session:
        slugs = report_schedules.waiting(session, runner.clock(session))
    snapshots = Snapshots(sessions.engine, check_every_s=0)
    done = []
    for slug in slugs:
        try:
            run = _run(sessions, snapshots, slug, runner)
        except LeaseLost as error:
            log.warning("%s; nothing of this run was kept", error)
            continue
        if run is not None:
            done.append(run)
    return done


def run_now(sessions: Sessions, slug: str, runner: Runner) -> ReportRun:
    """Run one whether it is due, paused or neither; its due times stay as they are.

    Raises InvalidValue if another process is at it, NotFound if there is no such schedule.
    """
    with sessions.reading() as session:
        report_schedules.get(session, slug)
    try:
        run = _run(sessions, Snapshots(sessions.engine, check_every_s=0), slug, runner, early=True)
    except LeaseLost as error:
        raise InvalidValue("name", slug, worded("was not run: {error}", error=error)) from None
    if run is None:
        raise InvalidValue("name", slug, worded("is being run by another process right now"))
    return run


def write_due_files(sessions: Sessions, runner: Runner) -> int:
    """Write the report files that wait to be written, each under a name of its own; returns how many.

    A folder that cannot be written into is tried again like a webhook that does not answer.
    """
    written = 0
    while True:
        with sessions.begin() as session:
            claimed = report_runs.claim_due(session, (FILE,), runner.clock(session), runner.lease)
        if claimed is None:
            return written
        delivery, run = claimed
        name, error = _file(sessions, run)
        with sessions.begin() as session:
            now = runner.clock(session)
            following = next_try(delivery.attempts + 1, now) if error else None
            report_runs.record_attempt(session, delivery, now, error, following, file_name=name)
        written += not error
        if error:
            log.warning("report %s, try %d: %s", run.key, delivery.attempts + 1, error)


def deliveries_of(sessions: Sessions, run: ReportRun) -> list[Delivery]:
    """What the run has to deliver, and how that goes."""
    with sessions.reading() as session:
        return report_runs.deliveries(session, [run])[run.id]


def _run(
    sessions: Sessions, snapshots: Snapshots, slug: str, runner: Runner, *, early: bool = False
) -> ReportRun | None:
    """The run that was kept; None where it is not ours to run. Raises LeaseLost."""
    held = HeldLease(sessions, lease_name(slug), runner.owner, runner.lease, runner.clock)
    with sessions.begin() as session:
        now = runner.clock(session)
        lease = held.take(session, now, early=early)
        if lease is None:
            return None
        schedule = report_schedules.get(session, slug)
        before_id = report_runs.last_decision(session, schedule)
    asked = held.during(lambda: _asked(sessions, snapshots, schedule, before_id, now))
    # By hand between two due times neither of them is served.
    due_at = lease.due if lease.due <= now else None
    with sessions.begin() as session:
        due = next_run(cadence_of(schedule.order.cadence), schedule.order.first_at, now)
        held.finish(session, due if due_at is not None else lease.due)
        run = replace(asked, schedule=slug, number=report_runs.next_number(session, schedule), due_at=due_at)
        run = replace(run, id=report_runs.add(session, schedule, run, _letters(schedule, run)))
    log.info("report %s: %s", run.key, run.headline)
    return run


def _asked(
    sessions: Sessions, snapshots: Snapshots, schedule: ReportSchedule, before_id: str, at: datetime
) -> ReportRun:
    """The question asked again; what cannot be asked or answered is a failed run with the reason."""
    w = wording(schedule.order.language)
    try:
        snapshot = snapshots.current()
        request = as_meant(snapshot, AskedDecision.read(schedule.order.request))
        stored = answer_decision(sessions, snapshot, request, at)
        with sessions.reading() as session:
            last = comparisons.get(session, before_id, "decision")
        answer = read_decision(stored.answer)
        before = answer_seen(read_decision(last.answer), last.code_version)
        after = answer_seen(answer, stored.code_version)
        then, listed = _rents_then(sessions, last, after), _rents_now(snapshot, before)
        is_another = verdict_changed(before, after)
        items = tuple(change_item(w, change) for change in what_changed(before, after, then, listed))
    except DatabaseNotReady:
        # Nothing could be recorded either; another look tries again when the lease has run out.
        raise
    except HeimvorteilError as error:
        return ReportRun(at, before_id, headline=failure_headline(w, str(error)), error=str(error))
    except Exception as error:
        log.exception("report %s: a fault of our own", schedule.slug)
        reason = f"our own fault: {type(error).__name__}: {error}".split("\n")[0]
        return ReportRun(at, before_id, headline=failure_headline(w, reason), error=reason)
    return ReportRun(
        at, before_id, stored.id, is_another, headline(w, before, after, is_another), answer.summary, items
    )


def _rents_then(sessions: Sessions, last: StoredComparison, after: AnswerSeen) -> dict[str, Dated]:
    """What the new best plan's offer cost when the last decision was answered, where it was known then."""
    slug = after.best.offer if after.best else ""
    if not slug:
        return {}
    with sessions.reading() as session:
        try:
            seen = offers.history(session, slug)
        except NotFound:
            return {}
    known = [price for price in seen if price.first_seen <= last.asked_at]
    if not known:
        return {}
    price = known[-1]
    return {slug: Dated(price.hourly_price, price.currency, price.source.title, price.last_as_of.isoformat())}


def _rents_now(snapshot: Snapshot, before: AnswerSeen) -> dict[str, Dated]:
    """What the last best plan's offer costs now, where it is still listed."""
    slug = before.best.offer if before.best else ""
    place = bisect_left(snapshot.offers.slug, slug)
    if not slug or place == len(snapshot.offers) or snapshot.offers.slug[place] != slug:
        return {}
    offer = snapshot.offers.row(place)
    return {slug: Dated(offer.hourly_price, offer.currency, offer.source.title, offer.as_of.isoformat())}


def _letters(schedule: ReportSchedule, run: ReportRun) -> Iterator[tuple[str, bytes]]:
    """What a run has to deliver: the report on each, a notice only if the verdict changed."""
    order = schedule.order
    if order.folder and not run.error:
        yield FILE, b""
    if order.webhook_url:
        kinds = [FAILURE] if run.error else [REPORT, *([NOTICE] if run.verdict_changed else [])]
        for kind in kinds:
            yield kind, letter(
                kind, key=run.key, schedule=schedule.slug, name=order.name, language=order.language,
                at=run.at, verdict_changed=run.verdict_changed, headline=run.headline, summary=run.summary,
                changes=run.changes, decision_id=run.decision_id, before_id=run.before_id, error=run.error,
            )  # fmt: skip


def _file(sessions: Sessions, run: ReportRun) -> tuple[str, str]:
    """The name of the file that was written, and what went wrong, "" if nothing did."""
    try:
        with sessions.reading() as session:
            order = report_schedules.get(session, run.schedule).order
        assert run.decision_id is not None
        report = decision_report(sessions, run.decision_id, order.format, order.language)
        stem = f"{run.schedule}_{run.at:%Y-%m-%d}_{run.number:04d}"
        return report_files.put(order.folder, stem, order.format, report.content), ""
    except OSError as error:
        return "", f"{error.filename or order.folder}: {error.strerror or error}"
    except HeimvorteilError as error:
        return "", str(error)
    except Exception as error:
        log.exception("report %s: a fault of our own", run.key)
        return "", f"our own fault: {type(error).__name__}: {error}".split("\n")[0]
