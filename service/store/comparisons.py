"""Comparisons and decisions as they were answered, so that an old one can be shown and checked again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import NotFound, worded
from service.store.work_models import ComparisonRow

_comparisons: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]


# Built once: building a statement took longer than executing it.
_BY_ID = sa.select(_comparisons).where(_comparisons.c.id == sa.bindparam("wanted"))
_ADD = {
    name: insert(_comparisons).on_conflict_do_nothing(index_elements=["id"]).returning(_comparisons.c.id)
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


def add(session: Session | sa.Connection, stored: StoredComparison) -> bool:
    """Keep the comparison; False, and nothing is changed, if its id is known already."""
    row = {
        "id": stored.id,
        "asked_at": stored.asked_at,
        "request": stored.request.decode(),
        "answer": stored.answer,
        "data_version": stored.data_version,
        "code_version": stored.code_version,
        "kind": stored.kind,
    }
    dialect = session.get_bind().dialect if isinstance(session, Session) else session.dialect
    added = session.execute(_ADD[dialect.name], row).scalar()
    return added is not None


def get(session: Session | sa.Connection, id: str, kind: str = "comparison") -> StoredComparison:
    """The comparison (or the decision) of that id; NotFound if there is none."""
    stored = _by_id(session, id)
    if stored is None or stored.kind != kind:
        raise NotFound(worded("decision") if kind == "decision" else worded("comparison"), id)
    return stored


def find(session: Session, id: str) -> StoredComparison:
    """What is stored under that id, a comparison or a decision; NotFound if neither is."""
    stored = _by_id(session, id)
    if stored is None:
        raise NotFound(worded("comparison or decision"), id)
    return stored


def _by_id(session: Session | sa.Connection, id: str) -> StoredComparison | None:
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
    )
