"""Which offers are there? Names in, offers out, with what other lists say against them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from service.countries import PARTS_OF_THE_WORLD, code_of
from service.errors import InvalidValue, UnknownName, choice_of, worded
from service.estimate.nearest_gpu import Likeness, nearest_gpus
from service.estimate.price_conflicts import Conflict
from service.facts import ExchangeRate
from service.reports.listings.offer_items import OfferItems, columns_of
from service.reports.listings.price_history import price_history_item
from service.store import offer_conflicts, offer_search, offers, price_history, stored_offers
from service.store.models import TIERS
from service.store.offer_table import OfferTable
from service.store.offers import OfferFilter
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import find_gpu

AT_A_TIME = 250
"""Offers that are read and told together where all are asked for; a thousand at a time keep the garbage
collector busy for a third of the time."""


@dataclass(frozen=True, slots=True)
class FoundOffers:
    """A page of offers, how many there are in all, and the exchange rates of their day."""

    columns: Mapping[str, Sequence[Any]]
    """The fields of CloudOffer, a column each."""
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
    limit: int = 50,
    offset: int = 0,
) -> FoundOffers:
    """Offers that match, by true price at the rates of the day, equal ones by slug.

    In `wanted` the GPU may be an alias and the region a part of the world (`eu`, `asia`). With `nearest`,
    the name of a GPU, the answer holds the cheapest offer of each GPU with at least its memory (or
    `memory_gib_per_gpu_min`), the most alike first; one GPU per instance unless a count is asked for.
    Raises UnknownName or InvalidValue for what is in no list, naming the field and the nearest choices.
    """
    wanted, rates = _asked(sessions, snapshot, wanted, currency)
    if nearest is not None:
        return _most_like(
            sessions, snapshot, _nearest(snapshot, nearest, wanted), wanted, rates, limit, offset
        )
    table = _table_of(sessions, snapshot, wanted, rates)
    if table is None:
        with sessions.reading() as session:
            page = offers.search(session, wanted, limit=limit, offset=offset, rates=rates)
            conflicts = offer_conflicts.conflicts_of(session, page.offers) if wanted.as_of is None else {}
        if not page.total:
            _refuse_before_all(sessions, wanted.as_of)
        return FoundOffers(
            columns_of(page.offers), page.total, tuple(rates.values()), conflicts, {}, wanted.as_of
        )
    found = offer_search.search(table, wanted, rates)
    if not len(found):
        _refuse_before_all(sessions, wanted.as_of)
    return _shown(table, found[offset : offset + limit], len(found), rates, wanted.as_of)


def all_offers(
    sessions: Sessions,
    snapshot: Snapshot,
    wanted: OfferFilter,
    *,
    currency: str | None = None,
    nearest: str | None = None,
) -> Iterator[FoundOffers]:
    """Every offer that `find_offers` would page through, some at a time; never all of them in memory.

    What cannot be asked is refused at the call, before the first of them.
    """
    if nearest is not None:
        everyone = len(snapshot.gpus)
        page = find_offers(sessions, snapshot, wanted, currency=currency, nearest=nearest, limit=everyone)
        return iter([page])
    wanted, rates = _asked(sessions, snapshot, wanted, currency)
    table = _table_of(sessions, snapshot, wanted, rates)
    if table is None:
        return _all_stored(sessions, wanted, rates)
    found = offer_search.search(table, wanted, rates)
    if not len(found):
        _refuse_before_all(sessions, wanted.as_of)
    return (
        _shown(table, found[start : start + AT_A_TIME], len(found), rates, wanted.as_of)
        for start in range(0, len(found), AT_A_TIME)
    )


def offer_items(page: FoundOffers, currency: str | None) -> list[dict[str, Any]]:
    """The offers found as plain values, the same for every way to ask."""
    columns = offer_columns(page, currency)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def offer_columns(page: FoundOffers, currency: str | None) -> Mapping[str, Sequence[Any]]:
    """The same, a column for each field."""
    return OfferItems(currency, page.rates, page.day).of(page.columns, page.conflicts, page.likeness)


def _asked(
    sessions: Sessions, snapshot: Snapshot, wanted: OfferFilter, currency: str | None
) -> tuple[OfferFilter, Mapping[str, ExchangeRate]]:
    """The filter with names and places that are known, and the exchange rates of its day."""
    wanted = _named(snapshot, wanted)
    rates: Mapping[str, ExchangeRate] = snapshot.exchange
    if wanted.as_of is not None:
        rates = stored_offers.rates_of(sessions, snapshot, wanted.as_of)
    if currency is not None and currency not in {"EUR", *rates}:
        raise InvalidValue("currency", currency, worded("no exchange rate is known"), sorted({"EUR", *rates}))
    if (region := wanted.region) is not None:
        wanted = replace(wanted, region_countries=PARTS_OF_THE_WORLD.get(region.lower(), frozenset()))
        if not wanted.region_countries and not offer_search.has_region(snapshot.offers, region):
            _region_once_named(sessions, region)
    return wanted, rates


def _refuse_before_all(sessions: Sessions, day: date | None) -> None:
    """Raises InvalidValue for a day before any price that is known: nothing would look like an answer."""
    if day is None:
        return
    with sessions.reading() as session:
        first = price_history.first_day(session)
    if first is not None and day < first:
        reason = worded("no price is known of that day; the first is of {first}", first=first)
        raise InvalidValue("as_of", day.isoformat(), reason)


def _region_once_named(sessions: Sessions, region: str) -> None:
    """Raises UnknownName for a region that no offer names, not even one that is no longer listed."""
    with sessions.reading() as session:
        if not offers.has_region(session, region):
            regions = {*PARTS_OF_THE_WORLD, *filter(None, offers.regions(session))}
            raise UnknownName("region", region, regions)


def _table_of(
    sessions: Sessions, snapshot: Snapshot, wanted: OfferFilter, rates: Mapping[str, ExchangeRate]
) -> OfferTable | None:
    """The offers in memory that the filter asks among; None where the database is asked."""
    if wanted.as_of is None and not wanted.unlisted:
        return snapshot.offers
    return stored_offers.table_of(sessions, snapshot, wanted.as_of, rates, unlisted=wanted.unlisted)


def _shown(
    table: OfferTable,
    places: offer_search.Places,
    total: int,
    rates: Mapping[str, ExchangeRate],
    day: date | None,
) -> FoundOffers:
    conflicts = offer_search.conflicts_of(table, places) if day is None else {}
    return FoundOffers(table.columns(places), total, tuple(rates.values()), conflicts, {}, day)


def not_older(wanted: OfferFilter, max_age_days: int | None, today: date) -> OfferFilter:
    """The filter without prices that were older by the day it asks about, or by `today`."""
    if max_age_days is None:
        return wanted
    return replace(wanted, known_since=(wanted.as_of or today) - timedelta(days=max_age_days))


def _all_stored(
    sessions: Sessions, wanted: OfferFilter, rates: Mapping[str, ExchangeRate]
) -> Iterator[FoundOffers]:
    with sessions.reading() as session:
        for page in offers.pages(session, wanted, at_a_time=AT_A_TIME, rates=rates):
            conflicts = offer_conflicts.conflicts_of(session, page.offers) if wanted.as_of is None else {}
            yield FoundOffers(
                columns_of(page.offers), page.total, tuple(rates.values()), conflicts, {}, wanted.as_of
            )


def _most_like(
    sessions: Sessions,
    snapshot: Snapshot,
    ranked: Sequence[Likeness],
    wanted: OfferFilter,
    rates: Mapping[str, ExchangeRate],
    limit: int,
    offset: int,
) -> FoundOffers:
    """The cheapest offer of each of these GPUs, in their order."""
    wanted = _of_one_size(wanted)
    conflicts: Mapping[str, Sequence[Conflict]] = {}
    table = _table_of(sessions, snapshot, wanted, rates)
    if table is not None:
        first = offer_search.cheapest_per_gpu(table, offer_search.search(table, wanted, rates))
        offered = [one for one in ranked if one.gpu in first]
        places = np.array([first[one.gpu] for one in offered[offset : offset + limit]], np.intp)
        shown = table.columns(places)
        conflicts = offer_search.conflicts_of(table, places) if wanted.as_of is None else {}
    else:
        with sessions.reading() as session:
            cheapest = offers.cheapest_per_gpu(session, wanted, rates)
            offered = [one for one in ranked if one.gpu in cheapest]
            cheap = [cheapest[one.gpu] for one in offered[offset : offset + limit]]
            shown = columns_of(cheap)
            if wanted.as_of is None:
                conflicts = offer_conflicts.conflicts_of(session, cheap)
    likeness = {one.gpu: one for one in offered}
    return FoundOffers(shown, len(offered), tuple(rates.values()), conflicts, likeness, wanted.as_of)


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
        raise InvalidValue("nearest", nearest, worded("goes without gpu: it asks for GPUs like this one"))
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
        raise InvalidValue("currency", currency, worded("no exchange rate is known"), currencies)
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
