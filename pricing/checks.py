"""Is this believable? Accepted facts, and the others with the reason they were refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.source import Fact, Rejected
from service.facts import CloudOffer, ExchangeRate, SpotPrice

LARGEST_SPOT_PER_MWH = Decimal(10_000)
SMALLEST_SPOT_PER_MWH = Decimal(-1_000)
"""Beyond the harmonised limits of the European day-ahead auction (-500 and 4,000, raised in steps)."""
SMALLEST_PER_GPU_HOUR, LARGEST_PER_GPU_HOUR = Decimal("0.01"), Decimal(500)
"""A bid floor read as a price (B200 at 0.01) lies below, a whole term read as an hour above."""
LARGEST_JUMP = Decimal("1.5")
"""A reference rate that moves by more than this factor is a typing error, not a market."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a refresh may keep, and what it refused, with reasons."""

    accepted: tuple[Fact, ...]
    rejected: tuple[tuple[Fact | Rejected, str], ...]


def check(read: Sequence[Fact | Rejected], known_rates: Mapping[str, Decimal]) -> Checked:
    """Sorts facts into believable and not; `known_rates` are the newest stored rates per currency.

    What the parser refused already keeps its reason.
    """
    facts = [fact for fact in read if not isinstance(fact, Rejected)]
    refused = [(row, row.reason) for row in read if isinstance(row, Rejected)]
    reasons = [(fact, _objection(fact, known_rates)) for fact in facts]
    spot = [fact for fact in facts if isinstance(fact, SpotPrice)]
    if spot and all(fact.per_mwh == 0 for fact in spot):
        reasons = [(fact, "every price of the day is zero") for fact in facts]
    return Checked(
        tuple(fact for fact, reason in reasons if reason is None),
        (*refused, *((fact, reason) for fact, reason in reasons if reason is not None)),
    )


def _objection(fact: Fact, known_rates: Mapping[str, Decimal]) -> str | None:
    if isinstance(fact, ExchangeRate):
        if not fact.rate.is_finite() or fact.rate <= 0:
            return f"rate {fact.rate} is not positive"
        known = known_rates.get(fact.quote)
        if known and not known / LARGEST_JUMP <= fact.rate <= known * LARGEST_JUMP:
            return f"rate {fact.rate} against {known} before"
        return None
    if isinstance(fact, CloudOffer):
        per_gpu = fact.hourly_price / fact.gpu_count
        if not SMALLEST_PER_GPU_HOUR <= per_gpu <= LARGEST_PER_GPU_HOUR:
            return f"{per_gpu:.4f} {fact.currency} per GPU and hour is out of range"
        return None
    if not fact.per_mwh.is_finite() or not SMALLEST_SPOT_PER_MWH <= fact.per_mwh <= LARGEST_SPOT_PER_MWH:
        return f"{fact.per_mwh} {fact.currency}/MWh is out of range"
    return None
