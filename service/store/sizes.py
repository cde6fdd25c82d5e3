"""What the database takes: rows and bytes of each table, the answers in all, what may still be let go."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store import models, work_models  # noqa: F401
from service.store.tables import Base
from service.store.work_models import ComparisonRow

NO_SIZE: tuple[int, int | None] = (0, None)
_answers: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class TableSize:
    """Rows of a table, and the bytes it takes with its indexes; None where the database does not tell."""

    name: str
    rows: int
    stored_bytes: int | None


@dataclass(frozen=True, slots=True)
class AnswerSize:
    """Kept answers: how many, what they take compressed, the oldest; and of these what expires."""

    answers: int
    stored_bytes: int
    oldest: datetime | None
    expiring: int
    expiring_bytes: int


@dataclass(frozen=True, slots=True)
class StoreSizes:
    """What the whole database takes; `free_bytes` of it are used before it grows, None if untold."""

    total_bytes: int
    free_bytes: int | None
    tables: tuple[TableSize, ...]
    answers: AnswerSize


def sizes(session: Session, *, rows: bool = True) -> StoreSizes:
    """What the database takes now. Counting reads every table once: seconds at 10 million rows. Without
    `rows` PostgreSQL's own estimate is told, and on SQLite no table at all."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    total, free = _of_postgres(session) if is_postgres else _of_sqlite(session)
    return StoreSizes(total, free, _tables(session, is_postgres, counted=rows), _answer_size(session))


def _of_postgres(session: Session) -> tuple[int, None]:
    return int(session.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()), None


def _of_sqlite(session: Session) -> tuple[int, int]:
    page, pages, free = (
        int(session.execute(sa.text(f"PRAGMA {name}")).scalar_one())
        for name in ("page_size", "page_count", "freelist_count")
    )
    return page * pages, page * free


def _tables(session: Session, is_postgres: bool, *, counted: bool) -> tuple[TableSize, ...]:
    names = [table.name for table in Base.metadata.sorted_tables]
    if is_postgres:
        told = session.execute(
            sa.text(
                "SELECT relname, reltuples, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            )
        )
        known: dict[str, tuple[int, int | None]] = {
            name: (max(0, int(rows)), int(size)) for name, rows, size in told
        }
    elif counted:
        known = {name: (0, told) for name, told in _bytes_on_sqlite(session).items()}
    else:
        return ()
    return tuple(
        TableSize(name, _count(session, name) if counted else known[name][0], known.get(name, NO_SIZE)[1])
        for name in sorted(names)
    )


def _bytes_on_sqlite(session: Session) -> dict[str, int]:
    # Not every SQLite is built with the table that tells it.
    if not session.execute(sa.text("SELECT sqlite_compileoption_used('ENABLE_DBSTAT_VTAB')")).scalar():
        return {}
    told = session.execute(
        sa.text(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name "
            "WHERE s.aggregate GROUP BY m.tbl_name"
        )
    )
    return {name: int(size) for name, size in told}


def _count(session: Session, name: str) -> int:
    table = Base.metadata.tables[name]
    return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _answer_size(session: Session) -> AnswerSize:
    c, some = _answers.c, sa.func.coalesce
    expiring = c.expires_from.is_not(None)
    row = session.execute(
        sa.select(
            sa.func.count(),
            some(sa.func.sum(c.stored_bytes), 0),
            sa.func.min(c.asked_at),
            some(sa.func.sum(sa.case((expiring, 1), else_=0)), 0),
            some(sa.func.sum(sa.case((expiring, c.stored_bytes), else_=0)), 0),
        )
    ).one()
    return AnswerSize(int(row[0]), int(row[1]), row[2], int(row[3]), int(row[4]))
