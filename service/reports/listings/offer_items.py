"""A cloud offer as plain values: one item of the REST collection and of `heimvorteil offers --json`."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from service.answers.told_option import tell_likeness
from service.errors import MissingFact
from service.estimate.cost import Conversion, conversion
from service.estimate.nearest_gpu import Likeness
from service.estimate.price_conflicts import Conflict
from service.facts import CloudOffer, ExchangeRate
from service.reports.listings.sourced import amount, rates_of, source_of


def offer_item(
    offer: CloudOffer,
    currency: str | None,
    rates: Sequence[ExchangeRate],
    *,
    conflicts: Sequence[Conflict] = (),
    likeness: Likeness | None = None,
    day: date | None = None,
) -> dict[str, Any]:
    """An offer in the currency asked for, or as it was quoted.

    A price is null where no exchange rate of its currency is known.
    """
    shown = (currency or offer.currency).upper()
    converted = _converted(offer.currency, shown, rates)
    price = None if converted is None else offer.hourly_price * converted.factor
    memory = offer.memory_gib_per_gpu
    return {
        "slug": offer.slug,
        "provider": offer.provider,
        "instance": offer.instance,
        "region": offer.region,
        "country": offer.country,
        "gpu": offer.gpu,
        "gpu_raw_name": offer.gpu_raw_name,
        "gpu_count": offer.gpu_count,
        "memory_gib_per_gpu": memory,
        "total_memory_gib": None if memory is None else memory * offer.gpu_count,
        "vcpus": offer.vcpus,
        "ram_gib": offer.ram_gib,
        "tier": offer.tier,
        "term_months": offer.term_months,
        "price_per_hour": None if price is None else amount(price),
        "price_per_gpu_hour": None if price is None else amount(price / offer.gpu_count),
        "currency": shown,
        "quoted_price_per_hour": amount(offer.hourly_price),
        "quoted_currency": offer.currency,
        "exchange_rates": rates_of(converted, day) if converted else [],
        "note": offer.note,
        "origin": offer.origin,
        "fetched_at": offer.fetched_at,
        "unlisted_since": offer.unlisted_since,
        "superseded_by": offer.superseded_by,
        "superseded_since": offer.superseded_since,
        "in_stock": offer.in_stock,
        "rentable_count": offer.rentable_count,
        "seen_rentable_at": offer.seen_rentable_at,
        **source_of(f"{shown}/h", offer.source),
        "as_of": offer.as_of,
        "conflicts": [conflict_item(conflict, shown, rates) for conflict in conflicts],
        "likeness": tell_likeness(likeness).model_dump() if likeness else None,
    }


def conflict_item(conflict: Conflict, currency: str, rates: Sequence[ExchangeRate]) -> dict[str, Any]:
    """Who else prices the same thing, at what, and how far apart the two are."""
    other = conflict.offer
    converted = _converted(other.currency, currency, rates)
    return {
        "slug": other.slug,
        "origin": other.origin,
        "instance": other.instance,
        "price_per_hour": None if converted is None else amount(other.hourly_price * converted.factor),
        "currency": currency,
        "ratio": round(conflict.ratio, 3),
        "source": other.source.title,
        "url": other.source.url,
        "as_of": other.as_of,
    }


def _converted(source: str, target: str, rates: Sequence[ExchangeRate]) -> Conversion | None:
    try:
        return conversion(source, target, rates)
    except MissingFact:
        return None
