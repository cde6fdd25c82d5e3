"""The data version: one number that grows with every change of a fact; readers cache by it."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.models import DataVersionRow


def data_version(session: Session) -> int:
    """The version of the facts this transaction sees; 0 while there are none."""
    return session.execute(sa.select(DataVersionRow.version)).scalar_one()


def changed_at(session: Session) -> datetime:
    """When the facts last changed; 1970 while there are none."""
    return session.execute(sa.select(DataVersionRow.changed_at)).scalar_one()


def lock(session: Session) -> int:
    """Wait until no other transaction writes facts, and keep it so until this one ends.

    PostgreSQL locks the version row; on SQLite `Sessions.begin()` has queued writers already.
    """
    return session.execute(sa.select(DataVersionRow.version).with_for_update()).scalar_one()


def bump(session: Session) -> None:
    """Say that facts have changed; visible to others together with the facts themselves."""
    session.execute(
        sa.update(DataVersionRow).values(version=DataVersionRow.version + 1, changed_at=datetime.now(UTC)),
        execution_options={"synchronize_session": False},
    )
