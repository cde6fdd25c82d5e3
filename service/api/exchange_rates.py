"""/api/v1/exchange-rates"""

from datetime import date
from typing import Any

from pydantic import Field

from service.answers.asked import Day
from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.schemas import SourceOut, page_of
from service.facts import ExchangeRate
from service.reports.listings.sourced import exchange_rate, rate_slug
from service.state import state
from service.store import exchange_rates
from service.store.snapshot import Snapshot


class ExchangeRateQuery(PageQuery):
    """Which rates: the newest known on a day."""

    quote: str | None = Field(None, pattern="^[A-Za-z]{3}$")
    as_of: Day | None = Field(None, description="The newest rate of each currency up to this day")


class ExchangeRateOut(SourceOut):
    """Units of `quote` for one `base` on the rate's own day; exact decimal."""

    slug: str
    base: str
    quote: str
    rate: str
    note: str = Field(description="Where the rate's day is not that of the question: how far off it is")


def find(snapshot: Snapshot, query: ExchangeRateQuery) -> Page:
    """Rates that match, by currency."""
    newest = rates_on(snapshot, query.as_of)
    rows = [newest[quote] for quote in sorted(newest) if query.quote in (None, quote, quote.lower())]
    return sliced(rows, query, lambda rate: exchange_rate(rate, query.as_of))


def rates_on(snapshot: Snapshot, day: date | None) -> dict[str, ExchangeRate]:
    """The newest rate of each currency, or the newest up to a day."""
    if day is None:
        return dict(snapshot.exchange)
    with state().sessions.reading() as session:
        return exchange_rates.rates_on(session, day)


def get(snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One rate, as eur-usd-2026-10-30."""
    try:
        day = date.fromisoformat(slug[-10:])
    except ValueError:
        return None
    matches = (rate for rate in rates_on(snapshot, day).values() if rate_slug(rate) == slug)
    return next((exchange_rate(rate) for rate in matches), None)


blueprint = publish(
    Collection(
        name="exchange-rates",
        one="exchange rate",
        summary="exchange rates",
        query=ExchangeRateQuery,
        item=ExchangeRateOut,
        page=page_of("ExchangeRatePage", ExchangeRateOut),
        find=find,
        get=get,
    )
)
