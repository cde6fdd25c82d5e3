"""A copy of a database put back, into SQLite or PostgreSQL whichever it came from: all of it or nothing."""

import base64
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.errors import DatabaseNotReady, InvalidValue, Several, Verbatim, worded
from service.store.backup import (
    Checksum,
    Manifest,
    TableProof,
    lines_in,
    lines_of,
    opened,
    proven,
    refuse_other,
)
from service.store.column_types import ExactDecimal, Packed, UtcDateTime
from service.store.session import HEAD_REVISION, migrating, revision_of, shown, upgrade_on
from service.store.tables import Base
from service.store.work_models import DataVersionRow

ROWS_AT_ONCE = 500
_VERSION: sa.Table = DataVersionRow.__table__  # type: ignore[assignment]


def restore(url: str, file: Path, *, replace: bool = False) -> Manifest:
    """Put a copy into a database that is empty, or with `replace` in place of what is in it.

    Read through first, written in one transaction and read back before its end: each table has as many rows
    as the copy and the same checksum, or nothing is changed. Raises InvalidValue for a copy that is damaged
    or of another revision, and for a database that is not empty; DatabaseNotReady for one that fails.
    """
    manifest = proven(file)
    if manifest.revision != HEAD_REVISION:
        raise InvalidValue(
            "file",
            str(file),
            worded(
                "is a copy of schema revision {revision}, this version reads {head_revision}: restore it "
                "with the version that made it, then upgrade",
                revision=manifest.revision,
                head_revision=HEAD_REVISION,
            ),
        )
    with opened(file) as (kept, _), migrating(url) as connection:
        _make_room(connection, replace=replace)
        newest = _data_version(connection)
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sa.delete(table))
        try:
            for table in Base.metadata.sorted_tables:
                said = manifest.tables.get(table.name)
                if said is None:
                    raise InvalidValue("file", str(file), worded("has no table {table}", table=table.name))
                _fill(connection, table, said, kept)
                _count_on(connection, table)
            with Session(connection) as session:
                for table in Base.metadata.sorted_tables:
                    seen = Checksum()
                    for line in lines_of(session, table):
                        seen.add(line)
                    refuse_other(file, table.name, manifest.tables[table.name], seen)
        except (SQLAlchemyError, ValueError) as error:
            first_line = Verbatim(str(error).split("\n")[0])
            raise DatabaseNotReady(
                worded("{file} cannot be restored: {first_line}", file=file, first_line=first_line)
            ) from error
        if newest >= _data_version(connection):
            # Whoever serves the database keeps facts by their version: it must not be one it knows.
            connection.execute(sa.update(_VERSION).values(version=newest + 1))
    return manifest


def _make_room(connection: Connection, *, replace: bool) -> None:
    revision = revision_of(connection)
    if revision is None:
        upgrade_on(connection)
        return
    if revision != HEAD_REVISION:
        raise DatabaseNotReady(
            worded(
                "the database has schema revision {revision}, this version needs {head_revision}; run: "
                "heimvorteil db upgrade, or restore into an empty one",
                revision=revision,
                head_revision=HEAD_REVISION,
            )
        )
    filled = [
        table.name
        for table in Base.metadata.sorted_tables
        if table is not _VERSION
        and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
    ]
    if filled and not replace:
        raise InvalidValue(
            "database",
            shown(connection.engine.url),
            worded("is not empty (it has {table}); --replace puts the copy in its place", table=filled[0]),
        )


def _data_version(connection: Connection) -> int:
    return int(connection.execute(sa.select(_VERSION.c.version)).scalar() or 0)


def _fill(connection: Connection, table: sa.Table, said: TableProof, kept: zipfile.ZipFile) -> None:
    unknown = set(said.columns) ^ {column.name for column in table.columns}
    if unknown:
        others = Several(sorted(unknown))
        reason = worded("table {table} has other columns: {columns}", table=table.name, columns=others)
        raise InvalidValue("file", kept.filename, reason)
    columns = [table.columns[name] for name in said.columns]
    readers = [_reader(column) for column in columns]
    packed = {column.name: sa.bindparam(column.name, type_=sa.LargeBinary()) for column in columns
              if isinstance(column.type, Packed)}  # fmt: skip
    statement = sa.insert(table).values(packed) if packed else sa.insert(table)
    rows: list[dict[str, Any]] = []
    for line in lines_in(kept, table.name):
        values = json.loads(line)
        rows.append({c.name: read(v) for c, read, v in zip(columns, readers, values, strict=True)})
        if len(rows) == ROWS_AT_ONCE:
            connection.execute(statement, rows)
            rows = []
    if rows:
        connection.execute(statement, rows)


_READERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (UtcDateTime, datetime.fromisoformat),
    (sa.Date, date.fromisoformat),
    (ExactDecimal, Decimal),
    (Packed, base64.b64decode),
    (sa.Float, float),
)


def _reader(column: sa.Column[Any]) -> Callable[[Any], Any]:
    """How a value of the column is read from JSON."""
    of_kind = next((read for kind, read in _READERS if isinstance(column.type, kind)), None)
    if of_kind is None:
        return lambda value: value
    return lambda value: None if value is None else of_kind(value)


def _count_on(connection: Connection, table: sa.Table) -> None:
    """PostgreSQL deals the next id after the highest; SQLite does so by itself."""
    if connection.dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    named = {"table": table.name, "column": column.name}
    sequence = connection.execute(sa.text("SELECT pg_get_serial_sequence(:table, :column)"), named).scalar()
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    if sequence is not None and highest is not None:
        connection.execute(
            sa.text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest}
        )
