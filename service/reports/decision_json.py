"""A decision as JSON: the stable keys of the API; options in the shape of a comparison's."""

from service.decide.decision import Decision, NearestPlan, RatedOption
from service.decide.sensitivity import Swing
from service.estimate.interval import Interval
from service.reports import decision_from_json
from service.reports.as_json import Json, input_number, interval, near, option, workload
from service.reports.words.decision_sentences import nearest_sentence, swing_sentence, verdict_lines
from service.reports.words.wording import Wording, wording


def render(d: Decision, language: str = "en") -> Json:
    """The whole answer; an unknown number is null, never 0. Its sentences are written from its numbers."""
    w = wording(language)
    answer: Json = {
        "asked_at": d.asked_at.isoformat(),
        "data_version": d.data_version,
        "zone": d.zone,
        "currency": d.currency,
        "workload": workload(d.workload),
        "limits": {
            "budget": d.limits.budget,
            "currency": d.currency,
            "deadline_hours": d.limits.deadline_hours,
            "deadline_days": None if d.limits.deadline_hours is None else d.limits.deadline_hours / 24,
            "least_probability": d.least_probability,
        },
        "rule": d.rule,
        "weights": None if d.weights is None else dict(zip(("cost", "time", "co2"), d.weights, strict=True)),
        "summary": "",
        "best": None if d.best is None else rated(d.best, w),
        "shortlist": [rated(r, w) for r in d.shortlist],
        "dominated_count": d.dominated_count,
        "considered": d.considered,
        "nearest_possible": [nearest(n, d, w) for n in d.nearest],
        "sensitivity": [swing(s, d) for s in d.sensitivity],
        "break_even": [
            {"per_kwh": per_kwh, "rent_per_hour": near(rent, 4), "currency": d.currency}
            for per_kwh, rent in d.break_even
        ],
        "runs_until_bought": d.runs_until_bought,
        "saved_per_day": None if d.saved_per_day is None else near(d.saved_per_day, 2),
        "sources": [input_number(i) for i in d.inputs],
    }
    _say(answer, w)
    return answer


def _say(answer: Json, w: Wording) -> None:
    """Put the sentences in, written from the numbers as they stand there."""
    told = decision_from_json.decision({**answer, "sources": [], "shortlist": []})
    answer["summary"] = " ".join(verdict_lines(w, told))
    for item, change in zip(answer["nearest_possible"], told.nearest, strict=True):
        item["sentence"] = nearest_sentence(w, change, told)
    for item, moved in zip(answer["sensitivity"], told.sensitivity, strict=True):
        item["sentence"] = swing_sentence(w, moved, told)


def rated(r: RatedOption, w: Wording) -> Json:
    """One plan with its chances, otherwise as a comparison shows an option."""
    return {
        **option(r.option, w),
        "plan": r.plan,
        "instances": r.instances,
        "calendar_hours": interval(r.calendar_hours),
        "plan_co2_kg": None if r.co2_kg is None else near(r.co2_kg, 1),
        "plan_co2_interval_kg": interval(_plan_co2(r), 1),
        "probability_within_limits": round(r.probability, 3),
        "is_on_front": r.is_on_front,
    }


def _plan_co2(r: RatedOption) -> Interval | None:
    """Of the whole plan: as uncertain as that of its training, which nearly all of it is."""
    training = r.option.co2_kg
    if r.co2_kg is None or training is None or not training.p50:
        return None
    return training * (r.co2_kg / training.p50)


def nearest(n: NearestPlan, d: Decision, w: Wording) -> Json:
    """One change that would make a plan possible."""
    unit = {"budget": d.currency, "deadline": "h", "tokens": "tokens", "model": "parameters"}[n.code]
    return {
        "change": n.code,
        "value": near(n.value, 2),
        "unit": unit,
        "workload": n.workload or None,
        "sentence": "",
        "option": None if n.plan is None else rated(n.plan, w),
    }


def swing(s: Swing, d: Decision) -> Json:
    """How far one input moves rented minus home."""
    return {
        "input": s.code,
        "low": s.low,
        "high": s.high,
        "difference_low": near(s.difference_low, 2),
        "difference_high": near(s.difference_high, 2),
        "currency": d.currency,
        "turns_verdict": s.turns,
        "sentence": "",
    }
