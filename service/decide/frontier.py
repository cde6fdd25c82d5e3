"""Which options are worth looking at, and how surely each stays within a budget and a deadline.

Arrays over options, so that every stored offer can be weighed at once. An unknown number is NaN and never
wins: an option without a price is on no front of costs.
"""

import math
from bisect import bisect_right, insort
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from service.estimate.quantile import QUANTILE_90

Numbers = NDArray[np.float64]
NODES = 41
"""Equally likely hours that the joint probability is summed over: exact to about 1 / (2 x 41)."""
LEAST_SPREAD = 1e-9
NO_MATTER = 1e-4
"""Nearer to 0 or 1 than that, a bound of the joint probability is taken for it."""
CERTAIN = 0.99
"""No model of ours deserves to be believed more."""


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

    def of(self, positions: NDArray[np.intp]) -> "LogNormal":
        """Those options only."""
        return LogNormal(self.median[positions], self.down[positions], self.up[positions])

    def at(self, z: Numbers | float) -> Numbers:
        """The value `z` standard deviations above the median (below for a negative one)."""
        return np.asarray(self.median * np.exp(np.where(np.asarray(z) < 0, self.down, self.up) * z))


def spread_of(p10: Numbers, p50: Numbers, p90: Numbers) -> LogNormal:
    """The log-normal with these percentiles, its two sides of their own width."""
    with np.errstate(invalid="ignore", divide="ignore"):
        down = np.log(p50 / p10) / QUANTILE_90
        up = np.log(p90 / p50) / QUANTILE_90
    return LogNormal(p50, _positive(down), _positive(up))


def _positive(spread: Numbers) -> Numbers:
    # What is all the same but for rounding has no spread, and above all not one of another sign.
    return np.where(np.isfinite(spread) & (spread > LEAST_SPREAD), spread, 0.0)


def probability_within(hours: LogNormal, cost: LogNormal, limits: Limits) -> Numbers:
    """How probably each option keeps within budget and deadline together [0-0.99].

    A run that takes longer costs more: cost moves with the hours as far as both spread, and what spread it
    has beyond theirs (power, price) is independent. Rented by the hour, the two limits are therefore one;
    two separate probabilities multiplied would be too low. A cost that spreads less than the hours (a card
    to buy, a term paid whole) moves with them less than in proportion. An unknown cost is outside every
    budget, one of nothing or a gain within each.
    """
    in_time = _below(hours, limits.deadline_hours)
    affordable = np.where(cost.median <= 0, 1.0, _below(cost, limits.budget))
    joint = np.zeros_like(hours.median)
    at_most, at_least = np.minimum(in_time, affordable), in_time + affordable - 1
    joint[at_least > 1 - NO_MATTER] = CERTAIN
    open_ = np.flatnonzero(~(at_most < NO_MATTER) & ~(at_least > 1 - NO_MATTER))
    joint[open_] = _joint(hours.of(open_), cost.of(open_), limits)
    return joint


def _below(quantity: LogNormal, limit: float | None) -> Numbers:
    """How probably a log-normal is at most a limit; NaN where it has no spread and is just as much."""
    if limit is None:
        return np.ones_like(quantity.median)
    with np.errstate(invalid="ignore", divide="ignore"):
        room = np.log(limit / quantity.median)
        below: Numbers = _normal_cdf(room / np.where(room < 0, quantity.down, quantity.up))
    return below


def _joint(hours: LogNormal, cost: LogNormal, limits: Limits) -> Numbers:
    """The same by a sum over equally likely hours."""
    z = _equally_likely(NODES)[:, None]
    drawn = hours.at(z)
    in_time = np.ones_like(drawn)
    if limits.deadline_hours is not None:
        in_time = (drawn <= limits.deadline_hours * (1 + 1e-12)).astype(np.float64)
    if limits.budget is None:
        punctual: Numbers = np.minimum(in_time.mean(axis=0), CERTAIN)
        return punctual
    own_down = np.sqrt(np.maximum(cost.down**2 - hours.down**2, 0.0))
    own_up = np.sqrt(np.maximum(cost.up**2 - hours.up**2, 0.0))
    shared = LogNormal(cost.median, np.minimum(cost.down, hours.down), np.minimum(cost.up, hours.up))
    with np.errstate(invalid="ignore", divide="ignore"):
        room = np.log(limits.budget / shared.at(z))
        own = np.where(room < 0, own_down, own_up)
        certain = np.where(room >= 0, 1.0, 0.0)
        affordable = np.where(own > 0, _normal_cdf(room / np.where(own > 0, own, 1.0)), certain)
    affordable = np.where(cost.median <= 0, 1.0, np.nan_to_num(affordable, nan=0.0))
    joint: Numbers = np.minimum((in_time * affordable).mean(axis=0), CERTAIN)
    return joint


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


@lru_cache(maxsize=4)
def _equally_likely(count: int) -> Numbers:
    """Standard normal quantiles in the middle of `count` equally likely parts."""
    normal = NormalDist()
    quantiles: Numbers = np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)])
    quantiles.flags.writeable = False
    return quantiles


def _normal_cdf(x: Numbers) -> Numbers:
    """Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17: within 7.5e-8; arrays at once."""
    t = 1 / (1 + 0.2316419 * np.abs(x))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * series
    below: Numbers = np.where(x < 0, tail, 1 - tail)
    return below
