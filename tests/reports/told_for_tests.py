"""Exact comparisons and decisions as the answers they become, and answers as a terminal shows them."""

import json

import orjson

from service.answers.answer import AnsweredComparison, AnsweredDecision
from service.answers.told import tell_comparison, tell_decision
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.formats import as_terminal
from service.reports.words.answer_sentences import say_comparison, say_decision
from service.reports.words.wording import wording


def answered(comparison, language="en") -> AnsweredComparison:
    """As it would be kept."""
    return say_comparison(wording(language), tell_comparison(comparison))


def answered_decision(decision, language="en") -> AnsweredDecision:
    """As it would be kept."""
    return say_decision(wording(language), tell_decision(decision))


def as_plain_comparison(comparison, language="en") -> dict:
    """Its JSON as values."""
    return json.loads(answered(comparison, language).model_dump_json())


def as_plain_decision(decision, language="en") -> dict:
    """Its JSON as values."""
    return json.loads(answered_decision(decision, language).model_dump_json())


def screen(answer, language="en", width=100, **explained) -> str:
    """A comparison or a decision on a terminal; `reasons` explain a comparison."""
    content = orjson.dumps(answer) if isinstance(answer, dict) else answer
    if not isinstance(content, bytes):
        content = answer.model_dump_json().encode()
    is_decision = "shortlist" in orjson.loads(content)
    document = (decision_document if is_decision else comparison_document)(content, language, **explained)
    return as_terminal.render(document, width).decode()
