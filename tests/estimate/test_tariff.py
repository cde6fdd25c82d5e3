"""Contracts: bills one can check by hand, and the published worked example."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.tariff import (
    DynamicTerms,
    MarginalPrice,
    TimeOfUse,
    all_in,
    consumption,
    consumption_band,
    hourly_prices,
    with_solar,
)
from service.facts import ElectricityRate, Figure, Source

SAID = Source("contract", "the contract", "", date(2026, 11, 24))
HAMM = DynamicTerms(Decimal("0.15651"))
"""Net surcharges of a supplier in Hamm: sales, network, concession, tax and levies, 15.651 ct."""


def test_the_published_worked_example():
    assert all_in(np.array([0.1]), HAMM) == pytest.approx([0.3052469])
    assert all_in(np.array([-0.05]), HAMM) == pytest.approx([0.1267469])


def test_a_markup_is_on_the_size_of_the_spot_price():
    terms = DynamicTerms(Decimal(0), Decimal("0.03"), Decimal(0))
    assert all_in(np.array([0.10]), terms) == pytest.approx([0.103])
    assert all_in(np.array([-0.10]), terms) == pytest.approx([-0.097])


NIGHT = (TimeOfUse(22, 6, Decimal("0.20")), TimeOfUse(6, 22, Decimal("0.40")))


def test_day_and_night():
    prices = hourly_prices(NIGHT)
    assert prices[:7] == (Decimal("0.20"),) * 6 + (Decimal("0.40"),)
    assert prices[21:] == (Decimal("0.40"), Decimal("0.20"), Decimal("0.20"))
    assert prices.count(Decimal("0.20")) == 8
    with pytest.raises(InvalidValue, match="no price for this hour"):
        hourly_prices(NIGHT[:1])
    with pytest.raises(InvalidValue, match="more than one"):
        hourly_prices((*NIGHT, NIGHT[0]))


def figure(name, value):
    return Figure(name, value, "x", SAID)


def test_own_solar_is_worth_its_feed_in():
    bought = MarginalPrice("dynamic", "EUR", Decimal("0.4"), SAID, Decimal("0.3"), Decimal("0.5"))
    paid = figure("feed_in_per_kwh", 0.078)
    half = with_solar(bought, figure("solar_share", 0.5), paid)
    assert (half.per_kwh, half.low, half.high) == (Decimal("0.239"), Decimal("0.189"), Decimal("0.289"))
    assert [f.name for f in half.figures] == ["bought_per_kwh", "solar_share", "feed_in_per_kwh"]
    assert with_solar(bought, figure("solar_share", 1.0), paid).per_kwh == Decimal("0.078")
    with pytest.raises(InvalidValue):
        with_solar(bought, figure("solar_share", 1.2), paid)


def rate(price):
    return ElectricityRate("DE", "Germany", "retail", "EUR", Decimal(price), "all", SAID.as_of, SAID)


def test_a_run_moves_a_household_into_another_band():
    bands = {"DC": rate("0.387"), "DD": rate("0.359")}
    year = consumption(4500, 841, 2970, bands)
    assert (year.band, year.band_with_run, year.with_run_kwh) == ("DC", "DD", 5341)
    assert (year.per_kwh, year.per_kwh_with_run) == (Decimal("0.387"), Decimal("0.359"))
    half_of_it = consumption(1000, 2000, 2 * 8760, {})
    assert half_of_it.with_run_kwh == 2000 and half_of_it.per_kwh is None
    with pytest.raises(InvalidValue, match="yearly_kwh"):
        consumption(-1, 1, 1, {})


def test_bands():
    assert [consumption_band(kwh) for kwh in (0, 2499, 2500, 4999, 5000, 15_000)] == [
        "DA", "DB", "DC", "DC", "DD", "DE",
    ]  # fmt: skip


@given(st.floats(-1, 5), st.floats(-1, 5), st.decimals(0, 1, places=3))
def test_a_dearer_slot_is_never_billed_less(a, b, surcharge):
    terms = DynamicTerms(surcharge, Decimal("0.03"))
    low, high = all_in(np.array(sorted((a, b))), terms)
    assert low <= high
