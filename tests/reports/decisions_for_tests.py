"""Stored decisions, small and real: every kind of plan, none possible, no price, many, hostile names."""

from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache

import orjson

from service.decide.decision import Decision, LeftAside, NearestPlan, RatedOption, RatedTie, RatedTurn
from service.decide.frontier import Limits
from service.decide.near_ties import NearTie
from service.decide.options import cloud_option, home_option
from service.decide.turning import Swing, Turn
from service.estimate.home_bill import HomeTerms, Purchase
from service.estimate.inputs import workload_inputs
from tests.facts_for_tests import ASKED_AT, D32, GERMANY, H100_SXM, OFFER, RENTAL, RTX_4070, RTX_4090, SOURCE
from tests.reports.answers_for_tests import HOSTILE, KNOWN, packed
from tests.reports.told_for_tests import as_plain_decision

IDENTITY = "fedcba98765432100123"
LINE = ((0.05, 1.3), (0.10, 2.6), (0.20, 5.2), (0.40, 10.4), (0.80, 20.8))
SWINGS = (
    Swing("rent", 17.0, 40.0, 650.0, -180.0, True),
    Swing("kwh_price", 0.22, 0.52, 120.0, 410.0, False),
    Swing("hours", 30.0, 36.6, 310.0, 200.0, False),
    Swing("home_watts", 230.0, 318.0, 200.0, 290.0, False),
    Swing("idle_hours", 0.0001, 0.3, 300.0, 240.0, False),
)


def rated(plan, option, probability, **others) -> RatedOption:
    """A plan as the use case makes it of an option."""
    co2 = option.co2_kg.p50 * 1.1 if option.co2_kg else None
    cost = option.cost.total if option.cost else None
    return RatedOption(
        plan,
        option,
        cost,
        option.cost.cash if option.cost else None,
        option.calendar_hours,
        co2,
        probability,
        keeps_limits=probability >= 0.8,
        is_on_front=True,
        **others,
    )


def own(probability=0.0, household=GERMANY) -> RatedOption:
    return rated(
        "own", home_option(D32, RTX_4070, 1, household, currency="EUR", knowledge=KNOWN), probability
    )


def bought() -> RatedOption:
    terms = HomeTerms(purchase=Purchase(Decimal(1900), Decimal(1235), 5, SOURCE))
    household = replace(GERMANY, terms=terms)
    return rated("buy", home_option(D32, RTX_4090, 1, household, currency="EUR", knowledge=KNOWN), 0.93)


def rented(plan="rent", probability=0.995, instances=1, price=None) -> RatedOption:
    offer = replace(OFFER, hourly_price=price) if price else OFFER
    rental = replace(RENTAL, offer=offer, instances=instances)
    option = cloud_option(D32, H100_SXM, 8 * instances, rental, currency="EUR", knowledge=KNOWN)
    return rated(plan, option, probability, instances=instances)


def decided(best, shortlist, limits=None, language="en", asked_on=None, **others) -> dict:
    """A decision's JSON as values, with an identity as the store gives it."""
    rival = next((p for p in shortlist if p is not best and p.keeps_limits and p.cost), None)
    none = best is None or rival is None
    turns = () if none else (
        RatedTurn(Turn("rent", 28.57, 33.1, 1), rival), RatedTurn(Turn("hours", 33.0, 52.0, None), None),
    )  # fmt: skip
    ties = () if none else (RatedTie(rival, NearTie(1, 12.5, 40.0, 0.02)),)
    found = Decision(
        asked_at=datetime.combine(asked_on, ASKED_AT.timetz()) if asked_on else ASKED_AT,
        workload=D32,
        currency="EUR",
        zone="DE",
        limits=Limits(1500, 720) if limits is None else limits,
        weights=None,
        rule="cheapest",
        least_probability=0.8,
        best=best,
        needs_stated_rent=others.pop("needs_stated_rent", False),
        if_rents_hold=others.pop("if_rents_hold", None),
        rival=rival,
        shortlist=tuple(shortlist),
        home=next((p for p in shortlist if p.way in ("own", "buy") and p.cost), None),
        rented=_held_against(best, shortlist),
        dominated_count=661,
        unshown=9_000,
        unpriced=300,
        considered=661 + 9_000 + 300 + 34 + len(shortlist),
        near_ties=others.pop("near_ties", ties),
        turns=others.pop("turns", turns),
        left_aside=(LeftAside("host_memory", 34, best),),
        nearest=others.pop("nearest", ()),
        sensitivity=others.pop("sensitivity", () if none else SWINGS),
        break_even=others.pop("break_even", LINE),
        runs_until_bought=others.pop("runs_until_bought", 14),
        saved_per_day=others.pop("saved_per_day", 23.1),
        inputs=workload_inputs(D32, KNOWN.calibration, [RTX_4070, H100_SXM], KNOWN.figures),
        data_version=7,
    )
    return {**as_plain_decision(found, language), "id": IDENTITY}


def _held_against(best, shortlist):
    rented = [p for p in shortlist if p.way in ("rent", "hybrid")]
    within = [p for p in rented if p.keeps_limits]
    return best if best in rented else next(iter(within or rented), None)


def headline() -> dict:
    """Rent is the best; one's own card, one to buy, a hybrid and a cluster stand beside it."""
    return deepcopy(_headline())


@cache
def _headline() -> dict:
    best = rented()
    hybrid = rented("hybrid", 0.7, price=Decimal(37))
    cluster = rented(instances=2, probability=0.4, price=Decimal(30))
    return decided(best, [own(), bought(), best, hybrid, cluster])


def impossible() -> dict:
    """No plan keeps the limits; four changes that would each make one possible."""
    plan = rented(probability=0.1)
    nearest = (
        NearestPlan("deadline", 900.0, plan),
        NearestPlan("budget", 1234.5, plan),
        NearestPlan("tokens", 11.67e9, plan),
        NearestPlan("model", 9e8, plan, "nanochat-d24"),
    )
    return decided(None, [own(), rented(probability=0.1)], Limits(100, 240), nearest=nearest)


def at_home_only() -> dict:
    """Nothing rented, no limits."""
    plan = own(1.0)
    none = {"sensitivity": (), "break_even": (), "runs_until_bought": None, "saved_per_day": None}
    return decided(plan, [plan], Limits(None, None), **none)


def without_price() -> dict:
    """One's own machine has no tariff; the rented plan is the best."""
    best = rented()
    return decided(best, [own(household=replace(GERMANY, rate=None)), best])


def nothing() -> dict:
    """Not one plan."""
    none = {"sensitivity": (), "break_even": (), "runs_until_bought": None, "saved_per_day": None}
    return decided(None, [], Limits(None, None), **none)


def many(count: int) -> dict:
    """So many rented plans, each a little dearer and slower."""
    answer = headline()
    like = answer["best"]
    plans = []
    for i in range(count):
        factor = 1 + i / 1000
        (item, *rest) = like["cost"]["items"]
        scaled = {q: round(item[q] * factor, 2) for q in ("p10", "p50", "p90")}
        item = {**item, "unit_price": round(item["unit_price"] * factor, 9), **scaled}
        cost = {**like["cost"], **scaled, "items": [item, *rest]}
        hours = {q: like["calendar_hours"][q] * factor for q in ("p10", "p50", "p90")}
        plans.append({**like, "cost": cost, "calendar_hours": hours, "sources": []})
    return {**answer, "best": plans[0], "shortlist": plans}


def hostile() -> dict:
    """Names and titles that every format would like to take for something else."""
    answer = headline()
    answer["workload"]["name"] = HOSTILE[0]
    for option in (answer["best"], *answer["shortlist"]):
        if option["offer"]:
            option["label"], option["offer"]["provider_name"] = HOSTILE[4], HOSTILE[3]
            option["offer"]["instance"] = HOSTILE[1]
        else:
            option["label"] = HOSTILE[2]
        for number in option["sources"]:
            number["source"], number["url"] = HOSTILE[3], "javascript:alert(1)"
    return answer


def stored(answer: dict) -> bytes:
    """As it is kept."""
    return packed(answer)


def read(content: bytes) -> dict:
    """The values of what is kept."""
    found: dict = orjson.loads(content)
    return found
