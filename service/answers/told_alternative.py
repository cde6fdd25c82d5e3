"""The same question with other options: its answer told by what differs from the one it is asked beside."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic import BaseModel

from service.answers.answer import (
    AnsweredAlternative,
    AnsweredAlternativePlan,
    AnsweredChange,
)
from service.answers.asked import Question, option_called
from service.answers.question import AskedModel, AskedTariff
from service.answers.rounding import near, near_or_none
from service.answers.told import tell_brief
from service.decide.comparison import Comparison, Verdict
from service.decide.decision import Decision, RatedOption
from service.decide.options import Option, Side, Way
from service.estimate.interval import Interval


def told_changes(asked: Question, other: Question) -> tuple[AnsweredChange, ...]:
    """What of the question is another, as one says it on the command line."""
    return tuple(AnsweredChange(option=name, value=value) for name, value in _differing(asked, other))


def _differing(asked: BaseModel, other: BaseModel) -> Iterator[tuple[str, str]]:
    kind = type(other)
    for name, field in kind.model_fields.items():
        one, value = getattr(asked, name), getattr(other, name)
        if one == value or name == "what_if":
            continue
        if isinstance(one, AskedTariff) or isinstance(value, AskedTariff):
            yield from _contract(one or AskedTariff.of(), value or AskedTariff.of())
            continue
        said = option_called(name, field)
        yield said.removeprefix("--"), _as_said(value) + ("h" if said == "--deadline" and value else "")


def _contract(one: AskedTariff, other: AskedTariff) -> Iterator[tuple[str, str]]:
    """What differs in two tariffs: the contract in one word, then its parts."""
    contract = {"kind": other.kind, "windows": other.windows, "zone": other.zone}
    if contract != {name: getattr(one, name) for name in contract}:
        windows = ",".join(f"{x.from_hour}-{x.until_hour}={_as_said(x.per_kwh)}" for x in other.windows)
        yield "tariff", windows or ":".join(filter(None, (other.kind, other.zone)))
    yield from _differing(one.model_copy(update=contract), other)


def _as_said(value: object) -> str:
    if isinstance(value, AskedModel):
        return value.name
    if isinstance(value, dict):
        return " ".join(f"{name}={_as_said(inside)}" for name, inside in value.items())
    if isinstance(value, list | tuple):
        return " + ".join(_as_said(one) for one in value) or "none"
    if isinstance(value, float | Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return "none" if value is None else str(value)


def tell_compared(
    comparison: Comparison, other: Comparison, changes: tuple[AnsweredChange, ...]
) -> AnsweredAlternative:
    """The cheapest at home and rented of another comparison, beside those of the one that was asked for."""
    verdict = other.verdict
    return AnsweredAlternative(
        changes=changes,
        plans=tuple(_side(comparison, other, side) for side in ("home", "cloud")),
        wins=winner(other),
        saving=near_or_none(verdict.saving, 2),
        probability=near_or_none(verdict.cheaper_probability, 3),
        is_turned=winner(comparison) != winner(other),
        sentence="",
    )


def winner(comparison: Comparison) -> Side | None:
    """The side that costs less, or the only one that can do it in two years; None where neither is known."""
    verdict: Verdict = comparison.verdict
    if verdict.cheaper is not None:
        return verdict.cheaper
    can: list[Side] = [side for side in ("home", "cloud") if _can(_first(comparison, side))]
    return can[0] if len(can) == 1 else None


def _can(option: Option) -> bool:
    return option.hours is not None and option.practical is None


def _side(comparison: Comparison, other: Comparison, side: Side) -> AnsweredAlternativePlan:
    before, after = _first(comparison, side), _first(other, side)
    way: Way = "rent" if side == "cloud" else "buy" if after.purchase else "own"
    return _plan(way, after, (_cost(after), after.elapsed_hours), (_cost(before), before.elapsed_hours))


def _first(comparison: Comparison, side: Side) -> Option:
    return next(option for option in comparison.options if option.kind == side)


def _cost(option: Option) -> Interval | None:
    return option.cost.total if option.cost else None


def tell_decided(
    decision: Decision, other: Decision, changes: tuple[AnsweredChange, ...]
) -> AnsweredAlternative:
    """The plan of another decision beside that of the one that was asked for."""
    best, before = other.best, decision.best
    told = (None, None) if before is None else (before.cost, before.calendar_hours)
    plans = () if best is None else (_plan(best.way, best.option, (best.cost, best.calendar_hours), told),)
    return AnsweredAlternative(
        changes=changes,
        plans=plans,
        wins=None if best is None else best.option.kind,
        saving=None,
        probability=None if best is None or not _has_limits(other) else round(best.probability, 3),
        is_turned=_named(best) != _named(before),
        sentence="",
    )


def _has_limits(decision: Decision) -> bool:
    return decision.limits.budget is not None or decision.limits.deadline_hours is not None


def _named(plan: RatedOption | None) -> tuple[object, ...] | None:
    """Which plan it is: its way, its machine, who rents it out."""
    if plan is None:
        return None
    rental = plan.option.rental
    return (plan.way, plan.option.label, rental.offer.provider if rental and rental.offer else "")


Told = tuple[Interval | None, Interval | None]
"""Money and hours."""


def _plan(way: Way, option: Option, now: Told, before: Told) -> AnsweredAlternativePlan:
    return AnsweredAlternativePlan(
        plan=tell_brief(way, option, *now),
        extra_cost=_extra(now[0], before[0], 2),
        extra_hours=_extra(now[1], before[1], 3),
        is_practical=option.practical is None,
    )


def _extra(now: Interval | None, before: Interval | None, places: int) -> float | None:
    return None if now is None or before is None else near(now.p50 - before.p50, places)
