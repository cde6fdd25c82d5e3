"""Which offers are current: neither left out by their list nor superseded by another one."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.superseded import CATALOG, Coverage, Quote, superseded
from service.store import source_answers, versions
from service.store.models import OfferRow, ProviderRow
from service.store.offer_intake import CHUNK

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]
_READ = (
    _offers.c.slug, _offers.c.origin, _offers.c.instance, _offers.c.region, _offers.c.gpu_count,
    _offers.c.tier, _offers.c.term_months, _offers.c.as_of, _offers.c.unlisted_since, _offers.c.source_id,
    _offers.c.superseded_by,
)  # fmt: skip
_ENDS = (_offers.c.unlisted_since, _offers.c.superseded_since)


def is_current(at: datetime | None = None) -> list[sa.ColumnElement[bool]]:
    """The conditions under which an offer is current, or was at a moment."""
    if at is None:
        return [end.is_(None) for end in _ENDS]
    return [sa.or_(end.is_(None), end > at) for end in _ENDS]


def is_known_since(session: Session, day: date) -> sa.ColumnElement[bool]:
    """Whether a price was stated for that day or a later one, or stood in a provider's own list read then."""
    own = sorted(source_answers.own_lists(session))
    read = _offers.c.fetched_at >= datetime.combine(day, time.min, UTC)
    return sa.or_(_offers.c.as_of >= day, sa.and_(_offers.c.origin.in_(own), read))


def supersede(session: Session, at: datetime, *, of_list: str | None = None) -> int:
    """Bring up to date which offers other lists have superseded; returns for how many that has changed.

    Of the providers of one list, or of all. Nothing is deleted: what is superseded is history.
    """
    versions.lock(session)
    by_provider: dict[str, dict[str, list[Coverage]]] = defaultdict(lambda: defaultdict(list))
    for name, covers in source_answers.own_lists(session).items():
        for coverage in covers:
            by_provider[coverage.provider][name].append(coverage)
    changed = 0
    for provider_id, slug in _providers_of(session, of_list):
        changed += _of_provider(session, provider_id, by_provider.get(slug, {}), at)
    if changed:
        versions.bump(session)
    return changed


def _providers_of(session: Session, of_list: str | None) -> list[tuple[int, str]]:
    """Those for which more than one list speaks."""
    statement = (
        sa.select(_providers.c.id, _providers.c.slug)
        .join(_offers, _offers.c.provider_id == _providers.c.id)
        .group_by(_providers.c.id, _providers.c.slug)
        .having(sa.func.count(sa.distinct(_offers.c.origin)) > 1)
    )
    if of_list is not None:
        told = sa.select(_offers.c.provider_id).where(_offers.c.origin == of_list).distinct()
        statement = statement.where(_providers.c.id.in_(told))
    return [(int(row.id), str(row.slug)) for row in session.execute(statement)]


def _of_provider(
    session: Session, provider_id: int, own_lists: dict[str, list[Coverage]], at: datetime
) -> int:
    c = _offers.c
    gpu = sa.func.coalesce(c.gpu, sa.func.lower(c.gpu_raw_name)).label("gpu_name")
    quotes, before = [], {}
    for row in session.connection().execute(sa.select(*_READ, gpu).where(c.provider_id == provider_id)):
        quotes.append(
            Quote(
                row.slug, row.origin, row.instance, row.region, row.gpu_name, row.gpu_count, row.tier,
                row.term_months, row.as_of, row.unlisted_since is None,
                f"{CATALOG} {row.source_id}" if row.origin == CATALOG else "",
            )
        )  # fmt: skip
        if row.superseded_by is not None:
            before[row.slug] = row.superseded_by
    now = superseded(quotes, own_lists)
    newly = defaultdict(list)
    for slug, by in now.items():
        if before.get(slug) != by:
            newly[by].append(slug)
    for by, slugs in newly.items():
        since = sa.func.coalesce(c.superseded_since, sa.bindparam(None, at, c.superseded_since.type))
        _mark(session, slugs, superseded_by=by, superseded_since=since)
    again = before.keys() - now.keys()
    _mark(session, again, superseded_by=None, superseded_since=None)
    return sum(map(len, newly.values())) + len(again)


def _mark(session: Session, slugs: Collection[str], **values: object) -> None:
    wanted = sorted(slugs)
    for start in range(0, len(wanted), CHUNK):
        session.execute(
            sa.update(_offers).where(_offers.c.slug.in_(wanted[start : start + CHUNK])).values(values),
            execution_options={"synchronize_session": False},
        )
