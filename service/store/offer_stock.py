"""Whether offers can be rented: what a source tells of it moves no price and no history."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store import versions
from service.store.models import OfferRow

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
CHUNK = 5_000

Stock = tuple[bool, int | None, datetime]
"""In stock or not, how many where they are counted, and when that was read."""


def keep(session: Session, told: Iterable[tuple[str, Stock]]) -> int:
    """Keep what was read of offers by slug; returns of how many it is news whether they can be rented.

    What was read before the offer's newest price changes nothing. Only the news moves the data version:
    a later time at which a machine is still free would make every answer a new one.
    """
    groups: dict[Stock, list[str]] = {}
    for slug, stock in told:
        groups.setdefault(stock, []).append(slug)
    news = 0
    for (in_stock, count, at), slugs in groups.items():
        for start in range(0, len(slugs), CHUNK):
            current = sa.and_(_offers.c.slug.in_(slugs[start : start + CHUNK]), _offers.c.fetched_at <= at)
            other = sa.and_(current, _offers.c.in_stock.is_distinct_from(in_stock))
            news += session.execute(sa.select(sa.func.count()).select_from(_offers).where(other)).scalar_one()
            seen = {"rentable_count": count, "seen_rentable_at": at} if in_stock else {}
            _update(session, current, {"in_stock": in_stock, **seen})
    if news:
        versions.bump(session)
    return news


def still_there(session: Session, origin: str, at: datetime, answered_at: datetime | None = None) -> None:
    """What a list has in stock is still there: its answer, read `answered_at`, has not changed."""
    listed = sa.and_(_offers.c.origin == origin, _offers.c.unlisted_since.is_(None), _offers.c.in_stock)
    if answered_at is not None:
        listed = sa.and_(listed, _offers.c.fetched_at >= answered_at)
    _update(session, listed, {"seen_rentable_at": at})


def _update(session: Session, which: sa.ColumnElement[bool], values: dict[str, object]) -> None:
    session.execute(
        sa.update(_offers).where(which).values(values), execution_options={"synchronize_session": False}
    )
