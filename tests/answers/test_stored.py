"""What is stored: the same bytes that are served and read, small, with rules decided by exact numbers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from service.answers.answer import AnsweredComparison, AnsweredDecision
from service.answers.question import AskedComparison, AskedDecision
from service.answers.reading import read_decision
from service.answers.told import tell_decision
from service.reports.decision_report import decision_document
from service.reports.formats.renderers import RENDERERS
from service.store.session import Sessions
from service.store.snapshot import load
from service.usecases import comparing
from service.usecases.deciding import answer_decision, decide
from tests.reports import decisions_for_tests as decisions

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUESTION = AskedDecision.of(budget=700.0, deadline_hours=720.0)
LARGEST = {"comparison": 35_000, "decision": 90_000}
"""Bytes that the headline and a decision may take in the database, question and answer."""


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


def test_an_answer_is_stored_small_and_read_as_it_is_served(sessions):
    snapshot = load(sessions)
    compared = comparing.answer(sessions, snapshot, AskedComparison.of(), NOW)
    decided = answer_decision(sessions, snapshot, QUESTION, NOW)
    for stored, kind in ((compared, AnsweredComparison), (decided, AnsweredDecision)):
        assert kind.model_validate_json(stored.answer).model_dump_json().encode() == stored.answer
    with sessions.reading() as session:
        rows = session.execute(sa.text("SELECT kind, length(answer), length(request) FROM comparisons")).all()
    taken = {kind: answer + request for kind, answer, request in rows}
    assert taken.keys() == LARGEST.keys()
    assert all(taken[kind] <= most for kind, most in LARGEST.items()), taken
    assert len(compared.answer) > LARGEST["comparison"] and len(decided.answer) > LARGEST["decision"]


def test_a_plan_just_below_is_told_as_much_but_does_not_keep_the_limits(sessions):
    """Asked for exactly what its probability rounds up to, a plan falls short of it."""
    snapshot = load(sessions)
    for hours in range(3000, 4000, 50):
        found = decide(snapshot, AskedDecision.of(deadline_hours=float(hours)), NOW)
        own = next(r for r in found.shortlist if r.way == "own")
        if own.probability < round(own.probability, 3) <= 0.99:
            break
    least = round(own.probability, 3)
    asked = AskedDecision.of(deadline_hours=float(hours), least_probability=least)
    found = decide(snapshot, asked, NOW)
    told = next(p for p in tell_decision(found).shortlist if p.plan == "own")
    assert (told.probability_within_limits, told.keeps_limits) == (least, False)


def rivals(chance):
    """One's own machine keeps the limits; the cheaper of two rented plans does so with this chance."""
    own, cheap = decisions.own(0.9), decisions.rented(price=Decimal(30), probability=chance)
    return decisions.decided(own, [own, cheap, decisions.rented(price=Decimal(40), probability=0.95)])


@pytest.mark.parametrize(
    ("chance", "place", "beside"), [(0.7996, 2, "cost €1,180, {}95%."), (0.8, 1, "cost €888, {}80%.")]
)
def test_the_report_holds_home_against_the_plan_that_keeps_the_limits_exactly(chance, place, beside):
    answer = decisions.stored(rivals(chance))
    read = read_decision(answer)
    assert [p.probability_within_limits for p in read.shortlist] == [0.9, 0.8, 0.95]
    assert [p.keeps_limits for p in read.shortlist] == [True, chance >= 0.8, True]
    assert read.rented == read.shortlist[place]
    said = RENDERERS["md"].render(decision_document(answer)).decode()
    (line,) = [line for line in said.splitlines() if "For comparison" in line]
    assert line.endswith(beside.format("duration 33 hours, probability of keeping the limits "))
