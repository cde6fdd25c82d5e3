"""Which offers are there? Names in, offers out, with what other lists say against them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from service.countries import PARTS_OF_THE_WORLD, code_of
from service.errors import InvalidValue, UnknownName, choice_of
from service.estimate.nearest_gpu import Likeness, nearest_gpus
from service.estimate.price_conflicts import Conflict
from service.facts import CloudOffer, ExchangeRate
from service.reports.listings.offer_items import offer_item
from service.reports.listings.price_history import price_history_item
from service.store import exchange_rates, offer_conflicts, offers, price_history
from service.store.models import TIERS
from service.store.offers import OfferFilter
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import find_gpu


@dataclass(frozen=True, slots=True)
class FoundOffers:
    """A page of offers, how many there are in all, and the exchange rates of their day."""

    offers: Sequence[CloudOffer]
    total: int
    rates: tuple[ExchangeRate, ...]
    conflicts: Mapping[str, Sequence[Conflict]]
    """By slug; current prices only."""
    likeness: Mapping[str, Likeness]
    """By GPU, where one like another was asked for."""
    day: date | None = None
    """The day asked about; None for now."""


def find_offers(
    sessions: Sessions,
    snapshot: Snapshot,
    wanted: OfferFilter,
    *,
    currency: str | None = None,
    nearest: str | None = None,
    max_age_days: int | None = None,
    today: date,
    limit: int = 50,
    offset: int = 0,
) -> FoundOffers:
    """Offers that match, by true price at the rates of the day, equal ones by slug.

    In `wanted` the GPU may be an alias and the region a part of the world (`eu`, `asia`). With `nearest`,
    the name of a GPU, the answer holds the cheapest offer of each GPU with at least its memory (or
    `memory_gib_per_gpu_min`), the most alike first; one GPU per instance unless a count is asked for.
    With `max_age_days` prices that were older by `today`, or by the day asked about, are left out.
    Raises UnknownName or InvalidValue for what is in no list, naming the field and the nearest choices.
    """
    wanted = _named(snapshot, wanted)
    if max_age_days is not None:
        first = (wanted.as_of or today) - timedelta(days=max_age_days)
        wanted = replace(wanted, known_since=first)
    with sessions.reading() as session:
        rates = snapshot.exchange if wanted.as_of is None else exchange_rates.rates_for(session, wanted.as_of)
        if currency is not None and currency not in {"EUR", *rates}:
            raise InvalidValue("currency", currency, "no exchange rate is known", sorted({"EUR", *rates}))
        if (region := wanted.region) is not None:
            wanted = replace(wanted, region_countries=PARTS_OF_THE_WORLD.get(region.lower(), frozenset()))
            if not wanted.region_countries and not offers.has_region(session, region):
                regions = {*PARTS_OF_THE_WORLD, *filter(None, offers.regions(session))}
                raise UnknownName("region", region, regions)
        likeness: dict[str, Likeness] = {}
        if nearest is None:
            page = offers.search(session, wanted, limit=limit, offset=offset, rates=rates)
            shown, total = page.offers, page.total
        else:
            ranked = _nearest(snapshot, nearest, wanted)
            cheapest = offers.cheapest_per_gpu(session, _of_one_size(wanted), rates)
            likeness = {one.gpu: one for one in ranked if one.gpu in cheapest}
            alike = [cheapest[gpu] for gpu in likeness]
            shown, total = tuple(alike[offset : offset + limit]), len(alike)
        conflicts = offer_conflicts.conflicts_of(session, shown) if wanted.as_of is None else {}
    return FoundOffers(shown, total, tuple(rates.values()), conflicts, likeness, wanted.as_of)


def offer_items(page: FoundOffers, currency: str | None) -> list[dict[str, Any]]:
    """The offers found as plain values, the same for every way to ask."""
    return [
        offer_item(
            offer,
            currency,
            page.rates,
            conflicts=page.conflicts.get(offer.slug, ()),
            likeness=page.likeness.get(offer.gpu) if offer.gpu else None,
            day=page.day,
        )
        for offer in page.offers
    ]


def _named(snapshot: Snapshot, wanted: OfferFilter) -> OfferFilter:
    """The filter with names that are known; the region is looked up later."""
    if wanted.gpu is not None:
        wanted = replace(wanted, gpu=find_gpu(snapshot, "gpu", wanted.gpu).slug)
    if wanted.provider is not None and wanted.provider not in snapshot.providers:
        raise UnknownName("provider", wanted.provider, snapshot.providers)
    if wanted.tier is not None:
        choice_of("tier", wanted.tier, TIERS)
    if wanted.country is not None:
        if (country := code_of(wanted.country)) is None:
            countries = {country for country in snapshot.offers.country if country}
            raise UnknownName("country", wanted.country, countries)
        wanted = replace(wanted, country=country)
    return wanted


def _nearest(snapshot: Snapshot, nearest: str, wanted: OfferFilter) -> list[Likeness]:
    if wanted.gpu is not None:
        raise InvalidValue("nearest", nearest, "goes without gpu: it asks for GPUs like this one")
    to = find_gpu(snapshot, "nearest", nearest)
    return nearest_gpus(to, snapshot.gpus.values(), wanted.memory_gib_per_gpu_min)


def _of_one_size(wanted: OfferFilter) -> OfferFilter:
    """A price per instance means little across sizes: one GPU, unless a number was asked for."""
    if wanted.gpu_count_min is None and wanted.gpu_count_max is None:
        return replace(wanted, gpu_count_min=1, gpu_count_max=1)
    return wanted


def price_history_of(
    sessions: Sessions,
    snapshot: Snapshot,
    *,
    gpu: str,
    gpu_count: int | None = None,
    tier: str | None = None,
    provider: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    interval: str = "day",
    currency: str = "USD",
) -> dict[str, Any]:
    """What a GPU cost over time, as plain values. Raises as `find_offers` and `price_history` do."""
    named = _named(snapshot, OfferFilter(gpu=gpu, tier=tier, provider=provider))
    if currency not in {"EUR", *snapshot.exchange}:
        currencies = sorted({"EUR", *snapshot.exchange})
        raise InvalidValue("currency", currency, "no exchange rate is known", currencies)
    asked = {"gpu": named.gpu, "gpu_count": gpu_count, "tier": tier, "provider": provider}
    with sessions.reading() as session:
        history = price_history.price_history(
            session,
            str(named.gpu),
            gpu_count=gpu_count,
            tier=tier,
            provider=provider,
            first_day=first_day,
            last_day=last_day,
            interval=interval,
            currency=currency,
        )
    return price_history_item(history, asked, interval, currency)
