"""Other names of GPUs and workloads."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue
from service.estimate.alias_key import alias_key
from service.store.models import GpuAliasRow, WorkloadAliasRow

AliasRow = type[GpuAliasRow] | type[WorkloadAliasRow]

_OWN_NAMES = -1
"""Position of a thing's slug and name, which are kept beside its aliases to be found the same way."""


def distinct(slug: str, name: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """The aliases that say more than slug, name and the aliases before them."""
    seen = {alias_key(slug), alias_key(name), ""}
    kept = []
    for alias in aliases:
        if alias_key(alias) not in seen:
            seen.add(alias_key(alias))
            kept.append(alias)
    return tuple(kept)


def find(session: Session, row: AliasRow, owner: str, name: str) -> int | None:
    """The id of the thing with that slug, name or alias."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    found = session.execute(sa.select(table.c[owner]).where(table.c.alias_key == alias_key(name))).scalar()
    return None if found is None else int(found)


def of_owners(session: Session, row: AliasRow, owner: str) -> dict[int, tuple[str, ...]]:
    """Owner id -> aliases in their order."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    found: dict[int, tuple[str, ...]] = {}
    statement = sa.select(table.c[owner], table.c.alias).where(table.c.position != _OWN_NAMES)
    for owner_id, alias in session.execute(statement.order_by(table.c[owner], table.c.position)):
        found[owner_id] = (*found.get(owner_id, ()), alias)
    return found


def give_up(session: Session, row: AliasRow, owner: str, owner_ids: Sequence[int]) -> None:
    """Take all names from these owners, who are given new ones at once."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    session.execute(sa.delete(table).where(table.c[owner].in_(owner_ids)))


def put(
    session: Session,
    row: AliasRow,
    owner: str,
    owner_id: int,
    *,
    slug: str,
    name: str,
    aliases: tuple[str, ...],
) -> None:
    """Make these the names of the owner; InvalidValue if one of them already belongs to another."""
    table: sa.Table = row.__table__  # type: ignore[assignment]
    session.execute(sa.delete(table).where(table.c[owner] == owner_id))
    keys = {alias_key(own): (own, _OWN_NAMES) for own in (name, slug)}
    keys.update({alias_key(alias): (alias, position) for position, alias in enumerate(aliases)})
    taken = session.execute(sa.select(table.c.alias_key).where(table.c.alias_key.in_(keys))).scalar()
    if taken is not None or "" in keys:
        reason = "already means another" if taken is not None else "has no letter and no digit"
        raise InvalidValue(f"alias of {slug}", keys[taken or ""][0], reason)
    session.execute(
        sa.insert(table),
        [
            {"alias_key": key, owner: owner_id, "alias": alias, "position": position}
            for key, (alias, position) in keys.items()
        ],
    )
