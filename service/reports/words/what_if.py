"""The same question with other options, in words."""

import re
from decimal import Decimal

from service.answers.answer import AnsweredAlternative, AnsweredDecision, AnsweredPlanBrief
from service.reports.words.plan_names import brief_name
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording

NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")


def changes_in_words(w: Wording, a: AnsweredAlternative) -> str:
    """kwh-price 0.25, hours-per-day 8: as on the command line, numbers as the language writes them."""
    return ", ".join(f"{change.option} {_value(w, change.value)}" for change in a.changes)


def _value(w: Wording, value: str) -> str:
    return w.exact(Decimal(value)) if NUMBER.fullmatch(value) else value


def compared_verdict(w: Wording, a: AnsweredAlternative, currency: str) -> str:
    """Which side wins then, by how much and how surely, or would take years; whether that is another one."""
    too_long = [_not_practical(w, p.plan) for p in a.plans if not p.is_practical]
    if too_long:
        line = ", ".join(too_long)
    elif a.saving is not None and a.wins is not None:
        phrases = {"saving": w.about(a.saving, currency), "sure": w.likely(a.probability or 0.0)}
        if a.wins == "home":
            line = w.say("home is {saving} cheaper ({sure})", **phrases)
        else:
            line = w.say("renting is {saving} cheaper ({sure})", **phrases)
    elif a.wins is None:
        line = w.say("the costs cannot be compared")
    else:
        line = w.say("only home can do it") if a.wins == "home" else w.say("only renting can do it")
    return line + (w.say("; the verdict turns") if a.is_turned else "")


def _not_practical(w: Wording, plan: AnsweredPlanBrief) -> str:
    """That one side takes more than two years, and how long."""
    took = duration(w, plan.calendar_hours or 0.0)
    if plan.plan == "rent":
        return w.say("not practical to rent ({time})", time=took)
    return w.say("not practical at home ({time})", time=took)


def decided_verdict(w: Wording, a: AnsweredAlternative, d: AnsweredDecision) -> str:
    """Whether another plan is the best then; where none is, whether for the limits or for the years."""
    if not a.plans:
        return w.say("no plan keeps the limits") if _has_limits(a, d) else w.say("no plan is practical")
    return w.say("another plan") if a.is_turned else w.say("the same plan")


def _has_limits(a: AnsweredAlternative, d: AnsweredDecision) -> bool:
    said = {c.option: None if c.value == "none" else c.value for c in a.changes}
    limits = {"budget": d.limits.budget, "deadline": d.limits.deadline_hours} | said
    return limits["budget"] is not None or limits["deadline"] is not None


def compared_sentence(w: Wording, a: AnsweredAlternative, currency: str) -> str:
    """An alternative of a comparison in one sentence."""
    verdict = compared_verdict(w, a, currency)
    return w.say("With {changes}: {verdict}.", changes=changes_in_words(w, a), verdict=verdict)


def decided_sentence(w: Wording, a: AnsweredAlternative, d: AnsweredDecision) -> str:
    """An alternative of a decision in one sentence."""
    verdict = decided_verdict(w, a, d)
    if a.plans:
        verdict += f", {brief_name(w, a.plans[0].plan)}"
    return w.say("With {changes}: {verdict}.", changes=changes_in_words(w, a), verdict=verdict)
