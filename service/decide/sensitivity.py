"""What the verdict hangs on: which inputs move it most, and at which prices it turns."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

SwingCode = Literal[
    "home_hours", "home_watts", "home_price", "home_loss", "cloud_hours", "cloud_price", "cloud_factor"
]
Range = tuple[float, float, float]
"""Low, as used, high."""
PRICES_PER_KWH = (0.05, 0.10, 0.20, 0.30, 0.40, 0.60, 0.80)
USUAL_PER_KWH = 0.3
"""What these prices lie around; in another currency both are ten, a hundred, ... times as much."""


@dataclass(frozen=True, slots=True)
class HomeSide:
    """A run at home in the numbers that move its cost.

    hours x (kW x price + waiting kW x price - kW x heat + money per hour) + what does not move.
    """

    hours: Range
    """10th, 50th, 90th percentile."""
    watts: Range
    """At the plug while it runs."""
    per_kwh: Range
    waiting_watts: float = 0.0
    """Of the pauses, per running hour, at the price of the running hours."""
    heat_per_kwh: float = 0.0
    """What a kilowatt-hour saves of heating."""
    per_hour: float = 0.0
    """Wear."""
    fixed: float = 0.0
    """What a card to buy loses per run."""
    fixed_range: Range | None = None
    """The same with the doubt of its price and of its resale; None without a card to buy."""

    def cost(
        self,
        *,
        hours: float | None = None,
        watts: float | None = None,
        per_kwh: float | None = None,
        fixed: float | None = None,
    ) -> float:
        """What it costs with these numbers, the others at their medians."""
        h = self.hours[1] if hours is None else hours
        kilowatts = (self.watts[1] if watts is None else watts) / 1000
        price = self.per_kwh[1] if per_kwh is None else per_kwh
        powered = (kilowatts + self.waiting_watts / 1000) * price
        lost = self.fixed if fixed is None else fixed
        return h * (powered - kilowatts * self.heat_per_kwh + self.per_hour) + lost


@dataclass(frozen=True, slots=True)
class RentedSide:
    """A rented run in the numbers that move its cost.

    (billed hours x rent + machine hours x money per hour + fees) x (1 + tax) + what is spent at home; a
    term is billed to its end.
    """

    hours: Range
    """Of training: 10th, 50th, 90th percentile."""
    rent: Range
    """Per hour of all machines, before tax."""
    factor: float = 1.0
    """Machine hours over training hours at the median."""
    factor_range: tuple[float, float] | None = None
    set_up_hours: float = 0.0
    """Of the machine hours: as many for a long run as for a short one."""
    per_hour: float = 0.0
    """Storage, per machine hour."""
    term_hours: float = 0.0
    """Of a reserved offer: it is paid for whole terms."""
    fees: float = 0.0
    """Whatever the hours: traffic."""
    tax_factor: float = 1.0
    at_home: float = 0.0
    """Electricity of a run that is debugged at home."""

    def machine_hours(self, hours: float, factor: float) -> float:
        """Hours that the machines are held for so many of training [h]."""
        return hours * (factor - self.set_up_hours / self.hours[1]) + self.set_up_hours

    def billed_hours(self, machine_hours: float) -> float:
        """The hours that are paid for so many that the machines are held [h]."""
        if not self.term_hours:
            return machine_hours
        return math.ceil(machine_hours / self.term_hours) * self.term_hours

    def cost(
        self, *, hours: float | None = None, rent: float | None = None, factor: float | None = None
    ) -> float:
        """What it costs with these numbers, the others as used."""
        held = self.machine_hours(
            self.hours[1] if hours is None else hours, self.factor if factor is None else factor
        )
        per_hour = self.rent[1] if rent is None else rent
        net = self.billed_hours(held) * per_hour + held * self.per_hour + self.fees
        return net * self.tax_factor + self.at_home


@dataclass(frozen=True, slots=True)
class Swing:
    """How far one input moves the difference between rented and home."""

    code: SwingCode
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


def tornado(home: HomeSide, rented: RentedSide, most: int = 5) -> tuple[Swing, ...]:
    """The inputs that move rented minus home most, each over its own range with the others at rest."""
    at_home, rent = home.cost(), rented.cost()
    ranges: list[tuple[SwingCode, tuple[float, ...] | None, Callable[[float], float]]] = [
        ("home_hours", home.hours, lambda v: rent - home.cost(hours=v)),
        ("home_watts", home.watts, lambda v: rent - home.cost(watts=v)),
        ("home_price", home.per_kwh, lambda v: rent - home.cost(per_kwh=v)),
        ("home_loss", home.fixed_range, lambda v: rent - home.cost(fixed=v)),
        ("cloud_hours", rented.hours, lambda v: rented.cost(hours=v) - at_home),
        ("cloud_price", rented.rent, lambda v: rented.cost(rent=v) - at_home),
        ("cloud_factor", rented.factor_range, lambda v: rented.cost(factor=v) - at_home),
    ]
    swings = [
        Swing(code, values[0], values[-1], difference(values[0]), difference(values[-1]))
        for code, values, difference in ranges
        if values and values[-1] > values[0] and not math.isclose(values[0], values[-1])
    ]
    return tuple(sorted(swings, key=lambda swing: (-swing.width, swing.code))[:most])


def prices_around(per_kwh: float) -> tuple[float, ...]:
    """Round prices of a kilowatt-hour about this one, in any currency: 0.05 to 0.80, or 5 to 80 in yen."""
    power = round(math.log10(per_kwh / USUAL_PER_KWH)) if per_kwh > 0 else 0
    return tuple(round(price * 10.0**power, 12) for price in PRICES_PER_KWH)


def break_even_line(
    home: HomeSide, rented: RentedSide, per_kwh: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    """For each price per kWh the hourly rent at which both cost the same; below it, renting wins."""
    free = rented.cost(rent=0.0)
    hours = rented.cost(rent=1.0) - free
    return tuple((price, (home.cost(per_kwh=price) - free) / hours) for price in per_kwh)


def saved_per_day(cheaper: tuple[float, float], faster: tuple[float, float]) -> float | None:
    """Money saved per day of waiting: (cost, hours) of the cheaper and of the faster plan; None where the
    cheaper is no slower."""
    days = (cheaper[1] - faster[1]) / 24
    return (faster[0] - cheaper[0]) / days if days > 0 else None
