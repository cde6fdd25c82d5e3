"""Prices over calendar intervals: what an answer about the past consists of, and which offers count in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from service.facts import ExchangeRate, Source

INTERVALS = ("day", "week", "month")
LEAST_INTERVALS = Fraction(2, 3)
"""Of the intervals in which an offer of the series has a price: in fewer, an offer is not counted."""
LEAST_OFFERS = Fraction(1, 2)
"""Of the offers that count: where fewer have a price, the interval is a gap."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Smallest, median and largest of some prices per hour."""

    minimum: Decimal
    median: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class PricePeriod:
    """The prices of one interval; None where fewer than half of the series' offers have one: a gap."""

    first_day: date
    last_day: date
    offers: int
    """Those of the series with a price in it, told for a gap too."""
    per_hour: PriceRange | None
    """Of the whole instance."""
    per_gpu_hour: PriceRange | None


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """One tier and term over the intervals in order, always of the same offers."""

    tier: str
    term_months: int | None
    """Of reserved offers."""
    offers: int
    """Those that count, as `stable_offers` says; 0 where all come and go."""
    offers_priced: int
    """All of this tier and term with a price in the whole time."""
    intervals_priced: int
    """In which any of those has a price; of the others nothing is known of anybody."""
    periods: Sequence[PricePeriod]


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """A series for each tier and term, and what they rest on."""

    series: Sequence[PriceSeries]
    rates: Sequence[ExchangeRate]
    """Every exchange rate used: of each interval, the newest one up to its last day."""
    sources: Sequence[Source]
    """Everybody who stated one of the prices, dated by the last day they did."""
    without_rate: int
    """Offers left out because nobody knows their currency's rate."""


def stable_offers(priced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which offers count: those with a price in most of the intervals in which any offer has one.

    `priced` says for each interval and offer whether it has a price. So that no step of a median is only a
    change of who is listed.
    """
    known = int(priced.any(axis=1).sum())
    is_stable: NDArray[np.bool_] = priced.any(axis=0) & (priced.sum(axis=0) >= float(LEAST_INTERVALS * known))
    return is_stable


def intervals(first_day: date, last_day: date, interval: str) -> Iterator[tuple[date, date]]:
    """First and last day of each calendar interval, the outer ones cut to the period; weeks from Monday."""
    start = first_day
    while start <= last_day:
        if interval == "day":
            end = start
        elif interval == "week":
            end = start + timedelta(days=6 - start.weekday())
        else:
            end = (start.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        end = min(end, last_day)
        yield start, end
        start = end + timedelta(days=1)
