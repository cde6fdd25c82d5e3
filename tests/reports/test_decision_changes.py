"""Changes of a decision in words, English and German, and as JSON; answers read from their stored JSON."""

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from service.answers.question import AskedDecision
from service.answers.reading import read_decision
from service.decide.decision_change import AnswerSeen, Change, PlanSeen, what_changed
from service.reports.notices.decision_changes import (
    answer_seen,
    change_item,
    change_sentence,
    failure_headline,
    headline,
)
from service.reports.words.wording import wording
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.deciding import decide
from tests.facts_for_tests import ASKED_AT
from tests.reports.told_for_tests import answered_decision

HOME = PlanSeen("own", "RTX 4070", "rtx-4070", 1, 1, 313.0, 2970.0, 841.0, 0.9)
RENT = PlanSeen(
    "rent", "8 x H100 SXM", "h100-sxm", 8, 1, 300.0, 33.0, 333.0, 0.95, "n", "nebula", "Nebula", "8h", "eu"
)
ANSWER = AnswerSeen("EUR", 0.8, RENT, (RENT, HOME), {}, "4")


@pytest.mark.parametrize(
    ("change", "english", "german"),
    [
        (
            Change(
                "rent", "Nebula 8h eu", Decimal("17.19"), Decimal("21"), "EUR", "Nebula's list", "2026-12-01"
            ),
            "The rent of Nebula 8h eu rose from €17.19 to €21.00 per hour (Nebula's list, 2026-12-01).",
            "Die Miete von Nebula 8h eu stieg von 17,19 € auf 21,00 € je Stunde (Nebula's list, 1.12.2026).",
        ),
        (
            Change("rent", "Nebula", Decimal("2.5"), Decimal("0.987"), "USD"),
            "The rent of Nebula fell from $2.50 to $0.987 per hour.",
            "Die Miete von Nebula fiel von 2,50 $ auf 0,987 $ je Stunde.",
        ),
        (
            Change("rent", "Nebula", Decimal("2"), Decimal("2"), "EUR", before_unit="USD"),
            "The rent of Nebula went from $2.00 to €2.00 per hour.",
            "Die Miete von Nebula ging von 2,00 $ auf 2,00 € je Stunde.",
        ),
        (
            Change("offer_gone", "Nebula 8h", Decimal("8"), None, "USD", "list", "2026-11-24"),
            "The offer Nebula 8h is no longer listed; it was $8.00 per hour.",
            "Das Angebot Nebula 8h ist nicht mehr gelistet; es kostete 8,00 $ je Stunde.",
        ),
        (
            Change(
                "exchange_rate", "USD per EUR", Decimal("1.1172"), Decimal("1.21"), "", "ECB", "2026-12-01"
            ),
            "The exchange rate went from 1.1172 to 1.21 USD per EUR (ECB, 2026-12-01).",
            "Der Wechselkurs ging von 1,1172 auf 1,21 USD per EUR (ECB, 1.12.2026).",
        ),
        (
            Change("electricity", "", Decimal("0.372"), Decimal("0.40"), "EUR", "BDEW", "2026-12-01"),
            "The price per kWh at home went from €0.372 to €0.40 (BDEW, 2026-12-01).",
            "Der Preis je kWh zu Hause ging von 0,372 € auf 0,40 € (BDEW, 1.12.2026).",
        ),
        (
            Change("hours", "RTX 4070", 33.0, 30.0, "h", cause="code"),
            "The estimate itself changed: RTX 4070 takes 30 hours, before 33 hours "
            "(a newer version of this product).",
            "Die Schätzung selbst hat sich geändert: RTX 4070 braucht 30 Stunden, vorher 33 "
            "Stunden (eine neuere Version dieses Programms).",
        ),
        (
            Change("chance", "RTX 4070", 0.9, 0.412, "share"),
            "RTX 4070 keeps the limits with a probability of 41% now, 90% before.",
            "RTX 4070 hält die Grenzen jetzt mit einer Wahrscheinlichkeit von 41 % ein, vorher 90 %.",
        ),
    ],
)  # fmt: skip
def test_a_change_in_words(change, english, german):
    assert change_sentence(wording("en"), change) == english
    assert change_sentence(wording("de"), change) == german


def test_every_code_has_a_sentence():
    w = wording("en")
    said = {
        code: change_sentence(w, Change(code, "X", Decimal(2), Decimal(3), "EUR", cause="calibration"))
        for code in (
            "rent", "offer_gone", "offer_new", "electricity", "exchange_rate", "card", "hours", "energy",
            "cost", "chance", "other",
        )
    }  # fmt: skip
    assert len(set(said.values())) == len(said)
    assert all("None" not in sentence and "{" not in sentence for sentence in said.values())


def test_the_headline_says_both_plans_only_where_the_verdict_changed():
    w, none = wording("en"), replace(ANSWER, best=None)
    home = replace(ANSWER, best=HOME)
    assert headline(w, ANSWER, ANSWER, False) == "The verdict stands: rent 8 x H100 SXM at Nebula eu."
    assert headline(w, none, none, False) == "The verdict stands: no plan keeps the limits."
    assert headline(w, ANSWER, home, True) == (
        "The verdict has changed: train on your RTX 4070. Before: rent 8 x H100 SXM at Nebula eu."
    )
    assert headline(w, ANSWER, none, True).endswith("any more. Before: rent 8 x H100 SXM at Nebula eu.")
    assert headline(wording("de"), none, home, True) == (
        "Das Urteil hat sich geändert: Jetzt hält ein Plan die Grenzen ein: zu Hause mit RTX 4070 trainieren."
    )
    assert failure_headline(w, "own = 'x': unknown").endswith("own = 'x': unknown")


def test_as_json_numbers_are_exact_and_what_is_not_there_is_null():
    item = change_item(wording("en"), Change("offer_new", "N", None, Decimal("0.10"), "USD"))
    assert (item["before"], item["after"], item["unit"], item["as_of"]) == (None, "0.1", "USD", None)
    orjson.dumps(item)


def test_a_stored_answer_is_read_whole(sqlite_catalog_template):
    engine = engine_for(f"sqlite:///{sqlite_catalog_template}")
    decision = decide(load(Sessions(engine)), AskedDecision.of(budget=700, deadline_hours=720), ASKED_AT)
    engine.dispose()
    answer = read_decision(answered_decision(decision).model_dump_json().encode())
    seen, best = answer_seen(answer, "4"), answer.best
    assert seen.best.key[:4] == (best.plan, best.gpu, best.gpu_count, best.instances)
    assert seen.best.rent.value == best.offer.hourly_price
    assert seen.best.cost == best.cost.p50 and seen.best in seen.plans
    own = next(plan for plan in seen.plans if plan.way == "own")
    assert own.rate.value == own.per_kwh > 0 and own.rate.unit == "EUR"
    assert "USD per EUR" in seen.exchange_rates
    assert what_changed(seen, seen, {}, {seen.best.offer: seen.best.rent}) == ()


def test_what_a_bought_card_costs_a_run_counts_all_that_is_bought(sqlite_catalog_template):
    engine = engine_for(f"sqlite:///{sqlite_catalog_template}")
    asked = AskedDecision.of(own=(), buy=("rtx-4090=1900",), runs=10, capital_cost=0.05)
    snapshot = load(Sessions(engine))
    decision, beside = (decide(snapshot, asked, ASKED_AT, is_beside=told) for told in (False, True))
    engine.dispose()
    (bought,) = [p for p in read_decision(answered_decision(decision).model_dump_json().encode()).shortlist
                 if p.plan == "buy"]  # fmt: skip
    parts = [bought.cost.unit_price(code) for code in ("purchase", "rest_of_pc", "capital")]
    assert all(parts) and bought.cost.bought_per_run == pytest.approx(sum(parts))
    assert "capital_cost" in {turn.turn.code for turn in decision.turns}
    assert beside.best.option.label == decision.best.option.label and not beside.turns
