"""What a GPU cost over time: smallest, median and largest price of its offers per day, week or month.

Each tier and term is a series of its own, over one set of offers (service/estimate/price_periods.py). A price
holds from the first to the last day it was stated for, and not a day longer; where two were stated for a day
the one read later counts. The median is over the days of all offers, so that a price that held for six days
of a week weighs six times as much as one that held for one.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from service.errors import Field, InvalidValue, worded
from service.estimate.price_periods import (
    INTERVALS,
    LEAST_OFFERS,
    PriceHistory,
    PricePeriod,
    PriceRange,
    PriceSeries,
    intervals,
    stable_offers,
)
from service.facts import ExchangeRate
from service.store import exchange_rates, sources
from service.store.column_types import SCALE, from_billionths
from service.store.models import TIERS, OfferPriceRow, OfferRow, ProviderRow

LONGEST_DAYS = 3660
MOST_CELLS = 20_000_000
"""Offers times days looked at in one answer."""
USUAL_DAYS = 365

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class _Spans:
    kinds: Sequence[tuple[str, int]]
    """Tier and term in months of each offer, by its number."""
    offer: NDArray[np.int64]
    """Number of the offer, from 0."""
    gpu_count: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    """Days as date.toordinal() counts them."""
    first_seen: NDArray[np.int64]
    last_seen: NDArray[np.int64]
    billionths: NDArray[np.int64]
    currency: tuple[str, ...]
    source: NDArray[np.int64]


def first_day(session: Session) -> date | None:
    """The day of the oldest price that is known of any offer; None while there is none."""
    return session.execute(sa.select(sa.func.min(_prices.c.as_of))).scalar()


def price_history(
    session: Session,
    gpu: str,
    *,
    gpu_count: int | None = None,
    tier: str | None = None,
    provider: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    interval: str = "day",
    currency: str = "USD",
) -> PriceHistory:
    """Prices of a GPU's offers, listed or not, per interval in one currency.

    Without days: the year up to the newest price. Raises InvalidValue for an unknown interval, for days in
    the wrong order, for a period or a number of offers too large for one answer.
    """
    if interval not in INTERVALS:
        raise InvalidValue("interval", interval, worded("unknown"), INTERVALS)
    conditions = [_offers.c.gpu == gpu]
    if gpu_count is not None:
        conditions.append(_offers.c.gpu_count == gpu_count)
    if tier is not None:
        conditions.append(_offers.c.tier == tier)
    if provider is not None:
        sold_by = sa.select(_providers.c.id).where(_providers.c.slug == provider).scalar_subquery()
        conditions.append(_offers.c.provider_id == sold_by)
    newest = session.execute(sa.select(sa.func.max(_offers.c.as_of)).where(*conditions)).scalar()
    last_day = last_day or newest
    if last_day is None:
        return PriceHistory((), (), (), 0)
    first_day = first_day or last_day - timedelta(days=USUAL_DAYS - 1)
    days = (last_day - first_day).days + 1
    if days < 1:
        raise InvalidValue(
            "from", first_day.isoformat(), worded("is after {last_day}", last_day=last_day.isoformat())
        )
    if days > LONGEST_DAYS:
        raise InvalidValue(
            "from",
            first_day.isoformat(),
            worded(
                "is more than {longest_days} days before `{to}`", longest_days=LONGEST_DAYS, to=Field("to")
            ),
        )
    spans = _spans(session, conditions, first_day, last_day)
    count = len(spans.kinds)
    if count * days > MOST_CELLS:
        raise InvalidValue(
            "from",
            first_day.isoformat(),
            worded("{count} offers are too many for {days} days", count=count, days=days),
        )
    rates = {
        quote: [] if quote == "EUR" else exchange_rates.history(session, quote, first_day, last_day)
        for quote in {*spans.currency, currency}
    }
    return _summed_up(session, spans, first_day, last_day, interval=interval, currency=currency, rates=rates)


def _spans(
    session: Session, conditions: Sequence[sa.ColumnElement[bool]], first_day: date, last_day: date
) -> _Spans:
    c = _prices.c
    statement = (
        sa.select(
            c.offer_id, _offers.c.gpu_count, c.as_of, c.last_as_of, c.first_seen, c.last_seen, c.hourly_price,
            c.currency, c.source_id,
        )
        .join(_offers, _offers.c.id == c.offer_id)
        .where(*conditions, c.as_of <= last_day, c.last_as_of >= first_day)
    )  # fmt: skip
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        # As they are stored: making 50,000 dates and decimals takes longer than finding them.
        plain = {"hourly_price": sa.BigInteger(), "gpu_count": sa.Integer()}
        columns = [
            sa.type_coerce(column, plain.get(column.name, sa.String()))
            for column in statement.selected_columns
        ]
        statement = statement.with_only_columns(*columns)
    rows = session.connection().execute(statement).all()
    columns_ = list(zip(*rows, strict=True)) if rows else [()] * 9
    offer, gpu_count, as_of, last_as_of, first_seen, last_seen, price, currency, source = columns_
    if not is_sqlite:
        price = tuple(int(p * SCALE) for p in price)
        first_seen, last_seen = (
            tuple(at.replace(tzinfo=None) for at in column) for column in (first_seen, last_seen)
        )
    epoch = date(1970, 1, 1).toordinal()

    def day(values: Any) -> NDArray[np.int64]:
        return np.array(values, dtype="datetime64[D]").astype(np.int64) + epoch

    def instant(values: Any) -> NDArray[np.int64]:
        return np.array(values, dtype="datetime64[us]").astype(np.int64)

    whole = np.int64
    ids, numbers = np.unique(np.array(offer, dtype=whole), return_inverse=True)
    named = sa.select(_offers.c.id, _offers.c.tier, _offers.c.term_months).where(*conditions)
    kinds = {row.id: (row.tier, row.term_months) for row in session.execute(named)}
    return _Spans(
        kinds=[kinds[int(one)] for one in ids],
        offer=numbers,
        gpu_count=np.array(gpu_count, whole),
        first=day(as_of),
        last=day(last_as_of),
        first_seen=instant(first_seen),
        last_seen=instant(last_seen),
        billionths=np.array(price, whole),
        currency=currency,
        source=np.array(source, whole),
    )


def _told(spans: _Spans, first: int, days: int) -> NDArray[np.int32]:
    """Day by offer: which span tells the price, -1 where none does. The same ranking as PriceSpan.rank_on."""
    told = np.full((days, len(spans.kinds)), -1, dtype=np.int32)
    order = np.lexsort((spans.first_seen, spans.first))
    start = np.clip(spans.first[order] - first, 0, days)
    length = np.clip(spans.last[order] - first + 1, 0, days) - start
    span = np.repeat(order, length)
    within = np.arange(len(span)) - np.repeat(np.cumsum(length) - length, length)
    # Of equal places numpy keeps what is assigned last: the span that begins later.
    told[np.repeat(start, length) + within, spans.offer[span]] = span
    ends = np.concatenate([np.arange(len(spans.offer))] * 2)
    day = np.concatenate([spans.first, spans.last]) - first
    seen = np.concatenate([spans.first_seen, spans.last_seen])
    order = np.lexsort((spans.first_seen[ends], seen))
    order = order[(day[order] >= 0) & (day[order] < days)]
    told[day[order], spans.offer[ends[order]]] = ends[order]
    return told


def _summed_up(
    session: Session,
    spans: _Spans,
    first_day: date,
    last_day: date,
    *,
    interval: str,
    currency: str,
    rates: dict[str, list[ExchangeRate]],
) -> PriceHistory:
    quotes = sorted(rates)
    quote_of = {quote: i for i, quote in enumerate(quotes)}
    of_span = np.array([quote_of[quote] for quote in spans.currency], dtype=np.int64)
    unknown = np.array([quote != "EUR" and not rates[quote] for quote in quotes])
    if unknown[quote_of[currency]]:
        raise InvalidValue("currency", currency, worded("no exchange rate is stored"))
    if not len(of_span):
        return PriceHistory((), (), (), 0)
    told = _told(spans, first_day.toordinal(), (last_day - first_day).days + 1)
    told[(told >= 0) & unknown[of_span[told]]] = -1
    used_rates: dict[tuple[str, date], ExchangeRate] = {}
    used_spans = []
    factors_on = cache(lambda day: _factors(quotes, currency, rates, day, used_rates))

    def spreads(told: NDArray[np.int32], day: date) -> tuple[PriceRange, PriceRange]:
        used_spans.append(told)
        return _spreads(spans, told, of_span, factors_on(day))

    calendar = list(intervals(first_day, last_day, interval))
    series = []
    for kind in sorted({*spans.kinds}, key=lambda kind: (TIERS.index(kind[0]), kind[1])):
        offers = [number for number, its in enumerate(spans.kinds) if its == kind]
        blocks = np.split(told[:, offers], [(start - first_day).days for start, _ in calendar[1:]])
        if (told[:, offers] >= 0).any():
            series.append(_series(kind, calendar, blocks, spreads))
    used = np.unique(np.concatenate(used_spans)) if used_spans else np.array([], np.int64)
    stated = sources.by_id(session) if len(used) else {}
    said = []
    for source_id in np.unique(spans.source[used]):
        last = int(spans.last[used][spans.source[used] == source_id].max())
        said.append(sources.stated(stated[int(source_id)], date.fromordinal(min(last, last_day.toordinal()))))
    return PriceHistory(
        series,
        [used_rates[key] for key in sorted(used_rates)],
        sorted(said, key=lambda source: source.slug),
        len(np.unique(spans.offer[unknown[of_span]])),
    )


def _series(
    kind: tuple[str, int],
    calendar: Sequence[tuple[date, date]],
    blocks: Sequence[NDArray[np.int32]],
    spreads: Callable[[NDArray[np.int32], date], tuple[PriceRange, PriceRange]],
) -> PriceSeries:
    """A tier and term in intervals; `blocks` are what `_told` says of its offers in each, one at least."""
    priced = np.array([(block >= 0).any(axis=0) for block in blocks])
    is_stable = stable_offers(priced)
    offers = int(is_stable.sum())
    periods = []
    for (start, end), block, has_price in zip(calendar, blocks, priced, strict=True):
        held = int((has_price & is_stable).sum())
        per_hour = per_gpu_hour = None
        if held and held >= LEAST_OFFERS * offers:
            told = block[:, is_stable]
            per_hour, per_gpu_hour = spreads(told[told >= 0], end)
        periods.append(PricePeriod(start, end, held, per_hour, per_gpu_hour))
    tier, term_months = kind
    offers_priced, intervals_priced = (int(priced.any(axis=axis).sum()) for axis in (0, 1))
    return PriceSeries(tier, term_months or None, offers, offers_priced, intervals_priced, periods)


def _spreads(
    spans: _Spans, told: NDArray[np.int32], quote: NDArray[np.int64], factors: Sequence[Decimal]
) -> tuple[PriceRange, PriceRange]:
    """Per hour of the whole machine and of each GPU; `told` is not empty."""
    floats = np.array([float(factor) for factor in factors])
    per_hour = spans.billionths[told] * floats[quote[told]]

    def exact(span: int) -> Decimal:
        return from_billionths(int(spans.billionths[span])) * factors[int(quote[span])]

    def exact_per_gpu(span: int) -> Decimal:
        return exact(span) / int(spans.gpu_count[span])

    return (
        _spread(per_hour, told, exact),
        _spread(per_hour / spans.gpu_count[told], told, exact_per_gpu),
    )


def _spread(values: NDArray[Any], told: NDArray[np.int32], exact: Callable[[int], Decimal]) -> PriceRange:
    order = np.argsort(values, kind="stable")
    low, high = (len(order) - 1) // 2, len(order) // 2
    at = [exact(int(told[order[i]])) for i in (0, low, high, -1)]
    return PriceRange(at[0], (at[1] + at[2]) / 2, at[3])


def _factors(
    quotes: Sequence[str],
    currency: str,
    rates: dict[str, list[ExchangeRate]],
    day: date,
    used: dict[tuple[str, date], ExchangeRate],
) -> list[Decimal]:
    """What one unit of each currency is worth in `currency` on a day."""

    def per_eur(quote: str) -> Decimal:
        known = rates[quote]
        if quote == "EUR" or not known:
            return Decimal(1)
        rate = known[max(0, bisect_right(known, day, key=lambda rate: rate.as_of) - 1)]
        if len(quotes) > 1:
            used[quote, rate.as_of] = rate
        return rate.rate

    worth = per_eur(currency)
    return [Decimal(1) if quote == currency else worth / per_eur(quote) for quote in quotes]
