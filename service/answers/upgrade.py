"""An answer of an older version as today's says it.

What an older version did not write is taken from the answer's own list of numbers, follows from what it did
write, or stays unknown. Nothing is changed in the store: an answer is kept as it was given.
"""

from collections.abc import Sequence
from typing import Any

from service.estimate.memory import SURE

Json = dict[str, Any]
LEAST_PROBABILITY = 0.8
"""What answers meant that did not say it."""
UNSAID_OF_OPTION = (
    "calendar_hours", "power_limit", "tariff", "when_to_run", "consumption", "carbon", "explanation",
)  # fmt: skip
UNSAID_OF_WORKLOAD = ("family", "precision", "optimizer", "engine")


def comparison(old: Json) -> Json:
    """A comparison of any version."""
    return {
        "id": "",
        **old,
        "workload": _workload(old["workload"], old["sources"]),
        "options": [_option(o) for o in old["options"]],
    }


def decision(old: Json) -> Json:
    """A decision of any version."""
    limits = {"least_probability": LEAST_PROBABILITY, "currency": old["currency"], **old["limits"]}
    has_limits = limits["budget"] is not None or limits["deadline_hours"] is not None
    least = limits["least_probability"] if has_limits else 0.0
    hours = limits["deadline_hours"]
    shortlist = [_plan(p, least) for p in old["shortlist"]]
    best = None if old["best"] is None else _plan(old["best"], least)
    _hold_against_each_other(best, shortlist)
    sources = old.get("sources", [])
    return {
        "id": "", "weights": None, "summary": "", "dominated_count": 0, "considered": 0, "break_even": [],
        "runs_until_bought": None, "saved_per_day": None,
        **old,
        # They were of rented minus home, whatever the limits.
        "sensitivity": [],
        "sources": sources,
        "limits": {"deadline_days": None if hours is None else hours / 24, **limits},
        "workload": _workload(old["workload"], sources),
        "best": best,
        "shortlist": shortlist,
        "nearest_possible": [
            {"workload": None, **n, "option": n.get("option") and _plan(n["option"], least)}
            for n in old.get("nearest_possible", ())
        ],
    }  # fmt: skip


def _workload(old: Json, numbers: Sequence[Json]) -> Json:
    gpus = _number(numbers, "reference_gpu_count")
    unsaid = dict.fromkeys(UNSAID_OF_WORKLOAD, "") | {"flops_per_token": 0, "n_experts": 1}
    reference = {
        "reference_hours": _number(numbers, "reference_hours"),
        "reference_gpu_count": None if gpus is None else int(gpus),
    }
    return {**unsaid, **reference, **old}


def _option(old: Json) -> Json:
    numbers, fit, is_home = old["sources"], old["fit"], old["kind"] == "home"
    rungs = [{"fits_the_card": r["fit_probability"] >= SURE, "text": "", **r} for r in fit["ladder"]]
    memory = _number(numbers, "memory_gib")
    rate = old.get("rate") or _rate(numbers)
    return {
        **dict.fromkeys(UNSAID_OF_OPTION),
        "gpu_memory_gib": fit["available_memory_gib"] if memory is None else memory,
        "gpu_category": "", "stages": [],
        **old,
        "suggestions": [{"gpu_name": s["gpu"], **s} for s in old.get("suggestions", ())],
        "fit": {"time_factor": None, "gradient_accumulation": 1, **fit, "ladder": rungs},
        "cost": old["cost"] and _cost(old["cost"]),
        "offer": old["offer"] and _offer(old["offer"], numbers),
        "rate": rate if is_home else None,
    }  # fmt: skip


def _plan(old: Json, least: float) -> Json:
    option = _option(old)
    chance, training = old.get("probability_within_limits", 0.0), old["co2_kg"]
    median = old.get("plan_co2_kg")
    width = None
    if median is not None and training is not None and training["p50"]:
        share = median / training["p50"]
        width = {name: value * share for name, value in training.items()}
    return {
        "plan": "own" if option["kind"] == "home" else "rent", "instances": 1, "is_on_front": False,
        "plan_co2_kg": None, "plan_co2_interval_kg": width, "is_compared": False,
        "keeps_limits": chance >= least, "probability_within_limits": chance,
        **option,
        "calendar_hours": option["calendar_hours"] or option["hours"],
    }  # fmt: skip


def _hold_against_each_other(best: Json | None, shortlist: Sequence[Json]) -> None:
    """Mark the cheapest plan at home, and the rented one: the best, else the cheapest within the limits."""
    if any(p["is_compared"] for p in shortlist):
        return
    priced = [p for p in shortlist if p["cost"]]
    home = next((p for p in priced if p["plan"] in ("own", "buy")), None)
    rented = [p for p in priced if p["plan"] not in ("own", "buy")]
    within = [p for p in rented if p["keeps_limits"]]
    held = next(iter(within or rented), None)
    if best is not None and best["plan"] not in ("own", "buy"):
        held = next((p for p in rented if p == best), held)
    for plan in (home, held):
        if plan is not None:
            is_best = plan == best
            plan["is_compared"] = True
            if is_best and best is not None:
                best["is_compared"] = True


def _cost(old: Json) -> Json:
    items = [{"is_counted": True, "currency": old["currency"], **item} for item in old["items"]]
    return {"exchange_rates": [], **old, "items": items}


def _offer(old: Json, numbers: Sequence[Json]) -> Json:
    source = {key: old.get(key) for key in ("source", "url", "read_on", "licence")}
    if not source["source"]:
        price = next((n for n in numbers if n["name"] == "hourly_price"), {})
        source = {key: price.get(key) for key in source}
    market = old["market"] and {"tier": "on_demand", **old["market"]}
    return {
        "term_months": None, "provider_name": old["provider"], "country": None,
        **old,
        "source": source["source"] or "", "url": source["url"] or "", "licence": source["licence"] or "",
        "read_on": source["read_on"], "market": market,
    }  # fmt: skip


def _rate(numbers: Sequence[Json]) -> Json | None:
    """The tariff, from the number that a kilowatt-hour was priced with; None where there is none."""
    n = next((n for n in numbers if n["name"] == "per_kwh"), None)
    if n is None:
        return None
    zone = n["subject"].rsplit(" ", 1)[-1]
    source = {key: n.get(key) for key in ("source", "url", "as_of", "read_on", "licence")}
    return {
        "zone": zone, "zone_name": zone, "kind": "contract" if n["basis"] == "user" else "retail",
        "per_kwh": str(n["value"]), "currency": n["unit"].split("/")[0], "note": "", **source,
    }  # fmt: skip


def _number(numbers: Sequence[Json], name: str) -> float | None:
    return next((n["value"] for n in numbers if n["name"] == name), None)
