"""What is said of a change that makes a plan possible only if its rent still is what was stated."""

from dataclasses import replace

import orjson
import pytest

from service.answers.reading import read_decision
from service.decide.decision import NearestPlan
from service.decide.frontier import Limits
from service.reports.decision_report import decision_document
from tests.reports.decisions_for_tests import decided, own, rented, stored

PLAN = replace(rented(probability=0.1), if_rent_holds=0.97)
CHANGES = (
    NearestPlan("deadline", 900.0, PLAN, needs_stated_rent=True),
    NearestPlan("budget", 1234.5, PLAN, needs_stated_rent=True),
    NearestPlan("tokens", 11.67e9, PLAN, needs_stated_rent=True),
    NearestPlan("model", 9e8, PLAN, "nanochat-d24", True),
    NearestPlan("budget", 1500.0, PLAN),
)


def impossible(language="en"):
    return decided(None, [own(), PLAN], Limits(100, 240), nearest=CHANGES, language=language)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["Possible if it may take 38 days and its rent still holds: ",
                "Possible with €1,240 if its rent still holds: ",
                "Possible with 11.67 billion tokens (31% of them) if its rent still holds: ",
                "Possible for the smaller nanochat-d24 if its rent still holds: ", "Possible with €1,500: "]),
        ("de", ["Möglich, wenn es 38 Tage dauern darf und die Miete noch stimmt: ",
                "Möglich mit 1.240 €, falls die Miete noch stimmt: ",
                "Möglich mit 11,67 Milliarden Tokens (31 % davon), falls die Miete noch stimmt: ",
                "Möglich für das kleinere nanochat-d24, falls die Miete noch stimmt: ",
                "Möglich mit 1.500 €: "]),
    ],
)  # fmt: skip
def test_each_change_says_that_it_takes_the_rent(language, sentences):
    told = [
        n["sentence"].replace("\N{NO-BREAK SPACE}", " ") for n in impossible(language)["nearest_possible"]
    ]
    assert [line[: line.index(": ") + 2] for line in told] == sentences


@pytest.mark.parametrize(
    ("language", "said"), [("en", "its rent still holds"), ("de", "die Miete noch stimmt")]
)
def test_the_table_of_what_would_be_possible_says_it_beside_the_plan(language, said):
    document = decision_document(stored(impossible(language)), language)
    (section,) = [s for s in document.sections if s.key == "nearest"]
    assert [said in row.cells[-1].more for row in section.blocks[0].rows] == [True] * 4 + [False]
    assert said in document.sections[0].blocks[0].text


def test_an_old_answer_says_nothing_of_rents_that_hold():
    old = impossible()
    for change in old["nearest_possible"]:
        del change["needs_stated_rent"]
    assert not any(n.needs_stated_rent for n in read_decision(orjson.dumps(old)).nearest_possible)
