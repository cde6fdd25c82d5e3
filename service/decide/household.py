"""Where a home machine stands: its contract, its grid, its hours, and what follows from them for a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.decide.own_card import OwnCard
from service.decide.when_to_run import OFF_WATTS, DayShape, WhenToRun, when_to_run
from service.estimate.cost import Cost
from service.estimate.energy import WallPower
from service.estimate.home_bill import HomeTerms, calendar_hours
from service.estimate.inputs import WAITING
from service.estimate.interval import Interval
from service.estimate.tariff import Consumption, MarginalPrice, consumption
from service.estimate.training_time import TrainingTime
from service.facts import CarbonIntensity, ElectricityRate, Figure


@dataclass(frozen=True, slots=True)
class Household:
    """Where the home machine stands: its tariff and its grid."""

    zone: str
    rate: ElectricityRate | None
    carbon: CarbonIntensity | None
    host_memory_gib: float | None = None
    """What the PC's own memory can spare for offload; None takes the usual."""
    display_gib: float = 0.0
    """What a screen on the card takes of its memory."""
    plug_watts: Figure | None = None
    """Measured at the plug while training; replaces what is assumed of GPU, PC and power supply."""
    own_figures: Mapping[str, Figure] = field(default_factory=dict)
    """What the asker knows better than is assumed, by the name it is assumed under."""
    own_card: OwnCard | None = None
    """How the cards are built in, where the asker says."""
    price: MarginalPrice | None = None
    """What one more kilowatt-hour costs under the contract; None takes the rate as a flat price."""
    shape: DayShape | None = None
    """The contract's days, where its price changes by the hour."""
    grid_shape: DayShape | None = None
    """The grid's days in g CO2e per kWh, where they are stored."""
    yearly_kwh: float | None = None
    """What the household uses in a year without the run."""
    band_rates: Mapping[str, ElectricityRate] = field(default_factory=dict)
    """The country's newest retail price of each Eurostat band."""
    terms: HomeTerms = field(default_factory=HomeTerms)
    """Hours a day, wear, a card to buy, heat."""


def hours_to_choose(
    household: Household, hours: Interval, power: WallPower, cost: Cost, figures: Mapping[str, Figure]
) -> WhenToRun | None:
    """Whether it pays to choose hours for a run of so many hours; None under a flat contract."""
    if household.shape is None:
        return None
    own = sum(
        f.value for f in (household.price.figures if household.price else ()) if f.name == "solar_share"
    )
    return when_to_run(
        household.shape,
        household.grid_shape,
        hours.p50,
        power.watts.p50,
        waiting_watts=(OFF_WATTS, *(figures[f"home_run.{name}"].value for name in WAITING)),
        start_up_s=figures["home_run.start_up_s"].value,
        currency_factor=float(cost.conversion.factor) * (1 - own),
    )


def year_with_run(
    household: Household, time: TrainingTime | None, energy: Interval | None
) -> Consumption | None:
    """What the run does to the household's year; None where that is not told."""
    if household.yearly_kwh is None or time is None or energy is None:
        return None
    calendar = calendar_hours(time.hours, household.terms).p50
    return consumption(household.yearly_kwh, energy.p50, calendar, household.band_rates)
