"""Answers that were asked without a token: kept for their days, and together within so many bytes."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.store.session import Sessions
from service.store.work_models import ComparisonRow, ExpiredAnswerRow, ReportRunRow, ReportScheduleRow

AT_ONCE = 200
"""Answers that one transaction lets go: writers wait for no longer than these take."""
LOOKS_IN_A_ROOM = 50
"""A process looks after every fiftieth of what there may be: there may be so much more."""
IDS_REMEMBERED = 100_000
"""Of answers that have expired, the newest."""
_answers: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]
_expired: sa.Table = ExpiredAnswerRow.__table__  # type: ignore[assignment]
_referring = (ReportScheduleRow.decision_id, ReportRunRow.decision_id, ReportRunRow.before_id)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Expiring:
    """Answers that are let go: how many, and what they take."""

    answers: int
    stored_bytes: int


class AnswerRoom:
    """Keeps what is written into it within its bytes, however fast strangers ask."""

    def __init__(self, sessions: Sessions, days: int, most_bytes: int) -> None:
        self._sessions, self._days, self._most = sessions, days, most_bytes
        self._lock = Lock()
        self._since_look = 0

    def took(self, stored_bytes: int, now: datetime) -> None:
        """So much was written; at times the oldest make room. A fault is logged."""
        with self._lock:
            self._since_look += stored_bytes
            if self._since_look * LOOKS_IN_A_ROOM < self._most:
                return
            self._since_look = 0
        try:
            expire(self._sessions, now, self._days, self._most)
        except Exception:
            log.exception("old answers could not be let go; the next look tries again")


def expire(
    sessions: Sessions, now: datetime, days: int, most_bytes: int, *, dry_run: bool = False
) -> Expiring:
    """Let go, with `dry_run` only count, answers older than so many days, and the oldest of the others while
    together they take more than `most_bytes`. One that a report schedule or a run of it refers to stays, and
    so does one that was asked with a token or on the command line.
    """
    with sessions.reading() as session:
        going = list(_going(session, now - timedelta(days=days), most_bytes))
    gone = []
    for start in range(0, len(going), AT_ONCE):
        some = going[start : start + AT_ONCE]
        if dry_run or _let_go(sessions, some, now):
            gone += some
    return Expiring(len(gone), sum(row.stored_bytes for row in gone))


def _going(session: Session, older_than: datetime, most_bytes: int) -> Iterator[Any]:
    c = _answers.c
    expiring = c.expires_from.is_not(None)
    taken = session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(c.stored_bytes), 0)).where(expiring)
    ).scalar_one()
    too_much = int(taken) - most_bytes
    oldest = sa.select(c.id, c.asked_at, c.expires_from, c.stored_bytes).where(expiring, *_unreferred())
    for row in session.execute(oldest.order_by(c.expires_from, c.id)):
        if row.expires_from >= older_than and too_much <= 0:
            return
        too_much -= row.stored_bytes
        yield row


def _unreferred() -> list[sa.ColumnElement[bool]]:
    return [~sa.exists().where(column == _answers.c.id) for column in _referring]


def _let_go(sessions: Sessions, rows: list[Any], now: datetime) -> bool:
    """False where a schedule came to refer to one of them meanwhile: they go another time."""
    insert = postgresql.insert if sessions.engine.dialect.name == "postgresql" else sqlite.insert
    ids = [row.id for row in rows]
    try:
        with sessions.begin() as session:
            session.execute(
                sa.delete(_answers).where(
                    _answers.c.id.in_(ids), _answers.c.expires_from.is_not(None), *_unreferred()
                )
            )
            session.execute(
                insert(_expired).on_conflict_do_nothing(index_elements=["id"]),
                [{"id": row.id, "asked_at": row.asked_at, "expired_at": now} for row in rows],
            )
            newest = sa.select(_expired.c.id).order_by(_expired.c.expired_at.desc()).limit(IDS_REMEMBERED)
            many = session.execute(sa.select(sa.func.count()).select_from(_expired)).scalar_one()
            if many > IDS_REMEMBERED:
                session.execute(sa.delete(_expired).where(_expired.c.id.not_in(newest)))
    except IntegrityError:
        return False
    return True
