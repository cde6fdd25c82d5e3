"""Column types that mean the same on SQLite and on PostgreSQL."""

import lzma
import zlib
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

ZLIB_LEVEL = 5
"""Of a decision of 135 kB: 14.7 kB in 2.0 ms; level 1 makes 19.9 kB of it in 1.1 ms."""
LARGE_BYTES = 256 * 1024
XZ_PRESET = 1
"""Of a comparison with 392 options, 4.7 MB: 138 kB in 110 ms; zlib sees 32 kB at a time and makes 329 kB of
it in 41 ms, for what repeats itself, the sources of each option, is further apart."""
XZ_BEGINS = b"\xfd7zXZ"
DECIMALS = 9
SCALE = 10**DECIMALS
LARGEST = Decimal(9_000_000_000)
"""A scaled 64-bit integer holds a little more; NUMERIC(20, 9) would hold ten times as much."""


class Unstorable(ValueError, sa.exc.DontWrapMixin):
    """A value that a column would have to change to keep it; SQLAlchemy passes it on unwrapped."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out. A naive datetime is refused with ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        # A refresh writes the same few instants a hundred thousand times; formatting them was the
        # dearest step of it.
        return lru_cache(maxsize=1024)(super().bind_processor(dialect))  # type: ignore[arg-type]

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise Unstorable(f"a naive datetime has no instant: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite hands an aware datetime back naive.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Packed(TypeDecorator[bytes]):
    """Bytes kept compressed: an answer names the same sources over and over."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else packed(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else unpacked(value)


def packed(plain: bytes) -> bytes:
    """The bytes compressed, by zlib or, where they are many, by xz."""
    if len(plain) > LARGE_BYTES:
        return lzma.compress(plain, preset=XZ_PRESET)
    return zlib.compress(plain, ZLIB_LEVEL)


def unpacked(kept: bytes) -> bytes:
    """What was compressed, by either."""
    return lzma.decompress(kept) if kept.startswith(XZ_BEGINS) else zlib.decompress(kept)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal with at most nine decimals, exact, sortable and indexable on both databases.

    PostgreSQL keeps NUMERIC(20, 9), SQLite an integer number of billionths. A float, a value that is
    not finite, one with more decimals or of 9e9 and above is refused with ValueError, never rounded.
    """

    impl = sa.Numeric(20, DECIMALS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(20, DECIMALS))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        billionths = to_billionths(value)
        return billionths if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return from_billionths(value)
        return _plain(value)


@lru_cache(maxsize=8192, typed=True)
def to_billionths(value: Decimal) -> int:
    """The whole number of billionths in `value`; ValueError if that is not exact."""
    if not isinstance(value, (Decimal, int)):
        raise Unstorable(f"an exact decimal is needed, not {value!r}")
    try:
        scaled = Decimal(value).scaleb(DECIMALS)
        whole = int(scaled)
    except (InvalidOperation, OverflowError, ValueError):
        raise Unstorable(f"{value} is not a finite number") from None
    if abs(whole) >= int(LARGEST) * SCALE:
        raise Unstorable(f"{value} is too large: exact decimals go up to {LARGEST}")
    if whole != scaled or Decimal(whole).scaleb(-DECIMALS) != value:
        raise Unstorable(f"{value} has more than {DECIMALS} decimals")
    return whole


@lru_cache(maxsize=8192)
def from_billionths(billionths: int) -> Decimal:
    """The decimal of that many billionths, written without trailing zeros."""
    if billionths % SCALE == 0:
        return Decimal(billionths // SCALE)
    return Decimal(billionths).scaleb(-DECIMALS).normalize()


@lru_cache(maxsize=8192)
def _plain(value: Decimal) -> Decimal:
    short = value.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]


class as_float(FunctionElement[float]):
    """An ExactDecimal column as the nearest double, inside SQL."""

    inherit_cache = True
    type = sa.Double()

    def __init__(self, column: Any) -> None:
        super().__init__(sa.type_coerce(column, sa.BigInteger()))


@compiles(as_float)
def _as_double(element: as_float, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS DOUBLE PRECISION)"


@compiles(as_float, "sqlite")
def _as_real(element: as_float, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **options)} AS REAL) / {SCALE}.0)"
