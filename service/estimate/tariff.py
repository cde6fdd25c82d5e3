"""What one more kilowatt-hour costs a household, under each kind of contract.

Only the marginal price moves a decision: base and meter fees are paid with or without the run. A dynamic
contract: (spot x (1 + markup) + surcharges) x (1 + VAT), as electricity suppliers bill it; leaves out
time-variable network charges (German EnWG section 14a module 3), which need a steerable load of 4.2 kW.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.errors import InvalidValue
from service.facts import ElectricityRate, Figure, Source

HOURS_PER_DAY = 24
KWH_PER_MWH = Decimal(1000)


@dataclass(frozen=True, slots=True)
class MarginalPrice:
    """The price of one more kilowatt-hour, how it came about, and between what it may lie."""

    kind: str
    """flat | time_of_use | dynamic | solar"""
    currency: str
    per_kwh: Decimal
    source: Source
    low: Decimal | None = None
    """The 80 % range that stored history shows; None for a fixed price."""
    high: Decimal | None = None
    figures: tuple[Figure, ...] = ()
    """What it was computed from."""


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


def all_in(spot_per_kwh: Decimal, terms: DynamicTerms) -> Decimal:
    """What a dynamic contract bills for a slot; 10 ct spot, 15.651 ct net, 19 %: 30.5247 ct.

    A negative spot price rarely makes electricity free: -5 ct gives 12.6747 ct.
    """
    marked_up = spot_per_kwh + abs(spot_per_kwh) * terms.markup_share
    return (marked_up + terms.surcharges_per_kwh) * (1 + terms.vat_share)


def flat(rate: ElectricityRate) -> MarginalPrice:
    """The same price at all hours."""
    return MarginalPrice("flat", rate.currency, rate.per_kwh, rate.source)


def time_of_use(
    windows: Sequence[TimeOfUse], currency: str, source: Source, hours_per_day: float = HOURS_PER_DAY
) -> MarginalPrice:
    """The mean price of the cheapest `hours_per_day` hours of a day.

    Raises InvalidValue unless every hour of the day has exactly one price.
    """
    prices = []
    for hour in range(HOURS_PER_DAY):
        found = [window.per_kwh for window in windows if window.holds(hour)]
        if len(found) != 1:
            problem = "no price" if not found else "more than one price"
            raise InvalidValue("tariff", f"{hour}:00", f"{problem} for this hour of the day")
        prices.append(found[0])
    prices.sort()
    whole, part = int(hours_per_day), Decimal(str(hours_per_day % 1))
    used = sum(prices[:whole], Decimal(0)) + (prices[whole] * part if part else Decimal(0))
    mean = used / Decimal(str(hours_per_day))
    return MarginalPrice("time_of_use", currency, mean, source, min(prices), max(prices))


def dynamic(
    spot_per_mwh_by_day: Sequence[Sequence[Decimal]], terms: DynamicTerms, currency: str, source: Source
) -> MarginalPrice:
    """The mean all-in price over the days given, one sequence of slot prices a day.

    The range is that of the daily means, 10th to 90th percentile: what the past shows, no forecast.
    Raises InvalidValue without a day.
    """
    if not spot_per_mwh_by_day:
        raise InvalidValue("tariff", "dynamic", "no day-ahead prices are stored for this zone")
    days = sorted(
        sum((all_in(spot / KWH_PER_MWH, terms) for spot in day), Decimal(0)) / len(day)
        for day in spot_per_mwh_by_day
    )
    mean = sum(days, Decimal(0)) / len(days)
    low, high = days[len(days) // 10], days[min(len(days) - 1, len(days) * 9 // 10)]
    figures = (
        Figure("spot_days", float(len(days)), "days", source, basis="derived"),
        Figure("surcharges_per_kwh", float(terms.surcharges_per_kwh), f"{currency}/kWh net", source,
               basis="user"),
        Figure("vat_share", float(terms.vat_share), "share", source, basis="user"),
    )  # fmt: skip
    return MarginalPrice("dynamic", currency, mean, source, low, high, figures)


def with_solar(
    bought: MarginalPrice, feed_in_per_kwh: Decimal, solar_share: float, source: Source
) -> MarginalPrice:
    """Part of the energy from one's own roof, worth what the grid would have paid for it, not nothing.

    Raises InvalidValue for a share outside 0 to 1.
    """
    if not 0 <= solar_share <= 1:
        raise InvalidValue("solar_share", solar_share, "must be from 0 to 1")
    own = Decimal(str(solar_share))

    def mixed(price: Decimal | None) -> Decimal | None:
        return None if price is None else own * feed_in_per_kwh + (1 - own) * price

    per_kwh = own * feed_in_per_kwh + (1 - own) * bought.per_kwh
    share = Figure("solar_share", solar_share, "of the energy", source, basis="user")
    paid = Figure("feed_in_per_kwh", float(feed_in_per_kwh), f"{bought.currency}/kWh", source, basis="user")
    return MarginalPrice(
        "solar", bought.currency, per_kwh, bought.source, mixed(bought.low), mixed(bought.high),
        (*bought.figures, share, paid),
    )  # fmt: skip


def consumption_band(kwh_per_year: float) -> str:
    """Eurostat's band of household consumption (nrg_pc_204) that a year's kilowatt-hours fall into."""
    for most, band in ((1000, "DA"), (2500, "DB"), (5000, "DC"), (15_000, "DD")):
        if kwh_per_year < most:
            return band
    return "DE"
