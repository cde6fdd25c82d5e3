"""What people ask, before names become facts."""

from dataclasses import dataclass, field
from decimal import Decimal

from service.estimate.home_bill import HomeTerms
from service.estimate.tariff import TimeOfUse
from service.facts import Workload
from service.usecases.stored_requests import as_plain, from_plain

EVERY_OFFER = "any"
"""As `cloud`: every stored offer. As `tier`: every tier."""


@dataclass(frozen=True, slots=True)
class TariffRequest:
    """The household's contract in its own words; money is in the contract's currency."""

    kind: str = "flat"
    """flat | time_of_use | dynamic"""
    windows: tuple[TimeOfUse, ...] = ()
    """Of time_of_use: a price for every hour of the day, in the currency of the answer."""
    zone: str = ""
    """Of dynamic: the bidding zone; empty takes the country's."""
    surcharges_per_kwh: Decimal | None = None
    """Of dynamic: what is added to the spot price before VAT; None takes what is usual in Germany."""
    markup_share: Decimal = Decimal(0)
    """Of dynamic: of the spot price."""
    vat_share: Decimal | None = None
    solar_share: float = 0.0
    """Of the run's energy that comes from one's own roof."""
    feed_in_per_kwh: Decimal | None = None
    """What the grid would pay for it; None takes Germany's."""


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """The question: which run, on which machine at home, against which rented one, where."""

    workload: str | Workload = "nanochat-d32"
    home: str = "rtx-4070"
    home_count: int = 1
    cloud: str = "8xh100-sxm"
    """`8xh100-sxm`, an offer's slug, or `any` for every stored offer."""
    country: str = "DE"
    currency: str = "EUR"
    kwh_price: Decimal | None = None
    """One's own contract price per kWh in `currency`; it wins over every stored rate."""
    host_memory_gib: float | None = None
    """Memory of the home PC that offload may use [GiB]; None takes the usual."""
    display_gib: float = 0.0
    """What a screen on the card takes of its memory, usually 0.3 to 1 [GiB]."""
    plug_watts: float | None = None
    """Watts measured at the plug while training; None estimates them."""
    tokens: int | None = None
    tier: str = "on_demand"
    limit: int = 20
    """With `any`: how many of the cheapest offers are answered."""
    tariff: TariffRequest = field(default_factory=TariffRequest)
    yearly_kwh: float | None = None
    """What the household uses in a year without the run."""
    home_terms: HomeTerms = field(default_factory=HomeTerms)
    cloud_terms: tuple[tuple[str, float], ...] = ()
    """Fields of CloudTerms that replace what is assumed."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """The question: the best plan for a run within a budget and a deadline."""

    workload: str | Workload = "nanochat-d32"
    own: tuple[str, ...] = ("rtx-4070",)
    """Machines one has, as GPU or COUNTxGPU."""
    buy: tuple[str, ...] = ()
    """Machines one could buy, as GPU or GPU=PRICE per card."""
    runs: int = 1
    """Over how many runs a bought card's loss of value is spread."""
    budget: float | None = None
    """In `currency`."""
    deadline_hours: float | None = None
    weights: tuple[float, float, float] | None = None
    """Of cost, time and CO2."""
    least_probability: float = 0.8
    country: str = "DE"
    currency: str = "EUR"
    kwh_price: Decimal | None = None
    host_memory_gib: float | None = None
    display_gib: float = 0.0
    plug_watts: float | None = None
    tokens: int | None = None
    tier: str = "on_demand"
    """Of rented machines; `any` for every tier, `none` for no rent."""
    tariff: TariffRequest = field(default_factory=TariffRequest)
    yearly_kwh: float | None = None
    """What the household uses in a year without the run."""
    home_terms: HomeTerms = field(default_factory=HomeTerms)
    cloud_terms: tuple[tuple[str, float], ...] = ()
    """Fields of CloudTerms that replace what is assumed."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class EstimateRequest:
    """A run and the machines to estimate it on, as (GPU name, count)."""

    workload: str | Workload
    hardware: tuple[tuple[str, int], ...]
    at_home: bool = True


def request_as_json(request: ComparisonRequest | DecisionRequest) -> dict[str, object]:
    """The request in plain values, in a stable order: all of it, so that it can be asked again."""
    plain: dict[str, object] = as_plain(request)
    return plain


def decision_request_from_json(plain: object) -> DecisionRequest:
    """The decision's request that `request_as_json` wrote.

    Raises InvalidValue or UnknownName where it was kept by another version that said less, or more, than
    this one needs to ask it again.
    """
    request: DecisionRequest = from_plain(DecisionRequest, plain, "request")
    return request
