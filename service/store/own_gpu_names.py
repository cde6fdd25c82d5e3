"""What GPU names in price lists stand for, as a user has told; they survive every new catalog."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, worded
from service.estimate.alias_key import alias_key
from service.store import gpus, versions
from service.store.models import GpuRow, OfferRow, OwnGpuNameRow, ProviderRow

_own: sa.Table = OwnGpuNameRow.__table__  # type: ignore[assignment]
_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_gpus: sa.Table = GpuRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]

MEMORY_TOLERANCE = 0.07
ANY_MEMORY = 0.0
LARGEST_MEMORY_GIB = 10_000


@dataclass(frozen=True, slots=True)
class OwnGpuName:
    """A name as price lists write it, and the card it stands for."""

    name: str
    gpu: str
    """Slug of the card."""
    memory_gib: float | None = None
    """Only for offers with this memory per GPU; None for all."""

    def is_for(self, memory_gib: float | None) -> bool:
        """Whether it speaks of GPUs with that memory."""
        if self.memory_gib is None:
            return True
        return (
            memory_gib is not None and abs(memory_gib - self.memory_gib) <= MEMORY_TOLERANCE * self.memory_gib
        )


def all(session: Session) -> list[OwnGpuName]:
    """Every name told, by name and memory."""
    statement = (
        sa.select(_own.c.name, _gpus.c.slug, _own.c.memory_gib)
        .join(_gpus, _gpus.c.id == _own.c.gpu_id)
        .order_by(_own.c.alias_key, _own.c.memory_gib)
    )
    return [OwnGpuName(name, gpu, memory or None) for name, gpu, memory in session.execute(statement)]


def put(
    session: Session, name: str, gpu: str, memory_gib: float | None, at: datetime
) -> tuple[OwnGpuName, int]:
    """Say what a name stands for from now on, in place of what was said before, also in stored offers.

    Returns what was kept and how many stored offers changed. Raises UnknownName for an unknown card,
    InvalidValue for a name without letter or digit or a memory that cannot be.
    """
    if not alias_key(name):
        raise InvalidValue("name", name, worded("has no letter and no digit"))
    if memory_gib is not None and not 0 < memory_gib <= LARGEST_MEMORY_GIB:
        raise InvalidValue(
            "memory_gib",
            memory_gib,
            worded(
                "a GPU has more than 0 and at most {largest_memory_gib}",
                largest_memory_gib=LARGEST_MEMORY_GIB,
            ),
        )
    versions.lock(session)
    card = gpus.get(session, gpu)
    gpu_id = session.execute(sa.select(_gpus.c.id).where(_gpus.c.slug == card.slug)).scalar_one()
    kept = OwnGpuName(name.strip(), card.slug, memory_gib)
    key = (_own.c.alias_key == alias_key(name)) & (_own.c.memory_gib == (memory_gib or ANY_MEMORY))
    before = session.execute(sa.select(_own.c.gpu_id).where(key)).scalar()
    session.execute(sa.delete(_own).where(key))
    session.execute(
        sa.insert(_own).values(
            alias_key=alias_key(name),
            memory_gib=memory_gib or ANY_MEMORY,
            name=kept.name,
            gpu_id=gpu_id,
            told_at=at,
        )
    )
    changed = apply(session)
    if before != gpu_id and not changed:
        versions.bump(session)
    return kept, changed


def apply(session: Session) -> int:
    """Give stored offers the cards that were told for their names; returns how many changed."""
    written: dict[str, list[str]] = {}
    told = all(session)
    if not told:
        return 0
    for name in session.execute(sa.select(_offers.c.gpu_raw_name).distinct()).scalars():
        written.setdefault(alias_key(name), []).append(name)
    exact: dict[str, list[sa.ColumnElement[bool]]] = {alias_key(own.name): [] for own in told}
    for own in told:
        if own.memory_gib is not None:
            exact[alias_key(own.name)].append(_has_memory(own.memory_gib))
    changed = 0
    for own in told:
        key = alias_key(own.name)
        memory = [_has_memory(own.memory_gib)] if own.memory_gib else [sa.not_(c) for c in exact[key]]
        statement = (
            sa.update(_offers)
            .where(_offers.c.gpu_raw_name.in_(written.get(key, [])), *memory)
            .where(sa.or_(_offers.c.gpu.is_(None), _offers.c.gpu != own.gpu))
            .values(gpu=own.gpu)
            .returning(_offers.c.id)
        )
        changed += len(session.execute(statement, execution_options={"synchronize_session": False}).all())
    if changed:
        versions.bump(session)
    return changed


@dataclass(frozen=True, slots=True)
class UnmappedName:
    """A GPU name that stands for no card of the catalog, as one provider writes it."""

    name: str
    provider: str
    memory_gib: float | None
    """Per GPU, where the provider states it."""
    offers: int


def unmapped(session: Session) -> list[UnmappedName]:
    """GPU names without a card, those of most offers first."""
    count = sa.func.count().label("offers")
    statement = (
        sa.select(_offers.c.gpu_raw_name, _providers.c.slug, _offers.c.memory_gib_per_gpu, count)
        .join(_providers, _providers.c.id == _offers.c.provider_id)
        .where(_offers.c.gpu.is_(None))
        .group_by(_offers.c.gpu_raw_name, _providers.c.slug, _offers.c.memory_gib_per_gpu)
        .order_by(count.desc(), _offers.c.gpu_raw_name, _providers.c.slug)
    )
    return [UnmappedName(*row) for row in session.execute(statement)]


def _has_memory(memory_gib: float) -> sa.ColumnElement[bool]:
    column = sa.func.coalesce(_offers.c.memory_gib_per_gpu, 0.0)
    return sa.func.abs(column - memory_gib) <= MEMORY_TOLERANCE * memory_gib
