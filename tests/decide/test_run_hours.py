"""Choosing hours: days one can do in the head, the published results on real quarter-hours, properties."""

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide.run_hours import (
    THROUGH,
    Pausing,
    RunHours,
    chosen,
    replay,
    within_day,
    without_gaps,
)
from service.estimate.priced_days import PricedSlot

PRICES = Path(__file__).parents[3] / "shared" / "data" / "energy" / "day_ahead_prices"
AT_QUARTERS = PRICES / "at_energycharts_quarterhour_2025-09-30_to_2026-08-21.csv.gz"
START = datetime(2026, 11, 24, tzinfo=UTC)
OFF = Pausing(300, 0)


def hours(*prices, days=1):
    return [
        PricedSlot(
            START + timedelta(hours=24 * day + i),
            START + timedelta(hours=24 * day + i + 1),
            (START + timedelta(days=day)).date(),
            price,
        )
        for day in range(days)
        for i, price in enumerate(prices)
    ]


def test_the_cheapest_slots_and_the_cheapest_window():
    day = hours(1, 9, 2, 3, 9, 1)
    assert chosen(day, RunHours("cheapest", 0.5)) == (True, False, True, False, False, True)
    assert chosen(day, RunHours("window", 0.5)) == (False, False, False, True, True, True) or chosen(
        day, RunHours("window", 0.5)
    ) == (True, True, True, False, False, False)
    assert chosen(day, RunHours("window", 1 / 3)) == (False, False, True, True, False, False)
    assert chosen(day, THROUGH) == (True,) * 6
    assert chosen(day, RunHours("cheapest", 0.01)) == (True, False, False, False, False, False)


def test_half_the_hours_at_half_the_price():
    """Hours at 10 and 20 by turns: kept at 10, mean 15, a third saved; 150 W paused eat it all up."""
    day = hours(*[10, 20] * 12)
    half = RunHours("cheapest", 0.5)
    effect = within_day(day, half, OFF)
    assert (effect.mean_per_kwh, effect.kept_per_kwh, effect.dropped_per_kwh) == (15, 10, 20)
    assert effect.cost_change == pytest.approx(-1 / 3) and effect.calendar_stretch == 2
    assert effect.break_even_paused_watts == pytest.approx(75)
    assert within_day(day, half, Pausing(300, 75)).cost_change == pytest.approx(0)
    assert within_day(day, THROUGH, OFF).cost_change == 0


def test_on_a_fixed_price_pausing_saves_nothing_and_idling_costs():
    flat = hours(*[37.2] * 24)
    assert within_day(flat, RunHours("cheapest", 0.5), OFF).cost_change == pytest.approx(0)
    assert within_day(flat, RunHours("cheapest", 0.5), Pausing(300, 60)).cost_change == pytest.approx(0.2)


def test_a_run_of_two_hours_in_the_cheap_half_of_four():
    day = hours(10, 20, 20, 10)
    through = replay(day, 2, THROUGH, Pausing(1000, 100))
    assert (through.cost, through.energy_kwh, through.elapsed_hours, through.starts) == (30, 2, 2, 1)
    cheap = replay(day, 2, RunHours("cheapest", 0.5), Pausing(1000, 100))
    assert (cheap.cost, cheap.energy_kwh) == (pytest.approx(24), pytest.approx(2.2))
    assert (cheap.elapsed_hours, cheap.starts) == (4, 2)
    assert replay(day, 3, RunHours("cheapest", 0.5), OFF) is None


def test_every_start_loses_its_start_up():
    day = hours(10, 20, 20, 10, days=2)
    slow = replay(day, 2, RunHours("cheapest", 0.5), Pausing(1000, 0, start_up_s=1800))
    # The last hour of the first day runs on into the second: two starts, not three.
    assert slow.active_hours == 3 and slow.starts == 2
    assert within_day(day, RunHours("cheapest", 0.5), Pausing(1000, 0, 1800)).cost_change > 0


@cache
def austria():
    zone = ZoneInfo("Europe/Vienna")
    with gzip.open(AT_QUARTERS, "rt") as file:
        rows = list(csv.DictReader(file))
    slots = []
    for row in rows:
        start, end = (datetime.fromisoformat(row[key]) for key in ("start_utc", "end_utc"))
        all_in = (float(row["price_eur_per_mwh"]) / 10 + 15) * 1.19
        slots.append(PricedSlot(start, end, start.astimezone(zone).date(), all_in))
    return tuple(slots)


@pytest.fixture
def austrian_slots():
    if not AT_QUARTERS.exists():
        pytest.skip("the Austrian quarter-hours are not on this machine")
    return [slot for slot in austria() if slot.day >= date(2025, 10, 1)]


@pytest.mark.parametrize(
    ("share", "off", "suspended", "idle", "break_even_w"),
    [
        (0.85, -4.0, -3.6, 0.3, 55),
        (0.75, -6.0, -5.3, 1.9, 46),
        (0.50, -11.9, -10.1, 10.4, 32),
        (1 / 3, -17.3, -13.7, 26.1, 24),
        (0.25, -20.0, -14.6, 44.0, 19),
    ],
)
def test_the_published_effect_on_real_quarter_hours(
    austrian_slots, share, off, suspended, idle, break_even_w
):
    rule = RunHours("cheapest", share)
    for watts, published in ((0, off), (5, suspended), (60, idle)):
        effect = within_day(austrian_slots, rule, Pausing(300, watts))
        assert 100 * effect.cost_change == pytest.approx(published, abs=0.5)
    assert effect.mean_per_kwh == pytest.approx(31.39, abs=0.05)
    assert effect.break_even_paused_watts == pytest.approx(break_even_w, abs=1)


@pytest.mark.parametrize(
    ("start", "work_hours", "continuous_eur", "share", "off", "idle"),
    [
        (date(2025, 10, 1), 1000, 91.73, 0.75, -3.8, 4.0),
        (date(2025, 10, 1), 1000, 91.73, 0.5, -5.3, 16.9),
        (date(2026, 2, 1), 1000, 92.05, 0.5, -12.4, 9.8),
        (date(2026, 4, 1), 1000, 85.23, 0.5, -15.2, 8.8),
        (date(2025, 10, 1), 2250, 210.56, 0.5, -7.5, 14.6),
    ],
)
def test_the_published_replays_on_the_real_calendar(
    austrian_slots, start, work_hours, continuous_eur, share, off, idle
):
    slots = [slot for slot in austrian_slots if slot.day >= start]
    assert without_gaps(slots)
    through = replay(slots, work_hours, THROUGH, OFF)
    assert through.cost / 100 == pytest.approx(continuous_eur, rel=0.005)
    for watts, published in ((0, off), (60, idle)):
        chosen_hours = replay(slots, work_hours, RunHours("cheapest", share), Pausing(300, watts))
        assert 100 * (chosen_hours.cost / through.cost - 1) == pytest.approx(published, abs=0.5)


PRICE = st.floats(-50, 500)


@given(st.lists(PRICE, min_size=24, max_size=24), st.floats(0.05, 1), st.sampled_from(["cheapest", "window"]))
def test_what_is_kept_is_never_dearer_than_the_day(prices, share, code):
    day = hours(*prices)
    rule = RunHours(code, share)
    use = chosen(day, rule)
    kept = [p for p, used in zip(prices, use, strict=True) if used]
    assert 1 <= len(kept) <= max(1, share * 24 + 1e-6)
    if code == "cheapest":
        assert sum(kept) / len(kept) <= sum(prices) / 24 + 1e-6
    window = [p for p, used in zip(prices, chosen(day, RunHours("window", share)), strict=True) if used]
    cheapest = [p for p, used in zip(prices, chosen(day, RunHours("cheapest", share)), strict=True) if used]
    assert sum(cheapest) <= sum(window) + 1e-6


@given(st.lists(PRICE, min_size=24, max_size=24), st.floats(1, 20), st.floats(0.1, 1))
def test_a_replay_does_all_the_work_or_says_that_it_cannot(prices, work_hours, share):
    slots = hours(*prices, days=4)
    done = replay(slots, work_hours, RunHours("cheapest", share), Pausing(300, 10))
    if done is None:
        assert work_hours > 0.99 * 4 * max(1, int(share * 24))
    else:
        assert done.active_hours == pytest.approx(work_hours)
        assert done.elapsed_hours >= work_hours - 1e-9
