"""How rents moved: as the catalog tells it from public histories, and as this store's own prices tell it.

The catalog's table is read from its file, not from the database: no answer but the doubt of a rent rests on
it.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.estimate.rent_moves import GAPS, HOSTS, SHARES, Looks, RentMove, RentMoves, moves_seen
from service.facts import Source, Tier
from service.store.catalog_fields import rows, source_of
from service.store.catalog_files import sources_of_catalog
from service.store.models import TIERS, OfferPriceRow, OfferRow
from service.store.sources import stated
from service.store.versions import CATALOG

MOVES = "rent_moves.csv"
NAMES = tuple(f"p{100 * share:02.0f}" for share in SHARES)
COLUMNS = ("tier", "days", *NAMES, "blocks", "offers", "observations", "last_seen", "source")
OWN_HISTORY = ("heimvorteil-own-rents", "Rents as this store has seen them", "service/docs/method.md#doubt")
LOOKED_BACK_DAYS = 2 * GAPS[-1]
MOST_OFFERS = 3000
"""Looked at, evenly among all: percentiles of more say the same."""
LOOKS_APART_DAYS = 3
"""Within a price that stood still."""


@lru_cache(maxsize=4)
def shipped_moves(path: Path = CATALOG) -> RentMoves:
    """The catalog's table. Raises InvalidValue naming the row that cannot be read."""
    sources = sources_of_catalog(path)
    moves = []
    with (path / MOVES).open(encoding="utf-8", newline="") as lines:
        for row in rows(MOVES, lines, COLUMNS):
            said = source_of(row.where, "source", row.text("source"), sources)
            moves.append(
                RentMove(
                    row.word("tier", Tier),
                    row.known_number("days", int),
                    tuple(row.known_number(name, float) for name in NAMES),
                    blocks=row.known_number("blocks", int),
                    offers=row.known_number("offers", int),
                    observations=row.known_number("observations", int),
                    source=stated(said, row.known_day("last_seen")),
                )
            )
    return RentMoves(moves)


def moves_of(session: Session, *, is_refreshed: bool) -> RentMoves:
    """The catalog's table, and in place of it what the store's own prices tell where they tell enough; what
    came with the product alone is no history."""
    if not is_refreshed:
        return shipped_moves()
    p, o = OfferPriceRow, OfferRow
    newest = session.execute(sa.select(sa.func.max(p.last_as_of))).scalar()
    offers = session.execute(sa.select(sa.func.max(o.id))).scalar()
    if newest is None or offers is None:
        return shipped_moves()
    since = newest - timedelta(days=LOOKED_BACK_DAYS)
    every = max(1, offers // MOST_OFFERS)
    price = p.as_of, p.last_as_of, p.hourly_price, p.currency
    found = session.execute(
        sa.select(p.offer_id, o.provider_id, o.gpu, o.gpu_count, o.tier, *price)
        .join(o, o.id == p.offer_id)
        .where(o.gpu.is_not(None), p.last_as_of >= since, p.offer_id % every == 0)
    ).all()
    said = Source(*OWN_HISTORY, newest, "own")
    return shipped_moves().superseded_by(moves_seen(_looks(found), TIERS, said))


def _looks(found: Iterable[Any]) -> Looks:
    kinds: dict[tuple[str, str, str], int] = {}
    places: list[tuple[int, int, int, int, int]] = []
    per_gpu: list[float] = []
    for offer, provider, gpu, count, tier, first, last, price, currency in found:
        kind = kinds.setdefault((gpu, tier, currency), len(kinds))
        days = [*range(first.toordinal(), last.toordinal(), LOOKS_APART_DAYS), last.toordinal()]
        seller = -offer if tier in HOSTS else provider
        places += [(offer, kind, TIERS.index(tier), day, seller) for day in days]
        per_gpu += [float(price) / count] * len(days)
    columns = np.array(places, dtype=np.int64).reshape(-1, 5)
    offers, kind_of, tiers, on, sellers = columns.T
    return Looks(offers, kind_of, tiers, on, np.array(per_gpu), sellers)
