"""Whether choosing hours pays: days one can do in the head."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.decide.run_hours import RunHours
from service.decide.when_to_run import RULES, day_shape, when_to_run
from service.estimate.priced_days import PricedSlot, priced_days
from service.facts import Source

SAID = Source("market", "the market", "", date(2026, 11, 24))
START = datetime(2026, 11, 24, tzinfo=UTC)
WAITING = (0.0, 5.0, 60.0)


def days(*by_hour):
    """One day of hours per list of 24 prices."""
    return priced_days(
        PricedSlot(begin := START + timedelta(days=d, hours=h), begin + timedelta(hours=1), begin.date(), p)
        for d, prices in enumerate(by_hour)
        for h, p in enumerate(prices)
    )


HALF = [0.10] * 12 + [0.30] * 12


def test_the_shape_of_days():
    shape = day_shape(days(HALF, [2 * p for p in HALF]), "EUR/kWh", "AT", SAID)
    assert (shape.days, shape.grain_minutes, shape.first_day, shape.last_day) == (
        2, 60, date(2026, 11, 24), date(2026, 11, 25),
    )  # fmt: skip
    midnight, noon = shape.by_hour[0], shape.by_hour[12]
    assert (midnight.low, midnight.mean, midnight.high) == pytest.approx((0.1, 0.15, 0.2))
    assert noon.mean == pytest.approx(0.45)
    through, half = shape.effects[0], shape.effect(RunHours("cheapest", 0.5))
    assert through.kept_per_kwh == pytest.approx(0.3) and through.dropped_per_kwh is None
    assert (through.low_per_kwh, through.high_per_kwh) == pytest.approx((0.2, 0.4))
    assert (half.kept_per_kwh, half.dropped_per_kwh) == pytest.approx((0.15, 0.45))
    assert shape.effect(RunHours("cheapest", 0.123)) is None
    assert len(shape.effects) == len(RULES)


def test_half_price_in_half_the_hours_pays_and_says_by_how_much():
    """1,000 h at 300 W are 300 kWh: 60 through at 20 ct, 30 in the cheap half; 5 W idle cost 2.5 % of it."""
    shape = day_shape(days(HALF), "EUR/kWh", "AT", SAID)
    told = when_to_run(shape, None, 1000, 300, waiting_watts=WAITING, start_up_s=0)
    half = {p.paused_watts: p for p in told.paused if (p.code, p.share) == ("cheapest", 0.5)}
    assert half[0].change == pytest.approx(-0.5) and half[0].amount == pytest.approx(-30)
    assert half[5].change == pytest.approx((0.10 + 5 / 300 * 0.30) / 0.20 - 1)
    assert half[60].amount == pytest.approx(60 * ((0.10 + 0.2 * 0.30) / 0.20 - 1))
    assert half[0].calendar_hours == 2000
    assert half[0].break_even_watts == pytest.approx(100)
    assert told.best.share == 0.75 and told.best.paused_watts == 5
    assert told.best.change == pytest.approx(((12 * 0.1 + 6 * 0.3) / 18 + 5 / 300 / 3 * 0.30) / 0.20 - 1)
    assert when_to_run(
        shape, None, 1000, 300, waiting_watts=WAITING, start_up_s=0, currency_factor=1.1
    ).best.amount == pytest.approx(1.1 * told.best.amount)


def test_an_even_price_says_run_through():
    shape = day_shape(days([0.3] * 24), "EUR/kWh", "", SAID)
    told = when_to_run(shape, None, 1000, 300, waiting_watts=WAITING, start_up_s=120)
    assert told.best is None
    assert all(plan.change >= 0 for plan in told.paused)


def test_what_saves_less_than_two_percent_is_no_advice():
    shape = day_shape(days([0.30] * 23 + [0.31]), "EUR/kWh", "", SAID)
    assert when_to_run(shape, None, 1000, 300, waiting_watts=WAITING, start_up_s=0).best is None


def test_grams_are_reckoned_in_kilograms():
    grid = day_shape(days([100.0] * 12 + [300.0] * 12), "g CO2e/kWh", "DE", SAID)
    price = day_shape(days([0.3] * 24), "EUR/kWh", "", SAID)
    told = when_to_run(price, grid, 1000, 300, waiting_watts=WAITING, start_up_s=0)
    cleanest = next(p for p in told.paused_for_carbon if p.share == 0.5 and p.paused_watts == 0)
    assert cleanest.change == pytest.approx(-0.5) and cleanest.amount == pytest.approx(-30)
