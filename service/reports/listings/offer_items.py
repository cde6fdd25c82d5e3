"""A cloud offer as plain values: one item of the REST collection and of `heimvorteil offers --json`."""

from collections.abc import Mapping, Sequence
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

_NONE: list[Any] = []
"""Most offers have no conflicts; columns are not changed."""


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
        offers: Mapping[str, Sequence[Any]],
        conflicts: Mapping[str, Sequence[Conflict]],
        likeness: Mapping[str, Likeness],
    ) -> dict[str, Sequence[Any]]:
        """Offers, a column for each field of CloudOffer, as columns of plain values.

        Conflicts by slug, likeness by GPU.
        """
        o = offers
        told = {quoted: self._in_currency(quoted) for quoted in set(o["currency"])}
        shown = [told[quoted][0] for quoted in o["currency"]]
        factors = [told[quoted][1] for quoted in o["currency"]]
        quotes = [amount(price) for price in o["hourly_price"]]
        prices = [
            None if factor is None else quote if factor == 1 else amount(price * factor)
            for price, quote, factor in zip(o["hourly_price"], quotes, factors, strict=True)
        ]
        per_gpu = [
            total if count == 1 or factor is None else amount(price * factor / count)
            for price, total, factor, count in zip(
                o["hourly_price"], prices, factors, o["gpu_count"], strict=True
            )
        ]
        memory = zip(o["memory_gib_per_gpu"], o["gpu_count"], strict=True)
        sources = {id(source): source_of("", source) for source in {id(s): s for s in o["source"]}.values()}
        said = [sources[id(source)] for source in o["source"]]
        return {
            "slug": o["slug"],
            "provider": o["provider"],
            "instance": o["instance"],
            "region": o["region"],
            "country": o["country"],
            "gpu": o["gpu"],
            "gpu_raw_name": o["gpu_raw_name"],
            "gpu_count": o["gpu_count"],
            "memory_gib_per_gpu": o["memory_gib_per_gpu"],
            "total_memory_gib": [None if gib is None else gib * count for gib, count in memory],
            "vcpus": o["vcpus"],
            "ram_gib": o["ram_gib"],
            "tier": o["tier"],
            "term_months": o["term_months"],
            "price_per_hour": prices,
            "price_per_gpu_hour": per_gpu,
            "currency": shown,
            "quoted_price_per_hour": quotes,
            "quoted_currency": o["currency"],
            "exchange_rates": [told[quoted][2] for quoted in o["currency"]],
            "note": o["note"],
            "origin": o["origin"],
            "fetched_at": o["fetched_at"],
            "unlisted_since": o["unlisted_since"],
            "superseded_by": o["superseded_by"],
            "superseded_since": o["superseded_since"],
            "in_stock": o["in_stock"],
            "rentable_count": o["rentable_count"],
            "seen_rentable_at": o["seen_rentable_at"],
            "unit": [f"{currency}/h" for currency in shown],
            **{name: [one[name] for one in said] for name in ("source", "url")},
            "as_of": o["as_of"],
            **{name: [one[name] for one in said] for name in ("read_on", "licence")},
            "conflicts": [
                [conflict_item(one, currency, self._rates) for one in conflicts[slug]]
                if slug in conflicts
                else _NONE
                for slug, currency in zip(o["slug"], shown, strict=True)
            ],
            "likeness": [
                tell_likeness(likeness[gpu]).model_dump() if gpu in likeness else None for gpu in o["gpu"]
            ],
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
    columns = OfferItems(currency, rates).of(columns_of([offer]), {offer.slug: conflicts}, {})
    return {name: values[0] for name, values in columns.items()}


def columns_of(offers: Sequence[CloudOffer]) -> dict[str, Sequence[Any]]:
    """The fields of offers, a column each."""
    return {name: [getattr(offer, name) for offer in offers] for name in CloudOffer.__dataclass_fields__}


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
