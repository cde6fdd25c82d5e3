"""How sure a plan is said to be, and how sure if its rent is still what it was."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from service.answers.reading import read_decision
from service.reports.words.decision_sentences import sure_sentence
from service.reports.words.wording import wording
from tests.facts_for_tests import OFFER
from tests.reports.decisions_for_tests import decided, own, rented

FIRST_SEEN = OFFER.as_of


def said(language, days, held, probability=0.75):
    best = replace(rented(probability=probability, price=Decimal("1.99")), if_rent_holds=held)
    d = read_decision(orjson.dumps(decided(best, [own(), best])))
    return sure_sentence(wording(language), d.best, FIRST_SEEN + timedelta(days=days)).replace(
        "\N{NO-BREAK SPACE}", " "
    )


@pytest.mark.parametrize(
    ("language", "days", "sentence"),
    [
        ("en", 0, "How sure: 75%, for rents move; 98% if it stays €1.78 ($1.99) per hour until you are "
                  "done."),
        ("en", 1, "How sure: 75%, because the rent is a day old; 98% if it still is €1.78 ($1.99) per hour: "
                  "look it up before you rent."),
        ("en", 188, "How sure: 75%, because the rent is 188 days old; 98% if it still is €1.78 ($1.99) per "
                    "hour: look it up before you rent."),
        ("de", 0, "Wie sicher: 75 %, denn Mieten schwanken; 98 %, wenn sie bis zum Ende bei 1,78 € (1,99 $) "
                  "je Stunde bleibt."),
        ("de", 188, "Wie sicher: 75 % bei einer 188 Tage alten Miete; 98 %, wenn sie noch 1,78 € (1,99 $) je "
                    "Stunde beträgt: Sehen Sie vor dem Mieten nach."),
    ],
)  # fmt: skip
def test_how_sure_it_is_if_the_rent_holds_is_told_with_the_rent(language, days, sentence):
    assert said(language, days, 0.98) == sentence


@pytest.mark.parametrize("held", [None, 0.752])
def test_a_rent_that_makes_nothing_surer_is_not_told(held):
    assert said("en", 188, held) == "How sure: it keeps the limits with a probability of 75%."


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Without a look this is a rough guess: nobody has seen how such rents move over more than 60 "
               "days."),
        ("de", "Ohne nachzusehen ist das nur grob geschätzt: Wie sich solche Mieten über mehr als 60 Tage "
               "bewegen, hat niemand beobachtet."),
    ],
)  # fmt: skip
def test_that_nobody_has_looked_at_rents_as_old_is_told_where_it_is_so(language, sentence):
    best = replace(rented(probability=0.75, price=Decimal("1.99")), if_rent_holds=0.98)
    d = read_decision(orjson.dumps(decided(best, [own(), best])))
    extrapolated = d.best.model_copy(update={"rents_seen_days": 60})
    for plan, is_told in ((d.best, False), (extrapolated, True)):
        told = sure_sentence(wording(language), plan, FIRST_SEEN + timedelta(days=188))
        assert told.replace("\N{NO-BREAK SPACE}", " ").endswith(sentence) is is_told
