"""Days of the electricity market: how long each is, which slots belong to it, and whether any is missing.

The coupled European day-ahead auction delivers by one calendar in all its zones, midnight to midnight in
Central European time; Octopus Agile's day, 23:00 to 23:00 in London, is the same. A day has 23 hours when
the clocks go forward and 25 when they go back. Pure.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

MARKET_TIME = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


class Slot(Protocol):
    """Anything that holds from one instant to another."""

    @property
    def slot_start(self) -> datetime:
        """When it begins, an aware instant."""

    @property
    def slot_end(self) -> datetime:
        """When it ends."""


S = TypeVar("S", bound=Slot)


@dataclass(frozen=True, slots=True)
class Cover:
    """How much of a market day is in slots."""

    day: date
    hours: int
    """23, 24 or 25."""
    covered: timedelta

    @property
    def is_complete(self) -> bool:
        """Whether every instant of the day is in a slot."""
        return self.covered == self.hours * HOUR

    @property
    def text(self) -> str:
        """day 2026-10-25: 24 of 25 hours"""
        return f"day {self.day}: {self.covered / HOUR:g} of {self.hours} hours"


def day_of(instant: datetime) -> date:
    """The market day an instant, or a slot that begins then, belongs to."""
    return instant.astimezone(MARKET_TIME).date()


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants [UTC] at which a market day begins and ends."""
    first, after = (
        datetime.combine(d, time.min, MARKET_TIME).astimezone(UTC) for d in (day, day + timedelta(days=1))
    )
    return first, after


def hours(day: date) -> int:
    """Hours of a market day: 24, or 23 and 25 when the clocks change."""
    first, after = bounds(day)
    return (after - first) // HOUR


def expected_slots(day: date, grain: timedelta) -> int:
    """Slots of a market day: 92, 96 or 100 quarter-hours, 46, 48 or 50 half-hours, 23, 24 or 25 hours.

    Raises ValueError for a grain that does not divide an hour.
    """
    if grain <= timedelta(0) or HOUR % grain:
        raise ValueError(f"slots of {grain} do not divide an hour")
    return hours(day) * (HOUR // grain)


def without_overlap(slots: Iterable[S]) -> list[S]:
    """The slots in order of time, none over another: where two overlap the shorter one says more."""
    in_order = sorted(slots, key=lambda s: s.slot_start)
    if all(before.slot_end <= after.slot_start for before, after in pairwise(in_order)):
        return in_order
    kept: list[S] = []
    for slot in sorted(in_order, key=lambda s: (s.slot_end - s.slot_start, s.slot_start)):
        at = bisect_left(kept, slot.slot_start, key=lambda s: s.slot_start)
        after_before = at == 0 or kept[at - 1].slot_end <= slot.slot_start
        if after_before and (at == len(kept) or slot.slot_end <= kept[at].slot_start):
            kept.insert(at, slot)
    return kept


def cover(day: date, slots: Iterable[Slot]) -> Cover:
    """How much of a market day these slots hold; one that reaches over its edge counts up to there."""
    first, after = bounds(day)
    parts = ((max(first, s.slot_start), min(after, s.slot_end)) for s in without_overlap(slots))
    covered = sum((end - start for start, end in parts if end > start), timedelta(0))
    return Cover(day, hours(day), covered)


def by_day(slots: Iterable[S]) -> dict[date, list[S]]:
    """Market day -> the slots that begin in it, as they come."""
    days: dict[date, list[S]] = {}
    for slot in slots:
        days.setdefault(day_of(slot.slot_start), []).append(slot)
    return days


def incomplete(slots: Iterable[Slot]) -> list[Cover]:
    """The market days of which these slots hold a part only, in order."""
    covers = (cover(day, part) for day, part in sorted(by_day(slots).items()))
    return [part for part in covers if not part.is_complete]


def chosen(
    day: date, by_source: Mapping[str, Sequence[S]], rank: Callable[[str], int]
) -> tuple[str, list[S]] | None:
    """Who answers for a day, and its slots: the first by rank whose day is complete, else who knows most.

    One source answers for the whole day: hours of one are never put between quarter-hours of another.
    """
    asked = sorted(by_source, key=lambda source: (rank(source), source))
    covers = {source: cover(day, by_source[source]) for source in asked}
    whole = (source for source in asked if covers[source].is_complete)
    most = max(asked, key=lambda source: covers[source].covered, default=None)
    source = next(whole, most)
    return None if source is None else (source, without_overlap(by_source[source]))
