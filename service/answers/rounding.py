"""How answers round: once, and never to fewer than four significant digits."""

import math

from service.estimate.interval import Interval

SIGNIFICANT = 4
"""Digits that every estimate keeps, however small: a run of seconds has hours too."""
ENOUGH = tuple(10.0 ** (SIGNIFICANT - 1 - digits) for digits in range(10))
"""From here on so many decimals are enough, by their number: few values ask for more."""


def near(value: float, digits: int) -> float:
    """Rounded to this many decimals, to more where they would leave fewer than four significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    if abs(value) >= ENOUGH[digits]:
        return round(value, digits)
    return round(value, max(digits, SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))))


def near_or_none(value: float | None, digits: int) -> float | None:
    """The same; what is not known stays unknown."""
    return None if value is None else near(value, digits)


def near_interval(i: Interval, digits: int = 3) -> Interval:
    """All three percentiles likewise."""
    return Interval(near(i.p10, digits), near(i.p50, digits), near(i.p90, digits))


def near_interval_or_none(i: Interval | None, digits: int = 3) -> Interval | None:
    """The same; what is not known stays unknown."""
    return None if i is None else near_interval(i, digits)
