"""Estimates that say how sure they are: the 10th, 50th and 90th percentile of a log-normal."""

import math
from dataclasses import dataclass

from service.estimate.quantile import QUANTILE_90


@dataclass(frozen=True, slots=True)
class Interval:
    """An 80 % interval and its median, in the unit its field's name gives."""

    p10: float
    p50: float
    p90: float

    def __mul__(self, factor: float) -> "Interval":
        """All three percentiles times a positive factor."""
        return Interval(self.p10 * factor, self.p50 * factor, self.p90 * factor)

    def __add__(self, other: "Interval") -> "Interval":
        """The sum of two quantities that rise and fall together, percentile by percentile."""
        return Interval(self.p10 + other.p10, self.p50 + other.p50, self.p90 + other.p90)

    def spread(self) -> tuple[float, float]:
        """Log standard deviations below and above the median; 0 for a certain value or none."""
        if self.p50 <= 0 or self.p10 <= 0:
            return 0.0, 0.0
        return math.log(self.p50 / self.p10) / QUANTILE_90, math.log(self.p90 / self.p50) / QUANTILE_90

    def widened(self, other: "Interval") -> "Interval":
        """The product of two independent log-normal quantities: medians multiply, spreads add in squares."""
        down = math.hypot(self.spread()[0], other.spread()[0])
        up = math.hypot(self.spread()[1], other.spread()[1])
        return around(self.p50 * other.p50, down, up)

    def of_part(self, share: float) -> "Interval":
        """What this factor on a part of a whole makes of the whole: 0.6 to 1.4 on a half is 0.8 to 1.2."""
        return Interval(*(1 + share * (end - 1) for end in (self.p10, self.p50, self.p90)))


def around(median: float, spread_down: float, spread_up: float | None = None) -> Interval:
    """The 80 % interval of a log-normal with this median and log standard deviation(s)."""
    up = spread_down if spread_up is None else spread_up
    return Interval(
        median * math.exp(-QUANTILE_90 * spread_down), median, median * math.exp(QUANTILE_90 * up)
    )


def certain(value: float) -> Interval:
    """A number without spread."""
    return Interval(value, value, value)
