"""Comparisons and decisions as they were answered, so that an old one can be shown and checked again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.store.models import ComparisonRow

_comparisons: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A question, its answer and the facts it was answered from: JSON in UTF-8, kept as said."""

    id: str
    asked_at: datetime
    request: bytes
    answer: bytes
    inputs: bytes
    data_version: int
    code_version: str
    kind: str = "comparison"
    """comparison | decision"""


def add(session: Session, stored: StoredComparison) -> bool:
    """Keep the comparison; False, and nothing is changed, if its id is known already."""
    row = {
        "id": stored.id,
        "asked_at": stored.asked_at,
        "request": stored.request.decode(),
        "answer": stored.answer.decode(),
        "inputs": stored.inputs.decode(),
        "data_version": stored.data_version,
        "code_version": stored.code_version,
        "kind": stored.kind,
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(_comparisons).values(row).on_conflict_do_nothing(index_elements=["id"])
    added = session.execute(statement.returning(_comparisons.c.id)).scalar()
    return added is not None


def get(session: Session, id: str, kind: str = "comparison") -> StoredComparison:
    """The comparison (or the decision) of that id; NotFound if there is none."""
    wanted = (_comparisons.c.id == id, _comparisons.c.kind == kind)
    row = session.execute(sa.select(_comparisons).where(*wanted)).one_or_none()
    if row is None:
        raise NotFound(kind, id)
    return StoredComparison(
        id=row.id,
        asked_at=row.asked_at,
        request=row.request.encode(),
        answer=row.answer.encode(),
        inputs=row.inputs.encode(),
        data_version=row.data_version,
        code_version=row.code_version,
        kind=row.kind,
    )
