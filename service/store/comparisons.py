"""Comparisons and decisions as they were answered, so that an old one can be shown and checked again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import Expired, NotFound, Worded, worded
from service.store.column_types import packed
from service.store.work_models import ComparisonRow, ExpiredAnswerRow

_comparisons: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]
_expired: sa.Table = ExpiredAnswerRow.__table__  # type: ignore[assignment]


# Built once: building a statement took longer than executing it.
_BY_ID = sa.select(_comparisons).where(_comparisons.c.id == sa.bindparam("wanted"))
_ADD = {
    name: insert(_comparisons)
    .values(answer=sa.bindparam("packed", type_=sa.LargeBinary()))
    .on_conflict_do_nothing(index_elements=["id"])
    .returning(_comparisons.c.id)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A question and its answer with the facts it was answered from: JSON in UTF-8, kept as said."""

    id: str
    asked_at: datetime
    request: bytes
    answer: bytes
    data_version: int
    code_version: str
    kind: str = "comparison"
    """comparison | decision"""
    expires_from: datetime | None = None
    """Its days are counted from here; None where it is kept for good."""


def add(session: Session | sa.Connection, stored: StoredComparison) -> int:
    """Keep the comparison; the bytes it takes, 0 if its id is known already: then nothing is changed."""
    answer = packed(stored.answer)
    size = len(answer) + len(stored.request)
    row = {
        "id": stored.id,
        "asked_at": stored.asked_at,
        "request": stored.request.decode(),
        "packed": answer,
        "data_version": stored.data_version,
        "code_version": stored.code_version,
        "kind": stored.kind,
        "expires_from": stored.expires_from,
        "stored_bytes": size,
    }
    dialect = session.get_bind().dialect if isinstance(session, Session) else session.dialect
    added = session.execute(_ADD[dialect.name], row).scalar()
    return 0 if added is None else size


def keep(connection: sa.Connection, id: str) -> None:
    """From now on the answer is kept for good."""
    connection.execute(
        sa.update(_comparisons)
        .where(_comparisons.c.id == id, _comparisons.c.expires_from.is_not(None))
        .values(expires_from=None)
    )


def get(session: Session | sa.Connection, id: str, kind: str = "comparison") -> StoredComparison:
    """The comparison (or the decision) of that id; NotFound if there is none, Expired if there was one."""
    stored = known(session, id)
    what = worded("decision") if kind == "decision" else worded("comparison")
    if stored is None:
        raise _missing(session, what, id)
    if stored.kind != kind:
        raise NotFound(what, id)
    return stored


def find(session: Session, id: str) -> StoredComparison:
    """What is stored under that id, a comparison or a decision; NotFound if neither is, Expired if it was."""
    stored = known(session, id)
    if stored is None:
        raise _missing(session, worded("comparison or decision"), id)
    return stored


def _missing(session: Session | sa.Connection, what: Worded, id: str) -> NotFound:
    asked_at = session.execute(sa.select(_expired.c.asked_at).where(_expired.c.id == id)).scalar()
    return NotFound(what, id) if asked_at is None else Expired(what, id, asked_at.date().isoformat())


def known(session: Session | sa.Connection, id: str) -> StoredComparison | None:
    """What is stored under that id, None if nothing is."""
    row = session.execute(_BY_ID, {"wanted": id}).one_or_none()
    if row is None:
        return None
    return StoredComparison(
        id=row.id,
        asked_at=row.asked_at,
        request=row.request.encode(),
        answer=row.answer,
        data_version=row.data_version,
        code_version=row.code_version,
        kind=row.kind,
        expires_from=row.expires_from,
    )
