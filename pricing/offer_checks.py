"""Are these rental prices believable? One look at the whole table: rows against rows, against what the
same list said last, against what the card can cost and what the instance has."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from pricing.gpu_names import GpuNames
from pricing.hardware_checks import contradiction
from pricing.price_bands import Band, band_of_any
from service.errors import Worded, foreign, worded
from service.facts import CloudOffer
from service.store.offers import offer_slug

SMALLEST_PER_GPU_HOUR, LARGEST_PER_GPU_HOUR = 0.01, 500.0
"""In any currency: a bid floor read as a price lies below, a whole term read as an hour above."""
LARGEST_CHANGE = 10.0
BELIEVED_FOR = timedelta(days=7)
"""A price that stays ten times what it was is believed once the old one has not been seen for so long."""

Listed = tuple[Decimal, str, date]
"""Price per hour, its currency, and the day it was last stated for."""


def offer_objections(
    offers: Sequence[CloudOffer],
    known: Mapping[str, Listed],
    today: date | None,
    *,
    names: GpuNames,
    rates: Mapping[str, Decimal],
) -> list[Worded | None]:
    """One reason or None per offer: out of range, more or other GPUs than its instance has, a price that
    its card cannot have, spot above on-demand, ten times what it was.

    Prices are compared in their own currency, and in USD with what the card can cost; `known` is by offer
    slug, `rates` are units per euro. A currency without one among them is refused, for nobody could
    reckon with it; where no rate at all is known, prices are held against the range alone.
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
    looked_at = [
        (contradiction(offer, names.gpus) or _beyond_its_card(offer, names, rates)) if believed else None
        for offer, believed in zip(offers, inside, strict=True)
    ]
    inside &= pd.Series([reason is None for reason in looked_at])
    firm = table[inside & ~jumped & ~table["tier"].isin(["spot", "reserved"])]
    dearest = table["machine"].map(firm.groupby("machine")["price"].max())
    above = (table["tier"] == "spot") & (table["price"] > dearest)
    reasons: list[Worded | None] = [None] * len(offers)
    for i in map(int, np.flatnonzero(~inside | above | jumped)):
        currency, price = offers[i].currency, float(table["price"].iloc[i])
        if reason := looked_at[i]:
            reasons[i] = reason
        elif not inside.iloc[i]:
            reasons[i] = worded(
                "{price:,.10g} {currency} per GPU and hour is out of range",
                price=float(f"{per_gpu.iloc[i]:.4g}"),
                currency=currency,
            )
        elif above.iloc[i]:
            firm_price = float(dearest.iloc[i])
            reasons[i] = worded("spot {spot:g} above on-demand {firm:g}", spot=price, firm=firm_price)
        else:
            reasons[i] = worded(
                "{price:g} {currency}/h against {before:g} before",
                price=price,
                currency=currency,
                before=float(before.iloc[i]),
            )
    return reasons


def _beyond_its_card(offer: CloudOffer, names: GpuNames, rates: Mapping[str, Decimal]) -> Worded | None:
    """Why no such card is rented out for such a price; of what may be several cards, none of them."""
    usd_per_unit = _usd_per_unit(offer.currency, rates)
    if usd_per_unit is None:
        if not rates.get("USD"):
            return None
        return worded("no exchange rate of {currency} is known", currency=offer.currency)
    mapped = names.gpus.get(offer.gpu or "")
    cards = [mapped] if mapped else names.family(offer.gpu_raw_name)
    believed = band_of_any(cards, offer.tier)
    whole = float(offer.hourly_price) * usd_per_unit
    per_gpu = whole / offer.gpu_count
    if believed.floor < per_gpu < believed.ceiling:
        return None
    is_low = per_gpu <= believed.floor
    return worded(
        "{price:.4g} USD per GPU and hour is not believed: a {card} ({tier}) costs {bound}, {basis}{perhaps}",
        price=per_gpu,
        card=cards[0].name if len(cards) == 1 else offer.gpu_raw_name,
        tier=offer.tier,
        bound=worded("more than {usd:.3g}", usd=believed.floor)
        if is_low
        else worded("less than {usd:.3g}", usd=believed.ceiling),
        basis=believed.basis,
        perhaps=_perhaps(offer, whole, believed),
    )


def _perhaps(offer: CloudOffer, whole: float, believed: Band) -> Worded:
    if offer.gpu_count > 1 and 3 * believed.floor <= whole < believed.ceiling:
        return worded("; is it the price of one GPU of the {count}?", count=offer.gpu_count)
    return foreign("")


def _usd_per_unit(currency: str, rates: Mapping[str, Decimal]) -> float | None:
    if currency == "USD":
        return 1.0
    per_eur = {"EUR": Decimal(1), **rates}
    if not per_eur.get(currency) or not per_eur.get("USD"):
        return None
    return float(per_eur["USD"] / per_eur[currency])


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
