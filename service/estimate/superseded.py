"""Which stored prices another list has taken the place of: one row per thing that can be rented.

A provider's own list comes before what others say of it, a younger list before one that is more than a week
older, and of lists of one time the first by name, so that no price hangs on the hour at which each is read.
What a provider's own list has said, it has said: what it names no longer is not believed of others either.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from service.facts import Tier

CATALOG, OWN = "catalog", "own"
"""The lists that come with the product, and that a user keeps: the last of all, and one beside all."""
SAME_TIME = timedelta(days=7)
"""Lists whose days are no further apart are of one time."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a provider's own list is complete for: a GPU that it does not name there is not for rent."""

    provider: str
    tiers: tuple[Tier, ...]
    regions: Literal["all", "named"] = "all"
    """named: of the regions that it names alone."""
    gpus: Literal["all", "named"] = "all"
    """named: of the GPUs that it has ever named alone."""
    counts: Literal["all", "named"] = "all"
    """named: of the numbers of GPUs that it names alone."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What is needed of an offer to tell whether another list has taken its place; of one provider."""

    slug: str
    origin: str
    instance: str
    region: str
    gpu: str
    """Canonical slug, or the raw name of one that nobody has mapped."""
    gpu_count: int
    tier: Tier
    term_months: int
    as_of: date
    is_listed: bool = True
    names: str = ""
    """Who has given the instance its name, where a list holds names of several."""

    @property
    def thing(self) -> tuple[str, int, str, int]:
        return self.gpu, self.gpu_count, self.tier, self.term_months


@dataclass(slots=True)
class _List:
    """What a list says: where it has which thing, and what it calls its instances."""

    origin: str
    quotes: Sequence[Quote]
    places: dict[tuple[object, ...], set[str]] = field(default_factory=dict)
    """By thing and by instance; of what no better list has taken the place of."""

    @property
    def names(self) -> dict[str, set[str]]:
        called: dict[str, set[str]] = {}
        for quote in self.quotes:
            called.setdefault(quote.names or self.origin, set()).add(quote.instance.lower())
        return called

    def believe(self, quote: Quote) -> None:
        """From now on no worse list is believed about it."""
        for key in (quote.thing, _instance(quote)):
            self.places.setdefault(key, set()).add(quote.region.lower())

    def has(self, quote: Quote, *, by_gpu: bool, anywhere: bool) -> bool:
        """Whether it has the same thing in the same place, by the instance or also by the GPU.

        With `anywhere` the instance may stand in any region: a place that it no longer names is history.
        """
        places = self.places.get(_instance(quote), set())
        if anywhere and places:
            return True
        if by_gpu:
            places = places | self.places.get(quote.thing, set())
        region = quote.region.lower()
        return bool(places) and (not region or region in places or "" in places)


def superseded(quotes: Iterable[Quote], own_lists: Mapping[str, Sequence[Coverage]]) -> dict[str, str]:
    """Slug -> the list that has taken its place, of the quotes of one provider.

    `own_lists` are the provider's own that have been read, each with what it is complete for. Two lists that
    call instances alike are compared by instance, others by GPU; where no region is named, anywhere is meant.
    Private quotes neither give way nor take a place.
    """
    lists: dict[str, list[Quote]] = {}
    for quote in quotes:
        if quote.origin != OWN:
            lists.setdefault(quote.origin, []).append(quote)
    found: dict[str, str] = {}
    better: list[_List] = []
    scopes = [
        (own, _Scope(coverage, lists.get(own, ()))) for own, told in own_lists.items() for coverage in told
    ]
    day = {origin: max(quote.as_of for quote in said) for origin, said in lists.items()}
    partial = {o for o, told in own_lists.items() if any(coverage.regions == "named" for coverage in told)}
    for origin in sorted(lists, key=_rank(day, own_lists)):
        this, is_own = _List(origin, lists[origin]), origin in own_lists
        beside = {names: _beside(called, better) for names, called in this.names.items()}
        wholly = {one.origin for one in better if one.origin not in partial and _is_old(day, origin, one)}
        for quote in this.quotes:
            strangers = beside[quote.names or origin]
            taken = (
                one.origin
                for one in better
                if one.has(quote, by_gpu=one.origin in strangers, anywhere=one.origin in wholly)
            )
            by = next(taken, None)
            if by is None and not is_own:
                by = next((own for own, scope in scopes if scope.covers(quote)), None)
            if by is not None:
                found[quote.slug] = by
            elif quote.is_listed or is_own:
                this.believe(quote)
        better.append(this)
    return found


def _beside(called: set[str], better: Iterable[_List]) -> set[str]:
    """The lists that call no instance as these are called: their instances say nothing about ours."""
    return {one.origin for one in better if all(called.isdisjoint(theirs) for theirs in one.names.values())}


def _is_old(day: Mapping[str, date], origin: str, beside: _List) -> bool:
    return day[beside.origin] - day[origin] > SAME_TIME


class _Scope:
    """A coverage with the regions, GPUs and numbers of them that its list names."""

    def __init__(self, coverage: Coverage, named: Sequence[Quote]) -> None:
        self._coverage = coverage
        self._regions = {quote.region.lower() for quote in named if quote.is_listed}
        self._gpus = {quote.gpu for quote in named}
        self._counts = {quote.gpu_count for quote in named}

    def covers(self, quote: Quote) -> bool:
        """Whether the list would name it if it could be rented."""
        return (
            quote.tier in self._coverage.tiers
            and (self._coverage.regions == "all" or quote.region.lower() in self._regions)
            and (self._coverage.gpus == "all" or quote.gpu in self._gpus)
            and (self._coverage.counts == "all" or quote.gpu_count in self._counts)
        )


def _instance(quote: Quote) -> tuple[object, ...]:
    return quote.instance.lower(), quote.tier, quote.term_months


def _rank(day: Mapping[str, date], own_lists: Mapping[str, object]) -> Callable[[str], tuple[object, ...]]:
    """The most believable list first."""
    youngest = max((day[origin] for origin in day if origin not in own_lists), default=date.min)

    def rank(origin: str) -> tuple[object, ...]:
        if origin in own_lists:
            return 0, 0, origin
        if origin == CATALOG:
            return 3, 0, origin
        is_old = youngest - day[origin] > SAME_TIME
        return (2, -day[origin].toordinal(), origin) if is_old else (1, 0, origin)

    return rank
