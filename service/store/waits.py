"""How long a database is waited for: to connect, for an answer, for a free connection, for a writer."""

import sqlite3
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

STEPS_BETWEEN_LOOKS = 100_000
"""Of SQLite's machine: some milliseconds."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The longest waits [s]; None: as long as it takes."""

    connect_s: int
    statement_s: float | None
    pool_s: float
    writer_s: float
    """For another writer of a SQLite file."""
    pooled: bool = True
    """Whether connections are kept for the next asker."""

    @property
    def of_the_pool(self) -> dict[str, Any]:
        """What the pool of an engine is told."""
        return {"pool_timeout": self.pool_s} if self.pooled else {"poolclass": sa.pool.NullPool}


PATIENT = Waits(connect_s=10, statement_s=600.0, pool_s=60.0, writer_s=30.0)
"""For commands, and for those who refresh prices."""
MIGRATING = Waits(connect_s=10, statement_s=None, pool_s=60.0, writer_s=60.0)


def of_a_request(longest_s: float, *, pooled: bool = True) -> Waits:
    """For whoever answers others, who ask again: none of its waits takes longer [s]."""
    return Waits(min(3, max(2, round(longest_s))), longest_s, longest_s, longest_s, pooled)


def limit_sqlite_statements(engine: Engine, longest_s: float) -> None:
    """End a statement of a SQLite file that runs for longer [s]; it fails as "interrupted"."""

    def on_connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.set_progress_handler(
            lambda: time.monotonic() > record.info.get("ends", float("inf")), STEPS_BETWEEN_LOOKS
        )

    def on_statement(connection: Any, *_: Any) -> None:
        connection.connection.info["ends"] = time.monotonic() + longest_s

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "before_cursor_execute", on_statement)
