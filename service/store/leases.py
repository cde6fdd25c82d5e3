"""Job leases: of several processes that could run a job when it is due, exactly one does.

A holder that dies is replaced once its lease has run out; a job that was missed while nothing ran is
run at once. Callers take `now` from `clock`, the database's own: machines may disagree about the time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.work_models import JobLeaseRow

_leases: sa.Table = JobLeaseRow.__table__  # type: ignore[assignment]


class LeaseLost(Exception):
    """Somebody else holds the lease by now: what was done under it must not be kept."""


@dataclass(frozen=True, slots=True)
class JobLease:
    """When a job is due, who runs it and until when, and when it last ran."""

    name: str
    due: datetime
    owner: str | None
    until: datetime | None
    last_started: datetime | None
    last_finished: datetime | None


_columns = tuple(_leases.c[name] for name in JobLease.__slots__)


def clock(session: Session) -> datetime:
    """The time of the database: one for all processes and machines, whatever their own clocks say."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return now.astimezone(UTC)
    text = session.execute(sa.text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")).scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def all(session: Session) -> list[JobLease]:
    """Every job, by name."""
    return [JobLease(*row) for row in session.execute(sa.select(*_columns).order_by(_leases.c.name))]


def ensure(session: Session, name: str, due: datetime) -> None:
    """Know the job, first due then; a known one keeps its due time."""
    ensure_all(session, (name,), due)


def ensure_all(session: Session, names: Iterable[str], due: datetime) -> None:
    """The same for many at once."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    if rows := [{"name": name, "due": due} for name in names]:
        session.execute(insert(_leases).on_conflict_do_nothing(index_elements=["name"]), rows)


def waiting(session: Session, now: datetime) -> list[str]:
    """Jobs that are due or were left by a holder that died, and that nobody holds; the longest due first."""
    statement = sa.select(_leases.c.name).where(_free(now), _wanted(now))
    return list(session.execute(statement.order_by(_leases.c.due, _leases.c.name)).scalars())


def take(
    session: Session, name: str, owner: str, now: datetime, lasts: timedelta, *, early: bool = False
) -> JobLease | None:
    """The lease as it was, if it is now the owner's for as long as it lasts; None if it is not.

    It is to be had when the job is due, when its holder died (the old lease names it), or, with
    `early`, whenever nobody holds it.
    """
    # Skips a row that a holder has locked because it is writing: it lives, however old its lease looks.
    found = session.execute(
        sa.select(*_columns)
        .where(_leases.c.name == name, _free(now), sa.true() if early else _wanted(now))
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if found is None:
        return None
    session.execute(
        sa.update(_leases)
        .where(_leases.c.name == name)
        .values(owner=owner, until=now + lasts, last_started=now)
    )
    return JobLease(*found)


def renew(session: Session, name: str, owner: str, now: datetime, lasts: timedelta) -> bool:
    """True if the lease is still the owner's, and lasts on from now; False if another took it over."""
    statement = (
        sa.update(_leases).where(_leases.c.name == name, _leases.c.owner == owner).values(until=now + lasts)
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


def release(session: Session, name: str, owner: str) -> bool:
    """Give the lease back with the job undone, for another to take; False if it was another's by now."""
    statement = (
        sa.update(_leases)
        .where(_leases.c.name == name, _leases.c.owner == owner)
        .values(owner=None, until=None)
    )
    return session.execute(statement.returning(_leases.c.name)).scalar() is not None


def set_due(session: Session, name: str, due: datetime) -> None:
    """When the job is due next, whoever holds it now; a holder that finishes says so itself."""
    session.execute(sa.update(_leases).where(_leases.c.name == name).values(due=due))


def forget(session: Session, name: str) -> None:
    """The job is no more; a holder finds its lease gone."""
    session.execute(sa.delete(_leases).where(_leases.c.name == name))


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_leases.c.until.is_(None), _leases.c.until < now)


def _wanted(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_leases.c.due <= now, _leases.c.until < now)
