"""How often a spot machine is taken away, from the share of them that were within a month."""

import math
from collections.abc import Mapping

from service.facts import Figure, SpotInterruption

DAYS_PER_MONTH = 30.44
FIGURE = "cloud_run.interruptions_per_day"

Interruptions = Mapping[tuple[str, str, str], Figure]
"""Provider, instance and region -> interruptions per day."""


def interruptions_per_day(told: SpotInterruption) -> Figure | None:
    """Interruptions per day of one machine [1/day], at the middle of the range that is told.

    A machine taken away at a steady rate r is so within a month with probability 1 - exp(-30.44 r). Leaves
    out that machines are taken away in clusters, and those that were never given. None for a range without
    an upper end: nothing is known of how often then.
    """
    if told.share_high is None or not 0 <= told.share_low < told.share_high < 1:
        return None
    low, high = (-math.log1p(-share) / DAYS_PER_MONTH for share in (told.share_low, told.share_high))
    middle = -math.log1p(-(told.share_low + told.share_high) / 2) / DAYS_PER_MONTH
    return Figure(FIGURE, middle, "1/day", told.source, low, high, "published")
