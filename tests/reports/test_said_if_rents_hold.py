"""What is said of a plan that would be better if its rent still is what it was."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import orjson
import pytest

from service.answers.reading import read_decision
from service.reports.decision_report import decision_document
from service.reports.words.decision_sentences import if_rents_hold_sentence
from service.reports.words.wording import wording
from tests.facts_for_tests import OFFER
from tests.reports.decisions_for_tests import decided, own, rented, stored


def named(language, days):
    """An answer that names a rented plan, better than one's own machine if its rent holds."""
    best, held = own(0.99), replace(rented(probability=0.67, price=Decimal("1.99")), if_rent_holds=0.98)
    asked = OFFER.as_of + timedelta(days=days)
    return decided(best, [best, held], if_rents_hold=held, asked_on=asked, language=language)


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("language", "days", "sentence"),
    [
        ("en", 0, "Perhaps better: rent 8 x H100 SXM at Lambda (€59, 33 hours), if it stays €1.78 ($1.99) "
                  "per hour until you are done. It would keep the limits with 98% then; with 67% if it moves "
                  "as rents do."),
        ("en", 1, "Perhaps better: rent 8 x H100 SXM at Lambda (€59, 33 hours), if it still costs €1.78 "
                  "($1.99) per hour as it did a day ago. It would keep the limits with 98% then; with 67% "
                  "as long as you have not looked: look it up first."),
        ("en", 188, "Perhaps better: rent 8 x H100 SXM at Lambda (€59, 33 hours), if it still costs €1.78 "
                    "($1.99) per hour as it did 188 days ago. It would keep the limits with 98% then; with "
                    "67% as long as you have not looked: look it up first."),
        ("de", 0, "Vielleicht besser: 8 x H100 SXM bei Lambda mieten (59 €, 33 Stunden), wenn es bis zum "
                  "Ende bei 1,78 € (1,99 $) je Stunde bleibt. Dann hält es die Grenzen mit 98 % ein, bei "
                  "schwankender Miete nur mit 67 %."),
        ("de", 1, "Vielleicht besser: 8 x H100 SXM bei Lambda mieten (59 €, 33 Stunden), wenn das noch wie "
                  "vor einem Tag 1,78 € (1,99 $) je Stunde kostet. Dann hält es die Grenzen mit 98 % ein, "
                  "ungeprüft nur mit 67 %: Sehen Sie zuerst nach."),
        ("de", 188, "Vielleicht besser: 8 x H100 SXM bei Lambda mieten (59 €, 33 Stunden), wenn das noch "
                    "wie vor 188 Tagen 1,78 € (1,99 $) je Stunde kostet. Dann hält es die Grenzen mit 98 % "
                    "ein, ungeprüft nur mit 67 %: Sehen Sie zuerst nach."),
    ],
)  # fmt: skip
def test_it_is_said_after_how_sure_the_best_is_in_answer_and_report(language, days, sentence):
    answer = named(language, days)
    assert plain(answer["if_rents_hold"]["sentence"]) == sentence
    _lead, others = decision_document(stored(answer), language).sections[0].blocks
    assert not any(line.startswith(("For comparison", "Zum Vergleich")) for line in others.items)
    before, found = next((a, b) for a, b in pairwise(others.items) if plain(b) == sentence)
    assert (
        before.startswith(("How sure: it keeps", "Wie sicher: Der Plan hält")) and found in answer["summary"]
    )


def test_it_is_told_against_the_best_and_stands_in_the_table():
    d = read_decision(orjson.dumps(named("en", 188)))
    held, plan = d.if_rents_hold, d.best_if_rents_hold
    assert plan in d.shortlist and plan != d.best and held.plan.label == plan.label
    assert (held.probability_within_limits, held.probability_if_rent_holds) == (0.67, 0.98)
    assert held.extra_cost == pytest.approx(plan.cost.total.p50 - d.best.cost.total.p50, abs=0.1)
    assert held.saved_hours > 3000


def test_an_answer_that_was_given_before_names_none():
    old = named("en", 188)
    del old["if_rents_hold"]
    for plan in (old["best"], *old["shortlist"]):
        del plan["is_best_if_rents_hold"]
    d = read_decision(orjson.dumps(old))
    assert d.if_rents_hold is None and if_rents_hold_sentence(wording("en"), d) == ""
