"""Facts for people: a zip with one table a file, as CSV or lines of JSON, with names for internal numbers."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, worded
from service.harmless_cells import harmless
from service.store import models
from service.store.backup import written_whole
from service.store.session import Sessions, require_head
from service.store.tables import Base

Format = Literal["csv", "jsonl"]
ROWS_AT_ONCE = 1_000
NAMED_BY = "slug"
SORTED_ONLY = frozenset({"price_eur_sort", "alias_key"})
"""What orders and finds rows, and tells nobody anything."""


def export(sessions: Sessions, file: Path, how: Format) -> dict[str, int]:
    """Write what is known, of one moment; nothing of what was asked, by whom, or of secrets. Table -> rows.

    Raises as `back_up` does.
    """
    if file.exists():
        raise InvalidValue("file", str(file), worded("is there already and is not overwritten"))
    require_head(sessions.engine)
    rows = {}
    with (
        written_whole(file) as whole,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made,
        sessions.reading() as session,
    ):
        for table in _facts():
            with made.open(f"{table.name}.{how}", "w", force_zip64=True) as lines:
                rows[table.name] = _write(session, table, how, lines)
    return rows


def _facts() -> list[sa.Table]:
    of_facts = {
        mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__ == models.__name__
    }
    return [table for table in Base.metadata.sorted_tables if table in of_facts]


def _write(session: Session, table: sa.Table, how: Format, lines: Any) -> int:
    names, statement = _told(table)
    text = io.TextIOWrapper(lines, encoding="utf-8", newline="", write_through=True)
    as_csv = csv.writer(text)
    if how == "csv":
        as_csv.writerow(names)
    count = 0
    for row in _rows(session, statement):
        count += 1
        if how == "csv":
            as_csv.writerow([_cell(value) for value in row])
        else:
            text.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
    text.detach()
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return harmless(json.dumps(value))
    return harmless(value) if isinstance(value, str) else "" if value is None else value


def _told(table: sa.Table) -> tuple[list[str], sa.Select[Any]]:
    """The columns that tell something, a reference by the slug of what it refers to, in the order of keys."""
    names: list[str] = []
    columns: list[sa.ColumnElement[Any]] = []
    joined: sa.FromClause = table
    for column in table.columns:
        key = next(iter(column.foreign_keys), None)
        if key is not None and NAMED_BY in key.column.table.c:
            other = key.column.table.alias()
            joined = joined.outerjoin(other, other.c[key.column.name] == column)
            names.append(column.name.removesuffix("_id"))
            columns.append(other.c[NAMED_BY])
        elif column.name != "id" and column.name not in SORTED_ONLY:
            names.append(column.name)
            columns.append(column)
    return names, sa.select(*columns).select_from(joined).order_by(*table.primary_key.columns)


def _rows(session: Session, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    with session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)) as found:
        for row in found:
            yield [_plain(value) for value in row]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value
