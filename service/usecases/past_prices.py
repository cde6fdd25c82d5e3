"""What an offer has cost: a range that was, not a forecast."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from service.errors import NotFound
from service.store import offers
from service.store.session import Sessions

PastPrices = Callable[[str], Sequence[tuple[Decimal, str]]]
"""Slug of an offer -> its prices per hour of the last year with their currencies."""
LOOKED_BACK = timedelta(days=365)


def past_prices(sessions: Sessions, asked_at: datetime) -> PastPrices:
    """The stored prices that held within a year before the question and were known by then."""

    def of(slug: str) -> list[tuple[Decimal, str]]:
        with sessions.reading() as session:
            try:
                seen = offers.history(session, slug)
            except NotFound:
                return []
        since = (asked_at - LOOKED_BACK).date()
        return [
            (price.hourly_price, price.currency)
            for price in seen
            if price.last_as_of >= since and price.first_seen <= asked_at
        ]

    return of


def no_past(slug: str) -> list[tuple[Decimal, str]]:
    """Nothing is known of any offer's past."""
    return []
