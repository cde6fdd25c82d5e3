"""`compare` with all that decide takes, what loses with its reason, and what other options would make."""

import json
from datetime import UTC, datetime

import pytest

from service.answers.answer import AnsweredAlternative, AnsweredChange
from service.answers.question import AskedComparison, AskedDecision
from service.answers.reading import read_decision
from service.decide.candidates import LONGEST_HOURS
from service.decide.frontier import Limits
from service.errors import InvalidValue
from service.reports.words.sentences import duration
from service.reports.words.what_if import decided_verdict
from service.reports.words.wording import wording
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.comparing import answer, compare_home_with_cloud
from service.usecases.deciding import answer_decision
from tests.reports.decisions_for_tests import decided as decided_by_hand
from tests.reports.decisions_for_tests import stored
from tests.reports.told_for_tests import screen

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RUN = {"workload": "gpt2-124m"}


@pytest.fixture(scope="module")
def sessions(catalog_copy):
    engine = engine_for(catalog_copy())
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def snapshot(sessions):
    return load(sessions)


@pytest.fixture(scope="module")
def compared(sessions, snapshot):
    def ask(**question):
        return json.loads(answer(sessions, snapshot, AskedComparison.of(**RUN | question), NOW).answer)

    return ask


@pytest.fixture(scope="module")
def decided(sessions, snapshot):
    def ask(**question):
        asked = AskedDecision.of(**RUN | question)
        return json.loads(answer_decision(sessions, snapshot, asked, NOW).answer)

    return ask


def test_a_name_alone_and_a_list_of_it_are_one_question():
    one, same = (
        AskedComparison.of(home="rtx-3090", cloud="any"),
        AskedComparison.of(home=["rtx-3090"], cloud=["any"]),
    )
    assert one == same and one.kept() == same.kept()
    kept = json.loads(one.kept()) | {"home": "rtx-3090", "cloud": "any"}
    assert AskedComparison.read(json.dumps(kept)) == one


def test_the_count_stands_in_the_name_or_beside_it(compared):
    named, beside = compared(home="2xrtx-3090"), compared(home="rtx-3090", home_count=2)
    assert named["options"] == beside["options"] and named["options"][0]["gpu_count"] == 2


def test_everything_named_is_there_and_what_loses_says_why(compared):
    told = compared(home=["2xrtx-3090", "rtx-4070"], buy=["rtx-4090"], cloud=["16xh100-sxm", "8xh100-sxm"])
    options = {(o["gpu"], o["gpu_count"]): o for o in told["options"]}
    assert options.keys() == {
        ("rtx-3090", 2), ("rtx-4070", 1), ("rtx-4090", 1), ("h100-sxm", 16), ("h100-sxm", 8)
    }  # fmt: skip
    assert [o["kind"] for o in told["options"]] == ["home"] * 3 + ["cloud"] * 2
    for kind in ("home", "cloud"):
        costs = [o["cost"]["p50"] for o in told["options"] if o["kind"] == kind]
        assert costs == sorted(costs)
    best = [o for o in told["options"] if o["why_not"] is None]
    assert best == [min(told["options"], key=lambda o: o["cost"]["p50"])]
    other = options["rtx-3090", 2]
    extra = other["cost"]["p50"] - best[0]["cost"]["p50"]
    assert other["why_not"] == {"code": "dearer", "sentence": f"€{extra:.2f} dearer"}
    assert options["rtx-4090", 1]["purchase"] is not None


def test_sixteen_are_two_nodes_of_eight_where_nobody_rents_them_out_at_once(compared):
    of_nodes = compared(cloud="16xh100-sxm")["options"][1]
    assert of_nodes["offer"]["instances"] == 2 and of_nodes["gpu_count"] == 16
    rent = next(i for i in of_nodes["cost"]["items"] if i["code"] == "rent")
    assert rent["unit_price"] > 16
    of_one, of_all = (" ".join(screen(compared(cloud=f"{n}xh100-sxm")).split()) for n in (16, 8))
    assert "2 such machines are rented; for one there are " in of_one
    assert "offers of this configuration (on demand), " in of_all
    odd = compared(cloud="24xh100-sxm")["options"][1]
    assert odd["offer"] is None and odd["why_not"]["code"] == "no_price"


def test_a_provider_stands_for_its_cheapest_offers_that_hold_the_run(compared):
    told = compared(cloud="Lambda", limit=3)
    rented = told["options"][1:]
    assert len(rented) == 3 and {o["offer"]["provider"] for o in rented} == {"lambda"}
    assert told["considered_offers"] > 3
    both = compared(cloud=["lambda", "1xl40s"], limit=3)["options"]
    assert len(both) == 5 and {"lambda"} < {o["offer"]["provider"] for o in both[1:]}


def test_a_market_place_is_asked_for_by_its_name_alone(compared):
    """It has nothing on demand, the usual tier, which nobody has to name; what its tier is, is told."""
    told = compared(cloud="vast", limit=3)
    assert {o["offer"]["tier"] for o in told["options"][1:]} == {"marketplace"}
    assert told["options"] == compared(cloud="vast", limit=3, tier="any")["options"]
    assert "Rented as: marketplace." in screen(told) and "Mietart: Marktplatz." in screen(told, "de")
    assert {o["offer"]["tier"] for o in compared(cloud="aws", limit=3)["options"][1:]} == {"on_demand"}


@pytest.mark.parametrize("cloud", [["1xh100-sxm"], ["16xh100-sxm"], ["lambda"], ["any"]])
def test_every_rent_is_as_sure_as_it_is_young_however_it_was_named(compared, snapshot, cloud):
    offers = snapshot.offers
    for option in compared(cloud=cloud)["options"][1:]:
        known = offers.known_ordinal[offers.slug.index(option["offer"]["slug"])]
        (moved,) = [i for i in option["sources"] if i["name"] == "rent_today"]
        assert moved["unit"] == f"of a rent {NOW.toordinal() - known} days old, on_demand"
        assert moved["low"] <= 1 < moved["high"]
        least, most = option["cost"]["p10"], option["cost"]["p90"]
        assert least <= option["cost"]["p50"] * moved["low"] ** 0.9
        assert most >= option["cost"]["p50"] * moved["high"] ** 0.9


def test_a_machine_that_cannot_hold_the_run_stays_and_says_so(compared):
    told = compared(workload="llama-2-7b", home=["rtx-4070", "4xh200-sxm"], host_memory_gib=4)
    small = next(o for o in told["options"] if o["gpu"] == "rtx-4070")
    assert (
        small["why_not"]["code"] == "does_not_fit"
        and "GiB per GPU are needed" in small["why_not"]["sentence"]
    )
    assert told["options"][0]["gpu"] == "h200-sxm"


def test_machines_of_a_decision_that_lose_say_by_what(decided):
    told = decided(own=["rtx-4070"], buy=["rtx-4090=1900"], budget=800, deadline_hours=24, lang="de")
    why = {p["plan"]: p["why_not"] for p in told["shortlist"] if p["plan"] in ("own", "buy")}
    assert why["own"]["code"] == "too_late" and "die Frist ist 24 Stunden" in why["own"]["sentence"]
    assert why["buy"]["code"] == "over_budget" and "sind zu zahlen, 800" in why["buy"]["sentence"]
    assert told["best"]["why_not"] is None


CHANGES = ({"kwh_price": "2.9"}, {"hours_per_day": 8.0, "cloud": "1xl40s"}, {"trials": 2})


def test_an_alternative_is_the_same_question_with_its_options(compared, snapshot):
    told = compared(what_if=CHANGES)
    plain = compared()
    assert told["options"] == plain["options"] and plain["what_if"] == []
    for change, other in zip(CHANGES, told["what_if"], strict=True):
        alone = compare_home_with_cloud(snapshot, AskedComparison.of(**RUN | change), NOW)
        for plan, option, before in zip(other["plans"], alone.options, plain["options"], strict=True):
            assert plan["plan"]["cost"] == pytest.approx(option.cost.total.p50, abs=0.01)
            extra = option.cost.total.p50 - before["cost"]["p50"]
            assert plan["extra_cost"] == pytest.approx(extra, abs=0.02)
            assert plan["plan"]["calendar_hours"] == pytest.approx(option.elapsed_hours.p50, rel=1e-3)
    assert [a["is_turned"] for a in told["what_if"]] == [True, False, False]
    assert told["what_if"][0]["wins"] == "cloud" and "the verdict turns" in told["what_if"][0]["sentence"]
    assert [(c["option"], c["value"]) for c in told["what_if"][1]["changes"]] == [
        ("hours-per-day", "8"), ("cloud", "1xl40s"),
    ]  # fmt: skip


def test_an_alternative_that_takes_years_is_not_practical(compared):
    """A tenth of an hour a day at home; a thousand trials on either side: nobody waits for a cheaper one."""
    changes = [{"hours_per_day": 0.1, "trials": 5}, {"cloud": "1xl4", "trials": 1000}]
    for language, turned in (("en", "; the verdict turns"), ("de", "; das Urteil kippt")):
        told = compared(what_if=changes, lang=language)
        w, text = wording(language), " ".join(screen(told, language).split())
        for other, wins in zip(told["what_if"], ("cloud", None), strict=True):
            hours = [p["plan"]["calendar_hours"] for p in other["plans"]]
            too_long = [h for h in hours if h > LONGEST_HOURS]
            assert [p["is_practical"] for p in other["plans"]] == [h not in too_long for h in hours]
            assert (other["wins"], other["saving"], other["is_turned"]) == (wins, None, True)
            named = ("at home", "to rent") if language == "en" else ("zu Hause", "gemietet")
            form = "not practical {} ({})" if language == "en" else "{} nicht praktikabel ({})"
            said = [form.format(name, duration(w, h)) for name, h in zip(named, too_long, strict=False)]
            assert other["sentence"].endswith(": " + ", ".join(said) + turned + ".")
        assert len(too_long) == 2 and ("practical" if language == "en" else "praktikabel") in text


def test_an_alternative_of_a_decision_names_its_plan(decided):
    told = decided(budget=800, deadline_hours=96, what_if=[{"deadline_hours": 24}, {"budget": 900}])
    tighter, richer = told["what_if"]
    alone = decided(budget=800, deadline_hours=24)["best"]
    assert tighter["is_turned"] and tighter["plans"][0]["plan"]["label"] == alone["label"]
    assert tighter["plans"][0]["extra_cost"] == pytest.approx(
        alone["cost"]["p50"] - told["best"]["cost"]["p50"], abs=0.02
    )
    assert not richer["is_turned"] and richer["plans"][0]["extra_cost"] == 0
    none = decided(budget=800, deadline_hours=96, what_if=[{"budget": 0.01}])["what_if"][0]
    assert none["plans"] == [] and "no plan keeps the limits" in none["sentence"]


@pytest.mark.parametrize(
    ("asked", "change", "verdict"),
    [
        ((None, None), {}, "no plan is practical"),
        ((None, None), {"deadline": "24h"}, "no plan keeps the limits"),
        ((100, None), {}, "no plan keeps the limits"),
        ((100, None), {"budget": "none"}, "no plan is practical"),
    ],
)
def test_where_no_plan_is_practical_no_limit_is_blamed(asked, change, verdict):
    d = read_decision(stored(decided_by_hand(None, [], Limits(*asked))))
    changes = tuple(AnsweredChange(option=name, value=value) for name, value in change.items())
    none = AnsweredAlternative(
        changes=changes, plans=(), wins=None, saving=None, probability=None, is_turned=True, sentence=""
    )
    assert decided_verdict(wording("en"), none, d) == verdict


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kwh_prize": 1}, "what_if.0 = 'kwh_prize': unknown; valid: kwh_price"),
        (
            {"kwh_price": 101},
            "what_if.0.kwh_price = '101': would be 101 EUR per kWh; for cents write 101ct or 1.01",
        ),
        ({"lang": "de"}, "what_if.0.lang = 'de': cannot be another"),
        ({"what_if": []}, "what_if.0.what_if"),
        ({"trials": 1}, "is as the question has it already"),
        ({}, "what_if.0"),
    ],
)
def test_an_alternative_that_cannot_be_is_refused_with_its_place(change, said):
    with pytest.raises(InvalidValue) as caught:
        AskedComparison.of(what_if=[change])
    assert said in str(caught.value)


def test_at_most_ten_are_answered():
    with pytest.raises(InvalidValue, match="at most 10"):
        AskedComparison.of(what_if=[{"trials": n} for n in range(2, 13)])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_table_stands_below_the_answer_in_both_languages(sessions, snapshot, language):
    from service.answers.reading import read_comparison

    asked = AskedComparison.of(**RUN, lang=language, what_if=CHANGES)
    told = read_comparison(answer(sessions, snapshot, asked, NOW).answer)
    shown = screen(told, language)
    first, second = ("What if", "the verdict turns") if language == "en" else ("Was wäre, wenn", "Urteil")
    assert first in shown and second in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100


def test_failed_runs_cost_half_of_themselves_on_average(compared):
    """Of ten runs started two break off halfway: for eight whole ones nine are computed."""
    plain, failing = compared(), compared(failed_runs=0.2)
    for one, other in zip(plain["options"], failing["options"], strict=True):
        assert other["hours"]["p50"] == pytest.approx(one["hours"]["p50"] * 9 / 8, rel=0.01)
    assert failing["workload"]["failed_runs"] == 0.2 and "20% of runs fail" in failing["workload"]["name"]
    several = compared(trials=4, failed_runs=0.2)["options"][0]
    assert several["hours"]["p50"] == pytest.approx(4 * failing["options"][0]["hours"]["p50"], rel=0.01)
