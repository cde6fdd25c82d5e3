"""Refreshes: when each price source was read, and how that went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, NotFound
from service.store.models import OUTCOMES, RefreshRow, RejectedRowRow

MOST_REJECTED_KEPT = 1_000
LONGEST_RAW = 2_000
ENDED = ("ok", "failed", "asleep", "unchanged")
_rejected: sa.Table = RejectedRowRow.__table__  # type: ignore[assignment]
_refreshes: sa.Table = RefreshRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One attempt to read a price source: how many facts were accepted and rejected, or the error."""

    source_name: str
    started_at: datetime
    outcome: str
    """requested | running | ok | failed | asleep | unchanged"""
    finished_at: datetime | None = None
    accepted: int = 0
    rejected: int = 0
    error: str = ""
    requested_by: str = ""
    """Who asked for it by hand; "" for one on schedule."""


def add(session: Session, refresh: Refresh) -> int:
    """Keep the refresh; returns its id. Raises InvalidValue for an unknown outcome."""
    if refresh.outcome not in OUTCOMES:
        raise InvalidValue("outcome", refresh.outcome, "unknown", OUTCOMES)
    values = {name: getattr(refresh, name) for name in Refresh.__slots__}
    return int(session.execute(sa.insert(_refreshes).values(values).returning(_refreshes.c.id)).scalar_one())


def finish(session: Session, refresh_id: int, done: Refresh) -> int:
    """Write how a requested refresh went over its request; returns its id. NotFound if there is none."""
    if done.outcome not in OUTCOMES:
        raise InvalidValue("outcome", done.outcome, "unknown", OUTCOMES)
    values = {name: getattr(done, name) for name in Refresh.__slots__ if name != "requested_by"}
    statement = sa.update(_refreshes).where(_refreshes.c.id == refresh_id).values(values)
    if session.execute(statement.returning(_refreshes.c.id)).scalar() is None:
        raise NotFound("refresh", refresh_id)
    return refresh_id


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that a refresh refused: why, and as it was written."""

    reason: str
    raw: str


def add_rejected(session: Session, refresh_id: int, rows: Iterable[RejectedRow]) -> None:
    """Keep what a refresh refused, at most `MOST_REJECTED_KEPT` rows."""
    values = [
        {"refresh_id": refresh_id, "reason": row.reason, "raw": row.raw[:LONGEST_RAW]}
        for row in islice(rows, MOST_REJECTED_KEPT)
    ]
    if values:
        session.execute(sa.insert(_rejected), values)


def rejected(session: Session, source_name: str) -> list[RejectedRow]:
    """What the last refresh of a source that answered refused, in the order of its answer."""
    answered = sa.select(sa.func.max(_refreshes.c.id)).where(
        _refreshes.c.source_name == source_name, _refreshes.c.outcome.in_(("ok", "unchanged", "failed"))
    )
    statement = (
        sa.select(_rejected.c.reason, _rejected.c.raw)
        .where(_rejected.c.refresh_id == answered.scalar_subquery())
        .order_by(_rejected.c.id)
    )
    return [RejectedRow(*row) for row in session.execute(statement)]


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


def _refresh(row: Any) -> Refresh:
    return Refresh(**{name: row[name] for name in Refresh.__slots__})
