"""At which prices two plans cost the same, and what a day of waiting saves."""

import math
from collections.abc import Sequence

PRICES_PER_KWH = (0.05, 0.10, 0.20, 0.30, 0.40, 0.60, 0.80)
USUAL_PER_KWH = 0.3
"""What these prices lie around; in another currency both are ten, a hundred, ... times as much."""


def prices_around(per_kwh: float) -> tuple[float, ...]:
    """Round prices of a kilowatt-hour about this one, in any currency: 0.05 to 0.80, or 5 to 80 in yen."""
    power = round(math.log10(per_kwh / USUAL_PER_KWH)) if per_kwh > 0 else 0
    return tuple(round(price * 10.0**power, 12) for price in PRICES_PER_KWH)


def break_even_line(
    home: tuple[float, float],
    rented: tuple[float, float, float],
    now: tuple[float, float],
    prices: Sequence[float],
) -> tuple[tuple[float, float], ...]:
    """For each price per kWh the hourly rent at which both plans cost the same; below it, renting wins.

    `home` is what it costs and how much of that moves in proportion to the price per kWh; `rented` the same,
    and between them how much moves in proportion to the rent; `now` are the prices per kWh and hour.
    """
    (home_cost, electricity), (rented_cost, rent, debugging), (per_kwh, per_hour) = home, rented, now
    line = []
    for price in prices:
        at_home = home_cost + (electricity - debugging) * (price / per_kwh - 1)
        line.append((price, per_hour * (1 + (at_home - rented_cost) / rent)))
    return tuple(line)


def saved_per_day(cheaper: tuple[float, float], faster: tuple[float, float]) -> float | None:
    """Money saved per day of waiting: (cost, hours) of the cheaper and of the faster plan; None where the
    cheaper is less than a day slower."""
    days = (cheaper[1] - faster[1]) / 24
    return (faster[0] - cheaper[0]) / days if days >= 1 else None
