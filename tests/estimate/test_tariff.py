"""Contracts: bills one can check by hand, and the published worked example."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.tariff import (
    DynamicTerms,
    TimeOfUse,
    all_in,
    consumption_band,
    dynamic,
    time_of_use,
    with_solar,
)
from service.facts import Source

SAID = Source("contract", "the contract", "", date(2026, 11, 24))
HAMM = DynamicTerms(Decimal("0.15651"))
"""Net surcharges of a supplier in Hamm: sales, network, concession, tax and levies, 15.651 ct."""


def test_the_published_worked_example():
    assert all_in(Decimal("0.1"), HAMM) == Decimal("0.3052469")
    assert all_in(Decimal("-0.05"), HAMM) == Decimal("0.1267469")


def test_a_markup_is_on_the_size_of_the_spot_price():
    terms = DynamicTerms(Decimal(0), Decimal("0.03"), Decimal(0))
    assert all_in(Decimal("0.10"), terms) == Decimal("0.103")
    assert all_in(Decimal("-0.10"), terms) == Decimal("-0.097")


def test_a_dynamic_contract_is_the_mean_of_its_days_with_their_range():
    days = [[Decimal(100 * n)] * 4 for n in range(1, 11)]
    price = dynamic(days, DynamicTerms(Decimal(0), vat_share=Decimal(0)), "EUR", SAID)
    assert (price.per_kwh, price.low, price.high) == (Decimal("0.55"), Decimal("0.2"), Decimal("1.0"))
    with pytest.raises(InvalidValue, match="no day-ahead prices"):
        dynamic([], HAMM, "EUR", SAID)


NIGHT = (TimeOfUse(22, 6, Decimal("0.20")), TimeOfUse(6, 22, Decimal("0.40")))


def test_day_and_night():
    assert float(time_of_use(NIGHT, "EUR", SAID).per_kwh) == pytest.approx(1 / 3)
    assert time_of_use(NIGHT, "EUR", SAID, 8).per_kwh == Decimal("0.20")
    assert time_of_use(NIGHT, "EUR", SAID, 12).per_kwh == (8 * Decimal("0.20") + 4 * Decimal("0.40")) / 12
    with pytest.raises(InvalidValue, match="no price for this hour"):
        time_of_use(NIGHT[:1], "EUR", SAID)
    with pytest.raises(InvalidValue, match="more than one"):
        time_of_use((*NIGHT, NIGHT[0]), "EUR", SAID)


def test_own_solar_is_worth_its_feed_in():
    bought = time_of_use((TimeOfUse(0, 12, Decimal("0.4")), TimeOfUse(12, 24, Decimal("0.4"))), "EUR", SAID)
    half = with_solar(bought, Decimal("0.078"), 0.5, SAID)
    assert half.per_kwh == Decimal("0.239") and half.kind == "solar"
    assert with_solar(bought, Decimal("0.078"), 1, SAID).per_kwh == Decimal("0.078")
    with pytest.raises(InvalidValue):
        with_solar(bought, Decimal("0.078"), 1.2, SAID)


def test_bands():
    assert [consumption_band(kwh) for kwh in (0, 2499, 2500, 4999, 5000, 15_000)] == [
        "DA", "DB", "DC", "DC", "DD", "DE",
    ]  # fmt: skip


@given(st.decimals(-1, 5, places=4), st.decimals(-1, 5, places=4), st.decimals(0, 1, places=3))
def test_a_dearer_slot_is_never_billed_less(a, b, surcharge):
    terms = DynamicTerms(surcharge, Decimal("0.03"))
    low, high = sorted((a, b))
    assert all_in(low, terms) <= all_in(high, terms)
