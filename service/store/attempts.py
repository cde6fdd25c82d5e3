"""The tries to deliver something, of alerts and of reports alike: their tables have the same columns."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver."""

    number: int
    at: datetime
    status: int | None
    """Of the receiver's HTTP answer; None where there was none."""
    error: str


def attempts_of(session: Session, delivery: sa.Column[int], delivery_id: int) -> list[Attempt]:
    """Every try in the table of that column whose delivery it is, in order."""
    tries = delivery.table.c
    statement = sa.select(tries.number, tries.at, tries.status, tries.error)
    statement = statement.where(delivery == delivery_id).order_by(tries.number)
    return [Attempt(number, at, status, error) for number, at, status, error in session.execute(statement)]
