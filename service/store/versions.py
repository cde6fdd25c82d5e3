"""The data version: one number that grows with every change of a fact; readers cache by it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

import service
from service.store.work_models import DataVersionRow

ONE_STATE = "one state"
"""In the info of a session that sees one state throughout: what it has read, for whoever needs it again."""
CATALOG = Path(str(service.__file__)).parent / "catalog"
"""The facts that come with the product."""


def data_version(session: Session) -> int:
    """The version of the facts this transaction sees; 0 while there are none."""
    return session.execute(sa.select(DataVersionRow.version)).scalar_one()


def changed_at(session: Session) -> datetime:
    """When the facts last changed; 1970 while there are none."""
    return session.execute(sa.select(DataVersionRow.changed_at)).scalar_one()


def seeded_catalog(session: Session) -> str:
    """Fingerprint of the catalog that was seeded last; "" before the first."""
    return session.execute(sa.select(DataVersionRow.catalog)).scalar_one()


def catalog_was_seeded(session: Session, fingerprint: str) -> None:
    """Remember which catalog the facts came from."""
    session.execute(
        sa.update(DataVersionRow).values(catalog=fingerprint),
        execution_options={"synchronize_session": False},
    )


def fingerprint(catalog: Path) -> str:
    """A short hash of every file of a catalog, by name and content; a few milliseconds."""
    digest = hashlib.sha256()
    for file in sorted(catalog.rglob("*")):
        if file.suffix in (".toml", ".csv"):
            digest.update(file.relative_to(catalog).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


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
