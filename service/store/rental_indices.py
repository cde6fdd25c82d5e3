"""What indices say that a rented GPU costs: rows in, facts out."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.index_check import MOST_DAYS_APART, nearest_in_time
from service.facts import RentalIndex
from service.store import sources, versions
from service.store.bulk_insert import insert_all
from service.store.models import RentalIndexRow

_rows: sa.Table = RentalIndexRow.__table__  # type: ignore[assignment]


def put_all(session: Session, told: Sequence[RentalIndex]) -> int:
    """Keep what indices say, in place of what they said of the same days; returns how many are new or
    different."""
    if not told:
        return 0
    versions.lock(session)
    now = {(one.name, one.gpu_raw_name, one.as_of): one for one in told}
    key = sa.tuple_(_rows.c.name, _rows.c.gpu_raw_name, _rows.c.as_of)
    before = {
        (row.name, row.gpu_raw_name, row.as_of): (row.gpus, row.per_gpu_hour, row.currency)
        for row in session.execute(sa.select(_rows).where(key.in_(list(now))))
    }
    changed = [
        one
        for place, one in now.items()
        if before.get(place) != (" ".join(one.gpus), one.per_gpu_hour, one.currency)
    ]
    if not changed:
        return 0
    old = [(one.name, one.gpu_raw_name, one.as_of) for one in changed]
    session.execute(sa.delete(_rows).where(key.in_(old)))
    ids = sources.ids_of(session, (one.source for one in changed))
    values = [
        {
            "name": one.name,
            "gpu_raw_name": one.gpu_raw_name,
            "as_of": one.as_of,
            "gpus": " ".join(one.gpus),
            "per_gpu_hour": one.per_gpu_hour,
            "currency": one.currency,
            "source_id": ids[one.source.slug],
        }
        for one in changed
    ]
    insert_all(session, _rows, values)
    versions.bump(session)
    return len(changed)


def of_day(session: Session, day: date) -> list[RentalIndex]:
    """Of every index and GPU the row nearest to a day, at most a week away."""
    near = _rows.c.as_of.between(day - MOST_DAYS_APART, day + MOST_DAYS_APART)
    rows = session.execute(sa.select(_rows).where(near)).all()
    said = sources.by_id(session, (row.source_id for row in rows))
    told = (
        RentalIndex(
            row.name, row.gpu_raw_name, tuple(row.gpus.split()), row.per_gpu_hour, row.currency, row.as_of,
            sources.stated(said[row.source_id], row.as_of),
        )
        for row in rows
    )  # fmt: skip
    return nearest_in_time(told, day)
