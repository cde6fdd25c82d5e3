"""What one GPU costs an hour across offers: median and quartiles by GPU and tier on a day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.index_check import IndexCheck, Median, beside
from service.facts import ExchangeRate, Tier
from service.store import exchange_rates, rental_indices
from service.store.models import OfferPriceRow, OfferRow
from service.store.superseding import is_current

OLDEST_DAYS = 30
"""A price that was last stated longer ago is none of that day."""

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class IndexRow:
    """Prices per GPU and hour of a GPU and tier on a day, in one currency; of `offers` of `providers`."""

    gpu: str
    tier: Tier
    day: date
    offers: int
    providers: int
    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    most: float
    checks: tuple[IndexCheck, ...] = ()
    """What indices of that time say of the card."""


def newest_day(session: Session) -> date | None:
    """The newest day for which any offer of a known GPU states a price."""
    statement = sa.select(sa.func.max(_offers.c.as_of)).where(_offers.c.gpu.is_not(None))
    return session.execute(statement).scalar()


def price_index(
    session: Session,
    day: date,
    currency: str,
    rates: Mapping[str, ExchangeRate],
    *,
    gpu: str | None = None,
    tier: str | None = None,
) -> list[IndexRow]:
    """The index of a day by GPU and tier: every offer then listed counts once, at the price last stated by
    then and at most `OLDEST_DAYS` before. Prices whose currency has no rate are left out; so is, where it is
    told, what was sold out. `rates` are units of a currency per EUR. Each row carries what indices say.
    """
    units = {"EUR": Decimal(1)} | {quote: rate.rate for quote, rate in rates.items()}

    def turned(price: Decimal, quoted_in: str) -> float:
        return float(price / units[quoted_in] * units[currency])

    told = [
        (index, turned(index.per_gpu_hour, index.currency))
        for index in rental_indices.of_day(session, day)
        if index.currency in units
    ]
    # What an index's name may mean is judged together.
    cards = {gpu}.union(*(index.gpus for index, _ in told if gpu in index.gpus)) if gpu else None
    found: dict[tuple[str, Tier], list[tuple[int, float]]] = {}
    for row in _last_stated(session, day, cards, tier).values():
        if row.currency in units:
            per_gpu = turned(row.hourly_price, row.currency) / row.gpu_count
            found.setdefault((row.gpu, row.tier), []).append((row.provider_id, per_gpu))
    rows = [_row(*key, day, found[key]) for key in sorted(found)]
    medians = [Median(row.gpu, row.tier, day, row.median) for row in rows]
    return [
        replace(row, checks=tuple(beside(median, medians, told)))
        for row, median in zip(rows, medians, strict=True)
        if gpu in (None, row.gpu)
    ]


def off_the_indices(session: Session) -> tuple[str, list[tuple[IndexRow, IndexCheck]], int]:
    """Medians of the newest day that are far off an index, the furthest first, with their currency and how
    many were held against one."""
    day = newest_day(session)
    if day is None:
        return "EUR", [], 0
    rates = exchange_rates.rates_for(session, day)
    currency = "USD" if "USD" in rates else "EUR"
    checks = [(row, one) for row in price_index(session, day, currency, rates) for one in row.checks]
    off = [pair for pair in checks if pair[1].is_off]
    return currency, sorted(off, key=lambda pair: -abs(pair[1].off)), len(checks)


def _last_stated(
    session: Session, day: date, gpus: Collection[str] | None, tier: str | None
) -> dict[int, Any]:
    """Offer -> its price last stated by that day."""
    end = datetime.combine(day, time.max, UTC)
    o, p = _offers.c, _prices.c
    statement = (
        sa.select(p.offer_id, o.gpu, o.tier, o.gpu_count, o.provider_id, p.hourly_price, p.currency)
        .join(_offers, o.id == p.offer_id)
        .where(
            o.gpu.is_not(None),
            p.as_of <= day,
            p.last_as_of >= day - timedelta(days=OLDEST_DAYS),
            *is_current(end),
            sa.or_(o.in_stock.is_distinct_from(sa.false()), o.as_of > day),
            *([o.gpu.in_(sorted(gpus))] if gpus else []),
            *([o.tier == tier] if tier else []),
        )
        .order_by(p.as_of, p.first_seen)
    )
    return {row.offer_id: row for row in session.execute(statement)}


def _row(gpu: str, tier: Tier, day: date, priced: list[tuple[int, float]]) -> IndexRow:
    prices = np.array([price for _, price in priced])
    least, lower, median, upper, most = (float(q) for q in np.quantile(prices, (0, 0.25, 0.5, 0.75, 1)))
    providers = len({provider for provider, _ in priced})
    return IndexRow(gpu, tier, day, len(priced), providers, least, lower, median, upper, most)
