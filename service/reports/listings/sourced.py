"""Numbers beside their unit, source and day, as items of lists and collections show them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from service.estimate.cost import RATE_IS_OLD_AFTER_DAYS, Conversion
from service.facts import UNITS, ExchangeRate, Source


def source_of(unit: str, source: Source) -> dict[str, Any]:
    """Unit, who said so, and when it was true."""
    return {
        "unit": unit,
        "source": source.title,
        "url": source.url,
        "as_of": source.as_of,
        "read_on": source.read_on,
        "licence": source.licence,
    }


def sources_of(sources: Mapping[str, Source]) -> dict[str, dict[str, Any]]:
    """All sourced fields of a fact by name."""
    return {
        field: source_of(UNITS.get(field.rsplit(".", 1)[-1], "1"), source)
        for field, source in sources.items()
    }


def rates_of(converted: Conversion, day: date | None = None) -> list[dict[str, Any]]:
    """The exchange rates an amount was converted with; one too old or too new for `day` says so."""
    return [exchange_rate(rate, day) for rate in converted.rates]


def exchange_rate(rate: ExchangeRate, day: date | None = None) -> dict[str, Any]:
    """One reference rate."""
    return {
        "slug": rate_slug(rate),
        "base": rate.base,
        "quote": rate.quote,
        "rate": str(rate.rate),
        "note": rate_note(rate, day),
        **source_of(f"{rate.quote} per {rate.base}", rate.source),
        "as_of": rate.as_of,
    }


def rate_note(rate: ExchangeRate, day: date | None) -> str:
    """What to know of a rate used for a day: "" for the last one published by then.

    The longest holidays leave five days without a new rate.
    """
    if day is None or 0 <= (age := (day - rate.as_of).days) <= RATE_IS_OLD_AFTER_DAYS:
        return ""
    return f"{age} days older than {day}" if age > 0 else f"{-age} days newer than {day}: none older is known"


def rate_slug(rate: ExchangeRate) -> str:
    """eur-usd-2026-10-30"""
    return f"{rate.base}-{rate.quote}-{rate.as_of}".lower()


def amount(value: Decimal) -> str:
    """An exact amount without exponent, at most nine decimals, no trailing zeros."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return text or "0"
