"""When to run under a price that changes by the hour: through, in the cheapest hours, or in one window.

A day is ranked by its own slots alone: that is what the day-ahead auction tells, and no more. The same
arithmetic serves grams of CO2 per kilowatt-hour in place of money. Leaves out the fixed fees of a dynamic
contract, and what a battery or a solar roof could do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.estimate.priced_days import SECONDS_PER_HOUR, Numbers, PricedDays, PricedSlot, priced_days

HoursCode = Literal["through", "cheapest", "window"]
"""All hours, the cheapest slots, or the cheapest slots in one piece."""
WATTS_PER_KILOWATT = 1000.0


@dataclass(frozen=True, slots=True)
class Pausing:
    """What pausing costs: power while paused, and work lost at every start."""

    active_watts: float
    paused_watts: float
    """At the plug while paused: 0 off, 2-5 suspended, 50-100 idle. What the PC would draw anyway is not
    caused by the pause and does not belong here."""
    start_up_s: float = 0.0
    """Time at full power without progress after every start: loading, compiling, the step repeated."""


@dataclass(frozen=True, slots=True)
class RunHours:
    """A rule for choosing hours of each day."""

    code: HoursCode
    share: float = 1.0
    """Of each day's slots that are used, above 0 to 1."""


THROUGH = RunHours("through")


@dataclass(frozen=True, slots=True)
class HoursEffect:
    """What a rule does to the price of a day, every day weighted equally."""

    rule: RunHours
    mean_per_kwh: float
    """Over all hours."""
    kept_per_kwh: float
    dropped_per_kwh: float | None
    """None where nothing is dropped."""
    low_per_kwh: float
    """10th percentile of the days' means of what is kept: what the past shows, no forecast."""
    high_per_kwh: float
    """90th percentile."""
    starts_per_hour: float
    """Starts after a pause, per running hour."""


@dataclass(frozen=True, slots=True)
class WithinDay:
    """What a rule saves within a day, every day weighted equally: no season is mistaken for a saving."""

    mean_per_kwh: float
    kept_per_kwh: float
    dropped_per_kwh: float | None
    """None where nothing is dropped."""
    cost_change: float
    """Cost per unit of work against running through, minus 1: below 0 saves."""
    calendar_stretch: float
    """How many times longer the run takes on the calendar."""
    break_even_paused_watts: float | None
    """A machine that draws more than this while paused loses by pausing; None where nothing is dropped."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A run replayed over real slots."""

    cost: float
    """In the slots' unit: money, or grams."""
    energy_kwh: float
    active_hours: float
    elapsed_hours: float
    starts: int


def chosen(day: Sequence[PricedSlot], rule: RunHours) -> tuple[bool, ...]:
    """Which slots of one day a rule uses: at least one, equal prices the earlier slot first."""
    return tuple(bool(used) for used in _chosen(np.array([[slot.per_kwh for slot in day]]), rule)[0])


def _chosen(per_kwh: Numbers, rule: RunHours) -> NDArray[np.bool_]:
    """The same for days of as many slots each, a row per day."""
    count = per_kwh.shape[1]
    keep = max(1, math.floor(rule.share * count + 1e-9))
    if rule.code == "through" or keep >= count:
        return np.ones(per_kwh.shape, dtype=bool)
    if rule.code == "window":
        sums = np.pad(np.cumsum(per_kwh, axis=1), ((0, 0), (1, 0)))
        totals = sums[:, keep:] - sums[:, :-keep]
        # Differences of sums carry rounding: of windows that cost the same the earliest is meant.
        cheapest = totals.min(axis=1) + 1e-9 * np.maximum(1.0, np.abs(sums[:, -1]))
        first = np.argmax(totals <= cheapest[:, None], axis=1)[:, None]
        place = np.arange(count)[None, :]
        return np.asarray((first <= place) & (place < first + keep))
    use = np.zeros(per_kwh.shape, dtype=bool)
    np.put_along_axis(use, np.argsort(per_kwh, axis=1, kind="stable")[:, :keep], True, axis=1)
    return use


def effect_of(days: PricedDays, rule: RunHours) -> HoursEffect:
    """Prices of the hours that a rule keeps and drops: means of daily means, so that a stretched run's
    later months do not look like a saving.
    """
    kept, dropped, means, starts = [], [], [], []
    for block in days.blocks:
        use = _chosen(block.per_kwh, rule)
        used = use.sum(axis=1)
        kept.append((block.per_kwh * use).sum(axis=1) / used)
        means.append(block.per_kwh.mean(axis=1))
        unused = use.shape[1] - used
        if unused.any():
            dropped.append((block.per_kwh * ~use).sum(axis=1) / unused)
            begun = use[:, 0] + (use[:, 1:] & ~use[:, :-1]).sum(axis=1)
            starts.append(begun / (block.hours * use).sum(axis=1))
    by_price = np.sort(np.concatenate(kept))
    return HoursEffect(
        rule=rule,
        mean_per_kwh=float(np.concatenate(means).mean()),
        kept_per_kwh=float(by_price.mean()),
        dropped_per_kwh=float(np.concatenate(dropped).mean()) if dropped else None,
        low_per_kwh=float(by_price[len(by_price) // 10]),
        high_per_kwh=float(by_price[min(len(by_price) - 1, len(by_price) * 9 // 10)]),
        starts_per_hour=float(np.concatenate(starts).mean()) if starts else 0.0,
    )


def with_pausing(effect: HoursEffect, pausing: Pausing) -> WithinDay:
    """What choosing hours saves per unit of work, with the power that the pauses cost.

    cost per active kWh = c + (paused W / active W) (1 - f) / f d, with c and d the mean price of kept and
    dropped slots, m of all, f the share kept; it pays below m, so that the paused power at which it breaks
    even is active W (m - c) / d f / (1 - f). Start-up losses count as starts per hour times start_up_s.
    """
    m, c, d, f = effect.mean_per_kwh, effect.kept_per_kwh, effect.dropped_per_kwh, effect.rule.share
    if d is None:
        return WithinDay(
            mean_per_kwh=m,
            kept_per_kwh=c,
            dropped_per_kwh=None,
            cost_change=0.0,
            calendar_stretch=1.0,
            break_even_paused_watts=None,
        )
    worked = 1 / (1 - min(effect.starts_per_hour * pausing.start_up_s / SECONDS_PER_HOUR, 0.99))
    cost = (c + pausing.paused_watts / pausing.active_watts * (1 - f) / f * d) * worked
    break_even = pausing.active_watts * (m / worked - c) / d * f / (1 - f) if d > 0 else None
    return WithinDay(
        mean_per_kwh=m,
        kept_per_kwh=c,
        dropped_per_kwh=d,
        cost_change=cost / m - 1 if m else 0.0,
        calendar_stretch=worked / f,
        break_even_paused_watts=break_even,
    )


def within_day(slots: Sequence[PricedSlot], rule: RunHours, pausing: Pausing) -> WithinDay:
    """The pure effect of choosing hours within each day. Raises ValueError without a slot."""
    return with_pausing(effect_of(priced_days(slots), rule), pausing)


def replay(slots: Sequence[PricedSlot], work_hours: float, rule: RunHours, pausing: Pausing) -> Replay | None:
    """A run of `work_hours` at full power from the first slot on; None where the slots end before it does.

    Includes the drift of the season: a stretched run pays the prices of other months. `within_day` is the
    number to decide by, this one says what a calendar would have brought.
    """
    left, cost, energy, active, elapsed, starts = work_hours, 0.0, 0.0, 0.0, 0.0, 0
    was_running = False
    for day in _days(slots):
        for slot, runs in zip(day, chosen(day, rule), strict=True):
            if not runs:
                kwh = pausing.paused_watts / WATTS_PER_KILOWATT * slot.hours
                cost, energy, elapsed = cost + kwh * slot.per_kwh, energy + kwh, elapsed + slot.hours
                was_running = False
                continue
            lost = 0.0 if was_running else min(pausing.start_up_s / SECONDS_PER_HOUR, slot.hours)
            starts += not was_running
            was_running = True
            worked = min(slot.hours - lost, left)
            kwh = pausing.active_watts / WATTS_PER_KILOWATT * (lost + worked)
            cost, energy = cost + kwh * slot.per_kwh, energy + kwh
            active, elapsed, left = active + lost + worked, elapsed + lost + worked, left - worked
            if left <= 1e-9:
                return Replay(cost, energy, active, elapsed, starts)
    return None


def without_gaps(slots: Sequence[PricedSlot]) -> bool:
    """Whether every slot begins where the one before ends."""
    return all(before.end == after.start for before, after in pairwise(slots))


def _days(slots: Sequence[PricedSlot]) -> list[list[PricedSlot]]:
    return [list(day) for _, day in groupby(slots, key=lambda slot: slot.day)]
