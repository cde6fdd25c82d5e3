"""What can be said of a database without making, upgrading or filling it: for `heimvorteil doctor`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import sqlite_version as SQLITE_VERSION

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from service.errors import DatabaseNotReady
from service.store import leases, price_sources, versions
from service.store.faults import first_line
from service.store.price_sources import Standing
from service.store.session import HEAD_REVISION, REVISIONS, Sessions, engine_for, schema_revision, shown
from service.store.tallies import database_bytes
from service.store.work_models import DataVersionRow

__all__ = ["SQLITE_VERSION", "Condition", "look"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A database as it was found; what could not be asked is None."""

    shown: str
    """Its address, without a password."""
    file: Path | None
    """Where a SQLite database lies."""
    exists: bool = True
    error: str | None = None
    """Why it could not be asked."""
    revision: str | None = None
    not_writable: str | None = None
    size_bytes: int | None = None
    data_version: int | None = None
    facts_changed_at: datetime | None = None
    clock: datetime | None = None
    standings: tuple[Standing, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether its schema is the one this version needs."""
        return self.revision == HEAD_REVISION

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of the product has written it."""
        return self.revision is not None and self.revision not in REVISIONS


def look(url: str) -> Condition:
    """The database's condition; raises InvalidValue for what is no address of one, and writes nothing."""
    engine = engine_for(url)
    address, file = shown(engine.url), None
    try:
        if engine.dialect.name == "sqlite" and not str(engine.url.database).startswith("file:"):
            file = Path(str(engine.url.database))
            if not file.exists():
                # To connect would make it.
                return Condition(address, file, exists=False)
        try:
            revision = schema_revision(engine)
            if revision != HEAD_REVISION:
                return Condition(address, file, revision=revision)
            return _asked(Sessions(engine), address, file)
        except (SQLAlchemyError, DatabaseNotReady) as error:
            return Condition(address, file, error=first_line(error))
    finally:
        engine.dispose()


def _asked(sessions: Sessions, shown: str, file: Path | None) -> Condition:
    with sessions.reading() as session:
        clock = leases.clock(session)
        standings = tuple(price_sources.standings(session, clock))
        version, changed_at = versions.data_version(session), versions.changed_at(session)
        size = database_bytes(session)
    return Condition(
        shown, file, True, None, HEAD_REVISION, _write_refused(sessions), size, version,
        changed_at.astimezone(UTC), clock, standings,
    )  # fmt: skip


def _write_refused(sessions: Sessions) -> str | None:
    """Why nothing can be written; tried with a change that changes nothing."""
    same = sa.update(DataVersionRow).values(version=DataVersionRow.version)
    try:
        with sessions.writing_one() as connection:
            connection.execute(same)
    except (SQLAlchemyError, DatabaseNotReady) as error:
        return first_line(error)
    return None
