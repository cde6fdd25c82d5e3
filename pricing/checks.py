"""Is this believable? Accepted facts, and the others with the reason they were refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from pricing.gpu_names import GpuNames
from pricing.offer_checks import Listed, offer_objections
from pricing.price_bands import band_of_any
from pricing.source import Fact, Rejected
from service.estimate.market_day import day_of
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    GridCarbon,
    RentalIndex,
    SpotPrice,
)

LARGEST_SPOT_PER_MWH = Decimal(10_000)
SMALLEST_SPOT_PER_MWH = Decimal(-1_000)
"""Beyond the harmonised limits of the European day-ahead auction (-500 and 4,000, raised in steps)."""
LARGEST_JUMP = Decimal("1.5")
"""A reference rate that moves by more than this factor is a typing error, not a market."""
RATES_COMPARE_FOR = timedelta(days=366)
"""A currency that was not quoted for longer may come back at any rate, as the Icelandic króna did."""
LARGEST_RATE = Decimal(10_000_000)
"""Per euro; the old Turkish lira came to 1.9 million."""
RATES_AGREE_WITHIN = timedelta(days=5)
LEAST_MEAN_PER_MWH, LARGEST_MEAN_PER_MWH = Decimal(20), Decimal(400)
"""Of the German and Austrian market over a month. German tables also circulate in ct/kWh, a tenth of it."""
ZONES_WITH_KNOWN_MEANS = frozenset({"DE-LU", "AT"})
SHORT_SPAN, LONG_SPAN = timedelta(days=7), timedelta(days=28)
PEAK_PER_MWH = Decimal(60)
"""A cheap week has a dearer slot than this, unless it is in another unit."""
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
    rate_days: Mapping[str, date] = field(default_factory=dict)
    """Currency -> the day of that rate: an older one is not held against it."""
    names: GpuNames = field(default_factory=lambda: GpuNames(()))
    """The cards, and what names in price lists mean."""


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
    objections = offer_objections(offers, known.offers, known.today, names=known.names, rates=known.rates)
    of_offers = dict(zip(map(id, offers), objections, strict=True))
    spot = [fact for fact in facts if isinstance(fact, SpotPrice)]
    zero_days, wrong_units = _all_zero_days(spot), _wrong_units(spot)
    jumps = _jumps([fact for fact in facts if isinstance(fact, ExchangeRate)], known)

    def objection(fact: Fact) -> str | None:
        if isinstance(fact, CloudOffer):
            return of_offers[id(fact)]
        if isinstance(fact, ExchangeRate):
            return jumps.get(id(fact))
        if isinstance(fact, SpotPrice):
            return wrong_units.get(fact.zone) or _spot_objection(fact, zero_days)
        return _objection(fact, known)

    reasons = [(fact, objection(fact)) for fact in facts]
    return Checked(
        tuple(fact for fact, reason in reasons if reason is None),
        (*refused, *((fact, reason) for fact, reason in reasons if reason is not None)),
    )


def _objection(fact: Fact, known: Known) -> str | None:
    if isinstance(fact, ElectricityRate):
        per_eur = Decimal(1) if fact.currency == "EUR" else known.rates.get(fact.currency)
        if not fact.per_kwh.is_finite() or fact.per_kwh <= 0:
            return f"{fact.per_kwh} {fact.currency}/kWh is no price of a household"
        if per_eur and fact.per_kwh / per_eur > LARGEST_RETAIL_EUR_PER_KWH:
            return f"{fact.per_kwh} {fact.currency}/kWh is out of range"
    elif isinstance(fact, RentalIndex):
        believed = band_of_any([known.names.gpus[gpu] for gpu in fact.gpus], "marketplace")
        if fact.currency == "USD" and not believed.floor < fact.per_gpu_hour < believed.ceiling:
            return f"{fact.per_gpu_hour} {fact.currency} per GPU and hour is out of range ({believed.basis})"
    elif (
        isinstance(fact, CarbonIntensity | GridCarbon)
        and not 0 <= fact.grams_co2e_per_kwh <= LARGEST_GRAMS_PER_KWH
    ):
        return f"{fact.grams_co2e_per_kwh} g CO2e/kWh is out of range"
    return None


def _jumps(rates: Sequence[ExchangeRate], known: Known) -> dict[int, str]:
    """Rates that are none, or that stand alone far from those of the days before and after.

    Before is the last believable one of the same answer, else the one we have; where the next day
    confirms a jump it was the market's, as in Turkey in 2001.
    """
    found: dict[int, str] = {}
    by_quote: dict[str, list[ExchangeRate]] = {}
    for rate in sorted(rates, key=lambda r: r.as_of):
        if not rate.rate.is_finite() or rate.rate <= 0:
            found[id(rate)] = f"rate {rate.rate} is not positive"
        elif rate.rate > LARGEST_RATE:
            found[id(rate)] = f"rate {rate.rate} is out of range"
        else:
            by_quote.setdefault(rate.quote, []).append(rate)
    for quote, in_order in by_quote.items():
        if contradiction := _contradiction(in_order, known.rates.get(quote), known.rate_days.get(quote)):
            found |= {id(rate): contradiction for rate in in_order}
            continue
        before, day = known.rates.get(quote), known.rate_days.get(quote, in_order[0].as_of)
        for rate, after in zip(in_order, [*in_order[1:], None], strict=True):
            near = before is not None and timedelta(0) <= rate.as_of - day <= RATES_COMPARE_FOR
            if (
                near
                and before
                and _is_far(rate.rate, before)
                and (not after or _is_far(rate.rate, after.rate))
            ):
                found[id(rate)] = f"rate {rate.rate} against {before} before"
            else:
                before, day = rate.rate, rate.as_of
    return found


def _contradiction(in_order: Sequence[ExchangeRate], rate: Decimal | None, day: date | None) -> str | None:
    """Why a whole series cannot be right: it says something else of the days around the rate we have."""
    if rate is None or day is None:
        return None
    same = [r for r in in_order if abs(r.as_of - day) <= RATES_AGREE_WITHIN]
    if len(in_order) == 1 or not same or any(not _is_far(r.rate, rate) for r in same):
        return None
    return f"rate {same[-1].rate} on {same[-1].as_of} against {rate} known for {day}"


def _is_far(rate: Decimal, other: Decimal) -> bool:
    return not other / LARGEST_JUMP <= rate <= other * LARGEST_JUMP


def _spot_objection(fact: SpotPrice, zero_days: set[tuple[str, date]]) -> str | None:
    if (fact.zone, day_of(fact.slot_start)) in zero_days:
        return "every price of the day is zero"
    if not fact.per_mwh.is_finite() or not SMALLEST_SPOT_PER_MWH <= fact.per_mwh <= LARGEST_SPOT_PER_MWH:
        return f"{fact.per_mwh} {fact.currency}/MWh is out of range"
    return None


def _wrong_units(prices: Sequence[SpotPrice]) -> dict[str, str]:
    """Zone -> why its prices over a week or more cannot be EUR/MWh; a shorter span tells nothing."""
    by_zone: dict[str, list[SpotPrice]] = {}
    for price in prices:
        if price.zone in ZONES_WITH_KNOWN_MEANS and price.taxes == "excl_taxes" and price.per_mwh.is_finite():
            by_zone.setdefault(price.zone, []).append(price)
    found = {}
    for zone, priced in by_zone.items():
        span = max(p.slot_end for p in priced) - min(p.slot_start for p in priced)
        mean = sum((p.per_mwh for p in priced), Decimal(0)) / len(priced)
        highest = max(p.per_mwh for p in priced)
        if mean > LARGEST_MEAN_PER_MWH:
            wrong = span >= LONG_SPAN
        else:
            # A fortnight of wind and holidays may be cheap, but its evenings are not.
            wrong = mean < LEAST_MEAN_PER_MWH and (span >= LONG_SPAN or highest < PEAK_PER_MWH)
        if wrong and span >= SHORT_SPAN:
            found[zone] = f"a mean of {mean:.2f} EUR/MWh over {span.days} days: another unit, ct/kWh perhaps"
    return found


def _all_zero_days(prices: Sequence[SpotPrice]) -> set[tuple[str, date]]:
    """Zones and market days on which no price is anything but zero: an exchange's placeholder."""
    seen: dict[tuple[str, date], bool] = {}
    for price in prices:
        day = (price.zone, day_of(price.slot_start))
        seen[day] = seen.get(day, True) and price.per_mwh == 0
    return {day for day, all_zero in seen.items() if all_zero}
