"""Median and quartiles of what one GPU costs, by GPU and tier on a day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from service.store import exchange_rates, offers, price_index

DAY = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def rates(market, a):
    rate = a.exchangerate()
    with market.begin() as session:
        exchange_rates.put_all(session, [rate])
    return {"USD": rate}


def index(market, rates, day=DAY, currency="USD", **asked):
    with market.reading() as session:
        return price_index.price_index(session, day, currency, rates, **asked)


def keep(market, *quoted, at=AT):
    with market.begin() as session:
        offers.add_all(session, quoted, at)


def test_every_offer_counts_once_per_gpu_in_one_currency(market, a, rates):
    two = a.offer(instance="two", gpu_count=2, hourly_price=Decimal(4))
    euro = a.offer(instance="euro", hourly_price=Decimal("2.4"), currency="EUR")
    odd = a.offer(instance="odd", currency="XTS")
    keep(market, a.offer(hourly_price=Decimal(1)), two, euro, odd, a.offer(tier="spot", instance="s"))
    spot, demand = sorted(index(market, rates), key=lambda row: row.offers)
    assert (spot.tier, spot.offers) == ("spot", 1)
    assert (demand.offers, demand.providers, demand.least, demand.median, demand.most) == (3, 1, 1, 2, 3)
    assert (demand.lower_quartile, demand.upper_quartile) == (1.5, 2.5)
    assert index(market, rates, currency="EUR", tier="on_demand")[0].median == 1.6
    assert index(market, rates, gpu="h100-sxm") == []


def test_a_day_knows_the_prices_stated_by_then_and_no_old_ones(market, a, rates):
    keep(market, a.offer(hourly_price=Decimal(1)))
    later = DAY + timedelta(days=10)
    keep(market, a.offer(hourly_price=Decimal(3), as_of=later), at=AT + timedelta(days=10))
    assert [row.median for row in index(market, rates, DAY - timedelta(days=1))] == []
    assert [row.median for row in index(market, rates, DAY + timedelta(days=9))] == [1]
    assert [row.median for row in index(market, rates, later)] == [3]
    assert index(market, rates, later + timedelta(days=31)) == []


def test_what_is_sold_out_now_is_not_in_it(market, a, rates):
    keep(market, a.offer(hourly_price=Decimal(1), in_stock=False), a.offer(instance="x", in_stock=True))
    assert [row.offers for row in index(market, rates)] == [1]
    with market.reading() as session:
        assert price_index.newest_day(session) == DAY
