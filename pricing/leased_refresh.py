"""One source refreshed under its lease: read once when it is due, however many processes look for it.

The embedded loop (pricing/loop.py), the queue's workers (pricing/workers.py) and a round by hand
(pricing/rounds.py) all come here; when a source is due, and who is at it, stands in its lease alone.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pricing import standing
from pricing.pace import Pace
from pricing.refresh import Fetch, Outcome, refresh
from pricing.schedule import next_look
from pricing.source import PriceSource
from pricing.sources import SOURCES
from service.logs import refreshing
from service.store import leases, refreshes
from service.store.held_lease import HeldLease, Stopped, new_owner
from service.store.leases import LeaseLost
from service.store.price_sources import lease_name
from service.store.session import Sessions

log = logging.getLogger(__name__)


class _Hold:
    """The lease of a source, as pricing/refresh.py asks for it, and the row that says a refresh runs."""

    def __init__(self, sessions: Sessions, source: PriceSource, lasts: timedelta) -> None:
        self.sessions, self.source = sessions, source
        self.lease = HeldLease(sessions, lease_name(source.name), new_owner(), lasts)
        self.started_at = datetime.min.replace(tzinfo=UTC)
        self.number = 0

    def take(self, early: bool) -> bool:
        """True if the run is ours now; what a dead holder left is ended in the same transaction."""
        with self.sessions.begin() as session:
            now = leases.clock(session)
            leases.ensure(session, self.lease.name, now)
            early = early or self.source.name in refreshes.requested(session)
            before = self.lease.take(session, now, early=early)
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

    def stand_by(self, sources: Sequence[PriceSource]) -> bool:
        """Look again later without a refresh, as a fallback whose first choice does well.

        False where the source is wanted or asked for, and where it is not ours to postpone.
        """
        with self.sessions.reading() as session:
            now = leases.clock(session)
        if standing.wanted(self.sessions, self.source, sources, now):
            return False
        with self.sessions.begin() as session:
            now = leases.clock(session)
            if self.source.name in refreshes.requested(session):
                return False
            leases.ensure(session, self.lease.name, now)
            if self.lease.take(session, now) is None:
                return False
            self.lease.finish(session, next_look(now))
        return True

    def check(self, session: Any) -> None:
        """Renews the lease, which also locks it until the session ends; LeaseLost if it is another's."""
        self.lease.renew(session)

    def give_back(self, session: Any, outcome: Outcome) -> None:
        """The lease is free, and its source due again when the schedule says; LeaseLost as above."""
        self.lease.finish(session, standing.due_after(self.sessions, self.source, outcome, self.started_at))

    def leave(self) -> None:
        """Leave the source to another process, undone."""
        with self.sessions.begin() as session:
            if self.lease.release(session):
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
    hold = _Hold(sessions, source, pace.lease)
    if not early and hold.stand_by(sources):
        return None
    if not hold.take(early):
        return None

    def work() -> Outcome:
        # In a thread of its own, which knows nothing of the block below.
        with refreshing(hold.number):
            return refresh(sessions, source, hold.started_at, fetch, begun=hold.number, hold=hold)

    with refreshing(hold.number):
        try:
            outcome = hold.lease.during(work, is_stopping)
        except Stopped:
            hold.leave()
            raise
        except LeaseLost as error:
            outcome = Outcome(source.name, "failed", error=f"{error}; nothing of this run was kept")
        log.info(
            "%s: %s, %d accepted, %d rejected, %.1f s %s",
            source.name, outcome.outcome, outcome.accepted, outcome.rejected, outcome.seconds, outcome.error,
        )  # fmt: skip
    return outcome


def waiting(sessions: Sessions, sources: Sequence[PriceSource]) -> list[PriceSource]:
    """Those of the sources that are due, asked for or left by a dead holder, and that nobody runs."""
    with sessions.reading() as session:
        names = leases.waiting(session, leases.clock(session))
        asked = refreshes.requested(session)
    by_lease = {lease_name(source.name): source for source in sources}
    due = [by_lease[name] for name in names if name in by_lease]
    return due + [source for source in sources if source.name in asked and source not in due]
