"""Carbon intensity of grids by the hour or quarter hour; yearly means are in rates.py."""

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate import market_day
from service.facts import GridCarbon
from service.store import sources, versions
from service.store.models import GridCarbonRow

_carbon: sa.Table = GridCarbonRow.__table__  # type: ignore[assignment]
_VALUES = ("slot_end", "grams_co2e_per_kwh", "scope", "accounting", "is_forecast")


READING_ORDER = ("energy-charts", "uk-carbon-intensity", "electricity-maps")
"""Beginnings of source slugs: their methods differ, so one of them answers for a whole day."""


def between(session: Session, zone: str, start: datetime, end: datetime) -> list[GridCarbon]:
    """The slots that begin in [start, end), in order, none over another.

    Each market day's are of one source: of the reading order the first that knows all of the day, else the
    one that knows most. Production and consumption, lifecycle and direct are never mixed within a day.
    """
    if start >= end:
        return []
    said = sources.by_id(session)
    first, last = market_day.day_of(start), market_day.day_of(end)
    c = _carbon.c
    statement = sa.select(_carbon).where(
        c.zone == zone,
        c.slot_start >= market_day.bounds(first)[0],
        c.slot_start < market_day.bounds(last)[1],
    )
    known: dict[date, dict[str, list[GridCarbon]]] = {}
    for row in session.execute(statement.order_by(c.slot_start)):
        source, day = said[row.source_id], market_day.day_of(row.slot_start)
        fact = GridCarbon(
            row.zone,
            row.slot_start,
            row.slot_end,
            row.grams_co2e_per_kwh,
            scope=row.scope,
            accounting=row.accounting,
            is_forecast=row.is_forecast,
            source=sources.stated(source, row.slot_start.date()),
            fetched_at=row.fetched_at,
        )
        known.setdefault(day, {}).setdefault(source.slug, []).append(fact)
    answers = (market_day.chosen(day, by_source, _rank) for day, by_source in sorted(known.items()))
    return [fact for answer in answers if answer for fact in answer[1] if start <= fact.slot_start < end]


def zones(session: Session) -> list[str]:
    """Every zone that has intensities by the slot."""
    return list(session.execute(sa.select(_carbon.c.zone).distinct().order_by(_carbon.c.zone)).scalars())


def last_day(session: Session, zone: str) -> date | None:
    """The newest market day of a zone of which anything is known."""
    newest = session.execute(
        sa.select(sa.func.max(_carbon.c.slot_start)).where(_carbon.c.zone == zone)
    ).scalar()
    return None if newest is None else market_day.day_of(newest)


def _rank(slug: str) -> int:
    places = (place for place, first in enumerate(READING_ORDER) if slug.startswith(first))
    return next(places, len(READING_ORDER))


def put_all(session: Session, intensities: Iterable[GridCarbon]) -> int:
    """Store the intensities; returns how many were new or corrected by their source.

    A forecast never replaces what the same source has measured.
    """
    wanted = list(intensities)
    if not wanted:
        return 0
    versions.lock(session)
    ids = sources.ids_of(session, (fact.source for fact in wanted))
    c = _carbon.c
    first, last = min(f.slot_start for f in wanted), max(f.slot_start for f in wanted)
    known = sa.select(c.zone, c.slot_start, c.source_id, *(c[name] for name in _VALUES)).where(
        c.zone.in_({f.zone for f in wanted}), c.slot_start.between(first, last)
    )
    stored = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(known)}
    new, corrected = {}, {}
    for fact in wanted:
        key = (fact.zone, fact.slot_start, ids[fact.source.slug])
        values = tuple(getattr(fact, name) for name in _VALUES)
        before = stored.get(key)
        row = dict(zip(("zone", "slot_start", "source_id"), key, strict=True))
        row |= dict(zip(_VALUES, values, strict=True)) | {"fetched_at": fact.fetched_at}
        if before is None:
            new[key] = row
        elif before != values and not (fact.is_forecast and not before[-1]):
            corrected[key] = row
    if new:
        session.execute(sa.insert(_carbon), list(new.values()))
    for (zone, slot, source), row in corrected.items():
        same = (c.zone == zone, c.slot_start == slot, c.source_id == source)
        session.execute(sa.update(_carbon).where(*same).values(row))
    if new or corrected:
        versions.bump(session)
    return len(new) + len(corrected)
