"""A whole database as one file, and back: a zip of lines of JSON that SQLite and PostgreSQL both read.

`manifest.json` holds the schema's revision and, of every table, its columns, how many rows and their
checksum: the sum, modulo 2^256, of the SHA-256 of each row's line. It does not depend on the order of rows,
so that the rows of a database are proven to be those of the file whichever database it is.
"""

import base64
import errno
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, system_reason, worded
from service.store import models, work_models  # noqa: F401
from service.store.column_types import Packed
from service.store.report_files import give_name
from service.store.session import HEAD_REVISION, Sessions, require_head
from service.store.tables import Base

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 1_000
MODULUS = 2**256


@dataclass(frozen=True, slots=True)
class TableProof:
    """A table of a copy: its columns in the order of its lines, how many rows, their checksum."""

    columns: tuple[str, ...]
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy says of itself."""

    format: int
    revision: str
    made_at: str
    tables: dict[str, TableProof]

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(table.rows for table in self.tables.values())


class Checksum:
    """Of rows, in whatever order they come."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, line: bytes) -> None:
        """Count one row."""
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(sha256(line).digest(), "big")) % MODULUS

    @property
    def hex(self) -> str:
        """64 letters."""
        return f"{self._sum:064x}"


def back_up(sessions: Sessions, file: Path, now: datetime) -> Manifest:
    """Write a copy of the database as it is at this moment, while others go on reading and writing it.

    A file that is half written has another name. Raises InvalidValue for a name that is taken or cannot be
    written, DatabaseNotReady for a database of another revision.
    """
    if file.exists():
        raise InvalidValue("file", str(file), worded("is there already and is not overwritten"))
    require_head(sessions.engine)
    with (
        written_whole(file) as whole,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as made,
    ):
        with sessions.reading() as session:
            proofs = {table.name: _write_table(session, table, made) for table in Base.metadata.sorted_tables}
        manifest = Manifest(FORMAT, HEAD_REVISION, now.isoformat(), proofs)
        made.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def _write_table(session: Session, table: sa.Table, made: zipfile.ZipFile) -> TableProof:
    checksum = Checksum()
    with made.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
        for line in lines_of(session, table):
            checksum.add(line)
            lines.write(line + b"\n")
    return TableProof(tuple(column.name for column in table.columns), checksum.rows, checksum.hex)


def lines_of(session: Session, table: sa.Table) -> Iterator[bytes]:
    """Every row as a line of JSON, the same on both databases."""
    statement = sa.select(*(_as_kept(column) for column in table.columns))
    with session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)) as found:
        for row in found:
            yield json.dumps([_plain(value) for value in row], separators=(",", ":"), sort_keys=True).encode()


def _as_kept(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    # What is packed stays packed.
    return sa.type_coerce(column, sa.LargeBinary()) if isinstance(column.type, Packed) else column


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


@contextmanager
def written_whole(file: Path) -> Iterator[IO[bytes]]:
    """The file under another name until the block ends well; its owner alone may read it."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".unfinished", dir=file.parent)
    except OSError as error:
        reason = worded("cannot be written: {error}", error=system_reason(error))
        raise InvalidValue("file", str(file), reason) from None
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as whole:
            yield whole
            whole.flush()
            os.fsync(whole.fileno())
        if not give_name(unfinished, file):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        reason = worded("cannot be written: {error}", error=system_reason(error))
        raise InvalidValue("file", str(file), reason) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A copy and what it says of itself; InvalidValue for a file that is none, or a newer version's."""
    try:
        with zipfile.ZipFile(file) as kept:
            yield kept, _manifest(file, kept)
    # What a damaged one raises: cut, garbled, said to be encrypted or of an unknown method.
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidValue(
            "file", str(file), worded("cannot be read as a copy: {error}", error=error)
        ) from error


def _manifest(file: Path, kept: zipfile.ZipFile) -> Manifest:
    try:
        told = json.loads(kept.read(MANIFEST))
        tables = {
            name: TableProof(tuple(one["columns"]), int(one["rows"]), str(one["checksum"]))
            for name, one in told["tables"].items()
        }
        manifest = Manifest(int(told["format"]), str(told["revision"]), str(told["made_at"]), tables)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = worded("is no copy of a database: it has no manifest")
        raise InvalidValue("file", str(file), reason) from error
    if manifest.format != FORMAT:
        reason = worded(
            "is a copy of format {found}, this version reads {ours}", found=manifest.format, ours=FORMAT
        )
        raise InvalidValue("file", str(file), reason)
    return manifest


def lines_in(kept: zipfile.ZipFile, table: str) -> Iterator[bytes]:
    """The rows of a table in a copy."""
    with kept.open(f"{table}.jsonl") as lines:
        for line in lines:
            yield line.rstrip(b"\n")


def proven(file: Path) -> Manifest:
    """The copy read through: every table has the rows and the checksum that its manifest says.

    Raises InvalidValue naming the table that has not.
    """
    with opened(file) as (kept, manifest):
        for name, said in manifest.tables.items():
            checksum = Checksum()
            try:
                for line in lines_in(kept, name):
                    checksum.add(line)
            except KeyError:
                raise InvalidValue("file", str(file), worded("has no table {table}", table=name)) from None
            refuse_other(file, name, said, checksum)
    return manifest


def refuse_other(file: Path, name: str, said: TableProof, seen: Checksum) -> None:
    """InvalidValue unless the rows are those that the manifest says."""
    if seen.rows != said.rows:
        reason = worded(
            "table {table} has {seen} rows instead of {said}", table=name, seen=seen.rows, said=said.rows
        )
        raise InvalidValue("file", str(file), reason)
    if seen.hex != said.checksum:
        reason = worded("table {table} is damaged: its checksum is another one", table=name)
        raise InvalidValue("file", str(file), reason)
