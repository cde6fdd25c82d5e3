"""A cloud offer as plain values: one item of the REST collection and of `heimvorteil offers --json`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from service.answers.told_option import tell_likeness
from service.errors import MissingFact
from service.estimate.cost import Conversion, conversion
from service.estimate.nearest_gpu import Likeness
from service.estimate.price_conflicts import Conflict
from service.facts import CloudOffer, ExchangeRate
from service.reports.listings.sourced import amount, rates_of, source_of


class OfferItems:
    """Offers in the currency asked for, or each as it was quoted; what many share is worked out once.

    A price is null where no exchange rate of its currency is known.
    """

    def __init__(self, currency: str | None, rates: Sequence[ExchangeRate], day: date | None = None) -> None:
        self._currency = currency
        self._rates = rates
        self._day = day
        self._priced: dict[str, tuple[str, Decimal | None, list[dict[str, Any]]]] = {}

    def of(
        self,
        offers: Iterable[CloudOffer],
        conflicts: Mapping[str, Sequence[Conflict]],
        likeness: Mapping[str, Likeness],
    ) -> Iterator[dict[str, Any]]:
        """Many of them; conflicts by slug, likeness by GPU."""
        for offer in offers:
            alike = likeness.get(offer.gpu) if likeness and offer.gpu else None
            yield self.item(offer, conflicts.get(offer.slug, ()), alike)

    def item(
        self, offer: CloudOffer, conflicts: Sequence[Conflict] = (), likeness: Likeness | None = None
    ) -> dict[str, Any]:
        """An offer as plain values."""
        shown, factor, rates = self._in_currency(offer.currency)
        price = None if factor is None else offer.hourly_price * factor
        memory, count = offer.memory_gib_per_gpu, offer.gpu_count
        quoted = amount(offer.hourly_price)
        told = None if price is None else quoted if factor == 1 else amount(price)
        return {
            "slug": offer.slug,
            "provider": offer.provider,
            "instance": offer.instance,
            "region": offer.region,
            "country": offer.country,
            "gpu": offer.gpu,
            "gpu_raw_name": offer.gpu_raw_name,
            "gpu_count": count,
            "memory_gib_per_gpu": memory,
            "total_memory_gib": None if memory is None else memory * count,
            "vcpus": offer.vcpus,
            "ram_gib": offer.ram_gib,
            "tier": offer.tier,
            "term_months": offer.term_months,
            "price_per_hour": told,
            "price_per_gpu_hour": told if price is None or count == 1 else amount(price / count),
            "currency": shown,
            "quoted_price_per_hour": quoted,
            "quoted_currency": offer.currency,
            "exchange_rates": rates,
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
            "conflicts": [conflict_item(one, shown, self._rates) for one in conflicts] if conflicts else [],
            "likeness": tell_likeness(likeness).model_dump() if likeness else None,
        }

    def _in_currency(self, quoted: str) -> tuple[str, Decimal | None, list[dict[str, Any]]]:
        """The currency shown, the factor to it and the rates it came from."""
        known = self._priced.get(quoted)
        if known is None:
            shown = (self._currency or quoted).upper()
            converted = _converted(quoted, shown, self._rates)
            rates = rates_of(converted, self._day) if converted else []
            known = self._priced[quoted] = shown, converted.factor if converted else None, rates
        return known


def offer_item(
    offer: CloudOffer,
    currency: str | None,
    rates: Sequence[ExchangeRate],
    *,
    conflicts: Sequence[Conflict] = (),
) -> dict[str, Any]:
    """One offer as plain values, in the currency asked for or as it was quoted."""
    return OfferItems(currency, rates).item(offer, conflicts)


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
