"""The cheapest listed price of a GPU and hour, per card and tier, as an answer would find it."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.models import OfferRow
from service.store.superseding import is_current

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]


def cheapest_in_eur(session: Session, gpus: Collection[str]) -> dict[tuple[str, str], float]:
    """Card and tier -> EUR per GPU and hour; a card that nobody lists, or in no known currency, is absent."""
    c = _offers.c
    statement = (
        sa.select(c.gpu, c.tier, sa.func.min(c.price_eur_sort / c.gpu_count))
        .where(
            c.gpu.in_(sorted(gpus)),
            *is_current(),
            c.price_eur_sort < sa.literal(float("inf"), sa.Double()),
        )
        .group_by(c.gpu, c.tier)
    )
    return {(gpu, tier): price for gpu, tier, price in session.connection().execute(statement)}
