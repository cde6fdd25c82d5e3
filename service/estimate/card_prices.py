"""What cards cost, new and used, on which day; how prices of a card moved over as many months."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.estimate.interval import Interval, around, certain
from service.facts import GpuClass, Source

CardPriceKind = Literal["launch", "new", "used"]
QUARTER = 3
"""Months: what the histories are kept by."""
LONGEST_MONTHS = 48
"""As far as the price histories reach."""
FEWEST_OWN = 4
"""So many pairs of its own prices, and a card's history says something of it."""
WITHOUT_OWN = 1.25
"""How much wider the interval of a card without a history is: with it 80 % of what a card's price did in one
and two years lay within what the other cards told of it (method.md, Cards to buy)."""


@dataclass(frozen=True, slots=True)
class CardPrice:
    """What a card cost over some months [USD, without sales tax]: a median or the one price told."""

    gpu: str
    kind: CardPriceKind
    first_month: date
    last_month: date
    usd: float
    low: float | None
    """The 10th percentile of what was seen in these months; None where too few prices were."""
    high: float | None
    observations: int | None
    source: Source

    def months_old(self, today: date) -> int:
        """Whole months since the last of its months; 0 within it."""
        return max(0, _month(today) - _month(self.last_month))


class CardPrices:
    """All prices of cards, and the classes of the cards they are of."""

    def __init__(self, prices: Iterable[CardPrice], classes: Mapping[str, GpuClass]) -> None:
        self._prices = tuple(price for price in prices if price.gpu in classes)
        self._classes = dict(classes)
        self._moves = {gap: _moves(self._prices, gap) for gap in range(QUARTER, LONGEST_MONTHS + 1, QUARTER)}

    def of(self, gpu: str, kind: CardPriceKind | None = None) -> tuple[CardPrice, ...]:
        """The prices of a card, the oldest first."""
        found = (one for one in self._prices if one.gpu == gpu and kind in (None, one.kind))
        return tuple(sorted(found, key=lambda one: (one.last_month, one.first_month)))

    def newest(self, gpu: str, kind: CardPriceKind | None = None) -> CardPrice | None:
        """The youngest price at which the card was sold, new or used; of two of one month the one for a new
        card. A launch price is none: nobody sells for it today."""
        found = [one for one in self.of(gpu, kind) if one.kind != "launch"]
        return max(found, key=lambda one: (one.last_month, one.kind == "new"), default=None)

    def move(self, gpu: str, months: float, *, until: date | None = None, own: bool = True) -> Interval:
        """A card's price so many months later over its price [ratio], an 80 % interval.

        Pairs of prices of one card in one list, so many months apart, of all cards of its class: every year
        in which they begin counts the same, and in a year every card. A card with `FEWEST_OWN` pairs or more
        counts half by itself; of others the interval is `WITHOUT_OWN` times as wide. `own` False: as if it
        had none. Between quarters as if it moved by the same share every day. `until`: only pairs that were
        over by then. Of a class with no pairs: of all; without any, as if it stood still.
        Leaves out what moves all cards at once beyond the years that are known.
        """
        whole = min(months, LONGEST_MONTHS) / QUARTER
        before, after = math.floor(whole), math.ceil(whole)
        ends = [self._moved(gpu, quarters * QUARTER, until, own) for quarters in (before, after)]
        share = whole - before
        logs = [[math.log(value) for value in (end.p10, end.p50, end.p90)] for end in ends]
        return Interval(*(math.exp(a + (b - a) * share) for a, b in zip(*logs, strict=True)))

    def _moved(self, gpu: str, gap: int, until: date | None, own: bool) -> Interval:
        if not gap:
            return certain(1.0)
        pairs = [pair for pair in self._moves[gap] if until is None or pair.start + gap <= _month(until)]
        mine = [pair for pair in pairs if pair.gpu == gpu]
        others = [pair for pair in pairs if pair.gpu != gpu]
        of_class = [pair for pair in others if self._kin(pair.gpu) == self._kin(gpu)] or others
        has_own = own and len(mine) >= FEWEST_OWN
        weighted = _weights(of_class) + (_weights(mine) if has_own else [])
        if not weighted:
            return certain(1.0)
        logs = np.array([pair.log_ratio for pair, _ in weighted])
        told = _percentiles(logs, np.array([weight for _, weight in weighted]))
        return told if has_own else _wider(told, WITHOUT_OWN)

    def has_history(self, gpu: str, months: float) -> bool:
        """Whether a card's own prices say what becomes of them in so many months."""
        gap = math.ceil(min(months, LONGEST_MONTHS) / QUARTER) * QUARTER
        return sum(pair.gpu == gpu for pair in self._moves.get(gap, ())) >= FEWEST_OWN

    def doubt_of(self, price: CardPrice, today: date) -> Interval:
        """How far a dated price can be from today's [ratio]: what such prices moved in the months since, and
        at least in a quarter; with what was seen beside the median, where many prices were."""
        moved = self.move(price.gpu, max(price.months_old(today), QUARTER))
        since = Interval(min(moved.p10, 1.0), 1.0, max(moved.p90, 1.0))
        if price.low is None or price.high is None:
            return since
        return since.widened(Interval(price.low / price.usd, 1.0, price.high / price.usd))

    def _kin(self, gpu: str) -> str:
        return self._classes.get(gpu, "").removesuffix("-laptop").replace("radeon", "geforce")

    def used_of_new(self) -> Interval:
        """What a used card goes for over what a new one of its kind does, told by one source of one month
        [ratio]: an 80 % interval over cards and months."""
        new = {(one.gpu, one.last_month, _teller(one)): one.usd for one in self._prices if one.kind == "new"}
        pairs = [
            math.log(one.usd / new[key])
            for one in self._prices
            if one.kind == "used" and (key := (one.gpu, one.last_month, _teller(one))) in new
        ]
        return _percentiles(np.array(pairs), np.ones(len(pairs))) if pairs else certain(1.0)


@dataclass(frozen=True, slots=True)
class _Pair:
    gpu: str
    start: int
    log_ratio: float


def _moves(prices: Sequence[CardPrice], gap: int) -> tuple[_Pair, ...]:
    pairs = []
    told = [one for one in prices if one.kind != "launch"]
    by_list = sorted(told, key=lambda one: (one.gpu, one.kind, one.source.slug))
    for (gpu, _, _), of_list in groupby(by_list, key=lambda one: (one.gpu, one.kind, one.source.slug)):
        series = {_month(one.last_month): one.usd for one in of_list}
        pairs += [
            _Pair(gpu, month, math.log(series[month + gap] / usd))
            for month, usd in series.items()
            if month + gap in series
        ]
    return tuple(pairs)


def _weights(pairs: Sequence[_Pair]) -> list[tuple[_Pair, float]]:
    """Every year the same, in a year every card, 1 in all."""
    cards: dict[int, dict[str, int]] = {}
    for pair in pairs:
        year = cards.setdefault(pair.start // 12, {})
        year[pair.gpu] = year.get(pair.gpu, 0) + 1
    return [
        (pair, 1 / (len(cards) * len(year := cards[pair.start // 12]) * year[pair.gpu])) for pair in pairs
    ]


def _percentiles(logs: NDArray[np.float64], weights: NDArray[np.float64]) -> Interval:
    order = np.argsort(logs, kind="stable")
    logs, weights = logs[order], weights[order]
    middle = (np.cumsum(weights) - weights / 2) / weights.sum()
    return Interval(*(float(np.exp(np.interp(share, middle, logs))) for share in (0.1, 0.5, 0.9)))


def _wider(told: Interval, factor: float) -> Interval:
    down, up = told.spread()
    return around(told.p50, down * factor, up * factor)


def _teller(price: CardPrice) -> str:
    return price.source.url


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
