"""Typical days of a month, and how far off a mean of few days is."""

from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.market_day import MARKET_TIME, bounds, hours
from service.estimate.priced_days import PricedSlot
from service.estimate.typical_year import CERTAIN, GROUPS, Doubt, Factor, typical_days
from service.facts import Source

SOURCE = Source("years", "Years", "https://example.org", date(2026, 8, 21))
DOUBT = Doubt(
    {1: Factor(0.5, 2.0), 30: Factor(0.6, 1.7), 180: Factor(0.8, 1.3)},
    {90: Factor(0.9, 1.2), 365: Factor(0.4, 3.5)},
    SOURCE,
)


def slots_of(day: date, price_of_hour, grain_minutes: int = 60):
    """The slots of a market day with the local hour in which each begins."""
    begin, end = bounds(day)
    grain = timedelta(minutes=grain_minutes)
    while begin < end:
        hour = begin.astimezone(MARKET_TIME).hour
        yield PricedSlot(begin, begin + grain, day, price_of_hour(hour)), hour
        begin += grain


def month(first: date, count: int, price, grain_minutes: int = 60):
    """The slots of so many days, priced by the number of the day and the hour."""
    days = ((n, first + timedelta(days=n)) for n in range(count))
    return [slot for n, day in days for slot in slots_of(day, partial(price, n), grain_minutes)]


@given(st.lists(st.floats(-500, 4000), min_size=30, max_size=30), st.sampled_from([15, 30, 60]))
def test_groups_of_a_month_have_its_mean_and_rise(prices, grain):
    found = typical_days(month(date(2026, 6, 1), 30, lambda n, _: prices[n], grain))
    rows = [found[6, group] for group in range(1, GROUPS + 1)]
    assert sum(map(sum, rows)) / (24 * GROUPS) == pytest.approx(sum(prices) / 30, abs=1e-6)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert {len(row) for row in rows} == {24}


@given(st.integers(2018, 2040), st.sampled_from([3, 10]), st.sampled_from([15, 60]))
def test_every_hour_keeps_its_price_when_the_clocks_change(year, of, grain):
    """A day of 23 hours lacks one and a day of 25 has one twice: neither moves any hour's mean."""
    first = date(year, of, 1)
    assert {hours(first + timedelta(days=n)) for n in range(31)} == {24, 23 if of == 3 else 25}
    found = typical_days(month(first, 31, lambda _, hour: 10.0 * hour, grain))
    assert all(row == pytest.approx([10.0 * h for h in range(24)]) for row in found.values())


def test_a_month_of_few_days_is_no_month():
    with pytest.raises(ValueError, match="month 6 has 4 days"):
        typical_days(month(date(2026, 6, 1), 4, lambda n, _: 1.0))


@pytest.mark.parametrize(("days", "factor"), [
    (1, Factor(0.5, 2.0)), (29, Factor(0.5, 2.0)), (30, Factor(0.6, 1.7)), (299, Factor(0.8, 1.3)),
    (300, CERTAIN), (365, CERTAIN),
])  # fmt: skip
def test_few_days_are_as_doubtful_as_no_more_of_them(days, factor):
    assert DOUBT.of_days(days) == factor


@pytest.mark.parametrize(("age", "low"), [(0, 0.9), (90, 0.9), (91, 0.4), (365, 0.4), (2000, 0.4)])
def test_an_old_year_is_as_doubtful_as_one_no_younger(age, low):
    assert DOUBT.of_age(age).low == low
