"""Prices over time: what a day-by-day look at the spans says, in one query."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from service.errors import InvalidValue
from service.estimate.price_periods import intervals
from service.store import offers, providers, rates
from service.store.models import OfferPriceRow, OfferRow
from service.store.offer_observations import PriceSpan
from service.store.price_history import price_history
from service.store.session import Sessions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ask(market: Sessions, **asked):
    with market.reading() as session:
        return price_history(session, "a10", **asked)


def told(market: Sessions, **asked):
    """first day -> (offers, min, median, max per hour) of each interval that is no gap."""
    return {
        period.first_day.day: (period.offers, spread.minimum, spread.median, spread.maximum)
        for period in ask(market, **asked).periods
        if (spread := period.per_hour)
    }


def keep(market: Sessions, *wanted, at=NOON):
    with market.begin() as session:
        offers.add_all(session, wanted, at)


def test_a_price_holds_from_the_first_to_the_last_day_stated_and_gaps_stay(market, a: SimpleNamespace):
    def on(day, price, **fields):
        return a.offer(as_of=date(2026, 3, day), hourly_price=Decimal(price), **fields)

    keep(
        market,
        on(2, "1"),
        on(4, "1"),
        on(8, "2"),
        on(3, "4", instance="b"),
        on(3, "6", instance="c", gpu_count=2),
    )
    days = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 9)}
    assert told(market, **days) == {
        2: (1, 1, 1, 1), 3: (3, 1, 4, 6), 4: (1, 1, 1, 1), 8: (1, 2, 2, 2),
    }  # fmt: skip
    history = ask(market, **days)
    third = history.periods[2]
    assert third.per_gpu_hour.median == 3 and third.per_gpu_hour.maximum == 4
    assert [p.offers for p in history.periods] == [0, 1, 3, 1, 0, 0, 0, 1, 0]
    assert history.offers == 3 and [s.as_of.day for s in history.sources] == [8]
    assert told(market, gpu_count=2, **days) == {3: (1, 6, 6, 6)}
    assert told(market, provider="nimbus", **days) == {} == told(market, tier="spot", **days)
    # 1 on three days, 2 on one, 4 on one, 6 on one: the median of six days is 1.5.
    assert told(market, interval="month", **days) == {1: (3, 1, 1.5, 6)}
    assert told(market, interval="week", **days) == {2: (3, 1, 1.5, 6)}


def test_the_year_up_to_the_newest_price_and_nothing_at_all(market, a: SimpleNamespace):
    assert ask(market).periods == ()
    keep(market, a.offer(as_of=date(2026, 3, 1)))
    periods = ask(market).periods
    assert (periods[0].first_day, periods[-1].last_day) == (date(2025, 3, 2), date(2026, 3, 1))
    assert len(periods) == 365
    for asked in (
        {"interval": "hour"},
        {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 1)},
        {"first_day": date(1990, 1, 1)},
        {"currency": "XYZ"},
    ):
        with pytest.raises(InvalidValue):
            ask(market, **asked)


def test_each_interval_is_converted_at_its_own_rate(market, a: SimpleNamespace):
    with market.begin() as session:
        rates.put_exchange(session, [a.exchangerate(rate=Decimal(2), as_of=date(2026, 3, 2))])
    day = date(2026, 3, 1)
    keep(market, a.offer(as_of=day, hourly_price=Decimal(10)))
    keep(market, a.offer(as_of=date(2026, 3, 2), hourly_price=Decimal(10)))
    keep(market, a.offer(as_of=day, instance="odd", currency="XYZ"))
    history = ask(market, currency="EUR", first_day=day, last_day=date(2026, 3, 2))
    assert [p.per_hour.minimum for p in history.periods] == [8, 5]
    assert [rate.rate for rate in history.rates] == [Decimal("1.25"), 2]
    assert history.without_rate == 1 and history.offers == 1


OBSERVED = st.tuples(
    st.integers(0, 2), st.integers(1, 12), st.integers(0, 20), st.sampled_from(["1", "2", "3.5"])
)


@example([[(0, 1, 0, "1")], [(0, 1, 1, "2")], [(0, 1, 0, "3.5")]], "day")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.lists(OBSERVED, min_size=1, max_size=6), min_size=1, max_size=4),
    st.sampled_from(["day", "month"]),
)
def test_it_agrees_with_looking_at_every_day(sessions, a, batches, interval):
    """Against the rule of PriceSpan.rank_on applied to each day's covering spans, one by one."""
    with sessions.begin() as session:
        providers.put(session, a.provider())
        session.execute(delete(OfferPriceRow))
        session.execute(delete(OfferRow))
        for batch in batches:
            offers.add_all(
                session,
                [
                    a.offer(instance=f"i{n}", as_of=date(2026, 3, day), hourly_price=Decimal(price),
                            currency="EUR", fetched_at=NOON + timedelta(hours=hours))
                    for n, day, hours, price in batch
                ],
                NOON,
            )  # fmt: skip
        spans: dict[int, list[PriceSpan]] = {}
        for row in session.execute(select(OfferPriceRow)).scalars():
            spans.setdefault(row.offer_id, []).append(
                PriceSpan(
                    row.as_of, row.first_seen, row.last_as_of, row.last_seen, row.hourly_price, "EUR", 1
                )
            )
    first, last = date(2026, 3, 3), date(2026, 3, 10)
    with sessions.reading() as session:
        found = price_history(
            session, "a10", first_day=first, last_day=last, interval=interval, currency="EUR"
        )
    for period, (start, end) in zip(found.periods, intervals(first, last, interval), strict=True):
        seen = []
        for offer, known in spans.items():
            for number in range((end - start).days + 1):
                day = start + timedelta(days=number)
                covering = [s for s in known if s.as_of <= day <= s.last_as_of]
                if covering:
                    seen.append((offer, max(covering, key=lambda s: (s.rank_on(day), s.first_seen)).price))
        assert period.offers == len({offer for offer, _ in seen})
        prices = [price for _, price in seen]
        spread = period.per_hour
        assert (spread is None) == (not prices)
        if spread:
            assert (spread.minimum, spread.maximum) == (min(prices), max(prices))
            assert spread.median == median(prices)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
    st.sampled_from(["day", "week", "month"]),
)
def test_intervals_follow_one_another_and_are_calendar_ones(first, length, interval):
    last = first + timedelta(days=length)
    found = list(intervals(first, last, interval))
    assert found[0][0] == first and found[-1][1] == last
    for (_, end), (start, _) in pairwise(found):
        assert start == end + timedelta(days=1)
        assert interval == "day" or (start.weekday() == 0 if interval == "week" else start.day == 1)
