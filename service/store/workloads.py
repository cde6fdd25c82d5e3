"""Workloads: rows in, facts out; architecture and recipe are kept as JSON objects."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import UnknownName
from service.facts import Architecture, OwnMatrix, Recipe, Workload
from service.store import aliases, sources, versions
from service.store.models import WorkloadAliasRow, WorkloadRow, WorkloadSourceRow

_workloads: sa.Table = WorkloadRow.__table__  # type: ignore[assignment]
_PLAIN = tuple(column.name for column in _workloads.c if column.name not in ("id", "architecture", "recipe"))


def all(session: Session) -> list[Workload]:
    """Every workload, by slug."""
    names = aliases.of_owners(session, WorkloadAliasRow, "workload_id")
    said = sources.of_fields(session, WorkloadSourceRow, "workload_id")
    return [
        Workload(
            **{column: row[column] for column in _PLAIN},
            architecture=_architecture(row["architecture"]),
            recipe=Recipe(**row["recipe"]),
            aliases=names.get(row["id"], ()),
            sources=said.get(row["id"], {}),
        )
        for row in session.execute(sa.select(_workloads).order_by(_workloads.c.slug)).mappings()
    ]


def get(session: Session, name: str) -> Workload:
    """The workload of that slug, name or alias; UnknownName lists all slugs, the nearest first."""
    known = {workload.slug: workload for workload in all(session)}
    found = aliases.find(session, WorkloadAliasRow, "workload_id", name)
    if found is None:
        raise UnknownName("workload", name, known)
    return known[session.execute(sa.select(_workloads.c.slug).where(_workloads.c.id == found)).scalar_one()]


def as_stored(workload: Workload) -> Workload:
    """The same without aliases that say no more than slug, name or another alias."""
    return replace(workload, aliases=aliases.distinct(workload.slug, workload.name, workload.aliases))


def give_up_names(session: Session, slugs: Sequence[str]) -> None:
    """Take slug, name and aliases of these from the names that are known, until they are put again."""
    ids = session.execute(sa.select(_workloads.c.id).where(_workloads.c.slug.in_(slugs))).scalars().all()
    aliases.give_up(session, WorkloadAliasRow, "workload_id", ids)


def put(session: Session, workload: Workload) -> bool:
    """Store the workload as given; True if that changed anything (and the data version).

    Aliases that say no more than slug, name or another alias are left out. Raises InvalidValue if
    an alias belongs to another workload.
    """
    versions.lock(session)
    workload = as_stored(workload)
    values = {column: getattr(workload, column) for column in _PLAIN}
    values |= {"architecture": asdict(workload.architecture), "recipe": asdict(workload.recipe)}
    row_id = session.execute(sa.select(_workloads.c.id).where(_workloads.c.slug == workload.slug)).scalar()
    if row_id is None:
        row_id = session.execute(sa.insert(_workloads).values(values).returning(_workloads.c.id)).scalar_one()
    elif workload in all(session):
        return False
    else:
        session.execute(sa.update(_workloads).where(_workloads.c.id == row_id).values(values))
    aliases.put(
        session,
        WorkloadAliasRow,
        "workload_id",
        row_id,
        slug=workload.slug,
        name=workload.name,
        aliases=workload.aliases,
    )
    sources.put_fields(session, WorkloadSourceRow, "workload_id", row_id, workload.sources)
    versions.bump(session)
    return True


def _architecture(kept: dict[str, Any]) -> Architecture:
    own = tuple(OwnMatrix(**matrix) for matrix in kept.get("own_matrices", ()))
    return Architecture(**{**kept, "own_matrices": own})
