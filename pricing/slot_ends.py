"""Slots of answers that state only when each begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

LONGEST_SLOT = timedelta(hours=1)


def slot_ends(starts: Sequence[datetime]) -> list[datetime]:
    """When each slot ends: where the next begins, but a slot is no longer than its neighbour before.

    So a hole in quarter-hours stays a hole, an hour before the change to quarter-hours stays an hour,
    and the last slot lasts as long as the one before. Raises ValueError for fewer than two slots or
    slots out of order: nothing would say how long they are.
    """
    if len(starts) < 2:
        raise ValueError("fewer than two slots")
    steps = [later - start for start, later in pairwise(starts)]
    if min(steps) <= timedelta(0):
        raise ValueError("slots are not in order of time")
    lasts = [min(step, before) for step, before in zip(steps, [LONGEST_SLOT, *steps], strict=False)]
    return [
        start + min(length, LONGEST_SLOT) for start, length in zip(starts, [*lasts, lasts[-1]], strict=True)
    ]
