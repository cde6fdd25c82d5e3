"""Which options are worth looking at, and how surely each stays within a budget and a deadline.

Arrays over options, so that every stored offer can be weighed at once. An unknown number is NaN and never
wins: an option without a price is on no front of costs.
"""

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.futures import FUTURES, HOURS, OTHERWISE, factors
from service.estimate.quantile import QUANTILE_90

Numbers = NDArray[np.float64]
Shares = NDArray[np.float32]
LEAST_SPREAD = 1e-9
AS_GOOD_AS = 1e-7
"""Of a limit: nearer to it is rounding."""
CERTAIN = FUTURES / (FUTURES + 1)
"""All futures that are drawn, and one more that nobody thought of."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan must keep within; None where there is no limit."""

    budget: float | None = None
    """In the currency of the decision."""
    deadline_hours: float | None = None
    """On the calendar, from the start."""


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal quantity per option: medians and log standard deviations below and above."""

    median: Numbers
    down: Numbers
    up: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Futures:
    """What hours and money of each option are over their medians in equally likely futures, shape
    (futures, n) each: the same future for both, and for all options."""

    hours: Shares
    money: Shares
    at_rent: Shares | None = None
    """The money again where rents stay what they were stated to be; None where none is in doubt."""

    @staticmethod
    def over(
        medians: tuple[Numbers, Numbers],
        hours: Numbers,
        money: Numbers,
        at_rent: Numbers | None = None,
    ) -> "Futures":
        """Of hours and money in each future, over their medians."""

        def share(of: Numbers, median: Numbers) -> Shares:
            return (of / median).astype(np.float32)

        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            held = None if at_rent is None else share(at_rent, medians[1])
            return Futures(share(hours, medians[0]), share(money, medians[1]), held)

    def of(self, positions: NDArray[np.intp]) -> "Futures":
        """Those options only."""
        return Futures(
            self.hours[:, positions],
            self.money[:, positions],
            None if self.at_rent is None else self.at_rent[:, positions],
        )

    @staticmethod
    def side_by_side(blocks: "Sequence[Futures]") -> "Futures":
        """The options of all, one after the other."""
        return Futures(
            np.concatenate([b.hours for b in blocks], axis=1),
            np.concatenate([b.money for b in blocks], axis=1),
            np.concatenate([b.money if b.at_rent is None else b.at_rent for b in blocks], axis=1),
        )

    def at_stated_rents(self) -> "Futures":
        """The same with rents that stay what they were."""
        return self if self.at_rent is None else Futures(self.hours, self.at_rent)


def spread_of(p10: Numbers, p50: Numbers, p90: Numbers) -> LogNormal:
    """The log-normal with these percentiles, its two sides of their own width."""
    with np.errstate(invalid="ignore", divide="ignore"):
        down = np.log(p50 / p10) / QUANTILE_90
        up = np.log(p90 / p50) / QUANTILE_90
    return LogNormal(p50, _positive(down), _positive(up))


def _positive(spread: Numbers) -> Numbers:
    # What is all the same but for rounding has no spread, and above all not one of another sign.
    return np.where(np.isfinite(spread) & (spread > LEAST_SPREAD), spread, 0.0)


def futures_of(hours: LogNormal, money: LogNormal) -> Futures:
    """Options of which nothing is known but how far hours and money spread.

    A run that takes longer costs more: money moves with the hours as far as both spread, and what spread it
    has beyond theirs (power, price) is independent. Money that spreads less than the hours (a card to buy)
    moves with them less than in proportion.
    """
    own = (np.sqrt(np.maximum(m**2 - h**2, 0.0)) for m, h in ((money.down, hours.down), (money.up, hours.up)))
    shared = np.minimum(money.down, hours.down), np.minimum(money.up, hours.up)
    paid = factors(HOURS, *shared) * factors(OTHERWISE, *own)
    return Futures(factors(HOURS, hours.down, hours.up).astype(np.float32), paid.astype(np.float32))


def probability_within(hours: Numbers, money: Numbers, futures: Futures, limits: Limits) -> Numbers:
    """In how many futures each option keeps within budget and deadline together [0-CERTAIN], by the medians
    of hours and money. The options of the futures, or several
    times the same, one after the other. Unknown money is outside every budget, nothing or a gain within each.
    """
    count = futures.hours.shape[1]
    within: NDArray[np.bool_] | None = None
    for limit, median, factor in (
        (limits.deadline_hours, hours, futures.hours),
        (limits.budget, money, futures.money),
    ):
        if limit is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                room = np.where(median <= 0, np.inf, limit / median) * (1 + AS_GOOD_AS)
                kept = factor[:, None] <= room.astype(np.float32).reshape(-1, count)
            within = kept if within is None else within & kept
    known = np.isfinite(hours)
    if within is None:
        return np.where(known, CERTAIN, 0.0)
    return np.where(known, within.sum(axis=0, dtype=np.int16).ravel() / (FUTURES + 1), 0.0)


def non_dominated(cost: Numbers, hours: Numbers, co2: Numbers) -> NDArray[np.intp]:
    """Positions of the options that no other beats: cheaper, faster or cleaner than each of the rest.

    By cost, equal options once (the first). An option without cost or hours is not among them; one without
    CO2 counts as the dirtiest.
    """
    priced = np.flatnonzero(np.isfinite(cost) & np.isfinite(hours))
    grams = np.where(np.isfinite(co2), co2, np.inf)
    order = priced[np.lexsort((priced, grams[priced], hours[priced], cost[priced]))]
    front: list[int] = []
    # A staircase of hours rising and CO2 falling: what lies on or above it is beaten by something cheaper.
    stairs: list[tuple[float, float]] = []
    for i in map(int, order):
        step = (float(hours[i]), float(grams[i]))
        place = bisect_right(stairs, (step[0], math.inf))
        if place and stairs[place - 1][1] <= step[1]:
            continue
        front.append(i)
        insort(stairs, step)
        here = stairs.index(step)
        while here + 1 < len(stairs) and stairs[here + 1][1] >= step[1]:
            del stairs[here + 1]
    return np.array(front, dtype=np.intp)


def weighed(cost: Numbers, hours: Numbers, co2: Numbers, weights: tuple[float, float, float]) -> Numbers:
    """One number per option, the lower the better: the weighted geometric mean of cost, hours and CO2.

    Ratios count, not sums: half the cost makes up for twice the hours at equal weights, whatever the
    units. Unknown numbers give infinity where their weight is above 0; what costs nothing, or less, is as
    good as can be.
    """
    total = np.zeros_like(cost)
    for values, weight in zip((cost, hours, co2), weights, strict=True):
        if weight:
            with np.errstate(divide="ignore", invalid="ignore"):
                total = total + weight * np.log(np.maximum(values, 0.0))
    return np.where(np.isnan(total), np.inf, total)
