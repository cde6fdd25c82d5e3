"""The price of a GPU over time as plain values, for REST and the command line alike."""

from typing import Any

from service.estimate.price_periods import PriceHistory, PricePeriod, PriceRange
from service.reports.listings.sourced import amount, exchange_rate


def price_history_item(
    history: PriceHistory, asked: dict[str, Any], interval: str, currency: str
) -> dict[str, Any]:
    """The whole answer: what was asked, the intervals, the rates and sources behind them."""
    return {
        **asked,
        "interval": interval,
        "currency": currency,
        "unit": f"{currency}/h",
        "offers": history.offers,
        "offers_without_exchange_rate": history.without_rate,
        "periods": [_period(period) for period in history.periods],
        "exchange_rates": [exchange_rate(rate) for rate in history.rates],
        "sources": [
            {"source": source.title, "url": source.url, "as_of": source.as_of, "licence": source.licence}
            for source in history.sources
        ],
    }


def _period(period: PricePeriod) -> dict[str, Any]:
    return {
        "first_day": period.first_day,
        "last_day": period.last_day,
        "offers": period.offers,
        "price_per_hour": _spread(period.per_hour),
        "price_per_gpu_hour": _spread(period.per_gpu_hour),
    }


def _spread(spread: PriceRange | None) -> dict[str, str] | None:
    """Smallest, median and largest price; None for a gap."""
    if spread is None:
        return None
    return {"min": amount(spread.minimum), "median": amount(spread.median), "max": amount(spread.maximum)}
