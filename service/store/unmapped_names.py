"""GPU names of stored offers that stand for no card of the catalog yet."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.models import OfferRow, ProviderRow

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]


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
