"""When a repeated report comes next; cases done in the head, and what must hold of all of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.cadence import WAITS, Cadence, cadence_of, next_run, next_try

MONDAY_8 = datetime(2026, 11, 30, 8, tzinfo=UTC)
DAY = timedelta(days=1)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def test_weekly_stays_on_its_weekday_and_hour():
    weekly = cadence_of("weekly")
    assert next_run(weekly, MONDAY_8, MONDAY_8) == MONDAY_8 + 7 * DAY
    assert next_run(weekly, MONDAY_8, MONDAY_8 + timedelta(seconds=1)) == MONDAY_8 + 7 * DAY
    # Off for three weeks and two days: one run, then Monday at 8 again.
    assert next_run(weekly, MONDAY_8, MONDAY_8 + 23 * DAY) == MONDAY_8 + 28 * DAY


def test_a_first_run_that_is_to_come_is_the_next():
    assert next_run(cadence_of("daily"), MONDAY_8, MONDAY_8 - 100 * DAY) == MONDAY_8


def test_monthly_takes_the_last_day_of_a_short_month_and_comes_back():
    first, monthly = datetime(2027, 1, 31, 8, tzinfo=UTC), cadence_of("monthly")
    dues, now = [], first
    for _ in range(4):
        now = next_run(monthly, first, now)
        dues.append((now.month, now.day))
    assert dues == [(2, 28), (3, 31), (4, 30), (5, 31)]
    assert next_run(monthly, first, datetime(2028, 2, 1, tzinfo=UTC)).day == 29
    assert next_run(monthly, first, datetime(2027, 12, 31, 9, tzinfo=UTC)) == datetime(
        2028, 1, 31, 8, tzinfo=UTC
    )


@given(st.sampled_from(["1h", "5h", "daily", "7d", "3w", "366d"]), instants, instants)
def test_the_next_run_lies_ahead_by_one_round_at_most_and_on_the_grid(text, first, now):
    cadence = cadence_of(text)
    due = next_run(cadence, first, now)
    assert due > now and (due - first) % cadence.every == timedelta(0)
    assert due == first or due - now <= cadence.every


@given(instants, instants)
def test_monthly_lies_ahead_by_31_days_at_most(first, now):
    due = next_run(Cadence(None), first, now)
    assert due > now and due.timetz() == first.timetz()
    assert due == first or (due - now <= 31 * DAY and due > first)
    assert due.day == first.day or (due + DAY).day == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [("weekly", "7d"), ("1w", "7d"), (" Daily ", "1d"), ("24h", "1d"), ("36h", "36h"), ("hourly", "1h"),
     ("monthly", "monthly")],
)  # fmt: skip
def test_a_cadence_is_written_as_it_is_read(text, name):
    assert cadence_of(text).name == name
    assert cadence_of(name) == cadence_of(text)


@pytest.mark.parametrize(
    "text", ["0h", "59m", "367d", "53w", "-7d", "", "7", "7 d ays", "fortnightly", "9999999h"]
)
def test_what_is_no_cadence_is_refused(text):
    with pytest.raises(InvalidValue, match="every"):
        cadence_of(text)


def test_a_delivery_is_tried_seven_times_over_a_day_and_a_half():
    tries = [next_try(n, MONDAY_8) for n in range(1, len(WAITS) + 2)]
    assert tries[0] == MONDAY_8 + timedelta(minutes=1) and tries[-2] == MONDAY_8 + DAY
    assert tries[-1] is None
