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
    """first day -> (offers, min, median, max per hour) of each interval of the only series that is no gap."""
    series = ask(market, **asked).series
    assert len(series) <= 1
    return {
        period.first_day.day: (period.offers, spread.minimum, spread.median, spread.maximum)
        for one in series
        for period in one.periods
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
    # Of the four days with prices the first offer has all, the others one: they are not counted.
    assert told(market, **days) == {
        2: (1, 1, 1, 1), 3: (1, 1, 1, 1), 4: (1, 1, 1, 1), 8: (1, 2, 2, 2),
    }  # fmt: skip
    history = ask(market, **days)
    (series,) = history.series
    assert [p.offers for p in series.periods] == [0, 1, 1, 1, 0, 0, 0, 1, 0]
    assert (series.offers, series.offers_priced, series.intervals_priced) == (1, 3, 4)
    assert [s.as_of.day for s in history.sources] == [8]
    alone = {"first_day": date(2026, 3, 3), "last_day": date(2026, 3, 3)}
    assert told(market, **alone) == {3: (3, 1, 4, 6)}
    third = ask(market, **alone).series[0].periods[0]
    assert third.per_gpu_hour.median == 3 and third.per_gpu_hour.maximum == 4
    assert told(market, gpu_count=2, **days) == {3: (1, 6, 6, 6)}
    assert told(market, provider="nimbus", **days) == {} == told(market, tier="spot", **days)
    # 1 on three days, 2 on one, 4 on one, 6 on one: the median of six days is 1.5.
    assert told(market, interval="month", **days) == {1: (3, 1, 1.5, 6)}
    assert told(market, interval="week", **days) == {2: (3, 1, 1.5, 6)}


def test_each_tier_and_term_is_a_series_of_its_own(market, a: SimpleNamespace):
    kinds = (("reserved", 36, "1"), ("spot", None, "2"), ("reserved", 12, "3"), ("on_demand", None, "4"))
    keep(
        market,
        *(
            a.offer(tier=tier, term_months=months, hourly_price=Decimal(price), gpu_count=count)
            for tier, months, price in kinds
            for count in (1, 2)
        ),
    )
    day = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 1)}

    def medians(**asked):
        series = ask(market, **asked, **day).series
        return [(one.tier, one.term_months, one.offers, one.periods[0].per_hour.median) for one in series]

    of_tiers = [
        ("on_demand", None, 2, 4),
        ("spot", None, 2, 2),
        ("reserved", 12, 2, 3),
        ("reserved", 36, 2, 1),
    ]
    assert medians() == of_tiers
    assert medians(tier="reserved") == of_tiers[2:]


def test_who_comes_and_goes_moves_no_median_and_too_few_are_a_gap(market, a: SimpleNamespace):
    priced_on = {
        "a": (1, 2, 3, 5, 6),
        "b": (1, 2, 3, 5, 6),
        "c": (1, 2, 4, 6),
        "new": (5, 6),
        "gone": (1, 2, 3),
    }
    keep(
        market,
        *(
            a.offer(instance=name, as_of=date(2026, 3, day), hourly_price=Decimal(price + day))
            for price, (name, days) in enumerate(priced_on.items())
            for day in days
        ),
    )
    days = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 6)}
    # c has a price on four of six days and counts; new and gone do not. On the fourth day c is alone.
    assert told(market, **days) == {
        1: (3, 1, 2, 3), 2: (3, 2, 3, 4), 3: (2, 3, 3.5, 4), 5: (2, 5, 5.5, 6), 6: (3, 6, 7, 8),
    }  # fmt: skip
    series = ask(market, **days).series[0]
    assert (series.offers, series.offers_priced, series.intervals_priced) == (3, 5, 6)
    assert series.periods[3].offers == 1 and series.periods[3].per_gpu_hour is None


def test_where_all_come_and_go_nothing_is_told(market, a: SimpleNamespace):
    keep(market, *(a.offer(instance=f"i{day}", as_of=date(2026, 3, day)) for day in (1, 2)))
    history = ask(market, first_day=date(2026, 3, 1), last_day=date(2026, 3, 2))
    (series,) = history.series
    assert (series.offers, series.offers_priced, series.intervals_priced) == (0, 2, 2)
    assert [p.per_hour for p in series.periods] == [None, None] and history.sources == []


def test_the_year_up_to_the_newest_price_and_nothing_at_all(market, a: SimpleNamespace):
    assert ask(market).series == ()
    keep(market, a.offer(as_of=date(2026, 3, 1)))
    periods = ask(market).series[0].periods
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
    assert [p.per_hour.minimum for p in history.series[0].periods] == [8, 5]
    assert [rate.rate for rate in history.rates] == [Decimal("1.25"), 2]
    assert history.without_rate == 1 and history.series[0].offers_priced == 1


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
    seen = []
    for start, end in intervals(first, last, interval):
        prices: dict[int, list[Decimal]] = {}
        for offer, known in spans.items():
            for number in range((end - start).days + 1):
                day = start + timedelta(days=number)
                covering = [s for s in known if s.as_of <= day <= s.last_as_of]
                if covering:
                    best = max(covering, key=lambda s: (s.rank_on(day), s.first_seen))
                    prices.setdefault(offer, []).append(best.price)
        seen.append(prices)
    some = sum(1 for prices in seen if prices)
    if not some:
        assert not found.series
        return
    (series,) = found.series
    stable = {offer for offer in spans if 3 * sum(offer in prices for prices in seen) >= 2 * some}
    assert (series.offers, series.intervals_priced) == (len(stable), some)
    for period, prices in zip(series.periods, seen, strict=True):
        counted = [prices[offer] for offer in stable if offer in prices]
        assert period.offers == len(counted)
        spread = period.per_hour
        assert (spread is None) == (not counted or 2 * len(counted) < len(stable))
        if spread:
            every = [price for held in counted for price in held]
            assert (spread.minimum, spread.maximum) == (min(every), max(every))
            assert spread.median == median(every)


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
