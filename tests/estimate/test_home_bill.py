"""Bills of a household, by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.home_bill import (
    HomeTerms,
    Purchase,
    calendar_hours,
    home_bill,
    home_cost,
    runs_until_bought_pays,
    total,
)
from service.estimate.interval import Interval
from service.estimate.tariff import MarginalPrice
from service.facts import Figure, Source

SAID = Source("bill", "the bill", "", date(2026, 11, 24))
FLAT = MarginalPrice("flat", "EUR", Decimal("0.372"), SAID)
HOURS, ENERGY = Interval(2000, 2250, 2600), Interval(600, 675, 800)


def amounts(terms):
    return {line.code: line.amount.p50 for line in home_bill(HOURS, ENERGY, FLAT, terms)}


def test_electricity_alone():
    lines = home_bill(HOURS, ENERGY, FLAT, HomeTerms())
    assert [line.code for line in lines] == ["electricity"]
    assert total(lines).p50 == pytest.approx(251.10)


def test_every_line():
    card = Purchase(Decimal(600), Decimal(400), 2, SAID)
    terms = HomeTerms(12, 0, Decimal("0.02"), card, Decimal(15), 0.5, Decimal("0.12"))
    found = amounts(terms)
    assert found == {
        "electricity": pytest.approx(251.10), "wear": pytest.approx(45), "purchase": 100,
        "heat": pytest.approx(-40.5), "base_fee": pytest.approx(15 * 4500 / 730),
    }  # fmt: skip
    lines = home_bill(HOURS, ENERGY, FLAT, terms)
    assert total(lines).p50 == pytest.approx(251.10 + 45 + 100 - 40.5)
    assert calendar_hours(HOURS, terms) == HOURS * 2


def test_heat_that_is_worth_more_than_the_electricity_is_a_gain_with_its_range_in_order():
    terms = HomeTerms(heating_share=1, heat_per_kwh=Decimal("0.472"))
    gain = total(home_bill(HOURS, ENERGY, FLAT, terms))
    assert (gain.p10, gain.p50, gain.p90) == pytest.approx((-80, -67.5, -60))
    assert gain.spread() == (0, 0)


def test_what_is_drawn_while_waiting_is_paid_at_the_price_of_those_hours():
    """2,250 h in 12 h a day wait as long again: 5 W are 11.25 kWh, at 40 ct 4.50."""
    dear = replace(FLAT, kind="dynamic", paused_per_kwh=Decimal("0.40"))
    terms = HomeTerms(12, paused_watts=5)
    found = {line.code: line for line in home_bill(HOURS, ENERGY, dear, terms)}
    assert found["paused"].quantity.p50 == pytest.approx(11.25)
    assert found["paused"].amount.p50 == pytest.approx(4.50)
    at_one_price = {line.code: line for line in home_bill(HOURS, ENERGY, FLAT, terms)}
    assert at_one_price["paused"].amount.p50 == pytest.approx(11.25 * 0.372)
    assert "paused" not in amounts(HomeTerms(24, paused_watts=5))


def test_a_card_pays_after_so_many_runs():
    card = Purchase(Decimal(1800), Decimal(900), 1, SAID)
    assert runs_until_bought_pays(card, 250, 550) == 3
    assert runs_until_bought_pays(card, 250, 551) == 3
    assert runs_until_bought_pays(card, 250, 549) == 4
    assert runs_until_bought_pays(card, 550, 250) is None
    assert runs_until_bought_pays(replace(card, resale=Decimal(1800)), 250, 550) == 1


def test_impossible_terms_are_refused():
    for fields in (
        {"hours_per_day": 0},
        {"hours_per_day": 25},
        {"heating_share": 2},
        {"paused_watts": -1},
        {"wear_per_hour": Decimal(-1)},
    ):
        with pytest.raises(InvalidValue, match=next(iter(fields))):
            HomeTerms(**fields)
    with pytest.raises(InvalidValue, match="purchase"):
        HomeTerms(purchase=Purchase(Decimal(1), Decimal(2), 1, SAID))


@given(st.floats(0.1, 24), st.integers(1, 50))
def test_fewer_hours_a_day_take_longer_and_cost_the_same(per_day, runs):
    card = Purchase(Decimal(600), Decimal(100), runs, SAID)
    terms = HomeTerms(per_day, purchase=card)
    assert total(home_bill(HOURS, ENERGY, FLAT, terms)) == total(
        home_bill(HOURS, ENERGY, FLAT, HomeTerms(purchase=card))
    )
    assert calendar_hours(HOURS, terms).p50 >= HOURS.p50


def dated(**said):
    share = Figure("resale_share", 0.6, "of the price", SAID, 0.4, 0.9, "derived")
    return Purchase(Decimal(1000), Decimal(600), 2, SAID, share, **said)


def test_what_a_card_loses_is_in_doubt_by_its_price_and_by_its_resale():
    """Of 1,000 are lost 400, by the resale 100 to 600; a price of 800 to 1,300 moves it by 80 and 120."""
    by_resale, both = dated(), dated(price_range=Interval(800, 1000, 1300))
    assert (by_resale.loss_per_run.p10, by_resale.loss_per_run.p90) == (pytest.approx(50), pytest.approx(300))
    assert both.loss_per_run.p10 == pytest.approx((400 - (300**2 + 80**2) ** 0.5) / 2)
    assert both.loss_per_run.p90 == pytest.approx((400 + (200**2 + 120**2) ** 0.5) / 2)
    assert both.loss_per_run.p50 == pytest.approx(float(both.per_run))


@pytest.mark.parametrize(("price", "share"), [(1900, 0.8221), (499, 0.61), (3333, 0.9), (2799, 0.3)])
def test_a_card_that_may_keep_all_its_price_loses_nothing_then(price, share):
    """No 0.00000000000000568 EUR, which floating point leaves of a price that is given back whole."""
    kept = Figure("resale_share", share, "of the price", SAID, 0.41 * share, 1.0, "derived")
    card = Purchase(Decimal(price), Decimal(price) * Decimal(str(share)), 10, SAID, kept)
    assert card.loss_per_run.p10 == 0.0
    sure = replace(kept, high=share + (1 - share) / 2)
    assert replace(card, resale_share=sure).loss_per_run.p10 == pytest.approx(price * (1 - share) / 20)


def test_the_doubt_of_a_card_joins_that_of_the_hours_in_squares():
    hours, energy, half_a_euro = (
        Interval(90, 100, 120),
        Interval(90, 100, 120),
        replace(FLAT, per_kwh=Decimal("0.5")),
    )
    plain = home_cost(hours, energy, half_a_euro, "EUR", [])
    bought = home_cost(hours, energy, half_a_euro, "EUR", [], terms=HomeTerms(purchase=dated()))
    assert bought.total.p50 == pytest.approx(plain.total.p50 + 200)
    assert bought.total.p10 == pytest.approx(250 - (5**2 + 150**2) ** 0.5)
    assert bought.total.p90 == pytest.approx(250 + (10**2 + 100**2) ** 0.5)
    simulated = np.random.default_rng(1)
    electricity = 50 + np.where((z := simulated.normal(size=100_000)) < 0, 5, 10) * z / 1.2816
    loss = 200 + np.where((y := simulated.normal(size=100_000)) < 0, 150, 100) * y / 1.2816
    low, high = np.percentile(electricity + loss, [10, 90])
    assert bought.total.p10 == pytest.approx(low, rel=0.05) and bought.total.p90 == pytest.approx(
        high, rel=0.05
    )
