"""Many new rows at once by the database's own fast way: COPY on PostgreSQL, executemany on SQLite.

SQLAlchemy's insert prepares the parameters of every row on its own, which takes longer than storing them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

CHUNK = 20_000


def insert_all(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same keys, in the session's transaction.

    Values are converted as the columns' types say, and refused as they say.
    """
    if not rows:
        return
    connection = session.connection()
    names = list(rows[0])
    converters = [_converter(table.c[name].type, connection.dialect) for name in names]
    listed = ", ".join(names)
    for start in range(0, len(rows), CHUNK):
        columns = [
            [row[name] for row in rows[start : start + CHUNK]]
            if convert is None
            else [convert(row[name]) for row in rows[start : start + CHUNK]]
            for name, convert in zip(names, converters, strict=True)
        ]
        values = zip(*columns, strict=True)
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(names))
            # Names of our own tables and columns; values are bound.
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})", list(values))  # nosec B608
            continue
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)


def _converter(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    own = kind.dialect_impl(dialect)
    convert = own.bind_processor(dialect)
    if convert is None or not isinstance(own, sa.Date):
        return convert
    # A list states a hundred thousand prices for the same few days.
    return lru_cache(maxsize=1024)(convert)
