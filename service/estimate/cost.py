"""Money: kilowatt-hours times a tariff, node-hours times an offer, in one currency.

Leaves out, and says so in every answer: buying the card and its wear, storage, egress, set-up time
and tax on the cloud side. Billing increments are counted because they are known per provider.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import InvalidValue, MissingFact
from service.estimate.interval import Interval
from service.facts import CloudOffer, EgressTier, ElectricityRate, ExchangeRate, Provider

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Conversion:
    """A factor from one currency to another with the dated rates it came from."""

    factor: Decimal
    rates: tuple[ExchangeRate, ...]


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a bill: what it is for, how it was computed, what it comes to."""

    code: str
    """electricity | rent"""
    quantity: Interval
    quantity_unit: str
    unit_price: Decimal
    """In the answer's currency per quantity unit."""
    amount: Interval


@dataclass(frozen=True, slots=True)
class Cost:
    """What an option costs in one currency."""

    currency: str
    total: Interval
    items: tuple[CostItem, ...]
    conversion: Conversion


def conversion(source: str, target: str, rates: Sequence[ExchangeRate]) -> Conversion:
    """The factor that turns an amount in `source` into `target`, over the euro if need be.

    100 USD at 1.1172 USD per EUR: 89.51 EUR. Raises MissingFact when a rate is unknown.
    """
    if source == target:
        return Conversion(Decimal(1), ())
    by_quote = {rate.quote: rate for rate in rates if rate.base == "EUR"}
    used: list[ExchangeRate] = []
    factor = Decimal(1)
    if source != "EUR":
        used.append(_known(by_quote.get(source), source))
        factor /= used[-1].rate
    if target != "EUR":
        used.append(_known(by_quote.get(target), target))
        factor *= used[-1].rate
    return Conversion(factor, tuple(used))


def _known(rate: ExchangeRate | None, currency: str) -> ExchangeRate:
    if rate is None:
        raise MissingFact(f"an exchange rate for {currency}", "choose a currency the ECB quotes")
    return rate


def rate_day(conversion_: Conversion) -> date | None:
    """The oldest day among the rates of a conversion; None without conversion."""
    return min((rate.as_of for rate in conversion_.rates), default=None)


def electricity_cost(
    energy_kwh: Interval, rate: ElectricityRate, currency: str, rates: Sequence[ExchangeRate]
) -> Cost:
    """Money for energy at a household tariff."""
    converted = conversion(rate.currency, currency, rates)
    per_kwh = rate.per_kwh * converted.factor
    amount = energy_kwh * float(per_kwh)
    return Cost(currency, amount, (CostItem("electricity", energy_kwh, "kWh", per_kwh, amount),), converted)


def billed_hours(hours: float, provider: Provider | None) -> float:
    """Hours a provider bills for: at least its minimum, rounded up to its increment."""
    if provider is None:
        return hours
    seconds = max(hours * SECONDS_PER_HOUR, provider.minimum_billing_s or 0.0)
    increment = provider.billing_increment_s
    if increment:
        seconds = math.ceil(seconds / increment - 1e-9) * increment
    return seconds / SECONDS_PER_HOUR


def egress_cost(gigabytes: Decimal, provider: Provider) -> Decimal | None:
    """What a month's outgoing traffic costs, in the provider's fee currency; None where it is not known.

    Marginal: each tier prices only the gigabytes beyond its beginning, so that more traffic never costs
    less. 1,024 GB from Google Cloud: 122.88 USD, 1,025 GB: 122.99. Leaves out free allowances. Raises
    InvalidValue for a negative amount.
    """
    if gigabytes < 0:
        raise InvalidValue("gigabytes", str(gigabytes), "must not be negative")
    if provider.egress_per_gb is None:
        return None
    tiers = (EgressTier(Decimal(0), provider.egress_per_gb), *provider.egress_tiers)
    ends = (*(tier.from_gb for tier in tiers[1:]), gigabytes)
    cost = Decimal(0)
    for tier, end in zip(tiers, ends, strict=True):
        cost += max(Decimal(0), min(gigabytes, end) - tier.from_gb) * tier.per_gb
    return cost


def rent_cost(
    hours: Interval,
    offer: CloudOffer,
    provider: Provider | None,
    currency: str,
    rates: Sequence[ExchangeRate],
    instances: int = 1,
) -> Cost:
    """Money for renting `instances` of an offer for these hours."""
    converted = conversion(offer.currency, currency, rates)
    per_hour = offer.hourly_price * converted.factor * instances
    billed = Interval(*(billed_hours(h, provider) for h in (hours.p10, hours.p50, hours.p90)))
    amount = billed * float(per_hour)
    return Cost(currency, amount, (CostItem("rent", billed, "h", per_hour, amount),), converted)
