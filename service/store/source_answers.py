"""What each price source last answered, so that the next request can ask for something newer only."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.work_models import SourceAnswerRow

_answers: sa.Table = SourceAnswerRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """The validators and the hash of an answer whose facts were kept."""

    name: str
    url: str
    etag: str
    last_modified: str
    sha256: str
    """Of the decoded bytes."""
    answered_at: datetime


def get(session: Session, name: str) -> SourceAnswer | None:
    """What a source last answered; None before its first success."""
    row = session.execute(sa.select(_answers).where(_answers.c.name == name)).mappings().one_or_none()
    return None if row is None else SourceAnswer(**row)


def put(session: Session, answer: SourceAnswer) -> None:
    """Remember an answer in place of the one before."""
    session.execute(sa.delete(_answers).where(_answers.c.name == answer.name))
    session.execute(
        sa.insert(_answers).values({name: getattr(answer, name) for name in SourceAnswer.__slots__})
    )
