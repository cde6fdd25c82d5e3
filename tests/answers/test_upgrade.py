"""What is added to answers of older versions: marks as the old rules set them, and nothing made up."""

from copy import deepcopy

import orjson
import pytest

from service.answers.reading import read_comparison, read_decision
from service.estimate.ladder import SURE
from tests.answers import record

DECISION = orjson.loads(record.answer("v4-e12f06b-limits"))
HOME = next(p for p in DECISION["shortlist"] if p["plan"] == "own")
RENT = next(p for p in DECISION["shortlist"] if p["plan"] == "rent")
DECISIONS = [name for name in record.ANSWERS if record.is_decision(name)]


def plan(way, cost, chance):
    """A plan as version 4 wrote it."""
    like = deepcopy(HOME if way in ("own", "buy") else RENT)
    price = None if cost is None else {**like["cost"], "p10": cost, "p50": cost, "p90": cost}
    return {**like, "plan": way, "cost": price, "probability_within_limits": chance}


def decision(plans, best=None, budget=700.0, **limits):
    """A decision among these plans, as version 4 wrote it."""
    shortlist = [plan(*one) for one in plans]
    told = {**DECISION["limits"], "budget": budget, "deadline_hours": None, **limits}
    found = {**DECISION, "limits": told, "shortlist": shortlist}
    found["best"] = None if best is None else deepcopy(shortlist[best])
    return read_decision(orjson.dumps(found))


@pytest.mark.parametrize(
    ("plans", "best", "kept", "compared"),
    [
        # The cheapest rented plan that keeps the limits, not the cheapest.
        ([("own", 300, 0.0), ("rent", 400, 0.5), ("rent", 600, 0.9), ("rent", 650, 1)], None, "0011", (0, 2)),
        # None keeps them: the cheapest.
        ([("own", 300, 0.0), ("rent", 400, 0.5), ("rent", 600, 0.7)], None, "000", (0, 1)),
        # The best, though another is cheaper.
        ([("own", 300, 0.0), ("rent", 400, 0.9), ("rent", 600, 0.99)], 2, "011", (0, 2)),
        # The best is at home: against the cheapest rented plan within the limits.
        ([("own", 300, 0.9), ("hybrid", 400, 0.1), ("rent", 600, 0.9)], 0, "101", (0, 2)),
        # A card to buy is at home too; the cheapest of both.
        ([("buy", 200, 0.9), ("own", 300, 0.9), ("hybrid", 400, 0.8)], 0, "111", (0, 2)),
        # A plan without a price is held against nothing.
        ([("own", None, 0), ("buy", 900, 0), ("rent", None, 0.9), ("rent", 600, 0)], None, "0010", (1, 3)),
        # As surely as asked for, by the three digits that were written.
        ([("own", 300, 0.8), ("rent", 400, 0.799)], None, "10", (0, 1)),
        ([("own", 300, 0.9)], 0, "1", (0,)),
        ([("rent", 300, 0.9)], 0, "1", (0,)),
        ([], None, "", ()),
    ],
)  # fmt: skip
def test_plans_are_marked_as_the_old_rules_did(plans, best, kept, compared):
    read = decision(plans, best)
    assert "".join(str(int(p.keeps_limits)) for p in read.shortlist) == kept
    assert tuple(i for i, p in enumerate(read.shortlist) if p.is_compared) == compared
    if best is not None:
        assert read.best == read.shortlist[best]


def test_any_plan_keeps_limits_that_are_not_there():
    read = decision([("own", 300, 0.0), ("rent", 400, 0.0)], budget=None)
    assert [p.keeps_limits for p in read.shortlist] == [True, True]
    limits = {"budget": None, "deadline_hours": 36.0, "least_probability": 0.5}
    read = decision([("own", 300, 0.5), ("rent", 400, 0.49)], **limits)
    assert [p.keeps_limits for p in read.shortlist] == [True, False]


def test_a_deadline_is_told_in_days_where_it_was_not():
    told = deepcopy(DECISION)
    del told["limits"]["deadline_days"]
    assert read_decision(orjson.dumps(told)).limits.deadline_days == 30


@pytest.mark.parametrize("name", DECISIONS)
def test_recorded_decisions_are_held_as_their_own_reader_held_them(name):
    read, told = read_decision(record.answer(name)), orjson.loads(record.answer(name))
    least = told["limits"]["least_probability"]
    home = [p for p in told["shortlist"] if p["plan"] in ("own", "buy") and p["cost"]]
    rented = [p for p in told["shortlist"] if p["plan"] not in ("own", "buy") and p["cost"]]
    within = [p for p in rented if not read.has_limits or p["probability_within_limits"] >= least]
    best = told["best"] if told["best"] and told["best"]["plan"] not in ("own", "buy") else None
    against = best or next(iter(within or rented), None)
    for held, expected in ((read.home, next(iter(home), None)), (read.rented, against)):
        assert (held and (held.label, held.cost.p50)) == (
            expected and (expected["label"], expected["cost"]["p50"])
        )
    assert sum(p.is_compared for p in read.shortlist) == (read.home is not None) + (read.rented is not None)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("limits", "least_probability"),
        ("plan", "rate"),
        ("plan", "plan"),
        ("plan", "instances"),
        ("plan", "probability_within_limits"),
    ],
)
@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_without_it_is_read(name, part, field):
    """These five once made one reader go on and the other raise."""
    told = orjson.loads(record.answer(name))
    plans = [*told["shortlist"], *([told["best"]] if told["best"] else [])]
    for holder in [told["limits"]] if part == "limits" else plans:
        holder.pop(field, None)
    read = read_decision(orjson.dumps(told))
    if field == "least_probability":
        assert read.limits.least_probability == 0.8
    if field == "rate":
        homes = [p for p in read.shortlist if p.is_at_home]
        assert [str(p.rate.per_kwh) for p in homes] == [
            str(next(n.value for n in p.sources if n.name == "per_kwh")) for p in homes
        ]
        assert not [p for p in read.shortlist if not p.is_at_home and p.rate]
    if field == "plan":
        assert {p.plan for p in read.shortlist} == {
            "own" if p["kind"] == "home" else "rent" for p in told["shortlist"]
        }
    if field == "instances":
        assert {p.instances for p in read.shortlist} == {1}
    if field == "probability_within_limits":
        assert {p.keeps_limits for p in read.shortlist} == {not read.has_limits}


@pytest.mark.parametrize(("chance", "fits"), [(SURE, True), (1.0, True), (SURE - 0.001, False), (0.0, False)])
def test_a_rung_fits_the_card_as_surely_as_the_old_rule_asked(chance, fits):
    told = orjson.loads(record.answer("v2-43e2f02-headline"))
    ladder = told["options"][0]["fit"]["ladder"]
    assert ladder and "fits_the_card" not in ladder[0]
    ladder[0] |= {"fit_probability": chance, "host_memory_suffices": False, "fits": False}
    read = read_comparison(orjson.dumps(told))
    assert read.options[0].fit.ladder[0].fits_the_card is fits
    assert [r.fits_the_card for r in read.options[0].fit.ladder[1:]] == [
        r["fit_probability"] >= SURE for r in ladder[1:]
    ]


def test_a_suggestion_of_version_3_is_named_by_its_slug():
    """Version 3 did not write the name of the card; such an answer could not be opened once."""
    read = read_comparison(record.answer("v3-364f764-unrented"))
    (cloud,) = [o for o in read.options if o.suggestions]
    assert [s.gpu_name for s in cloud.suggestions] == [s.gpu for s in cloud.suggestions]
    named = read_comparison(record.answer("v4-e12f06b-unrented"))
    assert all(s.gpu_name != s.gpu for o in named.options for s in o.suggestions)


def test_what_it_did_not_say_comes_from_its_numbers_or_stays_unknown():
    read = read_comparison(record.answer("v1-8842daa-headline"))
    home, cloud = read.first("home"), read.first("cloud")
    assert (read.workload.reference_hours, read.workload.reference_gpu_count) == (
        next(n.value for n in read.sources if n.name == "reference_hours"), 8,
    )  # fmt: skip
    assert (home.gpu_memory_gib, cloud.gpu_memory_gib) == (12, 80)
    assert home.rate.zone == "DE" and home.rate.source and cloud.rate is None
    assert cloud.offer.source and cloud.offer.url and cloud.offer.provider_name
    assert home.fit.time_factor is None and home.tariff is None and home.when_to_run is None
    assert home.explanation is None and home.consumption is None
