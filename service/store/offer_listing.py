"""Which offers are still listed: what a newer answer of a list leaves out is history, not an offer."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store import offer_stock, versions
from service.store.models import OfferPriceRow, OfferRow
from service.store.offer_intake import CHUNK

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]

LEAST_SHARE_LISTED = 0.5
"""An answer that is shorter than this share of what the list named before is a broken list, not a market that
emptied; one of the usual length with other offers is a market that moved."""
BROKEN_FOR = timedelta(hours=12)
"""A list whose answers stay so short for longer, or twice where it is read more rarely, has become short."""


def listed(session: Session, origin: str) -> dict[str, tuple[Decimal, str, date]]:
    """Slug -> price per hour, its currency and its day, of every offer that a list still names."""
    c = _offers.c
    statement = sa.select(c.slug, c.hourly_price, c.currency, c.as_of).where(
        c.origin == origin, c.unlisted_since.is_(None)
    )
    return {slug: (price, currency, as_of) for slug, price, currency, as_of in session.execute(statement)}


def listed_in(session: Session, origin: str, regions: Collection[str]) -> set[str]:
    """The slugs of the offers in these regions, in any case, that a list still names."""
    c = _offers.c
    wanted = sorted(region.lower() for region in regions)
    statement = sa.select(c.slug).where(
        c.origin == origin, c.unlisted_since.is_(None), sa.func.lower(c.region).in_(wanted)
    )
    return set(session.scalars(statement))


def unnamed(session: Session, origin: str, named: Collection[str]) -> set[str]:
    """The slugs that are listed although the newest answer of their list does not name them."""
    c = _offers.c
    listed_now = sa.select(c.slug).where(c.origin == origin, c.unlisted_since.is_(None))
    return set(session.scalars(listed_now)).difference(named)


def unlist_missing(session: Session, origin: str, named: Collection[str], at: datetime) -> int | None:
    """Mark what a list no longer names as unlisted; `named` holds the slugs of its newest answer, whose
    offers are not added yet.

    Returns how many, or None where the answer is so short that the list must be broken: then nothing is
    marked.
    """
    versions.lock(session)
    c = _offers.c
    seen = sa.select(c.slug, c.fetched_at).where(c.origin == origin, c.unlisted_since.is_(None))
    known = {slug: last_seen for slug, last_seen in session.execute(seen)}
    gone = sorted(known.keys() - set(named))
    if not gone:
        return 0
    since = max(known.values()) - BROKEN_FOR
    if len(named) < LEAST_SHARE_LISTED * sum(last_seen >= since for last_seen in known.values()):
        return None
    for start in range(0, len(gone), CHUNK):
        session.execute(
            sa.update(_offers)
            .where(_offers.c.slug.in_(gone[start : start + CHUNK]))
            .values(unlisted_since=at),
            execution_options={"synchronize_session": False},
        )
    versions.bump(session)
    return len(gone)


def seen_again(session: Session, origin: str, at: datetime, not_seen: Collection[str] = ()) -> None:
    """Say when every offer that a list still names was last read, except those whose price was not.

    No fact changes by it, so neither does the data version.
    """
    listed_now = sa.and_(
        _offers.c.origin == origin, _offers.c.unlisted_since.is_(None), _offers.c.fetched_at < at
    )
    # A statement takes so many values and no more (SQLite 32,766): a list that lost most of its rows names
    # the ones it kept.
    if len(not_seen) <= CHUNK:
        seen = [_offers.c.slug.not_in(sorted(not_seen))]
    else:
        kept = sorted(set(listed(session, origin)) - set(not_seen))
        parts = (kept[i : i + CHUNK] for i in range(0, len(kept), CHUNK))
        seen = [_offers.c.slug.in_(part) for part in parts]
    for some in seen:
        read = sa.and_(listed_now, some)
        session.execute(
            sa.update(_prices).where(_is_current(read)).values(last_seen=at),
            execution_options={"synchronize_session": False},
        )
        session.execute(
            sa.update(_offers).where(read).values(fetched_at=at),
            execution_options={"synchronize_session": False},
        )


def _is_current(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Rows of the history that hold the newest price of an offer for which the condition is true."""
    return sa.exists().where(
        _offers.c.id == _prices.c.offer_id,
        _offers.c.price_since == _prices.c.as_of,
        _offers.c.price_first_seen == _prices.c.first_seen,
        condition,
    )


def confirm(session: Session, origin: str, at: datetime, answered_at: datetime | None = None) -> int:
    """Say that a list still names its offers at the same prices; returns how many were known for an earlier
    day. For a source that answers "not modified": of the offers that its last answer, read `answered_at`,
    named; of all where that is not known."""
    versions.lock(session)
    offer_stock.still_there(session, origin, at, answered_at)
    today = at.date()
    older = sa.and_(_offers.c.origin == origin, _offers.c.unlisted_since.is_(None), _offers.c.as_of < today)
    if answered_at is not None:
        older = sa.and_(older, _offers.c.fetched_at >= answered_at)
    session.execute(
        sa.update(_prices).where(_is_current(older)).values(last_as_of=today, last_seen=at),
        execution_options={"synchronize_session": False},
    )
    confirmed = session.execute(
        sa.update(_offers).where(older).values(as_of=today, fetched_at=at).returning(_offers.c.id),
        execution_options={"synchronize_session": False},
    ).all()
    if confirmed:
        versions.bump(session)
    return len(confirmed)
