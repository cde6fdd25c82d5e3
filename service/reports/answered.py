"""An answer as it was given: what the screen, the summary and every report are written from.

Names follow the facts and estimates they once were, so that a sentence is written from either.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from service.decide.comparison import BreakEven, Verdict
from service.decide.options import Market
from service.decide.when_to_run import WhenToRun
from service.estimate.adjustments import Adjustment
from service.estimate.interval import Interval
from service.estimate.ladder import SURE
from service.estimate.nearest_gpu import Likeness
from service.estimate.power_limit import LimitStep
from service.estimate.reference_run import ReferenceMethod
from service.estimate.tariff import Consumption, MarginalPrice
from service.estimate.training_time import Stage
from service.facts import Basis, Source


@dataclass(frozen=True, slots=True)
class AnsweredNumber:
    """One number the answer was computed from; every one has its source."""

    subject: str
    name: str
    value: float
    low: float | None
    high: float | None
    unit: str
    basis: Basis
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredArchitecture:
    """What is told of the model's shape."""

    n_experts: int


@dataclass(frozen=True, slots=True)
class AnsweredRecipe:
    """What is told of the training recipe."""

    seq_len: int
    global_batch_tokens: int


@dataclass(frozen=True, slots=True)
class AnsweredWorkload:
    """The run."""

    slug: str
    name: str
    parameters: int
    tokens: int
    steps: int
    total_flops: float
    recipe: AnsweredRecipe
    architecture: AnsweredArchitecture
    reference_hours: float | None
    reference_gpu_count: int | None


@dataclass(frozen=True, slots=True)
class AnsweredRate:
    """The household tariff behind a cost."""

    zone: str
    zone_name: str
    kind: str
    per_kwh: Decimal
    currency: str
    as_of: date
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredName:
    """What a provider or a GPU is called."""

    name: str


@dataclass(frozen=True, slots=True)
class AnsweredPrice:
    """The price of a suggested offer."""

    slug: str
    hourly_price: Decimal
    currency: str
    as_of: date


@dataclass(frozen=True, slots=True)
class AnsweredOffer:
    """The offer behind a rented option."""

    slug: str
    provider: str
    instance: str
    region: str
    country: str | None
    tier: str
    term_months: int | None
    """Of a reserved offer."""
    hourly_price: Decimal
    currency: str
    as_of: date
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredSuggestion:
    """What could be rented where nobody rents out what was asked for."""

    offer: AnsweredPrice
    gpu: AnsweredName
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class AnsweredRental:
    """A rented configuration; without an offer its price is not known."""

    offer: AnsweredOffer | None
    provider: AnsweredName | None
    market: Market | None
    instances: int
    suggestions: tuple[AnsweredSuggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredExchange:
    """A dated exchange rate."""

    base: str
    quote: str
    rate: Decimal
    as_of: date
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredConversion:
    """The rates a cost was converted with."""

    rates: tuple[AnsweredExchange, ...]


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """One line of a bill: quantity times unit price; None where nobody has told us the price."""

    code: str
    quantity: Interval
    quantity_unit: str
    unit_price: float | None
    amount: Interval | None
    is_counted: bool


@dataclass(frozen=True, slots=True)
class AnsweredCost:
    """What an option costs."""

    currency: str
    total: Interval
    items: tuple[AnsweredItem, ...]
    conversion: AnsweredConversion

    @property
    def unknown(self) -> tuple[str, ...]:
        """Codes of the lines whose price nobody has told us."""
        return tuple(item.code for item in self.items if item.amount is None)


@dataclass(frozen=True, slots=True)
class AnsweredPeak:
    """Memory of one GPU at its fullest [GiB], and what waits in host memory."""

    p10: float
    p50: float
    p90: float
    host_memory_gib: float

    @property
    def interval(self) -> Interval:
        """The need as an interval."""
        return Interval(self.p10, self.p50, self.p90)


@dataclass(frozen=True, slots=True)
class AnsweredSplit:
    """How a batch is divided."""

    micro_batch: int


@dataclass(frozen=True, slots=True)
class AnsweredPlan:
    """How the run is held, and how surely."""

    verdict: str
    peak: AnsweredPeak
    available_gib: float
    fit_probability: float
    plan: AnsweredSplit
    time_factor: float | None
    """Seconds of its step over the published recipe's; None in answers that did not say."""


@dataclass(frozen=True, slots=True)
class AnsweredRung:
    """One rung of the ladder of memory."""

    code: str
    fits: bool
    fit_probability: float
    peak_gib: float
    micro_batch: int
    checkpointed_layers: int
    hours: float
    hours_added: float
    host_memory_gib: float
    host_suffices: bool
    needs_code_change: bool
    experimental: bool

    @property
    def fits_the_card(self) -> bool:
        """With a probability of 90 %, were the host large enough."""
        return self.fit_probability >= SURE


@dataclass(frozen=True, slots=True)
class AnsweredTime:
    """How long it takes and what that rests on."""

    hours: Interval
    tokens_per_s: float
    mfu: float
    evidence: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class AnsweredPower:
    """Watts at the meter."""

    watts: Interval


@dataclass(frozen=True, slots=True)
class AnsweredCurve:
    """On which card the power limit was measured, and who says so."""

    gpu: str
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredLimit:
    """The cheapest power limit."""

    best: LimitStep
    steps: tuple[LimitStep, ...]
    hours_added: float
    kwh_saved: Interval
    curve: AnsweredCurve
    stand_in: bool
    worth_while: bool


@dataclass(frozen=True, slots=True)
class AnsweredGpu:
    """The card."""

    slug: str
    memory_gib: float
    category: str
    """As in the catalog; empty in answers that did not say."""


@dataclass(frozen=True, slots=True)
class AnsweredCarbon:
    """The grid it runs on."""

    zone: str
    zone_name: str
    grams_co2e_per_kwh: float
    year: int
    source: Source


@dataclass(frozen=True, slots=True)
class AnsweredOption:
    """One way to do the run; None where it cannot be said."""

    kind: str
    label: str
    gpu: AnsweredGpu
    gpu_count: int
    planned: AnsweredPlan
    adjustments: tuple[Adjustment, ...]
    ladder: tuple[AnsweredRung, ...]
    time: AnsweredTime | None
    power: AnsweredPower
    power_limit: AnsweredLimit | None
    energy_kwh: Interval | None
    cost: AnsweredCost | None
    co2_kg: Interval | None
    rate: AnsweredRate | None
    rental: AnsweredRental | None
    carbon: AnsweredCarbon | None
    numbers: tuple[AnsweredNumber, ...]
    calendar_hours: Interval | None = None
    """From start to end; None in answers that did not say."""
    price: MarginalPrice | None = None
    """Of a kilowatt-hour at home."""
    when: WhenToRun | None = None
    consumption: Consumption | None = None

    @property
    def hours(self) -> Interval | None:
        """Hours of the run; None when it does not fit."""
        return self.time.hours if self.time else None

    @property
    def elapsed_hours(self) -> Interval | None:
        """From start to end of the training: at home with the hours of the day that it may not run."""
        return (self.calendar_hours or self.hours) if self.kind == "home" else self.hours


@dataclass(frozen=True, slots=True)
class AnsweredComparison:
    """One question answered, as it was answered that day."""

    id: str
    asked_at: datetime
    currency: str
    zone: str
    workload: AnsweredWorkload
    options: tuple[AnsweredOption, ...]
    verdict: Verdict
    break_even: BreakEven
    reference: ReferenceMethod | None
    numbers: tuple[AnsweredNumber, ...]
    data_version: int
    considered: int
