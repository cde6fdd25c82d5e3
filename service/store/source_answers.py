"""What each price source last answered, so that the next request can ask for something newer only."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.superseded import Coverage
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
    covers: tuple[Coverage, ...] = ()
    """Of a provider's own list: what the answer is complete for."""
    left_out: tuple[str, ...] = ()
    """Regions that could not be read yet: what is listed there is as it was."""
    asked_all_at: datetime | None = None
    """When all regions were last asked for, where some are left out."""


def get(session: Session, name: str) -> SourceAnswer | None:
    """What a source last answered; None before its first success."""
    row = session.execute(sa.select(_answers).where(_answers.c.name == name)).mappings().one_or_none()
    return (
        None
        if row is None
        else SourceAnswer(**{**row, "covers": _coverages(row["covers"]), "left_out": tuple(row["left_out"])})
    )


def own_lists(session: Session) -> dict[str, tuple[Coverage, ...]]:
    """Providers' own lists that have been read, with what each is complete for."""
    read = session.execute(sa.select(_answers.c.name, _answers.c.covers).order_by(_answers.c.name))
    return {name: _coverages(covers) for name, covers in read if covers}


def put(session: Session, answer: SourceAnswer) -> None:
    """Remember an answer in place of the one before."""
    session.execute(sa.delete(_answers).where(_answers.c.name == answer.name))
    values = {name: getattr(answer, name) for name in SourceAnswer.__slots__}
    session.execute(
        sa.insert(_answers).values(
            values | {"covers": _kept(answer.covers), "left_out": list(answer.left_out)}
        )
    )


def put_covers(session: Session, name: str, covers: Iterable[Coverage]) -> None:
    """Remember what an answer is complete for that was kept before."""
    session.execute(sa.update(_answers).where(_answers.c.name == name).values(covers=_kept(covers)))


def _kept(covers: Iterable[Coverage]) -> list[dict[str, Any]]:
    return [asdict(coverage) for coverage in covers]


def _coverages(kept: Iterable[Mapping[str, Any]]) -> tuple[Coverage, ...]:
    return tuple(Coverage(**{**told, "tiers": tuple(told["tiers"])}) for told in kept)
