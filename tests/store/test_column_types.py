"""Decimals and instants come back as they went in, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection, Engine

from service.store.column_types import ExactDecimal, UtcDateTime, as_float

metadata = sa.MetaData()
table = sa.Table(
    "typed",
    metadata,
    sa.Column("n", sa.Integer(), primary_key=True),
    sa.Column("exact", ExactDecimal()),
    sa.Column("instant", UtcDateTime()),
)
decimals = st.integers(-9 * 10**18 + 1, 9 * 10**18 - 1).map(lambda n: Decimal(n).scaleb(-9))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1900, 1, 3), datetime(2200, 1, 1), timezones=zones)
several = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection


def stored(connection: Connection, column: str, values: list) -> list:
    connection.execute(sa.delete(table))
    connection.execute(sa.insert(table), [{"n": n, column: value} for n, value in enumerate(values)])
    return list(connection.execute(sa.select(table.c[column]).order_by(table.c.n)).scalars())


@several
@given(values=st.lists(decimals, min_size=1, max_size=20))
def test_decimals_come_back_exact_and_in_order(connection: Connection, values: list[Decimal]) -> None:
    assert stored(connection, "exact", values) == values
    ordered = connection.execute(sa.select(table.c.exact).order_by(table.c.exact)).scalars()
    assert list(ordered) == sorted(values)


@several
@given(value=decimals)
def test_as_float_is_the_nearest_double(connection: Connection, value: Decimal) -> None:
    stored(connection, "exact", [value])
    found = connection.execute(sa.select(as_float(table.c.exact))).scalar_one()
    assert found == pytest.approx(float(value), rel=3e-16)


@several
@given(values=st.lists(instants, min_size=1, max_size=20))
def test_instants_come_back_aware_in_utc(connection: Connection, values: list[datetime]) -> None:
    found = stored(connection, "instant", values)
    assert found == values
    assert {value.tzinfo for value in found} == {UTC}


def test_a_short_decimal_stays_short(connection: Connection) -> None:
    assert str(stored(connection, "exact", [Decimal("2.490")])[0]) == "2.49"
    assert str(stored(connection, "exact", [Decimal("1E+1")])[0]) == "10"


@pytest.mark.parametrize(
    "value", [Decimal("0.0000000001"), Decimal("NaN"), Decimal("Infinity"), Decimal(9_000_000_000), 1.0, "1"]
)
def test_a_decimal_that_would_change_is_refused(connection: Connection, value: object) -> None:
    with pytest.raises(ValueError):
        connection.execute(sa.insert(table).values(n=1, exact=value))


def test_a_naive_datetime_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="naive"):
        connection.execute(sa.insert(table).values(n=1, instant=datetime(2026, 1, 1)))
