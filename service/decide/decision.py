"""A decision: the plans worth looking at, how surely each keeps its limits, and what it hangs on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.decide.choice import Loosened, Rule
from service.decide.frontier import Limits
from service.decide.options import Option, Way
from service.decide.sensitivity import Swing
from service.estimate.inputs import Input
from service.estimate.interval import Interval
from service.estimate.price_age import PricesUsed
from service.facts import Workload


@dataclass(frozen=True, slots=True)
class RatedOption:
    """One plan with its chances."""

    way: Way
    option: Option
    cost: Interval | None
    """Of the whole plan, in the decision's currency."""
    calendar_hours: Interval | None
    co2_kg: float | None
    """Median."""
    probability: float
    """To keep within both limits."""
    keeps_limits: bool
    """As surely as was asked for; any plan does where there are no limits."""
    is_on_front: bool
    instances: int = 1
    """Rented machines that train together."""


@dataclass(frozen=True, slots=True)
class NearestPlan:
    """The smallest change that makes a plan possible."""

    code: Loosened | Literal["model"]
    value: float
    """Money, hours, tokens, or parameters of the smaller model."""
    plan: RatedOption | None
    workload: str = ""
    """The smaller model, by slug."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One question answered."""

    asked_at: datetime
    workload: Workload
    currency: str
    zone: str
    limits: Limits
    weights: tuple[float, float, float] | None
    """Of cost, time and CO2; None for the rule that follows from the limits."""
    rule: Rule
    least_probability: float
    best: RatedOption | None
    shortlist: tuple[RatedOption, ...]
    """The front and one's own machines, by cost."""
    home: RatedOption | None
    """The plan at home that renting is held against: the cheapest that has a price."""
    rented: RatedOption | None
    """The rented plan that home is held against: the best, else the cheapest that keeps the limits, else the
    cheapest."""
    dominated_count: int
    considered: int
    """Plans looked at."""
    nearest: tuple[NearestPlan, ...]
    sensitivity: tuple[Swing, ...]
    break_even: tuple[tuple[float, float], ...]
    """Price per kWh, and the hourly rent of the best rented plan at which home costs the same."""
    runs_until_bought: int | None
    """How many such runs until the card to buy costs no more than renting; None where it never does or none
    was asked about."""
    saved_per_day: float | None
    """Money saved per day of waiting, the cheapest plan against the fastest."""
    inputs: tuple[Input, ...]
    data_version: int
    prices: PricesUsed | None = None
