"""Debugging at home before anything is rented: what it takes, and what it saves of the rented hours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.estimate.cloud_bill import CloudTerms, Doubt, spread_of_ends, widened
from service.estimate.energy import range_of
from service.estimate.futures import DEBUGGING, KWH_PRICE, drawn
from service.estimate.interval import Interval, certain
from service.estimate.rental import PREFIX
from service.facts import Figure

HOURS, SHARE = "debug_hours", "debugged_share"
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Debugging:
    """A run that is debugged at home before anything is rented."""

    hours: Interval
    """At home: a person's, as many for one GPU as for 64."""
    terms: CloudTerms
    """Of the rented run: with the idle hours that are left, in doubt by the share that is saved too."""
    saved_share: Interval
    """Machine hours saved, of training hours: the idle share and what debugging leaves of it know nothing of
    each other, so their ends meet in squares."""
    figures: tuple[Figure, ...]
    """What all of it rests on."""

    def electricity(self, kilowatts: float, per_kwh: Interval) -> Interval:
        """What the hours at home cost, their doubt and that of the price joined in squares."""
        return (self.hours * kilowatts).widened(per_kwh)


@dataclass(frozen=True, slots=True)
class DebuggingBenefit:
    """What debugging at home first brings, with its doubt; money in the decision's currency."""

    hours: Interval
    saved: Interval
    """Of the rent."""
    electricity: Interval
    """At home."""


def debugging_of(terms: CloudTerms, figures: Mapping[str, Figure]) -> Debugging:
    """What debugging at home takes, and what it leaves of the idle hours of a rented machine."""
    hours, share = figures[PREFIX + HOURS], figures[PREFIX + SHARE]
    saved = range_of(share)

    def left(of: CloudTerms, part: float) -> CloudTerms:
        return replace(of, idle_share=of.idle_share * (1 - part))

    doubts = [
        replace(one, low=left(one.low, saved.p50), high=left(one.high, saved.p50)) for one in terms.doubts
    ]
    if terms.idle_share and saved.p10 < saved.p90:
        doubts.append(Doubt(SHARE, left(terms, saved.p90), left(terms, saved.p10)))
    debugged = replace(left(terms, saved.p50), doubts=tuple(doubts))
    return Debugging(range_of(hours), debugged, _product(_idle(terms), saved), (hours, share))


def _idle(terms: CloudTerms) -> Interval:
    """The idle share with its doubt; certain where it was told."""
    doubt = next((doubt for doubt in terms.doubts if doubt.name == "idle_share"), None)
    if doubt is None:
        return certain(terms.idle_share)
    return Interval(doubt.low.idle_share, terms.idle_share, doubt.high.idle_share)


def _product(one: Interval, other: Interval) -> Interval:
    """Of two numbers from 0 on that know nothing of each other, ends at 0 among them."""
    middle = one.p50 * other.p50
    down = math.hypot((one.p50 - one.p10) * other.p50, one.p50 * (other.p50 - other.p10))
    up = math.hypot((one.p90 - one.p50) * other.p50, one.p50 * (other.p90 - other.p50))
    return Interval(max(middle - down, 0.0), middle, middle + up)


def benefit_of(
    debugging: Debugging, training_hours: float, rent_per_hour: float, kilowatts: float, per_kwh: Interval
) -> DebuggingBenefit:
    """What debugging at home saves of a rented run (its price with tax), and what it takes at home."""
    return DebuggingBenefit(
        debugging.hours,
        debugging.saved_share * (training_hours * rent_per_hour),
        debugging.electricity(kilowatts, per_kwh),
    )


def with_debugging(
    money: Numbers, calendar_hours: Numbers, debugging: Debugging, kilowatts: float, per_kwh: Interval
) -> tuple[Numbers, Numbers]:
    """Money and calendar hours of rented runs, shape (3, n), with the hours at home before; the doubts of
    those hours and of the price per kWh are joined in squares. NaN where the price is."""
    spent = debugging.hours.p50 * kilowatts * per_kwh.p50
    total, elapsed = money + spent, calendar_hours + debugging.hours.p50
    of_hours = np.array([[end / debugging.hours.p50 - 1] for end in _ends(debugging.hours)])
    of_price = np.array([[end / per_kwh.p50 - 1 if per_kwh.p50 else 0.0] for end in _ends(per_kwh)])
    with np.errstate(divide="ignore", invalid="ignore"):
        part, time = spent / total[1], debugging.hours.p50 / elapsed[1]
        doubt = np.hypot(spread_of_ends(1 + of_hours * part), spread_of_ends(1 + of_price * part))
    return widened(total, doubt), widened(elapsed, spread_of_ends(1 + of_hours * time))


def debugged_futures(
    drawn_runs: tuple[Numbers, Numbers, Numbers], debugging: Debugging, kilowatts: float, per_kwh: Interval
) -> tuple[Numbers, Numbers, Numbers]:
    """`cloud_futures` of rented runs with the hours at home."""
    hours, price = (
        drawn(dimension, of.p10, of.p50, of.p90)
        for dimension, of in ((DEBUGGING, debugging.hours), (KWH_PRICE, per_kwh))
    )
    calendar_hours, *money = drawn_runs
    paid, at_stated_rent = (of + hours * kilowatts * price for of in money)
    return calendar_hours + hours, paid, at_stated_rent


def _ends(of: Interval) -> tuple[float, float]:
    return of.p10, of.p90
