"""Axes of a chart whose places must be known before it is drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LOG_FROM_RATIO = 12.0
"""Values that differ more than this many times are drawn on a logarithmic scale."""
MARGIN = 0.06
STEPS = (1.0, 2.0, 5.0)
FINE_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Of a logarithmic axis that is less than a decade long."""
MOST_TICKS = 9
NARROWEST_RATIO = 3.0
"""Ends of a logarithmic axis differ at least this many times, so that near values look near."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale over a number of pixels; what a logarithmic one holds is greater than 0."""

    low: float
    high: float
    is_log: bool
    pixels: float

    def at(self, value: float) -> float:
        """The pixel of a value, from the low end."""
        if self.is_log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return share * self.pixels

    def scale(self) -> dict[str, Any]:
        """As Vega-Lite has it."""
        kind = "log" if self.is_log else "linear"
        return {"type": kind, "domain": [self.low, self.high], "nice": False, "zero": False}

    def ticks(self) -> dict[str, Any]:
        """Round numbers to mark; on a logarithmic axis 1, 2, 5, 10, ... or the powers of ten."""
        words: dict[str, Any] = {"format": ",~f", "labelOverlap": True}
        if self.is_log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps: tuple[float, ...] = STEPS if last - first <= MOST_TICKS // 2 else STEPS[:1]
            steps = FINE_STEPS if self.high / self.low < 10 else steps
            marks = [round(step * 10.0**e, 12) for e in range(first, last + 1) for step in steps]
            words["values"] = [mark for mark in marks if self.low <= mark <= self.high]
        return words


def axis_over(values: Sequence[float], pixels: float, log_from_ratio: float = LOG_FROM_RATIO) -> Axis:
    """The axis that holds all of these values, of which there is at least one.

    It is not logarithmic where one of them is 0 or, a gain, below.
    """
    low, high = min(values), max(values)
    if low > 0 and high / low >= log_from_ratio:
        short = max(1.0, NARROWEST_RATIO / (high / low)) ** 0.5
        low, high = low / short, high * short
        room = (high / low) ** MARGIN
        return Axis(round(low / room, 9), round(high * room, 9), True, pixels)
    first, last = min(low, 0.0), max(high, 0.0)
    room = MARGIN * ((last - first) or 1.0)
    return Axis(round(first - room if first else 0.0, 9), round(last + room, 9), False, pixels)
