"""What one more kilowatt-hour costs a household, under each kind of contract.

Only the marginal price moves a decision: base and meter fees are paid with or without the run. A dynamic
contract: (spot x (1 + markup) + surcharges) x (1 + VAT), as electricity suppliers bill it; leaves out
time-variable network charges (German EnWG section 14a module 3), which need a steerable load of 4.2 kW.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.errors import InvalidValue, worded
from service.estimate.interval import Interval, certain
from service.facts import ElectricityRate, Figure, Source

TariffKind = Literal["flat", "time_of_use", "dynamic"]
HOURS_PER_DAY = 24
CONTRACT_SPREAD = "home_run.contract_spread"
HOURS_PER_YEAR = 8760
LARGEST_YEARLY_KWH = 10_000_000
SOLAR_SHARE, SOLAR_GRAMS = "solar_share", "solar_grams_per_kwh"
"""Names of what a roof adds to a price: its share of the energy, and what its kilowatt-hours emit."""
SURE = certain(1.0)


@dataclass(frozen=True, slots=True)
class MarginalPrice:
    """The price of one more kilowatt-hour, how it came about, and between what it may lie."""

    kind: TariffKind
    currency: str
    per_kwh: Decimal
    """Mean over the hours that are used."""
    source: Source
    low: Decimal | None = None
    """The 80 % range of daily means that stored history shows; None for a fixed price."""
    high: Decimal | None = None
    figures: tuple[Figure, ...] = ()
    """What it was computed from."""
    paused_per_kwh: Decimal | None = None
    """Mean over the hours that are not used; None where all are, or all cost the same."""
    mean_low: Decimal | None = None
    """Between what the mean itself lies, four times out of five, where few days tell it; None where it is
    fixed or a year tells it."""
    mean_high: Decimal | None = None
    assumed: Interval = SURE
    """How far this household's price may be from what is assumed of it, as a factor with 1 in the middle: a
    country's published mean, what suppliers usually add to the spot price. Sure where the asker told it."""

    @property
    def doubt(self) -> Interval:
        """How far the mean may be off, as a factor with 1 in the middle: by the days known and by what is
        assumed."""
        if self.mean_low is None or self.mean_high is None or self.per_kwh <= 0 or self.mean_low <= 0:
            return self.assumed
        of_days = Interval(float(self.mean_low / self.per_kwh), 1.0, float(self.mean_high / self.per_kwh))
        return of_days.widened(self.assumed)


@dataclass(frozen=True, slots=True)
class TimeOfUse:
    """A price between two hours of the day; `until` may be past midnight (22 to 6)."""

    from_hour: int
    until_hour: int
    per_kwh: Decimal

    def holds(self, hour: int) -> bool:
        """Whether it holds in the hour that begins then [0-23]."""
        if self.from_hour < self.until_hour:
            return self.from_hour <= hour < self.until_hour
        return hour >= self.from_hour or hour < self.until_hour


@dataclass(frozen=True, slots=True)
class DynamicTerms:
    """What a supplier adds to the spot price; net, per kWh in the contract's currency."""

    surcharges_per_kwh: Decimal
    """Network, taxes, levies and sales, without VAT: 13 to 18 ct in Germany."""
    markup_share: Decimal = Decimal(0)
    """Of the spot price: 0.01 to 0.03."""
    vat_share: Decimal = Decimal("0.19")


def all_in(spot_per_kwh: NDArray[np.float64], terms: DynamicTerms) -> NDArray[np.float64]:
    """What a dynamic contract bills for each slot; 10 ct spot, 15.651 ct net, 19 %: 30.5247 ct.

    A negative spot price rarely makes electricity free: -5 ct gives 12.6747 ct.
    """
    of = (terms.markup_share, terms.surcharges_per_kwh, terms.vat_share)
    markup, surcharges, vat = (float(number) for number in of)
    return np.asarray((spot_per_kwh + np.abs(spot_per_kwh) * markup + surcharges) * (1 + vat))


def flat(rate: ElectricityRate, spread: Figure | None = None) -> MarginalPrice:
    """The same price at all hours; of a published mean a household's contract is up to `spread` off, of its
    own price nothing."""
    price = MarginalPrice("flat", rate.currency, rate.per_kwh, rate.source)
    if rate.kind != "retail" or spread is None:
        return price
    return replace(price, assumed=Interval(1 - spread.value, 1.0, 1 + spread.value), figures=(spread,))


def hourly_prices(windows: Sequence[TimeOfUse]) -> tuple[Decimal, ...]:
    """The price of each hour of the day, from midnight on.

    Raises InvalidValue unless every hour of the day has exactly one price.
    """
    prices = []
    for hour in range(HOURS_PER_DAY):
        holding = [window.per_kwh for window in windows if window.holds(hour)]
        if len(holding) != 1:
            problem = worded("no price") if not holding else worded("more than one price")
            raise InvalidValue(
                "time_of_use", f"{hour}:00", worded("{problem} for this hour of the day", problem=problem)
            )
        prices.append(holding[0])
    return tuple(prices)


def with_solar(
    bought: MarginalPrice, share: Figure, feed_in: Figure, grams: Figure | None = None
) -> MarginalPrice:
    """Part of the energy from one's own roof, worth what the grid would have paid per kWh, not nothing, and
    as clean as its modules are over their life (`grams`), not as the grid.

    Leaves out at which hours the sun shines: the share is the household's to know. Raises InvalidValue for
    a share outside 0 to 1.
    """
    if not 0 <= share.value <= 1:
        raise InvalidValue("solar_share", share.value, worded("must be from 0 to 1"))
    own, paid = Decimal(repr(share.value)), Decimal(repr(feed_in.value))

    def mixed(price: Decimal) -> Decimal:
        return own * paid + (1 - own) * price

    bought_part = 1 - float(own * paid / mixed(bought.per_kwh)) if mixed(bought.per_kwh) > 0 else 0.0
    grid = Figure(
        "bought_per_kwh", float(bought.per_kwh), f"{bought.currency}/kWh", bought.source, basis="derived"
    )
    return replace(
        bought,
        per_kwh=mixed(bought.per_kwh),
        low=None if bought.low is None else mixed(bought.low),
        high=None if bought.high is None else mixed(bought.high),
        mean_low=None if bought.mean_low is None else mixed(bought.mean_low),
        mean_high=None if bought.mean_high is None else mixed(bought.mean_high),
        assumed=bought.assumed.of_part(bought_part),
        figures=(*bought.figures, grid, share, feed_in, *((grams,) if grams else ())),
    )


def grams_per_kwh(grid: float, price: MarginalPrice | None) -> float:
    """What a kilowatt-hour at home emits [g CO2e]: the grid's, but for the share from one's own roof."""
    of = {figure.name: figure.value for figure in price.figures} if price else {}
    share = of.get(SOLAR_SHARE, 0.0)
    return (1 - share) * grid + share * of.get(SOLAR_GRAMS, grid)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What a run does to the household's year, and to the band its supplier prices it by."""

    yearly_kwh: float
    with_run_kwh: float
    band: str
    """Eurostat's: DA up to 1,000 kWh a year, DB 2,500, DC 5,000, DD 15,000, DE above."""
    band_with_run: str
    per_kwh: Decimal | None
    """The country's newest mean price in that band; None where it is not stored."""
    per_kwh_with_run: Decimal | None
    currency: str


BANDS = (
    (1000, "DA", "under 1000 kWh/yr"),
    (2500, "DB", "1000-2499 kWh/yr"),
    (5000, "DC", "2500-4999 kWh/yr"),
    (15_000, "DD", "5000-14999 kWh/yr"),
    (None, "DE", "15000 kWh/yr and more"),
)
"""Up to how much a year each band goes, its letters at Eurostat, its words in our store."""


def consumption_band(kwh_per_year: float) -> str:
    """Eurostat's band of household consumption (nrg_pc_204) that a year's kilowatt-hours fall into."""
    return next(band for most, band, _ in BANDS if most is None or kwh_per_year < most)


def consumption(
    yearly_kwh: float, run_kwh: float, calendar_hours: float, rates: Mapping[str, ElectricityRate]
) -> Consumption:
    """The year with the run in it: of a run longer than a year the part that falls into one.

    `rates` are the country's newest retail prices by Eurostat band. Raises InvalidValue for a negative
    consumption.
    """
    if not 0 <= yearly_kwh <= LARGEST_YEARLY_KWH:
        raise InvalidValue(
            "yearly_kwh",
            yearly_kwh,
            worded("must be from 0 to {largest_yearly_kwh:,}", largest_yearly_kwh=LARGEST_YEARLY_KWH),
        )
    total = yearly_kwh + run_kwh * min(1.0, HOURS_PER_YEAR / calendar_hours)
    before, after = consumption_band(yearly_kwh), consumption_band(total)
    band_rates = [rates.get(before), rates.get(after)]
    currency = next((rate.currency for rate in band_rates if rate), "")
    prices = [rate.per_kwh if rate and rate.currency == currency else None for rate in band_rates]
    return Consumption(
        yearly_kwh=yearly_kwh,
        with_run_kwh=total,
        band=before,
        band_with_run=after,
        per_kwh=prices[0],
        per_kwh_with_run=prices[1],
        currency=currency,
    )
