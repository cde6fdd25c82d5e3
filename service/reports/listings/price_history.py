"""The price of a GPU over time as plain values, for REST and the command line alike."""

from typing import Any

from service.estimate.price_periods import PriceHistory, PricePeriod, PriceRange, PriceSeries
from service.reports.listings.sourced import amount, exchange_rate


def price_history_item(
    history: PriceHistory, asked: dict[str, Any], interval: str, currency: str
) -> dict[str, Any]:
    """The whole answer: what was asked, a series per tier and term, the rates and sources behind them."""
    return {
        **asked,
        "interval": interval,
        "currency": currency,
        "unit": f"{currency}/h",
        "offers_without_exchange_rate": history.without_rate,
        "series": [_series(one) for one in history.series],
        "exchange_rates": [exchange_rate(rate) for rate in history.rates],
        "sources": [
            {"source": source.title, "url": source.url, "as_of": source.as_of, "licence": source.licence}
            for source in history.sources
        ],
    }


def _series(series: PriceSeries) -> dict[str, Any]:
    return {
        "tier": series.tier,
        "term_months": series.term_months,
        "offers": series.offers,
        "offers_priced": series.offers_priced,
        "intervals_priced": series.intervals_priced,
        "periods": [_period(period) for period in series.periods],
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
