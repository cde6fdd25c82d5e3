"""Many new rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

FEW = 500
"""Below this a plain INSERT is as quick."""


def insert(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, in this transaction; nothing for no rows."""
    if not rows:
        return
    if len(rows) < FEW or session.get_bind().dialect.name != "postgresql":
        session.execute(sa.insert(table), list(rows))
        return
    names = list(rows[0])
    dialect = session.get_bind().dialect
    quoted = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    processors = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    cursor = session.connection().connection.cursor()
    try:
        with cursor.copy(
            f"COPY {dialect.identifier_preparer.quote(table.name)} ({quoted}) FROM STDIN"
        ) as copy:
            for row in rows:
                copy.write_row([
                    row[name] if process is None else process(row[name])
                    for name, process in zip(names, processors, strict=True)
                ])  # fmt: skip
    finally:
        cursor.close()
