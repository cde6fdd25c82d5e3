"""Who runs the refresh: any number of processes, each source read once when it is due.

`run_one` refreshes one source under a lease in the database, which is renewed while it runs. A holder
that dies stops renewing, and another takes its run over; one that was only held up finds its lease gone
and keeps nothing. The embedded ticker here and the workers of pricing/workers.py call the same function.
"""

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from pricing import alerts, report_letters, standing
from pricing.refresh import Fetch, Outcome, refresh
from pricing.registry import register
from pricing.schedule import next_look
from pricing.source import PriceSource
from pricing.sources import SOURCES
from service.settings import Settings
from service.store import leases, refreshes
from service.store.leases import LeaseLost
from service.store.price_sources import lease_name
from service.store.session import Sessions, engine_for

WEBHOOKS, BESIDE = "webhooks", "beside"
LONGEST_WAIT_FOR_PRICES_S = 600.0
"""Work that wants fresh prices is held up by a source that hangs for no longer than this."""
Beside = Callable[[Sessions], object]
"""Work of the other wing, handed in where both meet: it wants prices that are fresh. It may never raise for
what it works on, and any number of processes may do it at once."""
LONGEST_LOOK_AWAY_S = 0.25
"""How late a running refresh notices that it shall stop."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look for due sources, how long a silent holder counts as alive, how many at once."""

    tick: timedelta = timedelta(seconds=20)
    lease: timedelta = timedelta(minutes=2)
    at_once: int = 4

    @classmethod
    def from_settings(cls, settings: Settings) -> "Pace":
        """The pace that the environment sets."""
        return cls(
            timedelta(seconds=settings.tick_seconds),
            timedelta(seconds=settings.lease_seconds),
            settings.refreshes_at_once,
        )


class Stopped(Exception):
    """A refresh was told to stop: nothing of it is kept, and its source is free for another process."""


class _Held:
    """A lease in our hands, as pricing/refresh.py asks for it."""

    def __init__(self, sessions: Sessions, source: PriceSource, owner: str, lasts: timedelta) -> None:
        self.sessions, self.source, self.owner, self.lasts = sessions, source, owner, lasts
        self.name = lease_name(source.name)
        self.started_at = datetime.min.replace(tzinfo=UTC)
        self.number = 0
        self.is_ending = False

    def take(self, early: bool) -> bool:
        """True if the run is ours now; what a dead holder left is ended in the same transaction."""
        with self.sessions.begin() as session:
            now = leases.clock(session)
            leases.ensure(session, self.name, now)
            early = early or self.source.name in refreshes.requested(session)
            before = leases.take(session, self.name, self.owner, now, self.lasts, early=early)
            if before is None:
                return False
            if before.owner is not None:
                log.warning("%s: taken over from %s, whose lease ran out", self.source.name, before.owner)
                reason = f"its worker {before.owner} fell silent; taken over, nothing of it was kept"
                refreshes.abandon(session, self.source.name, now, reason)
            request = refreshes.requested(session).get(self.source.name)
            self.number = refreshes.start(session, self.source.name, now, request)
            self.started_at = now
        return True

    def stand_by(self) -> bool:
        """Look again later without a refresh; False where the source is not ours to postpone."""
        with self.sessions.begin() as session:
            now = leases.clock(session)
            if self.source.name in refreshes.requested(session):
                return False
            leases.ensure(session, self.name, now)
            if leases.take(session, self.name, self.owner, now, self.lasts) is None:
                return False
            return leases.finish(session, self.name, self.owner, now, next_look(now))

    def check(self, session: Any) -> None:
        """Renews the lease, which also locks it until the session ends; LeaseLost if it is another's."""
        if not leases.renew(session, self.name, self.owner, leases.clock(session), self.lasts):
            raise LeaseLost(f"{self.source.name}: the lease was taken over")

    def give_back(self, session: Any, outcome: Outcome) -> None:
        """The lease is free, and its source due again when the schedule says."""
        self.is_ending = True
        due = standing.due_after(self.sessions, self.source, outcome, self.started_at)
        if not leases.finish(session, self.name, self.owner, leases.clock(session), due):
            raise LeaseLost(f"{self.source.name}: the lease was taken over")

    def renew(self) -> None:
        """LeaseLost if it is another's; a database that cannot be reached for a while is waited for."""
        try:
            with self.sessions.begin() as session:
                self.check(session)
        except LeaseLost:
            # While we waited for the database our own run may have given the lease back.
            if not self.is_ending:
                raise
        except Exception as error:
            log.warning("%s: the lease could not be renewed: %s", self.source.name, error)

    def release(self) -> None:
        """Leave the source to another process, undone."""
        with self.sessions.begin() as session:
            if leases.release(session, self.name, self.owner):
                now = leases.clock(session)
                refreshes.abandon(session, self.source.name, now, "stopped before it was done")


def run_one(
    sessions: Sessions,
    source: PriceSource,
    pace: Pace,
    *,
    early: bool = False,
    is_stopping: Callable[[], bool] = lambda: False,
    fetch: Fetch | None = None,
    sources: Sequence[PriceSource] = SOURCES,
) -> Outcome | None:
    """Refresh one source if it is due or asked for (or `early`) and nobody else is at it; else None.

    Safe to call from any number of threads, processes and machines at once. Raises Stopped when it was
    told to stop, and what the database raises where it cannot be reached. A fallback whose first choice,
    one of `sources`, does well is not asked on schedule but looked at again later.
    """
    owner = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"
    held = _Held(sessions, source, owner, pace.lease)
    if not early and not standing.wanted(sessions, source, sources, datetime.now(UTC)) and held.stand_by():
        return None
    if not held.take(early):
        return None
    ended: list[Outcome | Exception] = []
    over = threading.Event()

    def work() -> None:
        try:
            ended.append(refresh(sessions, source, held.started_at, fetch, begun=held.number, hold=held))
        except Exception as error:
            ended.append(error)
        finally:
            over.set()

    # A daemon: a process that shall stop does not wait for a source that answers slowly.
    threading.Thread(target=work, name=held.name, daemon=True).start()
    try:
        _renew_until(over, held, is_stopping)
        if isinstance(ended[0], Exception):
            raise ended[0]
        outcome = ended[0]
    except LeaseLost as error:
        outcome = Outcome(source.name, "failed", error=f"{error}; nothing of this run was kept")
    log.info(
        "%s: %s, %d accepted, %d rejected, %.1f s %s",
        source.name, outcome.outcome, outcome.accepted, outcome.rejected, outcome.seconds, outcome.error,
    )  # fmt: skip
    return outcome


def _renew_until(over: threading.Event, held: _Held, is_stopping: Callable[[], bool]) -> None:
    every_s = held.lasts.total_seconds() / 4
    renewed = time.monotonic()
    while not over.wait(min(every_s, LONGEST_LOOK_AWAY_S)):
        if is_stopping():
            held.release()
            raise Stopped(held.source.name)
        if time.monotonic() - renewed >= every_s:
            held.renew()
            renewed = time.monotonic()


def waiting(sessions: Sessions, sources: Sequence[PriceSource]) -> list[PriceSource]:
    """Those of the sources that are due, asked for or left by a dead holder, and that nobody runs."""
    with sessions.reading() as session:
        names = leases.waiting(session, leases.clock(session))
        asked = refreshes.requested(session)
    by_lease = {lease_name(source.name): source for source in sources}
    due = [by_lease[name] for name in names if name in by_lease]
    return due + [source for source in sources if source.name in asked and source not in due]


class AfterRefreshes:
    """Work done at each look at which no source waits and none is being read, by whatever process."""

    def __init__(self, sessions: Sessions, sources: Sequence[PriceSource], work: Beside) -> None:
        self._sessions, self._sources, self._work = sessions, sources, work
        self._held_up_since: float | None = None

    def look(self) -> None:
        """Work now, or at a later look; a fault is logged and the next look tries again."""
        try:
            if self._is_held_up():
                return
            self._work(self._sessions)
        except Exception:
            log.exception("what is done beside refreshing failed; the next look tries again")

    def _is_held_up(self) -> bool:
        if not self._is_refreshing():
            self._held_up_since = None
            return False
        now = time.monotonic()
        self._held_up_since = now if self._held_up_since is None else self._held_up_since
        return now - self._held_up_since < LONGEST_WAIT_FOR_PRICES_S

    def _is_refreshing(self) -> bool:
        if waiting(self._sessions, self._sources):
            return True
        names = {lease_name(source.name) for source in self._sources}
        with self._sessions.reading() as session:
            now = leases.clock(session)
            known = leases.all(session)
        return any(x.name in names and x.until is not None and x.until >= now for x in known)


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]
    """APScheduler notes the next look by the wall clock: one set back by an hour would cost an hour."""

    def _process_jobs(self) -> float | None:
        now = datetime.now(UTC)
        for job in self.get_jobs():
            if job.next_run_time and job.next_run_time - now > 2 * job.trigger.interval:
                self.modify_job(job.id, next_run_time=now)
        wait_s: float | None = super()._process_jobs()
        return wait_s


class Ticker:
    """Looks for waiting sources every few seconds and refreshes them, a few at a time, until stopped."""

    def __init__(
        self,
        sessions: Sessions,
        sources: Sequence[PriceSource] = SOURCES,
        pace: Pace | None = None,
        beside: Beside | None = None,
    ):
        self._sessions, self._sources, self._pace = sessions, sources, pace or Pace()
        self._beside = AfterRefreshes(sessions, sources, beside) if beside else None
        self._stopping = threading.Event()
        self._at_it: set[str] = set()
        self._pool = ThreadPoolExecutor(self._pace.at_once, "refresh")
        self._scheduler = _SteadyScheduler(timezone=UTC)

    def start(self) -> None:
        """Look now and from now on, in threads of this process."""
        self._scheduler.add_job(
            self.look, "interval", seconds=self._pace.tick.total_seconds(), next_run_time=datetime.now(UTC),
            coalesce=True, max_instances=1, misfire_grace_time=None,
        )  # fmt: skip
        self._scheduler.start()

    def stop(self) -> None:
        """Stop soon: what runs is left to other processes, and nothing of it is kept."""
        self._scheduler.shutdown(wait=False)
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def look(self) -> None:
        """One look; a fault is logged and the next look tries again."""
        try:
            for source in waiting(self._sessions, self._sources):
                if source.name not in self._at_it and not self._stopping.is_set():
                    self._at_it.add(source.name)
                    self._pool.submit(self._run, source)
            self._once_at_a_time(WEBHOOKS, self._tell)
            if self._beside:
                self._once_at_a_time(BESIDE, self._beside.look)
        except Exception:
            log.exception("looking for due sources failed; the next look tries again")

    def _once_at_a_time(self, name: str, work: Callable[[], None]) -> None:
        if name in self._at_it or self._stopping.is_set():
            return
        self._at_it.add(name)
        self._pool.submit(work).add_done_callback(lambda _: self._at_it.discard(name))

    def _tell(self) -> None:
        tell_webhooks(self._sessions)

    def _run(self, source: PriceSource) -> None:
        try:
            run_one(self._sessions, source, self._pace, is_stopping=self._stopping.is_set)
        except Stopped:
            log.info("%s: stopped, left to another process", source.name)
        except Exception:
            log.exception("%s: the refresh could not be run; it is tried again", source.name)
        finally:
            self._at_it.discard(source.name)


def tell_webhooks(sessions: Sessions) -> None:
    """Tell every webhook whose time has come: one that was down is told again without waiting for a refresh.

    A fault is logged, and the next look tries again.
    """
    for deliver in (alerts.deliver, report_letters.deliver):
        try:
            deliver(sessions, datetime.now(UTC))
        except Exception:
            log.exception("webhooks could not be told; the next look tries again")


def watch(
    sessions: Sessions, sources: Sequence[PriceSource], pace: Pace, beside: Beside | None = None
) -> None:
    """Refresh in this process, and work beside it, until it is interrupted or terminated."""
    register(sessions)
    if sessions.engine.dialect.name == "postgresql":
        from pricing import workers

        workers.work(sessions, sources, pace, beside)
    else:
        _tick_until_told(sessions, sources, pace, beside)


def start_beside(database_url: str, pace: Pace, beside: Beside | None = None) -> SpawnProcess:
    """A ticker in a process of its own that ends with this one; `beside` is a function of some module.

    Not a thread: the web server forks its workers, and a worker that is forked while a thread writes
    takes SQLite's lock for held as long as it lives.
    """
    process = get_context("spawn").Process(
        target=_tick_beside, args=(database_url, pace, beside, os.getpid()), name="prices", daemon=True
    )
    process.start()
    return process


def _tick_beside(database_url: str, pace: Pace, beside: Beside | None, parent: int) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    _tick_until_told(Sessions(engine_for(database_url)), SOURCES, pace, beside, parent)


def _tick_until_told(
    sessions: Sessions,
    sources: Sequence[PriceSource],
    pace: Pace,
    beside: Beside | None,
    parent: int | None = None,
) -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    ticker = Ticker(sessions, sources, pace, beside)
    ticker.start()
    while not told.wait(1) and parent in (None, os.getppid()):
        pass
    ticker.stop()
