"""The search among the offers of a table, in memory: what `offers.search` finds in the database.

A page of a hundred thousand offers costs a millisecond or two, whatever is asked for, and so does its
total; the database would read every row to count them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from service.estimate.price_conflicts import Conflict, Quoted, contradictions
from service.estimate.superseded import CATALOG
from service.facts import ExchangeRate
from service.store import exchange_rates
from service.store.column_types import to_billionths
from service.store.models import TIERS
from service.store.offer_table import OfferTable
from service.store.offers import OfferFilter, Order

Places = NDArray[np.intp]
"""Offers by their place in the table."""
Chosen = NDArray[np.bool_]


def search(
    table: OfferTable, wanted: OfferFilter, rates: Mapping[str, ExchangeRate], order: Order = "price"
) -> Places:
    """The offers that match, in the order of `offers.search`, equal ones by slug.

    The table is that of the day and kind asked for: `as_of` and `unlisted` are not looked at. Raises
    InvalidValue for price bounds in a currency without a rate.
    """
    index = _index_of(table)
    fits = _matching(table, index, wanted, rates)
    ordered = index.orders[order]
    return ordered if fits is None else ordered[fits[ordered]]


def cheapest_per_gpu(table: OfferTable, found: Places) -> dict[str, int]:
    """GPU slug -> the first of its offers among those found, by price; those of no rate are left out."""
    found = found[(table.gpu[found] >= 0) & np.isfinite(table.price_eur[found])]
    first = np.full(len(table.gpu_slugs), -1, np.intp)
    first[table.gpu[found[::-1]]] = found[::-1]
    return {table.gpu_slugs[gpu]: int(first[gpu]) for gpu in np.flatnonzero(first >= 0).tolist()}


def conflicts_of(table: OfferTable, shown: Places) -> dict[str, tuple[Conflict, ...]]:
    """Slug -> the offers of other lists that contradict it, of the offers shown; most have none."""
    if table.listed is not None:
        place_in = _index_of(table.listed).place_of
        shown, table = np.array([place_in[table.slug[i]] for i in shown.tolist()], np.intp), table.listed
    index = _index_of(table)
    things = dict.fromkeys(index.thing[shown].tolist())
    places = [place for thing in things for place in index.contested.get(thing, ())]
    if not places:
        return {}
    found = contradictions(
        Quoted(
            table.slug[i], (int(index.thing[i]),), table.instance[i], table.origin[i],
            float(table.price_eur[i]), date.fromordinal(int(table.as_of_ordinal[i])), table.superseded_by(i),
        )
        for i in places
    )  # fmt: skip
    place_of = {table.slug[i]: i for i in places}
    return {
        slug: tuple(Conflict(table.row(place_of[other]), ratio) for other, ratio in found[slug])
        for slug in (table.slug[i] for i in shown.tolist())
        if slug in found
    }


def has_region(table: OfferTable, region: str) -> bool:
    """Whether a listed offer names this region, upper or lower case."""
    return region.lower() in {known.lower() for known in _index_of(table).region.values if known}


@dataclass(frozen=True, slots=True)
class _Words:
    """A column of words as numbers: `codes[i]` is the place of the i-th offer's word in `values`."""

    codes: NDArray[np.int32]
    values: tuple[str | None, ...]

    def among(self, wanted: Iterable[bool]) -> Chosen:
        """The offers for whose word, in the order of `values`, True was said."""
        return np.fromiter(wanted, np.bool_, len(self.values))[self.codes]


@dataclass(frozen=True, slots=True)
class _Index:
    """What follows from a table and every search needs."""

    provider: _Words
    region: _Words
    country: _Words
    currency: _Words
    origin: _Words
    total_memory_gib: NDArray[np.float64]
    orders: Mapping[Order, Places]
    thing: NDArray[np.int64]
    """Equal for offers of one thing, which two lists may price: provider, GPU, count, tier, term, region."""
    contested: Mapping[int, tuple[int, ...]]
    """Thing that several lists price -> its offers; most things have one list."""
    place_of: Mapping[str, int]
    """Slug -> place."""


_INDEXES: WeakKeyDictionary[OfferTable, _Index] = WeakKeyDictionary()


def _index_of(table: OfferTable) -> _Index:
    index = _INDEXES.get(table)
    if index is None:
        index = _INDEXES[table] = _made(table)
    return index


def _made(table: OfferTable) -> _Index:
    provider, region, country, currency, origin = map(
        _words, (table.provider, table.region, table.country, table.currency, table.origin)
    )
    total = table.memory_gib_per_gpu * table.gpu_count
    thing = _things(table, provider, region)
    # The table is by slug, and a stable order keeps equal ones so; what is not known is NaN, and last.
    orders: dict[Order, Places] = {
        "price": np.argsort(table.price_eur, kind="stable"),
        "-price": np.argsort(-table.price_eur, kind="stable"),
        "memory": np.argsort(total, kind="stable"),
        "-memory": np.argsort(-total, kind="stable"),
        "slug": np.arange(len(table)),
    }
    contested = _contested(table, thing)
    place_of = {slug: i for i, slug in enumerate(table.slug)}
    return _Index(provider, region, country, currency, origin, total, orders, thing, contested, place_of)


def _words(values: tuple[str | None, ...]) -> _Words:
    known: dict[str | None, int] = {}
    codes = np.fromiter((known.setdefault(value, len(known)) for value in values), np.int32, len(values))
    return _Words(codes, tuple(known))


def _things(table: OfferTable, provider: _Words, region: _Words) -> NDArray[np.int64]:
    lower = _words(tuple((value or "").lower() for value in region.values)).codes
    place = lower[region.codes] if len(table) else region.codes
    thing = np.zeros(len(table), np.int64)
    for column in (provider.codes, table.gpu, table.gpu_count, table.tier, table.term_months, place):
        # Numbered anew after each column: the product of all their sizes need not fit.
        several = thing * (int(column.max(initial=0)) + 2) + column + 1
        thing = np.unique(several, return_inverse=True)[1].reshape(-1)
    return thing


def _contested(table: OfferTable, thing: NDArray[np.int64]) -> dict[int, tuple[int, ...]]:
    origin = _words(table.origin)
    pairs = np.unique(thing * len(origin.values) + origin.codes)
    lists = np.bincount(pairs // len(origin.values)) if len(pairs) else pairs
    several = np.flatnonzero(lists[thing] > 1 if len(pairs) else [])
    found: dict[int, list[int]] = {}
    for place in filter(table.is_listed, several[table.gpu[several] >= 0].tolist()):
        found.setdefault(int(thing[place]), []).append(place)
    return {one: tuple(places) for one, places in found.items()}


def _matching(
    table: OfferTable, index: _Index, wanted: OfferFilter, rates: Mapping[str, ExchangeRate]
) -> Chosen | None:
    """Every condition holds; None where none is given. What is not known meets none: NaN is neither."""
    conditions: list[Chosen] = []
    if wanted.gpu is not None:
        conditions.append(table.gpu == _place(table.gpu_slugs, wanted.gpu))
    if wanted.tier is not None:
        conditions.append(table.tier == _place(TIERS, wanted.tier))
    if wanted.provider is not None:
        conditions.append(index.provider.among(slug == wanted.provider for slug in index.provider.values))
    if wanted.country is not None:
        country = wanted.country.lower()
        conditions.append(index.country.among((c or "").lower() == country for c in index.country.values))
    if wanted.region is not None:
        region, places = wanted.region.lower(), wanted.region_countries
        named = index.region.among((r or "").lower() == region for r in index.region.values)
        conditions.append(named | index.country.among(c in places for c in index.country.values))
    for column, least, most in (
        (table.gpu_count, wanted.gpu_count_min, wanted.gpu_count_max),
        (table.memory_gib_per_gpu, wanted.memory_gib_per_gpu_min, wanted.memory_gib_per_gpu_max),
        (index.total_memory_gib, wanted.total_memory_gib_min, wanted.total_memory_gib_max),
    ):
        if least is not None:
            conditions.append(column >= least)
        if most is not None:
            conditions.append(column <= most)
    if not wanted.sold_out:
        conditions.append(~table.sold_out)
    if wanted.known_since is not None:
        conditions.append(table.known_ordinal >= wanted.known_since.toordinal())
    if wanted.is_shipped is False:
        conditions.append(index.origin.among(name != CATALOG for name in index.origin.values))
    if wanted.price_min is not None or wanted.price_max is not None:
        conditions.append(_within_bounds(table, index.currency, wanted, rates))
    return np.logical_and.reduce(conditions) if conditions else None


def _within_bounds(
    table: OfferTable, currency: _Words, wanted: OfferFilter, rates: Mapping[str, ExchangeRate]
) -> Chosen:
    bounds = exchange_rates.bounds_by_currency(wanted.price_min, wanted.price_max, wanted.currency, rates)
    largest = np.iinfo(np.int64).max
    low, high = np.full((2, len(currency.values)), largest)
    for place, name in enumerate(currency.values):
        if name in bounds:  # of a currency without a rate nothing is known to be within them
            least, most = bounds[name]
            low[place] = 0 if least is None else to_billionths(least)
            high[place] = largest if most is None else to_billionths(most)
    return (table.billionths >= low[currency.codes]) & (table.billionths <= high[currency.codes])


def _place(names: tuple[str, ...], name: str) -> int:
    """Of a name that no offer has a place that none has."""
    return names.index(name) if name in names else len(names)
