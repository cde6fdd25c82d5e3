"""GPUs: rows in, facts out."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.gpu_called import called
from service.facts import Gpu
from service.store import aliases, sources, versions
from service.store.models import GpuAliasRow, GpuRow, GpuSourceRow

_gpus: sa.Table = GpuRow.__table__  # type: ignore[assignment]
_COLUMNS = tuple(column.name for column in _gpus.c if column.name != "id")


def all(session: Session) -> list[Gpu]:
    """Every GPU, by slug."""
    names = aliases.of_owners(session, GpuAliasRow, "gpu_id")
    said = sources.of_fields(session, GpuSourceRow, "gpu_id")
    return [
        Gpu(
            **{column: row[column] for column in _COLUMNS},
            aliases=names.get(row["id"], ()),
            sources=said.get(row["id"], {}),
        )
        for row in session.execute(sa.select(_gpus).order_by(_gpus.c.slug)).mappings()
    ]


def get(session: Session, name: str) -> Gpu:
    """The GPU of that slug, name or alias, or as people write it. Raises as `called` does."""
    known = {gpu.slug: gpu for gpu in all(session)}
    found = aliases.find(session, GpuAliasRow, "gpu_id", name)
    if found is None:
        return called(known.values(), "gpu", name)
    return known[session.execute(sa.select(_gpus.c.slug).where(_gpus.c.id == found)).scalar_one()]


def as_stored(gpu: Gpu) -> Gpu:
    """The same without aliases that say no more than slug, name or another alias."""
    return replace(gpu, aliases=aliases.distinct(gpu.slug, gpu.name, gpu.aliases))


def give_up_names(session: Session, slugs: Sequence[str]) -> None:
    """Take slug, name and aliases of these from the names that are known, until they are put again."""
    ids = session.execute(sa.select(_gpus.c.id).where(_gpus.c.slug.in_(slugs))).scalars().all()
    aliases.give_up(session, GpuAliasRow, "gpu_id", ids)


def put(session: Session, gpu: Gpu) -> bool:
    """Store the GPU as given; True if that changed anything (and the data version).

    Aliases that say no more than slug, name or another alias are left out. Raises InvalidValue if
    an alias belongs to another GPU.
    """
    versions.lock(session)
    gpu = as_stored(gpu)
    values = {column: getattr(gpu, column) for column in _COLUMNS}
    row_id = session.execute(sa.select(_gpus.c.id).where(_gpus.c.slug == gpu.slug)).scalar()
    if row_id is None:
        row_id = session.execute(sa.insert(_gpus).values(values).returning(_gpus.c.id)).scalar_one()
    elif gpu in all(session):
        return False
    else:
        session.execute(sa.update(_gpus).where(_gpus.c.id == row_id).values(values))
    aliases.put(session, GpuAliasRow, "gpu_id", row_id, slug=gpu.slug, name=gpu.name, aliases=gpu.aliases)
    sources.put_fields(session, GpuSourceRow, "gpu_id", row_id, gpu.sources)
    versions.bump(session)
    return True
