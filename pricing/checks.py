"""Is this believable? Accepted facts, and the others with the reason they were refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pricing.offer_checks import Listed, offer_objections
from pricing.source import Fact, Rejected
from service.estimate.market_day import day_of
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    GridCarbon,
    SpotPrice,
)

LARGEST_SPOT_PER_MWH = Decimal(10_000)
SMALLEST_SPOT_PER_MWH = Decimal(-1_000)
"""Beyond the harmonised limits of the European day-ahead auction (-500 and 4,000, raised in steps)."""
LARGEST_JUMP = Decimal("1.5")
"""A reference rate that moves by more than this factor is a typing error, not a market."""
LARGEST_RETAIL_EUR_PER_KWH = Decimal(5)
LARGEST_GRAMS_PER_KWH = 2_000.0
"""No grid emits more: lignite alone is about 1,200 g/kWh over its lifecycle."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the same things, to hold new numbers against."""

    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Currency -> units per EUR, newest."""
    offers: Mapping[str, Listed] = field(default_factory=dict)
    """Offer slug -> the price last seen in the same list."""
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a refresh may keep, and what it refused, with reasons."""

    accepted: tuple[Fact, ...]
    rejected: tuple[tuple[Fact | Rejected, str], ...]


def check(read: Sequence[Fact | Rejected], known: Known) -> Checked:
    """Sorts facts into believable and not; what the parser refused already keeps its reason."""
    facts = [fact for fact in read if not isinstance(fact, Rejected)]
    refused = [(row, row.reason) for row in read if isinstance(row, Rejected)]
    offers = [fact for fact in facts if isinstance(fact, CloudOffer)]
    of_offers = dict(zip(map(id, offers), offer_objections(offers, known.offers, known.today), strict=True))
    zero_days = _all_zero_days(facts)
    reasons = [
        (fact, of_offers[id(fact)] if isinstance(fact, CloudOffer) else _objection(fact, known, zero_days))
        for fact in facts
    ]
    return Checked(
        tuple(fact for fact, reason in reasons if reason is None),
        (*refused, *((fact, reason) for fact, reason in reasons if reason is not None)),
    )


def _objection(fact: Fact, known: Known, zero_days: set[tuple[str, date]]) -> str | None:
    if isinstance(fact, ExchangeRate):
        if not fact.rate.is_finite() or fact.rate <= 0:
            return f"rate {fact.rate} is not positive"
        before = known.rates.get(fact.quote)
        if before and not before / LARGEST_JUMP <= fact.rate <= before * LARGEST_JUMP:
            return f"rate {fact.rate} against {before} before"
    elif isinstance(fact, SpotPrice):
        if (fact.zone, day_of(fact.slot_start)) in zero_days:
            return "every price of the day is zero"
        if not fact.per_mwh.is_finite() or not SMALLEST_SPOT_PER_MWH <= fact.per_mwh <= LARGEST_SPOT_PER_MWH:
            return f"{fact.per_mwh} {fact.currency}/MWh is out of range"
    elif isinstance(fact, ElectricityRate):
        per_eur = Decimal(1) if fact.currency == "EUR" else known.rates.get(fact.currency)
        if not fact.per_kwh.is_finite() or fact.per_kwh <= 0:
            return f"{fact.per_kwh} {fact.currency}/kWh is no price of a household"
        if per_eur and fact.per_kwh / per_eur > LARGEST_RETAIL_EUR_PER_KWH:
            return f"{fact.per_kwh} {fact.currency}/kWh is out of range"
    elif (
        isinstance(fact, CarbonIntensity | GridCarbon)
        and not 0 <= fact.grams_co2e_per_kwh <= LARGEST_GRAMS_PER_KWH
    ):
        return f"{fact.grams_co2e_per_kwh} g CO2e/kWh is out of range"
    return None


def _all_zero_days(facts: Sequence[Fact]) -> set[tuple[str, date]]:
    """Zones and days on which no price is anything but zero: an exchange's placeholder, seen in the wild."""
    seen: dict[tuple[str, date], bool] = {}
    for fact in facts:
        if isinstance(fact, SpotPrice):
            day = (fact.zone, day_of(fact.slot_start))
            seen[day] = seen.get(day, True) and fact.per_mwh == 0
    return {day for day, all_zero in seen.items() if all_zero}
