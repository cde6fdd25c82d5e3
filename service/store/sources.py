"""Sources: who said so. Other rows point here; `<noun>_sources` say it per field of a fact."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import Source
from service.shown import address
from service.store import versions
from service.store.models import GpuSourceRow, ProviderSourceRow, SourceRow, WorkloadSourceRow

FieldSourceRow = type[GpuSourceRow] | type[ProviderSourceRow] | type[WorkloadSourceRow]

_sources: sa.Table = SourceRow.__table__  # type: ignore[assignment]


def ensure(session: Session, source: Source) -> int:
    """The id of the source of that slug, stored now if it is new; a known one is left as it is."""
    known = session.execute(sa.select(SourceRow.id).where(SourceRow.slug == source.slug)).scalar()
    return known if known is not None else _insert(session, source)


def put(session: Session, source: Source) -> bool:
    """Store the source as given; True if that changed anything (and the data version)."""
    return put_all(session, [source])


def put_all(session: Session, wanted: Iterable[Source]) -> bool:
    """The same for many; of one slug the last counts."""
    versions.lock(session)
    stored = {source.slug: _values(source) for source in _found(session, sa.select(_sources)).values()}
    given = {source.slug: _values(source) for source in wanted}
    new = [values for slug, values in given.items() if slug not in stored]
    corrected = [values for slug, values in given.items() if stored.get(slug, values) != values]
    if new:
        session.execute(sa.insert(_sources), new)
    for values in corrected:
        session.execute(sa.update(_sources).where(_sources.c.slug == values["slug"]).values(values))
    if new or corrected:
        versions.bump(session)
    return bool(new or corrected)


def all(session: Session) -> list[Source]:
    """Every source, by slug; `as_of` is the day it was published."""
    return sorted(by_id(session).values(), key=lambda source: source.slug)


def by_id(session: Session, ids: Iterable[int] | None = None) -> dict[int, Source]:
    """Every source by its row's id, or at least those of some ids."""
    read: dict[str, dict[int, Source]] = session.info.get(versions.ONE_STATE, {})
    if "sources" not in read:
        if ids is not None:
            return _found(session, sa.select(_sources).where(_sources.c.id.in_(sorted(set(ids)))))
        read["sources"] = _found(session, sa.select(_sources))
    return read["sources"]


def _found(session: Session, statement: sa.Select[Any]) -> dict[int, Source]:
    return {
        row.id: Source(row.slug, row.title, row.url, row.published, row.licence)
        for row in session.execute(statement)
    }


def stated(source: Source, as_of: date, read_on: date | None = None) -> Source:
    """The source as the passport of one number: stated for that day, read on that day."""
    return Source(source.slug, source.title, source.url, as_of, source.licence, read_on)


def of_fields(session: Session, row: FieldSourceRow, owner: str) -> dict[int, Mapping[str, Source]]:
    """Owner id -> field -> source, of every owner; `owner` names the owner's column."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    known = by_id(session)
    found: dict[int, dict[str, Source]] = {}
    columns = (table.c[owner], table.c.field, table.c.source_id, table.c.read_on)
    for owner_id, field, source_id, read_on in session.execute(sa.select(*columns).order_by(table.c.field)):
        source = known[source_id]
        found.setdefault(owner_id, {})[field] = stated(source, source.as_of, read_on)
    return {owner_id: MappingProxyType(fields) for owner_id, fields in found.items()}


def put_fields(
    session: Session, row: FieldSourceRow, owner: str, owner_id: int, fields: Mapping[str, Source]
) -> None:
    """Make these the sources of the owner's fields."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    session.execute(sa.delete(table).where(table.c[owner] == owner_id))
    ids = ids_of(session, fields.values())
    if fields:
        session.execute(
            sa.insert(table),
            [
                {owner: owner_id, "field": field, "source_id": ids[source.slug], "read_on": source.read_on}
                for field, source in fields.items()
            ],
        )


def ids_of(session: Session, wanted: Iterable[Source]) -> dict[str, int]:
    """Slug -> id of these sources, stored now if they are new."""
    by_slug = {source.slug: source for source in wanted}
    wanted_ids = sa.select(_sources.c.slug, _sources.c.id).where(_sources.c.slug.in_(sorted(by_slug)))
    found = {slug: row_id for slug, row_id in session.execute(wanted_ids)}
    return {slug: found.get(slug) or _insert(session, source) for slug, source in by_slug.items()}


def _values(source: Source) -> dict[str, object]:
    return {
        "slug": source.slug,
        "title": source.title,
        "url": address(source.url),
        "published": source.as_of,
        "licence": source.licence,
    }


def _insert(session: Session, source: Source) -> int:
    row = session.execute(sa.insert(_sources).values(_values(source)).returning(_sources.c.id))
    return int(row.scalar_one())
