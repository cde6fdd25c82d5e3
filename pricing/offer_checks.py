"""Are these rental prices believable? One look at the whole table: rows against rows, and against what
the same list said last."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from service.facts import CloudOffer
from service.store.offers import offer_slug

SMALLEST_PER_GPU_HOUR, LARGEST_PER_GPU_HOUR = 0.01, 500.0
"""A bid floor read as a price (B200 at 0.01) lies below, a whole term read as an hour above."""
LARGEST_CHANGE = 10.0
BELIEVED_FOR = timedelta(days=7)
"""A price that stays ten times what it was is believed once the old one has not been seen for so long."""

Listed = tuple[Decimal, str, date]
"""Price per hour, its currency, and the day it was last stated for."""


def offer_objections(
    offers: Sequence[CloudOffer], known: Mapping[str, Listed], today: date | None
) -> list[str | None]:
    """One reason or None per offer: out of range, spot above on-demand, ten times what it was.

    Prices are compared in their own currency; `known` is by offer slug.
    """
    if not offers:
        return []
    import numpy as np
    import pandas as pd

    table = pd.DataFrame(
        {
            "machine": [
                "\x1f".join((o.provider, o.instance, o.region, str(o.gpu_count), o.gpu_raw_name, o.currency))
                for o in offers
            ],
            "tier": [o.tier for o in offers],
            "price": [float(o.hourly_price) for o in offers],
            "count": [o.gpu_count for o in offers],
        }
    )
    per_gpu = table["price"] / table["count"].clip(lower=1)
    inside = per_gpu.between(SMALLEST_PER_GPU_HOUR, LARGEST_PER_GPU_HOUR) & (table["count"] >= 1)
    before = pd.Series(_before(offers, known, today), dtype=float)
    ratio = table["price"] / before
    jumped = (ratio >= LARGEST_CHANGE) | (ratio <= 1 / LARGEST_CHANGE)
    firm = table[inside & ~jumped & ~table["tier"].isin(["spot", "reserved"])]
    dearest = table["machine"].map(firm.groupby("machine")["price"].max())
    above = (table["tier"] == "spot") & (table["price"] > dearest)
    reasons: list[str | None] = [None] * len(offers)
    for i in map(int, np.flatnonzero(~inside | above | jumped)):
        currency, price = offers[i].currency, table["price"].iloc[i]
        if not inside.iloc[i]:
            reasons[i] = f"{per_gpu.iloc[i]:.4f} {currency} per GPU and hour is out of range"
        elif above.iloc[i]:
            reasons[i] = f"spot {price:g} above on-demand {dearest.iloc[i]:g}"
        else:
            reasons[i] = f"{price:g} {currency}/h against {before.iloc[i]:g} before"
    return reasons


def _before(
    offers: Sequence[CloudOffer], known: Mapping[str, Listed], today: date | None
) -> list[float | None]:
    """The last price of every offer that was seen lately in the same currency, else None."""
    if not known or today is None:
        return [None] * len(offers)
    found: list[float | None] = []
    for offer in offers:
        price, currency, as_of = known.get(offer_slug(offer), (Decimal(0), "", today))
        is_recent = currency == offer.currency and today - as_of <= BELIEVED_FOR
        found.append(float(price) if is_recent else None)
    return found
