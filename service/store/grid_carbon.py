"""Carbon intensity of grids by the hour or quarter hour; yearly means are in rates.py."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import GridCarbon
from service.store import sources, versions
from service.store.models import GridCarbonRow

_carbon: sa.Table = GridCarbonRow.__table__  # type: ignore[assignment]
_VALUES = ("slot_end", "grams_co2e_per_kwh", "scope", "accounting", "is_forecast")


def between(session: Session, zone: str, start: datetime, end: datetime) -> list[GridCarbon]:
    """The slots that begin in [start, end), in order; of two sources the measured one, else the one read
    last."""
    said = sources.by_id(session)
    c = _carbon.c
    statement = (
        sa.select(_carbon)
        .where(c.zone == zone, c.slot_start >= start, c.slot_start < end)
        .order_by(c.slot_start, c.is_forecast.desc(), c.fetched_at)
    )
    best = {row.slot_start: row for row in session.execute(statement)}
    return [
        GridCarbon(
            row.zone, row.slot_start, row.slot_end, row.grams_co2e_per_kwh, row.scope, row.accounting,
            row.is_forecast, sources.stated(said[row.source_id], row.slot_start.date()), row.fetched_at,
        )
        for row in best.values()
    ]  # fmt: skip


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
