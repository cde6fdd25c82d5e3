"""Electricity prices by the slot: wholesale, which no home pays, and dynamic tariffs with all in.

Several sources price the same day; one of them answers for it (service/estimate/market_day.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate import market_day
from service.estimate.market_day import Cover
from service.facts import Source, SpotPrice
from service.store import sources, versions
from service.store.models import SpotPriceRow

_spot: sa.Table = SpotPriceRow.__table__  # type: ignore[assignment]
_COLUMNS = ("slot_start", "slot_end", "per_mwh", "currency", "fetched_at", "taxes", "source_id")
READING_ORDER = ("energy-charts", "smard", "awattar", "entsoe")
"""Beginnings of source slugs: who is believed first where several priced the same day."""


@dataclass(frozen=True, slots=True)
class PricedDay:
    """A market day of a zone as one source tells it."""

    zone: str
    cover: Cover
    """Which day, and how much of it is priced."""
    prices: tuple[SpotPrice, ...]
    """In order, none over another, all of one source."""

    @property
    def source(self) -> Source:
        """Who answered."""
        return self.prices[0].source


def day(session: Session, zone: str, on: date) -> PricedDay | None:
    """A market day as the first source of the reading order tells it whose day is complete.

    Where no source knows all of it, as the one that knows most; None where nobody knows anything.
    """
    return next(iter(days(session, zone, on, on)), None)


def days(session: Session, zone: str, first: date, last: date) -> list[PricedDay]:
    """The market days from first to last of which anything is known, each as `day` tells it."""
    said = sources.by_id(session)
    begin, end = market_day.bounds(first)[0], market_day.bounds(last)[1]
    columns = (_spot.c[name] for name in _COLUMNS)
    statement = sa.select(*columns).where(
        _spot.c.zone == zone, _spot.c.slot_start >= begin, _spot.c.slot_start < end
    )
    priced: dict[date, dict[str, list[SpotPrice]]] = {}
    stated: dict[tuple[int, date], Source] = {}
    # A year of quarter-hours is read for one question: days and sources are looked up once, not per row.
    on, ends = first, begin
    for start, slot_end, per_mwh, currency, fetched_at, taxes, who in session.execute(
        statement.order_by(_spot.c.slot_start)
    ):
        if start >= ends:
            on = market_day.day_of(start)
            ends = market_day.bounds(on)[1]
        key = (who, start.date())
        source = stated.get(key) or stated.setdefault(key, sources.stated(said[who], start.date()))
        price = SpotPrice(zone, start, slot_end, per_mwh, currency, source, fetched_at, taxes)
        priced.setdefault(on, {}).setdefault(source.slug, []).append(price)
    found = []
    for on, by_source in sorted(priced.items()):
        answer = market_day.chosen(on, by_source, _rank)
        if answer is not None:
            prices = answer[1]
            found.append(PricedDay(zone, market_day.cover(on, prices), tuple(prices)))
    return found


def between(session: Session, zone: str, start: datetime, end: datetime) -> list[SpotPrice]:
    """The prices of the slots that begin in [start, end), in order, each day's from one source."""
    if start >= end:
        return []
    found = days(session, zone, market_day.day_of(start), market_day.day_of(end))
    return [price for known in found for price in known.prices if start <= price.slot_start < end]


def zones(session: Session) -> list[str]:
    """Every zone that has prices."""
    return list(session.execute(sa.select(_spot.c.zone).distinct().order_by(_spot.c.zone)).scalars())


def last_day(session: Session, zone: str) -> date | None:
    """The newest market day of a zone of which anything is known."""
    newest = session.execute(sa.select(sa.func.max(_spot.c.slot_start)).where(_spot.c.zone == zone)).scalar()
    return None if newest is None else market_day.day_of(newest)


def last_complete_day(
    session: Session, zone: str, today: date, source: str | None = None, look_back_days: int = 1
) -> date | None:
    """The newest market day, not older than `today` less some days, of which every instant is priced.

    With `source`, the beginning of a source's slug, by that source alone.
    """
    first, last = today - timedelta(days=look_back_days), today + timedelta(days=1)
    return max(complete_days(session, zone, first, last, source), default=None)


def complete_days(
    session: Session, zone: str, first: date, last: date, source: str | None = None
) -> frozenset[date]:
    """The market days from first to last of which some source prices every instant.

    With `source`, the beginning of a source's slug, by that source alone.
    """
    begin, end = market_day.bounds(first)[0], market_day.bounds(last)[1]
    said = sources.by_id(session)
    columns = (_spot.c.slot_start, _spot.c.slot_end, _spot.c.source_id)
    statement = sa.select(*columns).where(
        _spot.c.zone == zone, _spot.c.slot_start >= begin, _spot.c.slot_start < end
    )
    by_source: dict[str, list[Any]] = {}
    for row in session.execute(statement):
        by_source.setdefault(said[row.source_id].slug, []).append(row)
    return frozenset(
        on
        for slug, slots in by_source.items()
        if source is None or slug.startswith(source)
        for on, part in market_day.by_day(slots).items()
        if market_day.cover(on, part).is_complete
    )


def _rank(slug: str) -> int:
    places = (place for place, first in enumerate(READING_ORDER) if slug.startswith(first))
    return next(places, len(READING_ORDER))


def put_all(session: Session, prices: Iterable[SpotPrice]) -> int:
    """Store the prices; returns how many were new or corrected by their source."""
    wanted = list(prices)
    if not wanted:
        return 0
    versions.lock(session)
    ids = sources.ids_of(session, (price.source for price in wanted))
    columns = (_spot.c.zone, _spot.c.slot_start, _spot.c.source_id)
    values = (_spot.c.slot_end, _spot.c.per_mwh, _spot.c.currency, _spot.c.taxes)
    first, last = min(p.slot_start for p in wanted), max(p.slot_start for p in wanted)
    known = sa.select(*columns, *values).where(
        _spot.c.zone.in_({p.zone for p in wanted}), _spot.c.slot_start.between(first, last)
    )
    stored = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(known)}
    new, corrected = {}, {}
    for price in wanted:
        key = (price.zone, price.slot_start, ids[price.source.slug])
        row = {
            "zone": price.zone,
            "slot_start": price.slot_start,
            "source_id": key[2],
            "slot_end": price.slot_end,
            "per_mwh": price.per_mwh,
            "currency": price.currency,
            "taxes": price.taxes,
            "fetched_at": price.fetched_at,
        }
        if key not in stored:
            new[key] = row
        elif stored[key] != (price.slot_end, price.per_mwh, price.currency, price.taxes):
            corrected[key] = row
    if new:
        session.execute(sa.insert(_spot), list(new.values()))
    for key, row in corrected.items():
        same = [column == value for column, value in zip(columns, key, strict=True)]
        session.execute(sa.update(_spot).where(*same).values(row))
    if new or corrected:
        versions.bump(session)
    return len(new) + len(corrected)
