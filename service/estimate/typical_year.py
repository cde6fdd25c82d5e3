"""What stands in for a year of day-ahead prices: a few typical days a month, and how far off few days are.

A typical year: the days of each month ranked by their mean, five groups of them, each group's mean by the
local hour. So it keeps the season, the hours and how much days differ; it loses what single days had beyond
their group (the cheapest hours come out a little dearer). Both are derived by
tests/bench/typical_years.py from years of real prices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from service.estimate.priced_days import DayBlock, PricedDays, PricedSlot
from service.facts import Source

GROUPS = 5
HOURS = 24
WHOLE_YEAR_DAYS = 300
"""So many of the last 365 days tell their mean to a tenth; fewer are said to be few."""
LEAST_DAYS = 7
"""Fewer know no weekend: a typical year, where there is one, says more of a day's hours."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Between what times a mean the truth lies, four times out of five."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How many times the low end the high end is."""
        return self.high / self.low


CERTAIN = Factor(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far the mean of the last year lies from what is known of it, as real years have shown."""

    by_days: Mapping[int, Factor]
    """The newest so many days of the year known."""
    by_age_days: Mapping[int, Factor]
    """All of a year known, but one that ended so many days ago."""
    source: Source

    def of_days(self, days: int) -> Factor:
        """With so many days: the row of no more days; nothing where a year is as good as whole."""
        if days >= WHOLE_YEAR_DAYS:
            return CERTAIN
        rows = [known for known in sorted(self.by_days) if known <= days]
        return self.by_days[rows[-1] if rows else min(self.by_days)]

    def of_age(self, days: int) -> Factor:
        """With a year so old: the row of no less age, the last one for anything older."""
        rows = [age for age in sorted(self.by_age_days) if age >= days]
        return self.by_age_days[rows[0] if rows else max(self.by_age_days)]


@dataclass(frozen=True, slots=True, eq=False)
class TypicalYear:
    """A zone's year in typical days."""

    zone: str
    currency: str
    first_day: date
    last_day: date
    per_mwh: tuple[tuple[float, ...], ...]
    """A row per month and group, the month's cheapest days first, by the local hour."""
    source: Source

    @property
    def days(self) -> int:
        """How many real days it was made of."""
        return (self.last_day - self.first_day).days + 1

    def priced(self) -> PricedDays:
        """Its typical days at prices per kWh."""
        per_kwh = np.array(self.per_mwh) / 1000
        clock = np.tile(np.arange(HOURS, dtype=np.int64), (len(per_kwh), 1))
        block = DayBlock(per_kwh, np.ones(per_kwh.shape), clock)
        return PricedDays((block,), self.first_day, self.last_day, len(per_kwh))


def typical_days(slots: Iterable[tuple[PricedSlot, int]]) -> dict[tuple[int, int], tuple[float, ...]]:
    """Month and group (from 1, the cheapest) -> mean price by the local hour, of slots with theirs.

    An hour that a day has twice counts as its mean, one that it lacks as that of its group. Raises
    ValueError for a month of fewer days than groups.
    """
    days: dict[date, dict[int, list[float]]] = {}
    for slot, hour in slots:
        days.setdefault(slot.day, {}).setdefault(hour, []).append(slot.per_kwh)
    months: dict[int, list[dict[int, float]]] = {}
    for day, by_hour in sorted(days.items()):
        means = {hour: float(np.mean(prices)) for hour, prices in by_hour.items()}
        months.setdefault(day.month, []).append(means)
    found = {}
    for month, of_month in sorted(months.items()):
        if len(of_month) < GROUPS:
            raise ValueError(f"month {month} has {len(of_month)} days only")
        ranked = sorted(of_month, key=lambda means: float(np.mean(list(means.values()))))
        for group, part in enumerate(_parts(ranked), 1):
            found[month, group] = tuple(
                float(np.mean([means[hour] for means in part if hour in means])) for hour in range(HOURS)
            )
    return found


def _parts(ranked: Sequence[dict[int, float]]) -> list[Sequence[dict[int, float]]]:
    edges = [round(len(ranked) * part / GROUPS) for part in range(GROUPS + 1)]
    return [ranked[first:after] for first, after in pairwise(edges)]
