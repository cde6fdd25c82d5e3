"""Prices of long ago: of several within a day the last one stays, which is the one that tells the day.

A row of the history is a span, a price from the first to the last day it was stated for; where nothing
changes there is nothing to sum up. What grows are prices that change within a day. The earlier ones of a day
are told by no day any more (`PriceSpan.rank_on`): histories, medians and answers of a day stay as they are.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.models import OfferPriceRow, OfferRow
from service.store.session import Sessions

AT_ONCE = 2_000
"""Rows that one transaction deletes: writers wait for no longer than these take."""
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]
_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]


def thin(sessions: Sessions, before: date, *, dry_run: bool = False) -> int:
    """Delete, with `dry_run` only count, prices stated for one day before that one and followed by another
    price of the same offer within the day; the oldest days first. Returns how many."""
    with sessions.reading() as session:
        untold = list(_untold(session, before))
    if not dry_run:
        for start in range(0, len(untold), AT_ONCE):
            _delete(sessions, untold[start : start + AT_ONCE])
    return len(untold)


def _untold(session: Session, before: date) -> Iterator[Any]:
    p, later, o = _prices.c, _prices.alias("later"), _offers.c
    followed = sa.exists().where(
        later.c.offer_id == p.offer_id, later.c.as_of == p.as_of, later.c.first_seen > p.last_seen
    )
    current = sa.exists().where(
        o.id == p.offer_id, o.price_since == p.as_of, o.price_first_seen == p.first_seen
    )
    statement = (
        sa.select(p.offer_id, p.as_of, p.first_seen)
        .where(p.as_of < before, p.last_as_of == p.as_of, followed, ~current)
        .order_by(p.as_of, p.offer_id, p.first_seen)
    )
    yield from session.execute(statement)


def _delete(sessions: Sessions, keys: list[Any]) -> None:
    p = _prices.c
    one = sa.delete(_prices).where(
        p.offer_id == sa.bindparam("offer"),
        p.as_of == sa.bindparam("day"),
        p.first_seen == sa.bindparam("seen"),
    )
    with sessions.begin() as session:
        session.connection().execute(one, [{"offer": k[0], "day": k[1], "seen": k[2]} for k in keys])
