"""Whether the median of what a card is offered for is far from what an index says that it costs.

An index tells rents that were paid, offers tell what is asked: a median above it is usual, one that is far
off may hold a wrong list or the wrong card. Nothing is believed or refused by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.facts import RentalIndex, Tier

MOST_OFF = 0.25
"""Share of the index by which a median may lie above or below it."""
MOST_DAYS_APART = timedelta(days=7)
COMPARED: tuple[Tier, ...] = ("on_demand", "community", "marketplace")
"""Machines that are nobody else's while they are rented, without a term: what the indices measure."""


@dataclass(frozen=True, slots=True)
class Median:
    """What a card costs an hour in the middle of the offers of a tier, in the currency of the indices."""

    gpu: str
    tier: Tier
    day: date
    per_gpu_hour: float


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """A median beside an index that is of its time."""

    index: RentalIndex
    per_gpu_hour: float
    """What the index says, in the currency of the median."""
    off: float
    """The median over the index, less one: 0.3 is 30 % above it."""
    is_off: bool
    """Whether the median is far off and so is that of every card that the index's name may mean."""


def nearest_in_time(indices: Iterable[RentalIndex], day: date) -> list[RentalIndex]:
    """Of every index and GPU the row nearest to a day, the younger of two; none of another time."""
    found: dict[tuple[str, str], RentalIndex] = {}
    for index in sorted(indices, key=lambda one: (abs(one.as_of - day), day - one.as_of)):
        if abs(index.as_of - day) <= MOST_DAYS_APART:
            found.setdefault((index.name, index.gpu_raw_name), index)
    return [found[key] for key in sorted(found)]


def beside(
    median: Median, medians: Iterable[Median], told: Sequence[tuple[RentalIndex, float]]
) -> list[IndexCheck]:
    """The indices of a median's card, of its time; none for a tier that they do not measure.

    `medians` are those of all cards of that day, `told` the indices with what each says in their currency.
    """
    if median.tier not in COMPARED:
        return []
    of_tier = {one.gpu: one.per_gpu_hour for one in medians if one.tier == median.tier}
    found = []
    for index, says in told:
        if median.gpu in index.gpus:
            each = [of_tier[gpu] / says - 1 for gpu in index.gpus if gpu in of_tier]
            is_off = all(abs(off) > MOST_OFF for off in each)
            found.append(IndexCheck(index, says, median.per_gpu_hour / says - 1, is_off))
    return found
