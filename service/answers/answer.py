"""The answers themselves: a comparison, a decision, estimates; stored, given and read as the same type."""

import math
from datetime import date
from typing import Literal

from pydantic import Field

from service.answers.option import AnsweredOption
from service.answers.parts import Answered, AnsweredNumber, Moment
from service.answers.trainer_file import AnsweredTrainerFile
from service.decide.candidates import SetAside
from service.decide.choice import Rule
from service.decide.near_ties import Drawback
from service.decide.nearest_change import Loosened
from service.decide.options import Side, Way
from service.decide.turning import LeverCode
from service.estimate.interval import Interval
from service.estimate.model_notes import ModelNote
from service.facts import Buyer


class AnsweredFineTuning(Answered):
    """The data set a model is fine-tuned on, and what became of it in batches."""

    method: str
    examples: int
    epochs: float
    mean_tokens: float
    max_length: int
    packed: bool
    trained_tokens: float = Field(description="Without padding and what is cut off, over all epochs")
    cut_share: float = Field(description="Share of the data set's tokens that is cut off")
    padding_share: float = Field(description="Share of what is computed that is padding")
    longest_tokens: int = Field(description="Of a sequence that memory must hold")
    padding_share_low: float
    padding_share_high: float
    adapter_rank: int | None = Field(description="null where all weights are trained")
    adapter_targets: str | None
    modules_to_save: str = Field("", description="Trained in full beside adapters")
    trained_parameters: float | None = Field(None, description="That get a gradient")
    expert_adapters: Literal["none", "fused"] | None = Field(
        None, description="Whether adapters reach the experts of a mixture; null for a model without any"
    )
    micro_batch: int
    sequences_per_step: int
    upcast_gib: float | None = Field(
        description="GiB that PEFT's FP32 copies of embeddings and head take beyond 16 bits; null for none"
    )


class AnsweredWorkload(Answered):
    """The run, as counted and as published."""

    slug: str
    name: str
    family: str
    parameters: int
    flops_per_token: int
    tokens: int
    steps: int
    total_flops: float
    seq_len: int
    global_batch_tokens: int
    precision: str
    optimizer: str
    engine: str
    n_experts: int
    reference_hours: float | None
    reference_gpu_count: int | None
    model_notes: tuple[ModelNote, ...] = Field(
        (), description="What the estimate leaves out, or takes to be so, of a model that is no plain decoder"
    )
    trials: int = Field(1, description="How many such runs; tokens, steps, hours and money are those of all")
    failed_runs: float = Field(
        0.0, description="Share of all runs started that break off halfway on average; they are counted too"
    )
    trainer_file: AnsweredTrainerFile | None = Field(
        None, description="What was taken from a trainer's file, and what was left"
    )
    fine_tuning: AnsweredFineTuning | None = Field(
        None, description="Of a fine-tuning asked for as a data set; tokens and steps are with padding"
    )


class AnsweredVerdict(Answered):
    """Which option wins, and how surely."""

    cheaper: Side | None
    faster: Side | None
    cheaper_probability: float | None
    saving: float | None
    slow_down: float | None
    summary: str


class AnsweredBreakEven(Answered):
    """Prices at which the verdict turns; hours, kWh and what heat is worth as they are."""

    currency: str
    rent_per_hour: float | None
    per_kwh: float | None


class AnsweredReference(Answered):
    """The well-known rule of three on the same question."""

    gpu_hours: float
    ratio_low: float
    ratio_high: float
    hours_low: float
    hours_high: float
    days_low: float
    days_high: float
    watts: float
    energy_kwh_low: float
    energy_kwh_high: float


class AnsweredPrices(Answered):
    """Which of the stored offers an answer rests on."""

    max_age_days: int | None = Field(description="Older offers were left out; null for none")
    left_out: int = Field(description="How many")
    is_refreshed: bool = Field(description="False while all offers came with the product, or from yourself")
    too_cheap: int = Field(
        0,
        description="Of the others those left out because they cost less than a third (spot, community, "
        "marketplace: a fifth) of what is usual for the card in that tier among at least three providers, "
        "and less than half of what any other asks",
    )


class AnsweredVat(Answered):
    """Which VAT the asker bears: in the rent (line `tax`), in new cards at dated prices, at home."""

    buyer: Buyer
    country: str
    share: float | None = Field(description="Of a price without it; null where no rate is known")
    electricity_share: float | None = Field(description="The same of a household's electricity")
    source: str = Field(description="Of `share`; empty where it is null")
    url: str
    as_of: date | None


class AnsweredPlanBrief(Answered):
    """A plan by its name and its medians."""

    plan: Way
    label: str
    provider_name: str = Field(description="Empty at home")
    tier: str | None = Field(None, description="Of a rented machine; null at home and in old answers")
    term_months: int | None = Field(None, description="Of reserved ones: all of them are billed")
    cost: float | None
    calendar_hours: float | None


class AnsweredChange(Answered):
    """One option that is another in an alternative, as the command line says it."""

    option: str
    value: str


class AnsweredAlternativePlan(Answered):
    """A plan of an alternative, beside its like in the answer itself."""

    plan: AnsweredPlanBrief
    extra_cost: float | None = Field(description="More than in the answer itself; negative for less")
    extra_hours: float | None = Field(description="Longer from start to end; negative for sooner")
    is_practical: bool = Field(
        True, description="False where it takes more than two years; true in answers that were given before"
    )


class AnsweredAlternative(Answered):
    """What the same question with other options comes to, from the same facts; not kept by itself."""

    changes: tuple[AnsweredChange, ...]
    plans: tuple[AnsweredAlternativePlan, ...] = Field(
        description="Of a comparison the cheapest at home and rented, of a decision the plan chosen; empty "
        "where none keeps the limits"
    )
    wins: Side | None = Field(
        description="The cheaper side, or the only one that can do it in two years, or that of the chosen "
        "plan; null for none"
    )
    saving: float | None = Field(description="Of a comparison: by how much the cheaper side is cheaper")
    probability: float | None = Field(
        description="Of a comparison that it is cheaper, of a decision that it keeps the limits"
    )
    is_turned: bool = Field(description="Whether the other side, or another plan, wins then")
    sentence: str


class AnsweredComparison(Answered):
    """The answer to a comparison, as kept."""

    id: str
    asked_at: Moment
    data_version: int
    zone: str
    workload: AnsweredWorkload
    considered_offers: int
    options: tuple[AnsweredOption, ...]
    verdict: AnsweredVerdict
    break_even: AnsweredBreakEven
    reference_method: AnsweredReference | None
    sources: tuple[AnsweredNumber, ...]
    prices: AnsweredPrices | None = Field(None, description="Null in answers that were given before")
    vat: AnsweredVat | None = Field(None, description="Null in answers that were given before")
    what_if: tuple[AnsweredAlternative, ...] = ()

    @property
    def currency(self) -> str:
        """Of its costs."""
        return self.break_even.currency

    def first(self, kind: Side) -> AnsweredOption | None:
        """The first option of a kind: the one the verdict is about; None where there is none."""
        return next((option for option in self.options if option.kind == kind), None)


class AnsweredEstimates(Answered):
    """Fit, hours and energy per machine, without prices."""

    workload: AnsweredWorkload
    estimates: tuple[AnsweredOption, ...]
    sources: tuple[AnsweredNumber, ...]


class AnsweredDebugging(Answered):
    """What debugging at home before renting brings; money in the decision's currency, 80 % intervals."""

    hours: Interval = Field(description="Of a person, at the machine at home")
    saved: Interval = Field(description="Of the rent: hours that would be lost else")
    electricity: Interval


class AnsweredPlan(AnsweredOption):
    """One plan with its chances."""

    plan: Way
    instances: int = Field(description="Rented machines that train together")
    plan_co2_kg: float | None = Field(
        description="Of the whole plan: co2_kg, and debugging at home before it is rented"
    )
    plan_co2_interval_kg: Interval | None
    probability_within_limits: float
    keeps_limits: bool = Field(
        description="As surely as was asked for, by the exact probability; where needs_stated_rent, at the "
        "rents that were stated"
    )
    is_compared: bool = Field(
        description="The cheapest plan at home, or the best rented one, to hold the other against"
    )
    is_on_front: bool
    is_rival: bool = Field(False, description="The next plan that keeps the limits: what the choice turns to")
    is_best_if_rents_hold: bool = Field(False, description="The plan of the decision's if_rents_hold")
    set_aside: SetAside | None = Field(
        None,
        description="Why it is not recommended, whatever it costs: too long, or less main memory than "
        "it needs",
    )
    debugging: AnsweredDebugging | None = Field(None, description="Of a plan that begins at home")
    probability_if_rent_holds: float | None = Field(
        None,
        description="To keep the limits where the rent is still what was stated, until the run is done; null "
        "where no rent is in doubt",
    )
    rents_seen_days: int | None = Field(
        None,
        description="After how many days rents of its kind were looked at again, at the most [d]: its own is "
        "older, and what it may be today is extrapolated; null where it is younger",
    )

    @property
    def total_cost(self) -> Interval | None:
        """Of the whole plan, in the decision's currency; None where a price is missing."""
        return self.cost.total if self.cost else None

    @property
    def is_at_home(self) -> bool:
        """On one's own machine, or on one to buy."""
        return self.plan in ("own", "buy")


class AnsweredLimits(Answered):
    """What a plan must keep within; null where there is no limit."""

    budget: float | None
    currency: str
    deadline_hours: float | None
    deadline_days: float | None
    least_probability: float


class AnsweredWeights(Answered):
    """Weights of the three things a plan is judged by."""

    cost: float
    time: float
    co2: float


class AnsweredNearest(Answered):
    """The smallest change that makes a plan possible."""

    change: Loosened | Literal["model"]
    value: float
    unit: str
    workload: str | None
    sentence: str
    option: AnsweredPlan | None
    needs_stated_rent: bool = Field(
        False, description="Whether that holds only if the rent still is what was stated, as of the best plan"
    )


class AnsweredSwing(Answered):
    """How far one input moves the next plan minus the chosen one over its own range."""

    input: LeverCode
    low: float
    high: float
    difference_low: float
    difference_high: float
    currency: str
    turns_verdict: bool
    sentence: str


class AnsweredTurn(Answered):
    """The value of one input beyond which another plan is chosen."""

    input: LeverCode
    now: float
    at: float
    then: AnsweredPlanBrief | None = Field(
        description="The plan that is chosen beyond it, as it is today; null where none keeps the limits"
    )
    sentence: str


class AnsweredNearTie(Answered):
    """A plan for a little more than the best, and what it buys; or one that the best was taken instead of."""

    extra_cost: float = Field(description="In the decision's currency; negative where it costs less")
    saved_hours: float = Field(description="From start to end; negative where it takes longer")
    gained_probability: float
    drawback: Drawback | None = Field(
        None,
        description="Of the first by the rule alone: why another plan was chosen that is as good by the "
        "rule; null of plans that buy something for a little more",
    )
    debugging_hours: float | None = Field(
        None, description="Of one's own time before it is rented; null where it does not begin at home"
    )
    plan: AnsweredPlanBrief
    sentence: str


class AnsweredIfRentsHold(Answered):
    """The plan that would be chosen if rents still were what was stated, against the best."""

    extra_cost: float = Field(description="In the decision's currency; negative where it costs less")
    saved_hours: float = Field(description="From start to end; negative where it takes longer")
    probability_within_limits: float
    probability_if_rent_holds: float
    plan: AnsweredPlanBrief
    sentence: str


class AnsweredLeftAside(Answered):
    """Plans that are not recommended, whatever they cost."""

    reason: SetAside
    count: int
    cheapest: AnsweredPlanBrief | None
    sentence: str


class AnsweredTurningPoint(Answered):
    """Below this hourly rent renting wins at this price of electricity."""

    per_kwh: float
    rent_per_hour: float
    currency: str


class AnsweredDecision(Answered):
    """The answer to a decision, as kept."""

    id: str
    asked_at: Moment
    data_version: int
    zone: str
    currency: str
    workload: AnsweredWorkload
    limits: AnsweredLimits
    rule: Rule
    weights: AnsweredWeights | None
    summary: str
    best: AnsweredPlan | None
    needs_stated_rent: bool = Field(
        False,
        description="Whether no plan keeps the limits as surely as was asked for with rents as old as they "
        "are, and the best does only where its rent still is what was stated",
    )
    if_rents_hold: AnsweredIfRentsHold | None = Field(
        None,
        description="What would be chosen if rents still were what was stated, where that is clearly better "
        "than the best and rests on another offer; null else, and in answers that were given before",
    )
    shortlist: tuple[AnsweredPlan, ...] = Field(
        description="Of what nothing beats, and every machine that was named; by cost"
    )
    dominated_count: int = Field(description="Beaten in cost, time and CO2e together, and not shown")
    considered: int = Field(
        description="The shortlist, dominated_count, unshown, unpriced and left_aside together"
    )
    unshown: int | None = Field(None, description="Not beaten, and not in the shortlist; null in old answers")
    unpriced: int | None = Field(None, description="Of unknown hours or price; null in old answers")
    near_ties: tuple[AnsweredNearTie, ...] = ()
    turns: tuple[AnsweredTurn, ...] = Field((), description="Where another plan is chosen, the nearest first")
    left_aside: tuple[AnsweredLeftAside, ...] = ()
    nearest_possible: tuple[AnsweredNearest, ...]
    sensitivity: tuple[AnsweredSwing, ...]
    break_even: tuple[AnsweredTurningPoint, ...]
    runs_until_bought: int | None = Field(
        description="After how many such runs the cheapest card to buy costs no more than instead_of_buying"
    )
    instead_of_buying: AnsweredPlanBrief | None = Field(
        None,
        description="The cheapest plan that keeps the limits and buys nothing; null in old answers, which "
        "held a card to buy against the rented plan",
    )
    saved_per_day: float | None = Field(
        description="The cheapest plan against the fastest, of those that keep the limits; null where it is "
        "less than a day slower"
    )
    sources: tuple[AnsweredNumber, ...]
    prices: AnsweredPrices | None = Field(None, description="Null in answers that were given before")
    vat: AnsweredVat | None = Field(None, description="Null in answers that were given before")
    what_if: tuple[AnsweredAlternative, ...] = ()

    @property
    def has_limits(self) -> bool:
        """Whether a budget or a deadline was named."""
        return self.limits.budget is not None or self.limits.deadline_hours is not None

    def told_chance(self, plan: AnsweredPlan) -> float:
        """How surely it keeps the limits, to be said in whole percent: what is less than was asked for is
        never rounded up to it."""
        chance, least = plan.probability_within_limits, self.limits.least_probability
        return math.floor(chance * 100) / 100 if chance < least <= round(chance, 2) else chance

    @property
    def rival(self) -> AnsweredPlan | None:
        """The next plan that keeps the limits; None where there is none, and in old answers."""
        return next((p for p in self.shortlist if p.is_rival), None)

    @property
    def best_if_rents_hold(self) -> AnsweredPlan | None:
        """The plan of `if_rents_hold`; None where there is none, and in old answers."""
        return next((p for p in self.shortlist if p.is_best_if_rents_hold), None)

    @property
    def home(self) -> AnsweredPlan | None:
        """The plan at home that renting was held against."""
        return next((p for p in self.shortlist if p.is_compared and p.is_at_home), None)

    @property
    def rented(self) -> AnsweredPlan | None:
        """The rented plan that home was held against."""
        return next((p for p in self.shortlist if p.is_compared and not p.is_at_home), None)
