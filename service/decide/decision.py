"""A decision: the plans worth looking at, how surely each keeps its limits, and what it hangs on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.decide.candidates import SetAside
from service.decide.choice import Rule
from service.decide.frontier import Limits
from service.decide.near_ties import NearTie
from service.decide.nearest_change import Loosened
from service.decide.options import Option, Way
from service.decide.turning import Swing, Turn
from service.decide.why_not import WhyNot
from service.estimate.debugging import DebuggingBenefit
from service.estimate.inputs import Input
from service.estimate.interval import Interval
from service.estimate.price_age import PricesUsed
from service.estimate.vat import Vat
from service.facts import Workload


@dataclass(frozen=True, slots=True)
class RatedOption:
    """One plan with its chances."""

    way: Way
    option: Option
    cost: Interval | None
    """Of the whole plan in the end, in the decision's currency: a bought card by what it loses."""
    cash: Interval | None
    """What has to be paid until the run ends: what the budget is held against."""
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
    set_aside: SetAside | None = None
    """Why it is not recommended, whatever it costs."""
    debugging: DebuggingBenefit | None = None
    """What debugging at home first brings, of a plan that begins so."""
    why_not: WhyNot | None = None
    """Why it was not chosen; None for the best plan."""
    if_rent_holds: float | None = None
    """The probability where the rent is still what was stated; None where no rent is in doubt."""


@dataclass(frozen=True, slots=True)
class NearestPlan:
    """The smallest change that makes a plan possible."""

    code: Loosened | Literal["model"]
    value: float
    """Money, hours, tokens, or parameters of the smaller model."""
    plan: RatedOption | None
    workload: str = ""
    """The smaller model, by slug."""
    needs_stated_rent: bool = False
    """Whether that plan is as sure as was asked for only at the rent that was stated, for no plan is else."""


@dataclass(frozen=True, slots=True)
class RatedTie:
    """A plan for a little more than the best, and what it buys; or one it was taken instead of."""

    plan: RatedOption
    tie: NearTie


@dataclass(frozen=True, slots=True)
class RatedTurn:
    """The value of one input beyond which another plan is chosen, and which."""

    turn: Turn
    then: RatedOption | None


@dataclass(frozen=True, slots=True)
class LeftAside:
    """Plans that are not recommended for one reason: how many, and the cheapest of them."""

    reason: SetAside
    count: int
    cheapest: RatedOption | None


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
    needs_stated_rent: bool
    """Whether the best is as sure as was asked for only at the rent that was stated, for no plan is else."""
    if_rents_hold: RatedOption | None
    """What would be chosen if rents still were what was stated, where it is clearly better than the best."""
    rival: RatedOption | None
    """The next plan that keeps the limits too: what the choice is held against."""
    shortlist: tuple[RatedOption, ...]
    """Of the front, and every machine that was named; by cost."""
    home: RatedOption | None
    """The cheapest plan at home that has a price."""
    rented: RatedOption | None
    """The best rented plan: the chosen one, else the next, else the cheapest that keeps the limits, else the
    one that would be chosen if rents held, else the cheapest."""
    dominated_count: int
    unshown: int
    """On the front, and not in the shortlist."""
    unpriced: int
    """Plans of which hours or price are not known."""
    considered: int
    """Plans looked at: the shortlist, the unshown, the beaten, those left aside and the unpriced together."""
    near_ties: tuple[RatedTie, ...]
    turns: tuple[RatedTurn, ...]
    """Where another plan is chosen, the nearest first."""
    left_aside: tuple[LeftAside, ...]
    nearest: tuple[NearestPlan, ...]
    sensitivity: tuple[Swing, ...]
    break_even: tuple[tuple[float, float], ...]
    """Price per kWh, and the hourly rent of the best rented plan at which home costs the same; empty unless
    both keep the limits."""
    runs_until_bought: int | None
    """How many such runs until the cheapest card to buy costs no more than `instead_of_buying`; None where it
    never does or none was asked about."""
    saved_per_day: float | None
    """Money saved per day of waiting, the cheapest plan against the fastest of those that keep the limits."""
    inputs: tuple[Input, ...]
    data_version: int
    prices: PricesUsed | None = None
    vat: Vat | None = None
    """The asker's."""
    instead_of_buying: RatedOption | None = None
    """The cheapest plan that keeps the limits and buys nothing, where a card to buy was asked about."""
