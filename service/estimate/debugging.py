"""Debugging at home before anything is rented: what it takes, and what it saves of the rented hours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.estimate.cloud_bill import CloudTerms, Doubt, spread_of_ends, widened
from service.estimate.interval import Interval
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
    figures: tuple[Figure, ...]
    """What both rest on."""


def debugging_of(terms: CloudTerms, figures: Mapping[str, Figure]) -> Debugging:
    """What debugging at home takes, and what it leaves of the idle hours of a rented machine."""
    hours, share = figures[PREFIX + HOURS], figures[PREFIX + SHARE]

    def left(of: CloudTerms, saved: float) -> CloudTerms:
        return replace(of, idle_share=of.idle_share * (1 - saved))

    doubts = [
        replace(one, low=left(one.low, share.value), high=left(one.high, share.value)) for one in terms.doubts
    ]
    if terms.idle_share and share.low is not None and share.high is not None:
        doubts.append(Doubt(SHARE, left(terms, share.high), left(terms, share.low)))
    spent = Interval(
        hours.value if hours.low is None else hours.low,
        hours.value,
        hours.value if hours.high is None else hours.high,
    )
    return Debugging(spent, replace(left(terms, share.value), doubts=tuple(doubts)), (hours, share))


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


def _ends(of: Interval) -> tuple[float, float]:
    return of.p10, of.p90
