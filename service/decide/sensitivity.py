"""What the verdict hangs on: which inputs move it most, and at which prices it turns."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PRICES_PER_KWH = (0.05, 0.10, 0.20, 0.30, 0.40, 0.60, 0.80)
USUAL_PER_KWH = 0.3
"""What these prices lie around; in another currency both are ten, a hundred, ... times as much."""


@dataclass(frozen=True, slots=True)
class Side:
    """Home or rented in the numbers that move its cost: cost = hours x rate x factor + fixed."""

    hours: tuple[float, float, float]
    """10th, 50th, 90th percentile."""
    watts: tuple[float, float, float] | None
    """At the plug; None for the rented side."""
    unit_price: tuple[float, float, float]
    """Low, as used, high: per kWh at home, per hour rented."""
    factor: float = 1.0
    """Machine hours over training hours, currency and tax included."""
    factor_range: tuple[float, float] | None = None
    fixed: float = 0.0

    def cost(self, hours: float, watts: float | None, price: float, factor: float) -> float:
        """What it costs with these numbers."""
        quantity = hours * (watts / 1000 if watts is not None else 1.0)
        return quantity * price * factor + self.fixed

    @property
    def central(self) -> float:
        """What it costs at the medians."""
        return self.cost(
            self.hours[1], self.watts[1] if self.watts else None, self.unit_price[1], self.factor
        )


@dataclass(frozen=True, slots=True)
class Swing:
    """How far one input moves the difference between rented and home."""

    code: str
    """home_hours | home_watts | home_price | cloud_hours | cloud_price | cloud_factor"""
    low: float
    high: float
    """The input's range."""
    difference_low: float
    """Rented minus home, in the decision's currency, with the input at its low end."""
    difference_high: float

    @property
    def width(self) -> float:
        """How much it moves the difference."""
        return abs(self.difference_high - self.difference_low)

    @property
    def turns(self) -> bool:
        """Whether the verdict turns within the range."""
        return (self.difference_low > 0) != (self.difference_high > 0)


def tornado(home: Side, cloud: Side, most: int = 5) -> tuple[Swing, ...]:
    """The inputs that move rented minus home most, each over its own range with the others at rest."""
    swings = [
        *_swings("home", home, lambda cost: cloud.central - cost),
        *_swings("cloud", cloud, lambda cost: cost - home.central),
    ]
    return tuple(sorted(swings, key=lambda swing: (-swing.width, swing.code))[:most])


def _swings(name: str, side: Side, difference: Callable[[float], float]) -> list[Swing]:
    watts = side.watts[1] if side.watts else None
    hours, price, factor = side.hours[1], side.unit_price[1], side.factor
    ranges: list[tuple[str, float, float, Callable[[float], float]]] = [
        ("hours", side.hours[0], side.hours[2], lambda v: side.cost(v, watts, price, factor)),
        ("price", side.unit_price[0], side.unit_price[2], lambda v: side.cost(hours, watts, v, factor)),
    ]
    if side.watts:
        ranges.append(("watts", side.watts[0], side.watts[2], lambda v: side.cost(hours, v, price, factor)))
    if side.factor_range:
        low, high = side.factor_range
        ranges.append(("factor", low, high, lambda v: side.cost(hours, watts, price, v)))
    return [
        Swing(f"{name}_{code}", low, high, difference(cost(low)), difference(cost(high)))
        for code, low, high, cost in ranges
        if high > low and not math.isclose(low, high)
    ]


def prices_around(per_kwh: float) -> tuple[float, ...]:
    """Round prices of a kilowatt-hour about this one, in any currency: 0.05 to 0.80, or 5 to 80 in yen."""
    power = round(math.log10(per_kwh / USUAL_PER_KWH)) if per_kwh > 0 else 0
    return tuple(round(price * 10.0**power, 12) for price in PRICES_PER_KWH)


def break_even_line(home: Side, cloud: Side, per_kwh: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """For each price per kWh the hourly rent at which both cost the same; below it, renting wins."""
    line = []
    for price in per_kwh:
        at_home = home.cost(home.hours[1], home.watts[1] if home.watts else None, price, home.factor)
        line.append((price, (at_home - cloud.fixed) / (cloud.hours[1] * cloud.factor)))
    return tuple(line)


def saved_per_day(cheaper: tuple[float, float], faster: tuple[float, float]) -> float | None:
    """Money saved per day of waiting: (cost, hours) of the cheaper and of the faster plan; None where the
    cheaper is no slower."""
    days = (cheaper[1] - faster[1]) / 24
    return (faster[0] - cheaper[0]) / days if days > 0 else None
