"""A decision as it was given: what the screen, the summary and every report of it are written from.

Names follow the decision it once was.
"""

from dataclasses import dataclass
from datetime import datetime

from service.decide.frontier import Limits
from service.decide.sensitivity import Swing
from service.estimate.interval import Interval
from service.reports.answered import AnsweredNumber, AnsweredOption, AnsweredWorkload


@dataclass(frozen=True, slots=True)
class AnsweredPlanOption:
    """One plan with its chances."""

    plan: str
    """own | buy | rent | hybrid"""
    option: AnsweredOption
    calendar_hours: Interval | None
    """From start to end."""
    co2_kg: Interval | None
    """Of the whole plan."""
    probability: float
    """To keep within the limits."""
    is_on_front: bool
    instances: int
    """Rented machines that train together."""

    @property
    def cost(self) -> Interval | None:
        """Of the whole plan, in the decision's currency; None where a price is missing."""
        return self.option.cost.total if self.option.cost else None

    @property
    def is_at_home(self) -> bool:
        """On one's own machine, or on one to buy."""
        return self.plan in ("own", "buy")


@dataclass(frozen=True, slots=True)
class AnsweredNearest:
    """The smallest change that makes a plan possible."""

    code: str
    """budget | deadline | tokens | model"""
    value: float
    """Money, hours, tokens, or parameters of the smaller model."""
    plan: AnsweredPlanOption | None
    workload: str
    """The smaller model, by slug."""


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """Below this hourly rent renting wins at this price of electricity."""

    per_kwh: float
    rent_per_hour: float


@dataclass(frozen=True, slots=True)
class AnsweredDecision:
    """One question answered, as it was answered that day."""

    id: str
    asked_at: datetime
    currency: str
    zone: str
    workload: AnsweredWorkload
    limits: Limits
    rule: str
    """cheapest | fastest | weighed"""
    least_probability: float
    best: AnsweredPlanOption | None
    shortlist: tuple[AnsweredPlanOption, ...]
    """The front and one's own machines, by cost."""
    dominated_count: int
    considered: int
    nearest: tuple[AnsweredNearest, ...]
    sensitivity: tuple[Swing, ...]
    break_even: tuple[TurningPoint, ...]
    runs_until_bought: int | None
    saved_per_day: float | None
    numbers: tuple[AnsweredNumber, ...]
    data_version: int

    @property
    def has_limits(self) -> bool:
        """Whether a budget or a deadline was named."""
        return self.limits.budget is not None or self.limits.deadline_hours is not None

    def keeps_limits(self, plan: AnsweredPlanOption) -> bool:
        """Whether a plan keeps the limits as surely as was asked for; any does where there are none."""
        return not self.has_limits or plan.probability >= self.least_probability

    @property
    def home(self) -> AnsweredPlanOption | None:
        """The plan at home that renting was held against: the cheapest that has a price."""
        return next((p for p in self.shortlist if p.is_at_home and p.cost), None)

    @property
    def rented(self) -> AnsweredPlanOption | None:
        """The rented plan that home was held against: the best, else the cheapest within the limits, else
        the cheapest."""
        rented = [p for p in self.shortlist if not p.is_at_home and p.cost]
        if self.best is not None and not self.best.is_at_home:
            return self.best
        within = [p for p in rented if self.keeps_limits(p)]
        return next(iter(within or rented), None)
