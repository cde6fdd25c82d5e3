"""The question in the address of a page, and its answer: worked out once, kept by nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import request

from service.answers.question import AskedDecision
from service.pages.asked_by_address import asked_by_address
from service.pages.language import language
from service.pages.question_form import ASKED_FIRST
from service.remembered import Remembered
from service.state import facts, now, state
from service.store.comparisons import StoredComparison
from service.usecases.deciding import unkept_decision

TRIED = Remembered(16 * 2**20)
"""Answers that were worked out for a page: its pictures and its report ask the same question again."""
BESIDE = ("lang", "ground", "width")
"""What an address says of the page and not of the question."""


def said_here() -> Mapping[str, Sequence[str]]:
    """What the address says of the question; where it says nothing, the example."""
    said = {
        name: filled
        for name in request.args
        if name not in BESIDE and (filled := tuple(one for one in request.args.getlist(name) if one.strip()))
    }
    return said or ASKED_FIRST


def asked(said: Mapping[str, Sequence[str]]) -> AskedDecision:
    """The question that this says, in the language of the page. Raises InvalidValue, UnknownName."""
    return asked_by_address(AskedDecision, said, language())


def asked_here() -> AskedDecision:
    """The question of this address."""
    return asked(said_here())


def answered(question: AskedDecision) -> StoredComparison:
    """Its answer from the facts of this moment, as it would be kept."""
    snapshot, at, kept = facts(), now(), question.kept()
    key = (state().database, snapshot.data_version, kept, at.date())
    known = TRIED.get(key)
    if known:
        answered_at = datetime.fromisoformat(known[0])
        return StoredComparison("", answered_at, kept, known[1], snapshot.data_version, "", "decision")
    stored = unkept_decision(state().sessions, snapshot, question, at)
    TRIED.keep(key, (stored.asked_at.isoformat(), stored.answer))
    return stored
