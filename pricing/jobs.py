"""Who runs the refresh: any number of processes, each source asked once.

A ticker looks every few seconds for due sources; a lease in the database decides who runs one. A
lease that its owner does not give back runs out, so a killed process's run is taken over.
"""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from pricing import standing
from pricing.refresh import Fetch, Outcome, refresh
from pricing.schedule import next_look
from pricing.source import PriceSource
from pricing.sources import SOURCES
from service.store import leases
from service.store.session import Sessions

LEASE = timedelta(minutes=10)
"""Longer than any refresh: time-outs and retries end a fetch well before."""
TICK = timedelta(seconds=20)

log = logging.getLogger(__name__)


def lease_name(source: PriceSource) -> str:
    """The name under which the database knows a source's job."""
    return f"refresh {source.name}"


def run_due(
    sessions: Sessions,
    now: datetime,
    sources: Sequence[PriceSource] = SOURCES,
    fetch: Fetch | None = None,
) -> list[Outcome]:
    """Refresh every source that is due and that nobody else is refreshing.

    Safe to call from any number of threads and processes at once. A source never asked is due now.
    """
    owner = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"
    outcomes = []
    with sessions.begin() as session:
        for source in sources:
            leases.ensure(session, lease_name(source), now)
    for source in sources:
        with sessions.begin() as session:
            mine = leases.take(session, lease_name(source), owner, now, LEASE)
        if not mine:
            continue
        if not standing.wanted(sessions, source, sources, now):
            with sessions.begin() as session:
                leases.finish(session, lease_name(source), owner, now, next_look(now))
            continue
        outcome = refresh(sessions, source, now, fetch)
        due = standing.due_after(sessions, source, outcome, now)
        with sessions.begin() as session:
            leases.finish(session, lease_name(source), owner, datetime.now(UTC), due)
        log.info("%s: %s, %d accepted %s", source.name, outcome.outcome, outcome.accepted, outcome.error)
        outcomes.append(outcome)
    return outcomes


def tick(sessions: Sessions) -> None:
    """One look for due sources; a fault is logged and the next tick tries again."""
    try:
        run_due(sessions, datetime.now(UTC))
    except Exception:
        log.exception("the price refresh failed; the next tick tries again")


def start_in_background(sessions: Sessions) -> BackgroundScheduler:
    """A ticker in a thread of this process; the caller shuts it down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    _add_ticker(scheduler, sessions)
    scheduler.start()
    return scheduler


def watch(sessions: Sessions) -> None:
    """Tick in the foreground until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BlockingScheduler(timezone=UTC)
    _add_ticker(scheduler, sessions)
    threading.current_thread().name = "prices watch"
    try:
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        scheduler.shutdown(wait=False)


def _add_ticker(scheduler: BaseScheduler, sessions: Sessions) -> None:
    scheduler.add_job(
        tick,
        "interval",
        seconds=TICK.total_seconds(),
        args=[sessions],
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
