"""How rents moved over as many days: what a price of that age still says of today; pure, over arrays."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.quantile import QUANTILE_90
from service.facts import Figure, Source, Tier

GAPS = (1, 3, 7, 14, 30, 60, 90, 180, 365)
"""Days between two looks at the same offer."""
OFF_BY = 0.1
"""Of a gap: looks that are nearly so many days apart count for it."""
SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Of what was seen: below it lie so many of the moves."""
MIDDLE, FAR = SHARES.index(0.5), SHARES.index(0.9)
QUANTILE_95 = 1.6449
CHEAPEST_OF = 4
"""Offers of one card and tier on one day, not all of one seller: of so many or more the cheapest is what a
choice falls on. It rises more than others."""
FEWEST_OFFERS, FEWEST_BLOCKS = 10, 10
"""Fewer tell nothing of a tier over so many days."""
UNSEEN, FURTHEST = 1.0, 4.0
"""Blocks added to those seen, half at a quarter of the rent, half at four times: the next is one of n + 1."""
HOSTS: tuple[Tier, ...] = ("marketplace", "community", "spot")
"""Tiers in which each machine has a price of its own."""
LIKE: Mapping[Tier, Tier] = {"community": "marketplace", "reserved": "on_demand"}
"""Where a tier was looked at over less than a week: hosts set their own prices in both, or both are lists."""
A_WEEK = 7
A_LONG_TIME = 10_000_000
"""Days: more than any date."""


@dataclass(frozen=True, slots=True)
class RentMove:
    """What the next rent of a tier will be so many days later over what it was, by those that were seen."""

    tier: Tier
    days: int
    ends: tuple[float, ...]
    """At the quantiles of SHARES, one block that nobody has seen among them."""
    blocks: int
    """A card in a window of so many days: what is independent, however many offers and looks fall into it."""
    offers: int
    observations: int
    source: Source

    @property
    def is_enough(self) -> bool:
        """Whether so much was looked at that it tells something."""
        return self.offers >= FEWEST_OFFERS and self.blocks >= FEWEST_BLOCKS


class RentMoves:
    """What is known of the moves of all tiers."""

    def __init__(self, moves: Iterable[RentMove] = ()) -> None:
        self.moves = tuple(moves)
        self._of: dict[str, list[RentMove]] = {}
        for move in sorted(self.moves, key=lambda move: move.days):
            self._of.setdefault(move.tier, []).append(move)

    def superseded_by(self, own: Iterable[RentMove]) -> "RentMoves":
        """The same with what another history says in place of it, tier by tier and gap by gap, where that has
        looked at enough offers."""
        known = {(move.tier, move.days): move for move in self.moves}
        known |= {(move.tier, move.days): move for move in own if move.is_enough}
        return RentMoves(known.values())

    def spread(self, tier: Tier, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log standard deviations below and above of today's rent over one that is so many days old, shape
        (2, n), of the log-normal that holds 80 % and 90 % of what `logs` says, for most rents stand still and
        some jump; 0 on the day itself."""
        logs = self.logs(tier, days)
        p05, p10, p90, p95 = (logs[SHARES.index(share)] for share in (0.05, 0.1, 0.9, 0.95))
        down = np.maximum(-p10 / QUANTILE_90, -p05 / QUANTILE_95)
        up = np.maximum(p90 / QUANTILE_90, p95 / QUANTILE_95)
        return np.asarray(np.maximum(np.stack([down, up]), 0.0))

    def logs(self, tier: Tier, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms of today's rent over one that is so many days old, at each of SHARES, shape (9, n); at
        the upper end what nobody has seen. Never nearer to 0 than of a younger rent; between two gaps in
        proportion, beyond the last as the root of the days. A tier that nobody looked at moves as the one
        that moves most."""
        known = self._known(tier)
        if not known:
            return np.zeros((len(SHARES), len(days)))
        ends = np.array([np.zeros(len(SHARES)), *(np.log(move.ends) for move in known)]).T
        ends[:MIDDLE] = np.minimum.accumulate(ends[:MIDDLE], axis=1)
        ends[MIDDLE + 1 :] = np.maximum.accumulate(ends[MIDDLE + 1 :], axis=1)
        found = _between_gaps(known, ends, days)
        is_unseen = np.array(SHARES)[:, None] > 1 - self.unseen(tier, days)
        return np.where(is_unseen, np.maximum(found, math.log(FURTHEST)), found)

    def unseen(self, tier: Tier, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """In what share of cases a rent so many days old is FURTHEST times what it was, as none was seen,
        shape (n,): after n blocks 1 / (n + 2) (Laplace's rule of succession).

        An older rent is never surer than a younger; beyond the last gap there are as many blocks as longer
        windows fit into what was looked at.
        """
        known = self._known(tier)
        if not known:
            return np.zeros(len(days))
        blocks = np.minimum.accumulate([move.blocks for move in known])
        gaps = np.array([0.0, *(move.days for move in known)])
        within = np.interp(days, gaps, [0.0, *(1 / (blocks + 2))])
        beyond = 1 / (blocks[-1] * gaps[-1] / np.maximum(days, gaps[-1]) + 2)
        return np.asarray(np.where(days > gaps[-1], beyond, within))

    def longest_days(self, tier: Tier) -> int | None:
        """After how many days rents of a tier were looked at again, at the most; older ones are
        extrapolated. None where none was."""
        known = self._known(tier)
        return known[-1].days if known else None

    def _known(self, tier: Tier) -> list[RentMove]:
        own = self._of.get(tier, [])
        if own and own[-1].days >= A_WEEK:
            return own
        widest = max(self._of.values(), key=lambda of: max(move.ends[FAR] for move in of), default=[])
        return self._of.get(LIKE.get(tier, tier), own or widest)

    def figure(self, tier: Tier, days: int) -> Figure | None:
        """Today's rent over one so many days old, as a number with its range; None where it stands still."""
        down, up = (float(end) for end in self.spread(tier, np.array([float(days)]))[:, 0])
        if not down and not up:
            return None
        nearest = min(self._known(tier), key=lambda move: (abs(move.days - days), move.days))
        low, high = math.exp(-QUANTILE_90 * down), math.exp(QUANTILE_90 * up)
        unit = f"of a rent {days} days old, {tier}"
        return Figure("rent_today", 1.0, unit, nearest.source, low, high, "measured")


def _between_gaps(
    known: Sequence[RentMove], ends: NDArray[np.float64], days: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What rows of `ends`, of no gap and of each known one, are after so many days: between two in
    proportion, beyond the last as the root of the days."""
    gaps = np.array([0.0, *(move.days for move in known)])
    beyond = np.sqrt(np.maximum(days / gaps[-1], 1.0))
    return np.stack([np.interp(days, gaps, end) * beyond for end in ends])


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Rents as they were seen, a position each: one offer on one day."""

    offer: NDArray[np.int64]
    kind: NDArray[np.int64]
    """The same number for offers of one card in one tier."""
    tier: NDArray[np.int64]
    """Index into the tiers."""
    day: NDArray[np.int64]
    """date.toordinal()."""
    per_gpu: NDArray[np.float64]
    """In one currency."""
    seller: NDArray[np.int64]
    """The same number for offers whose price one and the same sets: a provider, or a host of HOSTS."""


def moves_seen(looks: Looks, tiers: Sequence[Tier], source: Source) -> tuple[RentMove, ...]:
    """What the cheapest of each card's offers on a day cost later, for every tier and gap with two looks.

    Every block counts the same, however often it was looked at; or every offer, where that is wider: neither
    alone was right in other months. Several that are the cheapest together count as one. Rents that were gone
    by then say nothing.
    """
    if len(looks.day) < 2:
        return ()
    order = np.lexsort((looks.day, looks.offer))
    offer, kind, tier = looks.offer[order], looks.kind[order], looks.tier[order]
    day, price = looks.day[order], looks.per_gpu[order]
    is_cheap = price <= _cheapest(kind, day, price, looks.seller[order]) * (1 + 1e-9)
    place = offer * A_LONG_TIME + day
    _, market, tied = np.unique((kind * A_LONG_TIME + day)[is_cheap], return_inverse=True, return_counts=True)
    share = np.zeros(len(price))
    share[is_cheap] = 1 / tied[market]
    found = []
    for gap in GAPS:
        off = int(gap * OFF_BY)
        later = _nearest(place, place + gap)
        is_pair = is_cheap & (np.abs(place[later] - place - gap) <= off)
        for code in np.unique(tier[is_pair]):
            pairs = np.flatnonzero(is_pair & (tier == code))
            block = _blocks(kind[pairs], day[pairs], gap)
            weights = share[pairs] / np.bincount(block, share[pairs])[block]
            blocks, ratios = int(block.max()) + 1, price[later[pairs]] / price[pairs]
            _, which, often = np.unique(offer[pairs], return_inverse=True, return_counts=True)
            by_offer = share[pairs] / often[which]
            by_offer *= blocks / by_offer.sum()
            ends = _wider(_predicted(ratios, weights), _predicted(ratios, by_offer))
            found.append(RentMove(tiers[int(code)], gap, ends, blocks, len(often), len(pairs), source))
    return tuple(sorted(found, key=lambda move: (move.tier, move.days)))


def _blocks(kind: NDArray[np.int64], day: NDArray[np.int64], gap: int) -> NDArray[np.intp]:
    """Which card and window of so many days each look is of: windows do not overlap, and a card's first
    begins on its first day."""
    first = np.full(int(kind.max()) + 1, A_LONG_TIME)
    np.minimum.at(first, kind, day)
    return np.unique(kind * A_LONG_TIME + (day - first[kind]) // gap, return_inverse=True)[1]


def _cheapest(
    kind: NDArray[np.int64], day: NDArray[np.int64], price: NDArray[np.float64], seller: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The lowest rent of each look's card, tier and day; 0 where there are too few to choose from."""
    market = kind * A_LONG_TIME + day
    order = np.lexsort((price, market))
    _, first, which, count = np.unique(
        market[order], return_index=True, return_inverse=True, return_counts=True
    )
    by = seller[order]
    others = np.bincount(which, by != by[first][which]) > 0
    at = np.where((count >= CHEAPEST_OF) & others, price[order][first], 0.0)
    limit = np.empty(len(price))
    limit[order] = at[which]
    return limit


def _nearest(places: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """The place nearest to each wanted one; `places` in order."""
    right = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
    left = right - 1
    return np.asarray(np.where(wanted - places[left] <= places[right] - wanted, left, right))


def _wider(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Below the median the lower of two, from it on the higher."""
    return *map(min, one[:MIDDLE], other[:MIDDLE]), *map(max, one[MIDDLE:], other[MIDDLE:])


def _predicted(ratios: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, ...]:
    """At SHARES, of the next block after those of which each weighs one."""
    values = np.concatenate(([1 / FURTHEST], ratios, [FURTHEST]))
    counts = np.concatenate(([UNSEEN / 2], weights, [UNSEEN / 2]))
    order = np.argsort(values, kind="stable")
    counts = counts[order]
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    return tuple(float(np.interp(end, middle, values[order])) for end in SHARES)
