"""How many spot machines a provider took away within a month: rows in, facts out."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.interruptions import Interruptions, interruptions_per_day
from service.facts import SpotInterruption
from service.store import sources, versions
from service.store.bulk_insert import insert_all
from service.store.models import SpotInterruptionRow

_rows: sa.Table = SpotInterruptionRow.__table__  # type: ignore[assignment]


def put_all(session: Session, told: Sequence[SpotInterruption]) -> int:
    """Put a list in the place of what its providers told before; returns how many instances are told of
    otherwise than then."""
    if not told:
        return 0
    versions.lock(session)
    known = {(f.provider, f.instance, f.region): (f.share_low, f.share_high) for f in all(session)}
    now = {(f.provider, f.instance, f.region): f for f in told}
    providers = {provider for provider, _, _ in now}
    old = {key: shares for key, shares in known.items() if key[0] in providers}
    changed = sum(old.get(key) != (f.share_low, f.share_high) for key, f in now.items())
    changed += len(old.keys() - now.keys())
    ids = sources.ids_of(session, (f.source for f in now.values()))
    session.execute(sa.delete(_rows).where(_rows.c.provider.in_(sorted(providers))))
    insert_all(
        session,
        _rows,
        [
            {
                "provider": f.provider,
                "instance": f.instance,
                "region": f.region,
                "share_low": f.share_low,
                "share_high": f.share_high,
                "as_of": f.as_of,
                "source_id": ids[f.source.slug],
            }
            for f in now.values()
        ],
    )
    if changed:
        versions.bump(session)
    return changed


def all(session: Session) -> list[SpotInterruption]:
    """What is told of every instance in every region."""
    said = sources.by_id(session)
    return [
        SpotInterruption(
            row.provider, row.instance, row.region, row.share_low, row.share_high, row.as_of,
            sources.stated(said[row.source_id], row.as_of),
        )
        for row in session.execute(sa.select(_rows))
    ]  # fmt: skip


def per_day(session: Session) -> Interruptions:
    """Interruptions per day where a range with two ends is told."""
    told = ((f, interruptions_per_day(f)) for f in all(session))
    return {(f.provider, f.instance, f.region): figure for f, figure in told if figure is not None}
