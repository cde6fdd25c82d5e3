"""Two lists that price one thing so differently that they cannot both be right.

One thing is a provider's GPU, count, tier and term in one region, or without region in both lists. Where
both lists name the same instance its two prices are compared, else the cheapest of each list: a
provider's larger and smaller machines around one GPU are no conflict. Both stay; neither is believed, unless
one list has superseded the other.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations

from service.facts import CloudOffer

MOST_APART = 1.5
"""Dearer over cheaper price from which on two lists contradict each other."""
MOST_DAYS_APART = timedelta(days=7)
"""Prices stated for days further apart may both have been right in their time."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is needed of an offer to compare its price with other lists'."""

    slug: str
    thing: tuple[object, ...]
    """Equal for offers of the same thing."""
    instance: str
    origin: str
    price_eur: float
    as_of: date
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another list's price of the same thing, too far from this one for both to be right."""

    offer: CloudOffer
    ratio: float
    """The other list's price over this one's, in one currency."""


def contradictions(quoted: Iterable[Quoted]) -> Mapping[str, Sequence[tuple[str, float]]]:
    """Slug -> the slugs that contradict it, with the ratio of their price to its own, the furthest first.

    Each contradiction is found from both sides. A price that no exchange rate turns into euros is left out.
    """
    things: dict[tuple[object, ...], dict[str, list[Quoted]]] = {}
    for one in quoted:
        if math.isfinite(one.price_eur):
            things.setdefault(one.thing, {}).setdefault(one.origin, []).append(one)
    contrary: dict[str, list[tuple[str, float]]] = {}
    for lists in things.values():
        for mine, other in permutations(lists.values(), 2):
            for ours, theirs in _comparable(mine, other):
                if ours.superseded_by and theirs.superseded_by:
                    continue
                ratio = theirs.price_eur / ours.price_eur
                if max(ratio, 1 / ratio) > MOST_APART and abs(ours.as_of - theirs.as_of) <= MOST_DAYS_APART:
                    contrary.setdefault(ours.slug, []).append((theirs.slug, ratio))
    return {slug: sorted(others, key=_furthest_first) for slug, others in contrary.items()}


def replaced(quoted: Iterable[Quoted]) -> Mapping[str, tuple[str, float]]:
    """Slug -> what stands in its place now and the ratio of the two prices, of superseded quotes that are too
    far from it; however old, for one list has taken the other's place.

    That of the same region, else the cheapest. What the other list does not name is left out.
    """
    current: dict[tuple[object, ...], list[Quoted]] = {}
    old = []
    for one in quoted:
        if one.superseded_by is not None:
            old.append(one)
        elif math.isfinite(one.price_eur):
            current.setdefault((one.origin, *one.thing[:-1]), []).append(one)
    found = {}
    for one in old:
        places = current.get((one.superseded_by, *one.thing[:-1]), ())
        new = min((o for o in places if o.thing == one.thing), key=_price, default=None)
        new = new or min(places, key=_price, default=None)
        if new is not None and math.isfinite(one.price_eur):
            ratio = new.price_eur / one.price_eur
            if max(ratio, 1 / ratio) > MOST_APART:
                found[one.slug] = (new.slug, ratio)
    return found


def _furthest_first(contradiction: tuple[str, float]) -> tuple[float, str]:
    slug, ratio = contradiction
    return -abs(math.log(ratio)), slug


def _comparable(mine: Sequence[Quoted], other: Sequence[Quoted]) -> Iterator[tuple[Quoted, Quoted]]:
    ours, theirs = _by_instance(mine), _by_instance(other)
    shared = ours.keys() & theirs.keys()
    for instance in shared:
        yield ours[instance], theirs[instance]
    if not shared:
        yield min(mine, key=_price), min(other, key=_price)


def _by_instance(quoted: Iterable[Quoted]) -> dict[str, Quoted]:
    cheapest: dict[str, Quoted] = {}
    for one in sorted(quoted, key=_price):
        cheapest.setdefault(one.instance.lower(), one)
    return cheapest


def _price(one: Quoted) -> tuple[float, str]:
    return one.price_eur, one.slug
