"""Wholesale electricity prices by the hour or quarter hour. Not what a home pays."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import SpotPrice
from service.store import sources, versions
from service.store.models import SpotPriceRow

_spot: sa.Table = SpotPriceRow.__table__  # type: ignore[assignment]


def between(session: Session, zone: str, start: datetime, end: datetime) -> list[SpotPrice]:
    """The prices of the slots that begin in [start, end), in order; of two sources the one read last."""
    said = sources.by_id(session)
    statement = (
        sa.select(_spot)
        .where(_spot.c.zone == zone, _spot.c.slot_start >= start, _spot.c.slot_start < end)
        .order_by(_spot.c.slot_start, _spot.c.fetched_at)
    )
    newest = {row.slot_start: row for row in session.execute(statement)}
    return [
        SpotPrice(
            row.zone,
            row.slot_start,
            row.slot_end,
            row.per_mwh,
            row.currency,
            sources.stated(said[row.source_id], row.slot_start.date()),
            row.fetched_at,
            row.taxes,
        )
        for row in newest.values()
    ]


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
