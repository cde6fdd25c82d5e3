"""Prices over calendar intervals: what an answer about the past consists of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from service.facts import ExchangeRate, Source

INTERVALS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Smallest, median and largest of some prices per hour."""

    minimum: Decimal
    median: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class PricePeriod:
    """The prices of one interval; None where nobody stated any: a gap stays a gap."""

    first_day: date
    last_day: date
    offers: int
    per_hour: PriceRange | None
    """Of the whole instance."""
    per_gpu_hour: PriceRange | None


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """The intervals in order, and what they rest on."""

    periods: Sequence[PricePeriod]
    rates: Sequence[ExchangeRate]
    """Every exchange rate used: of each interval, the newest one up to its last day."""
    sources: Sequence[Source]
    """Everybody who stated one of the prices, dated by the last day they did."""
    offers: int
    without_rate: int
    """Offers left out because nobody knows their currency's rate."""


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
