"""Did the verdict of a decision change between two times it was asked, and what changed it? Pure.

The verdict is the best plan: which machine, how many, whose offer. What changed it is looked for where an
answer says what it was computed from: the rents of the old and the new best plan, electricity, exchange
rates, the price of a card to buy, and the estimate of one and the same plan.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from service.decide.options import Way

SAME = 1e-3
"""Estimates that differ by less than this share are called the same: answers are stored rounded."""
ChangeCode = Literal[
    "rent", "offer_gone", "offer_new", "electricity", "exchange_rate", "card", "hours", "energy", "cost",
    "chance", "other",
]  # fmt: skip
"""`other`: the verdict changed and none of these explains it."""
Number = Decimal | float
PlanKey = tuple[Way, str, int, int, str, str, str, str, int | None]


@dataclass(frozen=True, slots=True)
class Dated:
    """A number as an answer shows it: with its unit, who said so, and for which day."""

    value: Decimal
    unit: str
    source: str = ""
    as_of: str = ""
    """ISO date; "" where the answer has none."""


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """One plan as an answer shows it."""

    way: Way
    label: str
    gpu: str
    gpu_count: int
    instances: int
    cost: float | None
    """p50 of the whole run, in the decision's currency."""
    hours: float | None
    """p50 of the run."""
    energy_kwh: float | None
    probability: float
    """To keep within the limits."""
    offer: str = ""
    """Slug; "" where nothing is rented."""
    provider: str = ""
    provider_name: str = ""
    instance: str = ""
    region: str = ""
    tier: str = ""
    term_months: int | None = None
    rent: Dated | None = None
    """Per hour and instance, as quoted."""
    rate: Dated | None = None
    """The household tariff per kWh."""
    per_kwh: Decimal | None = None
    """What the bill at home counts per kWh, in the decision's currency."""
    loss_per_run: Decimal | None = None
    """Of all that is bought, with the money tied up in it, per run, in the decision's currency."""

    @property
    def key(self) -> PlanKey:
        """What makes it this plan and no other; prices and estimates do not."""
        return (
            self.way, self.gpu, self.gpu_count, self.instances, self.provider, self.instance, self.region,
            self.tier, self.term_months,
        )  # fmt: skip

    @property
    def offer_name(self) -> str:
        """Who rents out what, where."""
        return " ".join(filter(None, (self.provider_name, self.instance, self.region)))


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """What a stored decision says that may change."""

    currency: str
    least_probability: float
    best: PlanSeen | None
    plans: tuple[PlanSeen, ...]
    """The shortlist, the best among it."""
    exchange_rates: Mapping[str, Dated]
    """By `USD per EUR`."""
    code_version: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was."""

    code: ChangeCode
    subject: str
    before: Number | None
    after: Number | None
    unit: str
    """Of `after`, and of `before` where `before_unit` is empty: a currency, h, kWh, share."""
    source: str = ""
    as_of: str = ""
    before_unit: str = ""
    cause: Literal["", "code", "calibration"] = ""
    """Of an estimate."""


def verdict_changed(before: AnswerSeen, after: AnswerSeen) -> bool:
    """Whether the best plan is another one, or there is one where there was none, or none any more."""
    return (before.best and before.best.key) != (after.best and after.best.key)


def what_changed(
    before: AnswerSeen, after: AnswerSeen, then: Mapping[str, Dated], now: Mapping[str, Dated]
) -> tuple[Change, ...]:
    """What differs between two answers to one question, as far as it bears on their best plans.

    `then` and `now` are the rents per hour of offers by slug, as they were known at the first answer and
    as they are listed at the second: an answer shows only the plans that nothing beats.
    """
    changes = (
        *_rents(before.best, after.best, then, now),
        *_electricity(before, after),
        *_exchange_rates(before, after),
        *_cards(before, after),
        *_estimates(before, after),
        *_outcomes(before, after),
    )
    if not changes and verdict_changed(before, after):
        return (Change("other", "", None, None, ""),)
    return changes


def _rents(
    old: PlanSeen | None, new: PlanSeen | None, then: Mapping[str, Dated], now: Mapping[str, Dated]
) -> Iterator[Change]:
    if old and new and old.rent and new.rent and (old.key == new.key or old.offer == new.offer):
        yield from _moved(new.offer_name, old.rent, new.rent)
        return
    if old and old.rent:
        listed = now.get(old.offer)
        if listed is None:
            yield Change(
                code="offer_gone", subject=old.offer_name, before=old.rent.value, after=None,
                unit=old.rent.unit, source=old.rent.source, as_of=old.rent.as_of,
            )  # fmt: skip
        else:
            yield from _moved(old.offer_name, old.rent, listed)
    if new and new.rent:
        rent_then = then.get(new.offer)
        if rent_then is None:
            yield Change(
                code="offer_new", subject=new.offer_name, before=None, after=new.rent.value,
                unit=new.rent.unit, source=new.rent.source, as_of=new.rent.as_of,
            )  # fmt: skip
        else:
            yield from _moved(new.offer_name, rent_then, new.rent)


def _moved(subject: str, before: Dated, after: Dated, code: ChangeCode = "rent") -> Iterator[Change]:
    if (before.value, before.unit) != (after.value, after.unit):
        yield Change(
            code=code, subject=subject, before=before.value, after=after.value, unit=after.unit,
            source=after.source, as_of=after.as_of,
            before_unit=before.unit if before.unit != after.unit else "",
        )  # fmt: skip


def _electricity(before: AnswerSeen, after: AnswerSeen) -> Iterator[Change]:
    old, new = _at_home(before), _at_home(after)
    if old is None or new is None:
        return
    if old.rate and new.rate and (old.rate.value, old.rate.unit) != (new.rate.value, new.rate.unit):
        yield from _moved("", old.rate, new.rate, "electricity")
        return
    # The tariff is the same but not what it comes to: a dynamic price, or another contract. In a foreign
    # currency the exchange rate moves it, and is named itself.
    is_foreign = new.rate is not None and new.rate.unit != after.currency
    if old.per_kwh is not None and new.per_kwh is not None and not is_foreign:
        yield from _moved(
            "", Dated(old.per_kwh, before.currency), Dated(new.per_kwh, after.currency), "electricity"
        )


def _at_home(answer: AnswerSeen) -> PlanSeen | None:
    """A plan that says what a kilowatt-hour costs at home, one with a tariff before one without."""
    homes = sorted(
        (p for p in answer.plans if p.per_kwh is not None or p.rate is not None), key=lambda p: p.rate is None
    )
    return next(iter(homes), None)


def _exchange_rates(before: AnswerSeen, after: AnswerSeen) -> Iterator[Change]:
    for pair, new in after.exchange_rates.items():
        old = before.exchange_rates.get(pair)
        if old is not None:
            yield from _moved(pair, old, new, "exchange_rate")


def _cards(before: AnswerSeen, after: AnswerSeen) -> Iterator[Change]:
    old_by_key = {plan.key: plan for plan in before.plans}
    for new in after.plans:
        old = old_by_key.get(new.key)
        if old and old.loss_per_run is not None and new.loss_per_run is not None:
            yield from _moved(
                new.label, Dated(old.loss_per_run, before.currency), Dated(new.loss_per_run, after.currency),
                "card",
            )  # fmt: skip


def _estimates(before: AnswerSeen, after: AnswerSeen) -> Iterator[Change]:
    """Hours and energy of one and the same plan: the most telling one that both answers show."""
    pair = next(iter(_pairs(before, after)), None)
    if pair is None:
        return
    old, new = pair
    cause: Literal["code", "calibration"] = (
        "code" if before.code_version != after.code_version else "calibration"
    )
    estimates: tuple[tuple[ChangeCode, str, float | None, float | None], ...] = (
        ("hours", "h", old.hours, new.hours),
        ("energy", "kWh", old.energy_kwh, new.energy_kwh),
    )
    for code, unit, was, is_ in estimates:
        if was is not None and is_ is not None and abs(is_ - was) > SAME * was:
            yield Change(code, new.label, was, is_, unit, cause=cause)


def _pairs(before: AnswerSeen, after: AnswerSeen) -> list[tuple[PlanSeen, PlanSeen]]:
    """The plans that both answers show, the old and the new best one first."""
    old_by_key = {plan.key: plan for plan in before.plans}
    best = [plan.key for plan in (before.best, after.best) if plan]
    both = [(old_by_key[plan.key], plan) for plan in after.plans if plan.key in old_by_key]
    return sorted(both, key=lambda pair: best.index(pair[1].key) if pair[1].key in best else len(best))


def _outcomes(before: AnswerSeen, after: AnswerSeen) -> Iterator[Change]:
    """What that came to for the best plans: money, and the chance to keep the limits."""
    best = {plan.key for plan in (before.best, after.best) if plan}
    for old, new in _pairs(before, after):
        if new.key not in best:
            continue
        if old.cost is not None and new.cost is not None and abs(new.cost - old.cost) > SAME * abs(old.cost):
            yield Change("cost", _name(new), old.cost, new.cost, after.currency)
        fell = old.probability >= before.least_probability > new.probability
        rose = new.probability >= after.least_probability > old.probability
        if fell or rose:
            yield Change("chance", _name(new), old.probability, new.probability, "share")


def _name(plan: PlanSeen) -> str:
    return f"{plan.label} ({plan.offer_name})" if plan.rent else plan.label
