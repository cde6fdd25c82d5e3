"""Market days: 23, 24 and 25 hours, and what is missing of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.market_day import (
    bounds,
    by_day,
    chosen,
    cover,
    day_of,
    expected_slots,
    hours,
    incomplete,
    without_overlap,
)

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
SPRING, AUTUMN, USUAL = date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 26)


@dataclass(frozen=True)
class Span:
    slot_start: datetime
    slot_end: datetime


def slots(day, grain):
    first, after = bounds(day)
    return [Span(first + i * grain, first + (i + 1) * grain) for i in range((after - first) // grain)]


@pytest.mark.parametrize(
    ("day", "quarters", "halves", "whole"), [(SPRING, 92, 46, 23), (USUAL, 96, 48, 24), (AUTUMN, 100, 50, 25)]
)
def test_a_day_has_as_many_slots_as_its_clock_says(day, quarters, halves, whole):
    assert expected_slots(day, QUARTER) == quarters
    assert expected_slots(day, 2 * QUARTER) == halves
    assert expected_slots(day, HOUR) == hours(day) == whole
    assert cover(day, slots(day, QUARTER)).is_complete and cover(day, slots(day, HOUR)).is_complete


def test_a_grain_that_does_not_divide_an_hour_is_refused():
    with pytest.raises(ValueError, match="divide"):
        expected_slots(USUAL, timedelta(minutes=25))


def test_a_day_begins_at_midnight_in_central_europe():
    assert bounds(USUAL) == (datetime(2026, 10, 25, 23, tzinfo=UTC), datetime(2026, 10, 26, 23, tzinfo=UTC))
    assert day_of(datetime(2026, 10, 25, 22, 59, tzinfo=UTC)) == AUTUMN
    assert day_of(datetime(2026, 10, 25, 23, tzinfo=UTC)) == USUAL
    assert day_of(datetime(2026, 7, 1, 22, tzinfo=UTC)) == date(2026, 7, 2)


def test_a_missing_hour_of_the_long_day_is_said():
    short = cover(AUTUMN, slots(AUTUMN, HOUR)[:-1])
    assert not short.is_complete and short.text == "day 2026-10-25: 24 of 25 hours"
    assert cover(AUTUMN, slots(AUTUMN, QUARTER)[1:]).text == "day 2026-10-25: 24.75 of 25 hours"
    assert cover(AUTUMN, []).text == "day 2026-10-25: 0 of 25 hours"


def test_the_change_from_hours_to_quarter_hours_is_two_whole_days():
    both = slots(date(2025, 9, 30), HOUR) + slots(date(2025, 10, 1), QUARTER)
    assert [len(part) for part in by_day(both).values()] == [24, 96]
    assert incomplete(both) == []
    assert [found.day for found in incomplete(both[:-1])] == [date(2025, 10, 1)]


def test_an_hour_over_its_own_quarters_counts_once():
    quarters, whole = slots(USUAL, QUARTER), slots(USUAL, HOUR)
    assert without_overlap(whole + quarters) == quarters
    mixed = whole[:12] + quarters[48:] + whole[20:]
    assert without_overlap(mixed) == whole[:12] + quarters[48:]
    assert cover(USUAL, mixed).is_complete


def test_one_source_answers_for_a_day_the_first_whose_day_is_whole():
    def rank(source):
        return ["first", "second", "third"].index(source)

    whole, partial = slots(USUAL, HOUR), slots(USUAL, QUARTER)[:95]
    assert chosen(USUAL, {"second": whole, "first": partial}, rank) == ("second", whole)
    assert chosen(USUAL, {"second": whole, "first": slots(USUAL, QUARTER)}, rank)[0] == "first"
    assert chosen(USUAL, {"third": whole[:20], "second": partial}, rank) == ("second", partial)
    assert chosen(USUAL, {"third": whole[:20], "second": whole[4:]}, rank)[0] == "second"
    assert chosen(USUAL, {}, rank) is None


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.lists(st.tuples(st.integers(0, 110), st.integers(1, 8)), max_size=40),
)
def test_no_slots_ever_cover_more_than_the_day_or_each_other(day, spans):
    first, _ = bounds(day)
    given_slots = [Span(first + i * QUARTER, first + (i + n) * QUARTER) for i, n in spans]
    kept = without_overlap(given_slots)
    assert all(a.slot_end <= b.slot_start for a, b in pairwise(kept))
    known = cover(day, given_slots)
    assert timedelta(0) <= known.covered <= known.hours * HOUR and known.hours in (23, 24, 25)
    assert cover(day, slots(day, QUARTER)).is_complete
