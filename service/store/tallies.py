"""How much there is, for those who watch over it: answers, bytes, refreshes that wait, connections."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from service.store import leases, refreshes, versions
from service.store.price_sources import lease_name
from service.store.session import Sessions
from service.store.work_models import ComparisonRow, JobLeaseRow

REFRESH = lease_name("")
"""How the lease of every refresh begins."""
COUNTED_EVERY_S = 30.0
"""Whoever scrapes more often is told the last count."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the database holds and what waits in it."""

    answers: Mapping[str, int]
    """By kind."""
    database_bytes: int
    data_version: int
    facts_changed_at: datetime
    refreshes_waiting: int
    """Sources that are due or asked for, and that nobody reads at this moment."""
    refreshes_running: int


def tally(session: Session) -> Tally:
    """Counted now; answers are counted one by one: tenths of a second for a million."""
    now = leases.clock(session)
    kind, lease = ComparisonRow.kind, JobLeaseRow
    answers = session.execute(sa.select(kind, sa.func.count()).group_by(kind)).all()
    waiting = {name for name in leases.waiting(session, now) if name.startswith(REFRESH)}
    waiting |= {lease_name(name) for name in refreshes.requested(session)}
    running = session.execute(
        sa.select(sa.func.count()).where(lease.name.startswith(REFRESH), lease.until >= now)
    ).scalar_one()
    return Tally(
        answers={"comparison": 0, "decision": 0} | {row[0]: row[1] for row in answers},
        database_bytes=database_bytes(session),
        data_version=versions.data_version(session),
        facts_changed_at=versions.changed_at(session),
        refreshes_waiting=len(waiting),
        refreshes_running=running,
    )


def database_bytes(session: Session) -> int:
    """What the whole database takes, indexes included; of SQLite its file without the write-ahead log."""
    statement = (
        "SELECT pg_database_size(current_database())"
        if session.get_bind().dialect.name == "postgresql"
        else "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    )
    return int(session.execute(sa.text(statement)).scalar_one())


def connections(sessions: Sessions) -> Mapping[str, int]:
    """Connections of this process to the database, by whether they are used at this moment."""
    pool = sessions.engine.pool
    return {"in use": pool.checkedout(), "idle": pool.checkedin()} if isinstance(pool, QueuePool) else {}


class Tallies:
    """The last count of what the database holds."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._last: tuple[float, Tally] | None = None

    def now(self) -> Tally | None:
        """The count, at most COUNTED_EVERY_S old; None where the database cannot be asked."""
        if self._last is None or monotonic() - self._last[0] > COUNTED_EVERY_S:
            try:
                with self.sessions.reading() as session:
                    self._last = monotonic(), tally(session)
            except Exception as error:
                log.warning("the database cannot be counted: %s: %s", type(error).__name__, error)
                return None
        return self._last[1]
