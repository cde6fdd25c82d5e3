"""Items as columns, and columns as CSV: the same work for a whole column at a time."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import StringIO
from types import NoneType
from typing import Any

import orjson

from service.harmless_cells import harmless

Columns = Mapping[str, Sequence[Any]]
"""Name of a field -> its values, one per item; all equally long."""
PLAIN = re.compile(r'(?:[A-Za-z0-9][^,"\r\n]*)?').fullmatch
"""Says of most texts that they are cells as they are."""
ALL_PLAIN = re.compile(r'(?:(?:[A-Za-z0-9][^,"\r\n]*)?\n)*').fullmatch
"""The same of many at once, each ended by a line feed."""
REPEATED = (str, bool, int, date, datetime)
"""What is written alike wherever it is equal to another of its kind."""


def items_of(columns: Columns) -> list[dict[str, Any]]:
    """One item after the other."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def as_csv(items: Sequence[Mapping[str, Any]]) -> str:
    """Items as a table: nested fields become columns a.b, lists are joined, formulas defused."""
    return "".join(csv_parts([_flat_columns(items)]))


def csv_parts(parts: Iterable[Columns]) -> Iterator[str]:
    """The same of columns that come in parts; the table has the columns of the first part."""
    names: list[str] = []
    for columns in parts:
        kinds = _kinds(columns)
        if any(issubclass(kind, Mapping) for several in kinds.values() for kind in several):
            columns = _flat_columns(items_of(columns))
            kinds = _kinds(columns)
        head = StringIO()
        if not names:
            names = list(columns)
            csv.writer(head, lineterminator="\r\n").writerow(map(harmless, names))
        count = max(map(len, columns.values()), default=0)
        cells = [_cells(columns[n], kinds[n]) if n in columns else [""] * count for n in names]
        yield head.getvalue() + "".join(f"{','.join(row)}\r\n" for row in zip(*cells, strict=True))


def _kinds(columns: Columns) -> dict[str, set[type]]:
    """The types of each column's values, as far as they are known."""
    return {name: set(map(type, column)) - {NoneType} for name, column in columns.items()}


def _flat_columns(items: Sequence[Mapping[str, Any]]) -> Columns:
    """The items' fields as columns, nested ones as a.b, in the order in which they first come."""
    rows = [_flat(item) for item in items]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, Mapping):
            row |= _flat({f"{name}.{inner}": each for inner, each in value.items()})
        else:
            row[name] = value
    return row


def _cells(column: Sequence[Any], kinds: set[type]) -> Sequence[str]:
    """As the csv module writes them, harmless; what is not known is an empty one.

    The csv module looks at every letter of every cell anew, and took half of the time of a large table.
    """
    if len(kinds) == 1 and kinds.issubset(REPEATED):
        values = set(column)
        if kinds == {str} and 4 * len(values) > len(column) and _are_plain(values):
            return column
        told = {value: _cell(value) for value in values}
        return [told[value] for value in column]
    if kinds == {list}:
        shared = {id(value): _cell(value) for value in {id(value): value for value in column}.values()}
        return [shared[id(value)] for value in column]
    return [_cell(value) for value in column] if kinds else [""] * len(column)


def _are_plain(values: Collection[Any]) -> bool:
    if None in values:
        return False
    lines = "\n".join(values) + "\n"
    return lines.count("\n") == len(values) and ALL_PLAIN(lines) is not None


def _cell(value: Any) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    if value is None or value == []:
        return ""
    text = _listed(value) if isinstance(value, list) else str(value)
    if PLAIN(text):
        return text
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _listed(values: list[Any]) -> str:
    plain = not any(isinstance(part, Mapping) for part in values)
    return "; ".join(map(str, values)) if plain else orjson.dumps(values).decode()
