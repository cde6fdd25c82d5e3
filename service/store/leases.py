"""Job leases: of several processes that could run a job when it is due, exactly one does.

A holder that dies is replaced once its lease has run out; a job that was missed while nothing ran is
run at once. Times are the callers' clocks, which must agree better than a lease lasts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.models import JobLeaseRow

_leases: sa.Table = JobLeaseRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class JobLease:
    """When a job is due, who runs it and until when, and when it last ran."""

    name: str
    due: datetime
    owner: str | None
    until: datetime | None
    last_started: datetime | None
    last_finished: datetime | None


def all(session: Session) -> list[JobLease]:
    """Every job, by name."""
    names = [name for name in JobLease.__slots__]
    statement = sa.select(*(_leases.c[name] for name in names)).order_by(_leases.c.name)
    return [JobLease(*row) for row in session.execute(statement)]


def ensure(session: Session, name: str, due: datetime) -> None:
    """Know the job, first due then; a known one keeps its due time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(_leases).values(name=name, due=due).on_conflict_do_nothing(index_elements=["name"])
    )


def take(session: Session, name: str, owner: str, now: datetime, lasts: timedelta) -> bool:
    """True if the job is due and now the owner's to run, for as long as the lease lasts."""
    free = sa.or_(_leases.c.until.is_(None), _leases.c.until < now)
    statement = (
        sa.update(_leases)
        .where(_leases.c.name == name, _leases.c.due <= now, free)
        .values(owner=owner, until=now + lasts, last_started=now)
    )
    return session.execute(statement.returning(_leases.c.name)).scalar() is not None


def renew(session: Session, name: str, owner: str, now: datetime, lasts: timedelta) -> bool:
    """True if the lease is still the owner's, and lasts on from now; False if another may run the job."""
    statement = (
        sa.update(_leases)
        .where(_leases.c.name == name, _leases.c.owner == owner, _leases.c.until >= now)
        .values(until=now + lasts)
    )
    return session.execute(statement.returning(_leases.c.name)).scalar() is not None


def finish(session: Session, name: str, owner: str, now: datetime, due: datetime) -> bool:
    """Give the lease back and say when the job is due next; False if it was another's by now."""
    statement = (
        sa.update(_leases)
        .where(_leases.c.name == name, _leases.c.owner == owner)
        .values(owner=None, until=None, last_finished=now, due=due)
    )
    return session.execute(statement.returning(_leases.c.name)).scalar() is not None
