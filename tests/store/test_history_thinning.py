"""Of a day long past the last price of an offer stays; what is told of any day stays to the digit."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from service.store import exchange_rates, offers
from service.store.history_thinning import thin
from service.store.offers import OfferFilter
from service.store.price_history import price_history
from service.store.price_index import price_index
from service.store.pruning import JOB, prune_when_due
from service.store.session import Sessions

FIRST = date(2025, 1, 1)
DAYS = 12
BEFORE = FIRST + timedelta(days=8)


@pytest.fixture
def hourly(market, a) -> Sessions:
    """Two weeks of prices that change several times a day, some of which stay, one list read out of order."""
    draw = random.Random(7)
    seen = [FIRST + timedelta(days=day) for day in range(DAYS) for _ in range(6)]
    readings = [datetime(d.year, d.month, d.day, 2 + 3 * (n % 6), tzinfo=UTC) for n, d in enumerate(seen)]
    for at in [*readings[12:], *readings[:12]]:
        with market.begin() as session:
            offers.add_all(
                session,
                [
                    a.offer(instance=name, gpu="h100-sxm", as_of=at.date(),
                            hourly_price=Decimal(draw.choice([2, 2, 3, 4])) + i)
                    for i, name in enumerate(("a", "b", "c"))
                    if draw.random() < 0.8
                ],
                at,
            )  # fmt: skip
    return market


def rows(sessions):
    with sessions.reading() as session:
        return session.execute(sa.text("SELECT count(*) FROM offer_prices")).scalar_one()


def told(sessions):
    """Everything that is said of each of the days."""
    with sessions.reading() as session:
        days = [FIRST + timedelta(days=n) for n in range(DAYS)]
        rates = exchange_rates.rates_for(session, days[-1])
        return (
            [
                price_history(
                    session, "h100-sxm", first_day=FIRST, last_day=days[-1], interval=interval, currency="USD"
                ).series
                for interval in ("day", "week", "month")
            ],
            [price_index(session, day, "USD", rates) for day in days],
            [offers.search(session, OfferFilter(as_of=day), limit=10).offers for day in days],
        )


def test_what_is_told_of_any_day_stays_to_the_digit(hourly):
    before, many = told(hourly), rows(hourly)
    going = thin(hourly, BEFORE, dry_run=True)
    assert told(hourly) == before and rows(hourly) == many
    assert thin(hourly, BEFORE) == going > 40
    assert rows(hourly) == many - going
    assert told(hourly) == before
    assert thin(hourly, BEFORE) == 0


def test_what_is_younger_stays_whole(hourly):
    many = rows(hourly)
    assert thin(hourly, FIRST) == 0 and rows(hourly) == many


def test_batches_do_the_same(hourly, monkeypatch):
    monkeypatch.setattr("service.store.history_thinning.AT_ONCE", 7)
    before = told(hourly)
    assert thin(hourly, BEFORE) > 40
    assert told(hourly) == before and thin(hourly, BEFORE) == 0


def test_whoever_watches_prunes_once_a_day(hourly):
    many = rows(hourly)
    prune_when_due(hourly)
    left = rows(hourly)
    assert left < many, "the prices are older than a year"
    with hourly.begin() as session:
        job = session.execute(
            sa.text("SELECT due, owner FROM job_leases WHERE name = :job"), {"job": JOB}
        ).one()
        assert job.owner is None
        offers_on = session.execute(sa.text("SELECT max(as_of) FROM offer_prices")).scalar_one()
    assert str(offers_on)[:10] == str(FIRST + timedelta(days=DAYS - 1))
