"""A SQLite file upgrades itself; a copy of how it was is kept beside it, for whoever wants to go back."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy.engine import Connection

from service.errors import DatabaseNotReady, worded

COPIES = 2
"""Of upgrades, the last ones: years of them shall not fill the disk."""


def copy_before_upgrade(connection: Connection, revision: str) -> Path | None:
    """Keep the file as it is before the upgrade whose transaction holds it, as FILE.before-upgrade-REVISION.

    None where the database is named as a URI. A copy is there whole or not at all; DatabaseNotReady where
    there is no room for it: then nothing is upgraded.
    """
    name = str(connection.engine.url.database)
    if name.startswith("file:"):
        return None
    file = Path(name)
    kept = file.with_name(f"{file.name}.before-upgrade-{revision}")
    unfinished = kept.with_name(f"{kept.name}.unfinished")
    try:
        # Writers wait for our transaction, and nothing is written in it yet: this sees the file as it was.
        _copy(file, unfinished)
        unfinished.replace(kept)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise DatabaseNotReady(
            worded(
                "no copy of {file} can be kept before its upgrade: {error}; make room in {folder}",
                file=file,
                error=error,
                folder=file.parent,
            )
        ) from error
    for old in sorted(file.parent.glob(f"{file.name}.before-upgrade-*[0-9]"))[:-COPIES]:
        old.unlink(missing_ok=True)
    return kept


def _copy(file: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    to.touch(mode=0o600)
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(to)
    try:
        source.backup(target)
        # Read from anywhere, also where nothing may be written beside it.
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()
    with to.open("rb") as written:
        os.fsync(written.fileno())
