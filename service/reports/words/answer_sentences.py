"""The sentences that are part of an answer, written from its numbers as they stand there."""

from typing import TypeVar

from service.answers.answer import AnsweredComparison, AnsweredDecision, AnsweredLimits, AnsweredPlan
from service.answers.option import AnsweredExplanation, AnsweredOption
from service.reports.words.decision_sentences import if_rents_hold_sentence, verdict_lines
from service.reports.words.explaining import explanation_sentences, rung_sentence, told_sentence
from service.reports.words.fine_tuning import titled
from service.reports.words.nearest_possible import nearest_sentence
from service.reports.words.sentences import adjustment_sentence
from service.reports.words.turning_sentences import (
    left_aside_sentence,
    near_tie_sentence,
    swing_sentence,
    turn_sentence,
)
from service.reports.words.verdict import verdict_sentences
from service.reports.words.what_if import compared_sentence, decided_sentence
from service.reports.words.why_not import why_not_sentence
from service.reports.words.wording import Wording

AnyOption = TypeVar("AnyOption", bound=AnsweredOption)


def say_comparison(w: Wording, c: AnsweredComparison) -> AnsweredComparison:
    """The comparison with its verdict, its adjustments and its ladders in words."""
    c = c.model_copy(update={"workload": titled(w, c.workload)})
    verdict = c.verdict.model_copy(update={"summary": " ".join(verdict_sentences(w, c))})
    best = next((option for option in c.options if option.why_not is None), None)
    return c.model_copy(
        update={
            "verdict": verdict,
            "options": tuple(_why_not(w, say_option(w, option), best) for option in c.options),
            "what_if": tuple(
                a.model_copy(update={"sentence": compared_sentence(w, a, c.currency)}) for a in c.what_if
            ),
        }
    )


def _why_not(
    w: Wording, option: AnyOption, best: AnsweredOption | None, limits: AnsweredLimits | None = None
) -> AnyOption:
    """The option with the reason why it is not the one to take."""
    if option.why_not is None:
        return option
    said = why_not_sentence(w, option.why_not.code, option, best, limits)
    return option.model_copy(update={"why_not": option.why_not.model_copy(update={"sentence": said})})


def say_decision(w: Wording, d: AnsweredDecision) -> AnsweredDecision:
    """The decision with its verdict, its nearest plans and its tornado in words, and every plan likewise."""
    d = d.model_copy(update={"workload": titled(w, d.workload)})
    nearest = (
        n.model_copy(
            update={
                "sentence": nearest_sentence(w, n, d),
                "option": None if n.option is None else _why_not(w, _say_plan(w, n.option), None, d.limits),
            }
        )
        for n in d.nearest_possible
    )
    held = d.if_rents_hold
    return d.model_copy(
        update={
            "summary": " ".join(verdict_lines(w, d)),
            "best": None if d.best is None else _say_plan(w, d.best),
            "if_rents_hold": held and held.model_copy(update={"sentence": if_rents_hold_sentence(w, d)}),
            "shortlist": tuple(_why_not(w, _say_plan(w, plan), d.best, d.limits) for plan in d.shortlist),
            "what_if": tuple(a.model_copy(update={"sentence": decided_sentence(w, a, d)}) for a in d.what_if),
            "nearest_possible": tuple(nearest),
            "sensitivity": tuple(
                s.model_copy(update={"sentence": swing_sentence(w, s, d)}) for s in d.sensitivity
            ),
            "turns": tuple(t.model_copy(update={"sentence": turn_sentence(w, t, d)}) for t in d.turns),
            "near_ties": tuple(
                t.model_copy(update={"sentence": near_tie_sentence(w, t, d)}) for t in d.near_ties
            ),
            "left_aside": tuple(
                x.model_copy(update={"sentence": left_aside_sentence(w, x, d)}) for x in d.left_aside
            ),
        }
    )


def _say_plan(w: Wording, plan: AnsweredPlan) -> AnsweredPlan:
    return plan.model_copy(update=_sentences(w, plan))


def say_option(w: Wording, option: AnsweredOption) -> AnsweredOption:
    """The option with its adjustments and its ladder in words."""
    return option.model_copy(update=_sentences(w, option))


def _sentences(w: Wording, option: AnsweredOption) -> dict[str, object]:
    fit = option.fit
    adjustments = tuple(a.model_copy(update={"text": adjustment_sentence(w, a)}) for a in fit.adjustments)
    ladder = tuple(
        r.model_copy(update={"text": rung_sentence(w, r.code, fit.is_as_asked)}) for r in fit.ladder
    )
    as_told = tuple(t.model_copy(update={"text": told_sentence(w, t)}) for t in option.as_told)
    return {"fit": fit.model_copy(update={"adjustments": adjustments, "ladder": ladder}), "as_told": as_told}


def say_explanation(w: Wording, e: AnsweredExplanation) -> AnsweredExplanation:
    """The explanation in a few sentences."""
    return e.model_copy(update={"text": tuple(explanation_sentences(w, e))})
