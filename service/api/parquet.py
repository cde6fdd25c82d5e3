"""Columns as Parquet, a row group at a time. It takes an optional library: `heimvorteil[parquet]`.

Exact decimals are decimals, days and moments are such; lists are their JSON text, as in CSV.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import orjson
from flask import abort
from pydantic import BaseModel

from service.api.collections import Telling
from service.api.columns import Columns

if TYPE_CHECKING:
    import pyarrow

DECIMAL = "decimal"
EXACT: dict[str, Any] = {"format": DECIMAL}
"""Says in the description that a text is an exact decimal."""
DIGITS, DECIMALS = 27, 9
ROWS_IN_GROUP = 10_000
"""So many lie in memory at once, some MiB of them."""
MEDIA_TYPE = "application/vnd.apache.parquet"


def parquet_of(item: type[BaseModel]) -> Telling:
    """Items as Parquet; aborts with 406 and what to install where this process cannot write it."""
    if find_spec("pyarrow") is None:
        abort(406, "this process writes no Parquet: pip install 'heimvorteil[parquet]' where it runs")
    return Telling(MEDIA_TYPE, partial(parquet_parts, item=item))


def parquet_parts(parts: Iterable[Columns], item: type[BaseModel]) -> Iterator[bytes]:
    """Columns that come in parts as one Parquet file; its schema is that of the items, whatever is known."""
    # Imported here: it takes a tenth of a second and 50 MiB, and few ask.
    from pyarrow.parquet import ParquetWriter

    schema = _schema(item)
    sink = _Sent()
    with ParquetWriter(sink, schema) as writer:
        held: dict[str, list[Any]] = {name: [] for name in schema.names}
        for columns in parts:
            for name, values in held.items():
                values.extend(columns[name])
            if len(held[schema.names[0]]) >= ROWS_IN_GROUP:
                writer.write_table(_table(held, schema))
                held = {name: [] for name in schema.names}
                yield sink.taken()
        if held[schema.names[0]]:
            writer.write_table(_table(held, schema))
    yield sink.taken()


class _Sent:
    """Where the writer writes: what has come since it was last taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def taken(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _schema(item: type[BaseModel]) -> "pyarrow.Schema":
    import pyarrow

    kinds = {
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "date": pyarrow.date32(),
        "date-time": pyarrow.timestamp("us", "UTC"),
        DECIMAL: pyarrow.decimal128(DIGITS, DECIMALS),
    }
    fields = []
    for name, told in item.model_json_schema(mode="serialization")["properties"].items():
        known = next((one for one in told.get("anyOf", []) if one.get("type") != "null"), told)
        kind = told.get("format") or known.get("format") or known.get("type")
        fields.append(pyarrow.field(name, kinds.get(kind, pyarrow.string())))
    return pyarrow.schema(fields)


def _table(columns: Columns, schema: "pyarrow.Schema") -> "pyarrow.Table":
    import pyarrow

    return pyarrow.table([_array(columns[field.name], field.type) for field in schema], schema=schema)


def _array(column: Sequence[Any], kind: Any) -> "pyarrow.Array":
    import pyarrow

    if pyarrow.types.is_decimal(kind):
        return pyarrow.array(column, pyarrow.string()).cast(kind)
    if pyarrow.types.is_string(kind):
        nested = {id(value): value for value in column if isinstance(value, (list, dict))}
        texts = {identity: orjson.dumps(value, default=str).decode() for identity, value in nested.items()}
        column = [texts.get(id(value), value) for value in column] if texts else column
    return pyarrow.array(column, kind)
