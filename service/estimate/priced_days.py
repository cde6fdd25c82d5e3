"""Days of an hourly price, or of a grid's carbon, as arrays: a year of quarter-hours is worked on at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class PricedSlot:
    """A quarter hour or an hour with what a kilowatt-hour costs (or emits) in it."""

    start: datetime
    end: datetime
    day: date
    """The market's local day: days with a clock change have 23 or 25 hours."""
    per_kwh: float
    """All-in price in the household's currency, or g CO2e."""

    @property
    def hours(self) -> float:
        """Length [h]."""
        return (self.end - self.start).total_seconds() / SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, eq=False)
class DayBlock:
    """Days of as many slots each, a row per day."""

    per_kwh: Numbers
    hours: Numbers
    """Length of each slot [h]."""
    clock: NDArray[np.int64]
    """The local hour of the day in which each begins."""


@dataclass(frozen=True, slots=True, eq=False)
class PricedDays:
    """Whole days: those with a clock change, or of another grain, are blocks of their own."""

    blocks: tuple[DayBlock, ...]
    first_day: date
    last_day: date
    count: int

    @property
    def grain_minutes(self) -> int:
        """Of the shortest slot."""
        return round(min(float(block.hours.min()) for block in self.blocks) * 60)

    @property
    def mean_per_kwh(self) -> float:
        """Over all slots."""
        slots = sum(block.per_kwh.size for block in self.blocks)
        return float(sum(block.per_kwh.sum() for block in self.blocks)) / slots

    def priced(self, price: Callable[[Numbers], Numbers]) -> "PricedDays":
        """The same days at what a contract makes of their prices."""
        return replace(self, blocks=tuple(replace(b, per_kwh=price(b.per_kwh)) for b in self.blocks))

    def by_hour(self) -> dict[int, Numbers]:
        """The prices of each local hour of the day, sorted."""
        prices = np.concatenate([block.per_kwh.ravel() for block in self.blocks])
        clock = np.concatenate([block.clock.ravel() for block in self.blocks])
        return {int(hour): np.sort(prices[clock == hour]) for hour in np.unique(clock)}


def priced_days(slots: Iterable[PricedSlot], local: tzinfo = UTC) -> PricedDays:
    """Slots in order as days, their hours read off a clock in `local`. Raises ValueError without a slot."""
    days: dict[date, list[PricedSlot]] = {}
    for slot in slots:
        days.setdefault(slot.day, []).append(slot)
    if not days:
        raise ValueError("no slot to choose from")
    by_length: dict[int, list[Sequence[PricedSlot]]] = {}
    for day in days.values():
        by_length.setdefault(len(day), []).append(day)
    blocks = tuple(
        DayBlock(
            np.array([[slot.per_kwh for slot in day] for day in some]),
            np.array([[slot.hours for slot in day] for day in some]),
            np.array([[slot.start.astimezone(local).hour for slot in day] for day in some]),
        )
        for some in by_length.values()
    )
    return PricedDays(blocks, min(days), max(days), len(days))
