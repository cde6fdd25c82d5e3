"""Refreshes: when each price source was asked for, read, and how that went.

A row is requested, then running, then ended; one that a worker did not live to end is ended, or put
back to requested, by whoever takes its work over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import InvalidValue, NotFound, worded
from service.shown import said, visible
from service.store.work_models import OUTCOMES, RefreshCountRow, RefreshOutcome, RefreshRow, RejectedRowRow

MOST_REJECTED_KEPT = 1_000
LONGEST_RAW = 2_000
REFRESHES_WITH_ROWS = 10
ENDED: tuple[RefreshOutcome, ...] = ("ok", "failed", "asleep", "unchanged")
SUCCEEDED: tuple[RefreshOutcome, ...] = ("ok", "unchanged")
LARGEST_ID = 2**31 - 1
_rejected: sa.Table = RejectedRowRow.__table__  # type: ignore[assignment]
_refreshes: sa.Table = RefreshRow.__table__  # type: ignore[assignment]
_counts: sa.Table = RefreshCountRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One attempt to read a price source: how many facts were accepted and rejected, or the error."""

    source_name: str
    started_at: datetime
    """When it was asked for, while nobody has begun it."""
    outcome: RefreshOutcome
    finished_at: datetime | None = None
    accepted: int = 0
    rejected: int = 0
    error: str = ""
    requested_by: str = ""
    """Who asked for it by hand; "" for one on schedule."""
    changed: int | None = None
    """New or different facts; None where the refresh kept none or did not say."""


def add(session: Session, refresh: Refresh) -> int:
    """Keep the refresh; returns its id. Raises InvalidValue for an unknown outcome."""
    _refuse_unknown(refresh.outcome)
    values = {name: getattr(refresh, name) for name in Refresh.__slots__} | {"error": said(refresh.error)}
    _count(session, refresh)
    return int(session.execute(sa.insert(_refreshes).values(values).returning(_refreshes.c.id)).scalar_one())


def finish(session: Session, refresh_id: int, done: Refresh) -> int:
    """Write how a refresh went over its request or its start; returns its id. NotFound if there is none."""
    _refuse_unknown(done.outcome)
    values = {name: getattr(done, name) for name in Refresh.__slots__ if name != "requested_by"}
    values["error"] = said(done.error)
    statement = sa.update(_refreshes).where(_refreshes.c.id == refresh_id).values(values)
    if session.execute(statement.returning(_refreshes.c.id)).scalar() is None:
        raise NotFound(worded("refresh"), refresh_id)
    _count(session, done)
    return refresh_id


def request(session: Session, source_name: str, who: str, now: datetime) -> int:
    """The id of the open request for a source: a new one, or one that nobody has begun yet."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    asked = Refresh(source_name, now, "requested", requested_by=who)
    made = session.execute(
        insert(_refreshes)
        .values({name: getattr(asked, name) for name in Refresh.__slots__})
        .on_conflict_do_nothing(index_elements=["source_name"], index_where=sa.text("outcome = 'requested'"))
        .returning(_refreshes.c.id)
    ).scalar()
    return requested(session)[source_name] if made is None else int(made)


def requested(session: Session) -> dict[str, int]:
    """Source name -> the id of its request that nobody has begun yet."""
    statement = sa.select(_refreshes.c.source_name, _refreshes.c.id).where(
        _refreshes.c.outcome == "requested"
    )
    return {name: number for name, number in session.execute(statement)}


def start(session: Session, source_name: str, now: datetime, requested_id: int | None) -> int:
    """Say that a refresh runs, in answer to a request or on schedule; returns its id."""
    if requested_id is None:
        return add(session, Refresh(source_name, now, "running"))
    session.execute(
        sa.update(_refreshes).where(_refreshes.c.id == requested_id).values(outcome="running", started_at=now)
    )
    return requested_id


def abandon(session: Session, source_name: str, now: datetime, reason: str) -> None:
    """End what is said to run for a source and does not any more; a request is open again."""
    running = session.execute(
        sa.select(_refreshes).where(
            _refreshes.c.source_name == source_name, _refreshes.c.outcome == "running"
        )
    ).mappings()
    for row in running.all():
        lost = Refresh(source_name, row["started_at"], "failed", now, error=reason)
        if row["requested_by"] and source_name not in requested(session):
            session.execute(
                sa.update(_refreshes).where(_refreshes.c.id == row["id"]).values(outcome="requested")
            )
            add(session, lost)
        else:
            finish(session, row["id"], lost)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that a refresh refused: why, and as it was written."""

    reason: str
    raw: str


def add_rejected(session: Session, refresh_id: int, rows: Iterable[RejectedRow]) -> None:
    """Keep what a refresh refused, at most `MOST_REJECTED_KEPT` rows; how many there were stays counted.

    Rows of the same source are kept for its last `REFRESHES_WITH_ROWS` refreshes: some sources are read
    every half hour and refuse the same thousand rows each time.
    """
    same = sa.select(_refreshes.c.source_name).where(_refreshes.c.id == refresh_id).scalar_subquery()
    kept = (
        sa.select(_refreshes.c.id)
        .where(_refreshes.c.source_name == same)
        .order_by(_refreshes.c.id.desc())
        .limit(REFRESHES_WITH_ROWS)
    )
    older = sa.select(_refreshes.c.id).where(_refreshes.c.source_name == same, _refreshes.c.id.not_in(kept))
    session.execute(
        sa.delete(_rejected).where(_rejected.c.refresh_id.in_(older)),
        execution_options={"synchronize_session": False},
    )
    values = [
        {"refresh_id": refresh_id, "reason": visible(row.reason), "raw": visible(row.raw)[:LONGEST_RAW]}
        for row in islice(rows, MOST_REJECTED_KEPT)
    ]
    if values:
        session.execute(sa.insert(_rejected), values)


def rejected(session: Session, source_name: str) -> list[RejectedRow]:
    """What the last refresh of a source that answered refused, in the order of its answer."""
    answered = session.execute(
        sa.select(sa.func.max(_refreshes.c.id)).where(
            _refreshes.c.source_name == source_name, _refreshes.c.outcome.in_(("ok", "unchanged", "failed"))
        )
    ).scalar()
    return [] if answered is None else rejected_by(session, answered)


def rejected_by(session: Session, refresh_id: int, limit: int = MOST_REJECTED_KEPT) -> list[RejectedRow]:
    """What one refresh refused, in the order of its answer."""
    statement = (
        sa.select(_rejected.c.reason, _rejected.c.raw)
        .where(_rejected.c.refresh_id == refresh_id)
        .order_by(_rejected.c.id)
        .limit(limit)
    )
    return [RejectedRow(*row) for row in session.execute(statement)]


def get(session: Session, refresh_id: int) -> Refresh:
    """One refresh; NotFound if there is none of that id."""
    found = None
    if 0 < refresh_id <= LARGEST_ID:
        statement = sa.select(_refreshes).where(_refreshes.c.id == refresh_id)
        found = session.execute(statement).mappings().one_or_none()
    if found is None:
        raise NotFound(worded("refresh"), refresh_id)
    return _refresh(found)


def by_id(session: Session, ids: Sequence[int]) -> dict[int, Refresh]:
    """The refreshes of these ids."""
    rows = session.execute(sa.select(_refreshes).where(_refreshes.c.id.in_(ids))).mappings()
    return {row["id"]: _refresh(row) for row in rows}


@dataclass(frozen=True, slots=True)
class RefreshPage:
    """Some refreshes with their ids, and how many there are in all."""

    refreshes: Sequence[tuple[int, Refresh]]
    total: int


def page(
    session: Session, source_name: str | None, outcome: str | None, limit: int, offset: int
) -> RefreshPage:
    """Refreshes of one source or all, with one outcome or any, the newest first."""
    wanted = [
        column == value
        for column, value in ((_refreshes.c.source_name, source_name), (_refreshes.c.outcome, outcome))
        if value is not None
    ]
    total = session.execute(sa.select(sa.func.count()).select_from(_refreshes).where(*wanted)).scalar_one()
    statement = sa.select(_refreshes).where(*wanted).order_by(_refreshes.c.id.desc())
    rows = session.execute(statement.limit(limit).offset(offset)).mappings()
    return RefreshPage([(row["id"], _refresh(row)) for row in rows], total)


def latest(session: Session, outcomes: tuple[str, ...] = ENDED) -> dict[str, Refresh]:
    """Source name -> its last refresh that ended, or its last one with one of these outcomes."""
    place = sa.func.row_number().over(
        partition_by=_refreshes.c.source_name,
        order_by=(_refreshes.c.started_at.desc(), _refreshes.c.id.desc()),
    )
    ranked = sa.select(_refreshes, place.label("place")).where(_refreshes.c.outcome.in_(outcomes)).subquery()
    statement = sa.select(ranked).where(ranked.c.place == 1).order_by(ranked.c.source_name)
    return {row["source_name"]: _refresh(row) for row in session.execute(statement).mappings()}


def recent(session: Session, source_name: str | None = None, limit: int = 50) -> list[Refresh]:
    """The last refreshes of one source or of all, the newest first."""
    statement = sa.select(_refreshes).order_by(_refreshes.c.started_at.desc(), _refreshes.c.id.desc())
    if source_name is not None:
        statement = statement.where(_refreshes.c.source_name == source_name)
    return [_refresh(row) for row in session.execute(statement.limit(limit)).mappings()]


def counts(session: Session) -> dict[tuple[str, str], int]:
    """(source name, outcome) -> how many refreshes ended so; numbers that only grow."""
    statement = sa.select(_counts.c.source_name, _counts.c.outcome, _counts.c.refreshes)
    return {(name, outcome): number for name, outcome, number in session.execute(statement)}


def _count(session: Session, refresh: Refresh) -> None:
    if refresh.outcome not in ENDED:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(_counts)
        .values(source_name=refresh.source_name, outcome=refresh.outcome, refreshes=1)
        .on_conflict_do_update(
            index_elements=["source_name", "outcome"], set_={"refreshes": _counts.c.refreshes + 1}
        )
    )


def _refuse_unknown(outcome: str) -> None:
    if outcome not in OUTCOMES:
        raise InvalidValue("outcome", outcome, worded("unknown"), OUTCOMES)


def _refresh(row: Any) -> Refresh:
    # Rows of earlier versions hold addresses as they were.
    return Refresh(**{name: row[name] for name in Refresh.__slots__} | {"error": said(row["error"])})
