"""Numbers beside their unit, source and day, as items of lists and collections show them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.estimate.cost import Conversion
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


def rates_of(converted: Conversion) -> list[dict[str, Any]]:
    """The exchange rates an amount was converted with."""
    return [exchange_rate(rate) for rate in converted.rates]


def exchange_rate(rate: ExchangeRate) -> dict[str, Any]:
    """One reference rate."""
    return {
        "slug": rate_slug(rate),
        "base": rate.base,
        "quote": rate.quote,
        "rate": str(rate.rate),
        **source_of(f"{rate.quote} per {rate.base}", rate.source),
        "as_of": rate.as_of,
    }


def rate_slug(rate: ExchangeRate) -> str:
    """eur-usd-2026-10-30"""
    return f"{rate.base}-{rate.quote}-{rate.as_of}".lower()


def amount(value: Decimal) -> str:
    """An exact amount without exponent, at most nine decimals, no trailing zeros."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return text or "0"
