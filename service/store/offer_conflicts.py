"""Offers that another list prices quite differently; looked for among the rows that are shown."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.price_conflicts import Conflict, Quoted, contradictions, replaced
from service.facts import CloudOffer
from service.store import offers
from service.store.models import OfferRow, ProviderRow

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]
_SAME = (_offers.c.provider_id, _offers.c.gpu, _offers.c.gpu_count, _offers.c.tier, _offers.c.term_months)


def conflicts_of(session: Session, shown: Sequence[CloudOffer]) -> dict[str, tuple[Conflict, ...]]:
    """Slug -> the offers of other lists that contradict it, of these listed offers; most have none."""
    listed = [offer for offer in shown if offer.gpu is not None and offer.unlisted_since is None]
    wanted = {(offer.gpu, offer.gpu_count, offer.tier) for offer in listed}
    if not wanted:
        return {}
    c = _offers.c
    alike = sa.or_(
        *(
            sa.and_(c.gpu == gpu, c.gpu_count == count, c.tier == tier)
            for gpu, count, tier in sorted(wanted, key=str)
        )
    )
    sold_by = _providers.c.slug.in_(sorted({offer.provider for offer in listed}))
    found = contradictions(_quoted(session, sa.and_(alike, sold_by)))
    return _with_offers(session, {offer.slug: found[offer.slug] for offer in listed if offer.slug in found})


def all_conflicts(session: Session) -> list[tuple[CloudOffer, Conflict]]:
    """Every two listed offers that contradict each other, once, from the cheaper one; furthest first.

    Also what is superseded and what stands in its place, however old the one is.
    """
    several = (
        sa.select(*_SAME)
        .where(_offers.c.gpu.is_not(None), _offers.c.unlisted_since.is_(None))
        .group_by(*_SAME)
        .having(sa.func.count(sa.distinct(_offers.c.origin)) > 1)
        .subquery()
    )
    same = sa.and_(*(several.c[column.name] == column for column in _SAME))
    quoted = _quoted(session, sa.exists().where(same))
    found = {slug: dict(others) for slug, others in contradictions(quoted).items()}
    for slug, (other, ratio) in replaced(quoted).items():
        found.setdefault(slug, {})[other] = ratio
        found.setdefault(other, {})[slug] = 1 / ratio
    conflicts = _with_offers(session, {slug: tuple(others.items()) for slug, others in found.items()})
    known = offers.by_slugs(session, conflicts)
    pairs = [(known[slug], one) for slug, others in conflicts.items() for one in others if one.ratio > 1]
    return sorted(pairs, key=lambda pair: (-pair[1].ratio, pair[0].slug, pair[1].offer.slug))


def superseded_counts(session: Session) -> list[tuple[str, str, int]]:
    """Which list has superseded how many offers of which other one: (other, list, offers), by name."""
    c = _offers.c
    statement = (
        sa.select(c.origin, c.superseded_by, sa.func.count())
        .where(c.superseded_by.is_not(None), c.unlisted_since.is_(None))
        .group_by(c.origin, c.superseded_by)
        .order_by(c.origin, c.superseded_by)
    )
    return [(str(old), str(new), int(count)) for old, new, count in session.execute(statement)]


def _quoted(session: Session, condition: sa.ColumnElement[bool]) -> list[Quoted]:
    c = _offers.c
    statement = (
        sa.select(c.slug, *_SAME, c.region, c.instance, c.origin, c.price_eur_sort, c.as_of, c.superseded_by)
        .join(_providers, _providers.c.id == c.provider_id)
        .where(c.unlisted_since.is_(None), c.gpu.is_not(None), condition)
    )
    found = []
    for slug, *same, region, instance, origin, price, as_of, by in session.connection().execute(statement):
        found.append(Quoted(slug, (*same, region.lower()), instance, origin, price, as_of, by))
    return found


def _with_offers(
    session: Session, found: Mapping[str, Sequence[tuple[str, float]]]
) -> dict[str, tuple[Conflict, ...]]:
    known = offers.by_slugs(session, {slug for others in found.values() for slug, _ in others})
    return {
        slug: tuple(Conflict(known[other], ratio) for other, ratio in others)
        for slug, others in found.items()
    }
