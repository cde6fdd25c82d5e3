"""Prices that are not believed, each with its reason, and how long an old price is held against a new."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pricing.checks import Known, check
from pricing.offer_checks import BELIEVED_FOR, LARGEST_CHANGE
from service.facts import CloudOffer, ElectricityRate, ExchangeRate, Source
from service.store.offers import offer_slug

TODAY = date(2026, 11, 24)
SAID = Source("test", "a test's table", "https://example.org", TODAY)


def offer(price, tier="on_demand", **fields):
    quoted = CloudOffer(
        "vast", "x", "eu", None, None, "H100", 1, 80, tier, Decimal(str(price)), "USD", TODAY, SAID
    )
    return replace(quoted, **fields)


def reasons(*offers, known=()):
    before = {offer_slug(o): (o.hourly_price, o.currency, o.as_of) for o in known}
    return [reason for _, reason in check(offers, Known(offers=before, today=TODAY)).rejected]


def test_a_price_ten_times_yesterdays_is_refused_until_the_old_one_is_a_week_old():
    yesterday = offer(2, as_of=TODAY - timedelta(days=1))
    assert reasons(offer(19.9), known=[yesterday]) == []
    assert reasons(offer(20), known=[yesterday]) == ["20 USD/h against 2 before"]
    assert reasons(offer("0.2"), known=[yesterday]) == ["0.2 USD/h against 2 before"]
    assert reasons(offer("0.21"), known=[yesterday]) == []
    old = replace(yesterday, as_of=TODAY - BELIEVED_FOR - timedelta(days=1))
    assert reasons(offer(20), known=[old]) == []
    assert reasons(offer(20, currency="CZK"), known=[yesterday]) == []
    assert reasons(offer(20, instance="another"), known=[yesterday]) == []


def test_spot_above_on_demand_is_refused_and_only_the_spot_price():
    firm, spot = offer(2), offer(3, "spot")
    checked = check([firm, spot], Known())
    assert checked.accepted == (firm,) and "spot 3 above on-demand 2" in checked.rejected[0][1]
    assert reasons(offer(3, "spot"), offer(2, instance="another")) == []
    assert reasons(offer(3, "spot"), offer(2, currency="EUR")) == []
    assert reasons(offer(1, "reserved"), offer(1.5, "spot")) == []


def test_a_household_pays_neither_nothing_nor_absurdly_much():
    def rate(per_kwh, currency="EUR"):
        return ElectricityRate("DE", "Germany", "retail", currency, Decimal(per_kwh), "all", TODAY, SAID)

    known = Known(rates={"HUF": Decimal(400)})
    assert not check([rate("0.39"), rate("40", "HUF")], known).rejected
    assert len(check([rate("0"), rate("38.69"), rate("4000", "HUF"), rate("NaN")], known).rejected) == 4


def test_a_history_that_contradicts_what_is_known_is_refused_whole():
    def series(factor):
        return [
            ExchangeRate("EUR", "USD", Decimal("1.1") * factor, TODAY - timedelta(days=n), SAID)
            for n in range(9)
        ]

    known = Known(rates={"USD": Decimal("1.11")}, rate_days={"USD": TODAY - timedelta(days=2)})
    assert not check(series(1), known).rejected
    refused = check(series(1000), known).rejected
    assert len(refused) == 9 and "known for 2026-11-22" in refused[0][1]
    assert not check(series(1000), Known()).rejected


@given(
    st.lists(
        st.tuples(st.sampled_from(["on_demand", "spot"]), st.decimals("0.001", "900", places=3)), max_size=20
    ),
    st.decimals("0.02", "400", places=3),
)
def test_every_offer_is_either_kept_or_refused_and_what_is_kept_is_believable(rows, before):
    quoted = [offer(price, tier, instance=f"i{n % 3}") for n, (tier, price) in enumerate(rows)]
    known = {offer_slug(o): (before, "USD", TODAY) for o in quoted}
    checked = check(quoted, Known(offers=known, today=TODAY))
    assert len(checked.accepted) + len(checked.rejected) == len(quoted)
    for kept in checked.accepted:
        assert Decimal("0.01") <= kept.hourly_price <= 500
        assert before / Decimal(LARGEST_CHANGE) < kept.hourly_price < before * Decimal(LARGEST_CHANGE)
    for kept in checked.accepted:
        firm = [o.hourly_price for o in checked.accepted if o.tier != "spot" and o.instance == kept.instance]
        assert kept.tier != "spot" or not firm or kept.hourly_price <= max(firm)
