"""A decision read back from its JSON; its options are read like a comparison's.

Keys that an older version did not write are tolerated: what they say is unknown then, or follows from
others.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from service.decide.frontier import Limits
from service.decide.sensitivity import Swing
from service.estimate.interval import Interval
from service.reports import from_json
from service.reports.answered_decision import (
    AnsweredDecision,
    AnsweredNearest,
    AnsweredPlanOption,
    TurningPoint,
)

Json = Mapping[str, Any]
LEAST_PROBABILITY = 0.8
"""What answers meant that did not say it."""


def read_decision(content: bytes) -> AnsweredDecision:
    """A stored decision."""
    return decision(orjson.loads(content))


def decision(answer: Json) -> AnsweredDecision:
    """A decision's JSON as values."""
    limits, best = answer["limits"], answer["best"]
    numbers = tuple(from_json.number(n) for n in answer.get("sources", ()))
    return AnsweredDecision(
        id=answer.get("id", ""),
        asked_at=datetime.fromisoformat(answer["asked_at"]),
        currency=answer["currency"],
        zone=answer["zone"],
        workload=from_json.workload(answer["workload"], numbers),
        limits=Limits(limits["budget"], limits["deadline_hours"]),
        rule=answer["rule"],
        least_probability=limits.get("least_probability", LEAST_PROBABILITY),
        best=None if best is None else plan_option(best),
        shortlist=tuple(plan_option(o) for o in answer["shortlist"]),
        dominated_count=answer.get("dominated_count", 0),
        considered=answer.get("considered", 0),
        nearest=tuple(_nearest(n) for n in answer.get("nearest_possible", ())),
        sensitivity=tuple(_swing(s) for s in answer.get("sensitivity", ())),
        break_even=tuple(
            TurningPoint(point["per_kwh"], point["rent_per_hour"]) for point in answer.get("break_even", ())
        ),
        runs_until_bought=answer.get("runs_until_bought"),
        saved_per_day=answer.get("saved_per_day"),
        numbers=numbers,
        data_version=answer["data_version"],
    )


def plan_option(told: Json) -> AnsweredPlanOption:
    """One plan of a decision."""
    option = from_json.option(told)
    return AnsweredPlanOption(
        plan=told.get("plan") or ("own" if option.kind == "home" else "rent"),
        option=option,
        calendar_hours=from_json.interval(told.get("calendar_hours")) or option.hours,
        co2_kg=_plan_co2(told, option.co2_kg),
        probability=told.get("probability_within_limits", 0.0),
        is_on_front=told.get("is_on_front", False),
        instances=told.get("instances", 1),
    )


def _plan_co2(told: Json, of_training: Interval | None) -> Interval | None:
    """Of the whole plan; in answers without its interval as wide as the training's."""
    if "plan_co2_interval_kg" in told:
        return from_json.interval(told["plan_co2_interval_kg"])
    median: float | None = told.get("plan_co2_kg")
    if median is None or of_training is None or not of_training.p50:
        return None
    return of_training * (median / of_training.p50)


def _nearest(told: Json) -> AnsweredNearest:
    plan = told.get("option")
    return AnsweredNearest(
        code=told["change"],
        value=told["value"],
        plan=None if plan is None else plan_option(plan),
        workload=told.get("workload") or "",
    )


def _swing(told: Json) -> Swing:
    return Swing(told["input"], told["low"], told["high"], told["difference_low"], told["difference_high"])
