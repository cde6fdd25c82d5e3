"""Where no plan keeps the limits: what would make one possible, in words."""

from service.answers.answer import AnsweredDecision, AnsweredNearest
from service.reports.words.plan_names import plan_name
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording


def nearest_sentence(w: Wording, n: AnsweredNearest, d: AnsweredDecision) -> str:
    """One change that would make a plan possible, and which; whether only if its rent still holds."""
    plan = plan_name(w, n.option) if n.option else ""
    if n.needs_stated_rent:
        return _nearest_if_rent_holds(w, n, d, plan)
    if n.change == "budget":
        return w.say(
            "Possible with {budget}: {plan}.", budget=w.about(n.value, d.currency, at_least=True), plan=plan
        )
    if n.change == "deadline":
        time = duration(w, n.value, at_least=True)
        return w.say("Possible if it may take {deadline}: {plan}.", deadline=time, plan=plan)
    if n.change == "tokens":
        share = w.part(n.value / d.workload.tokens)
        phrases = {"tokens": w.compact(n.value), "share": share, "plan": plan}
        if d.has_limits:
            return w.say("Possible with {tokens} tokens ({share} of them): {plan}.", **phrases)
        return w.say("Practical with {tokens} tokens ({share} of them): {plan}.", **phrases)
    if d.has_limits:
        return w.say("Possible for the smaller {model}: {plan}.", model=n.workload or "", plan=plan)
    return w.say("Practical for the smaller {model}: {plan}.", model=n.workload or "", plan=plan)


def _nearest_if_rent_holds(w: Wording, n: AnsweredNearest, d: AnsweredDecision, plan: str) -> str:
    """The same of a plan that is sure enough only at the rent that was stated; without a budget none is."""
    if n.change == "budget":
        budget = w.about(n.value, d.currency, at_least=True)
        return w.say("Possible with {budget} if its rent still holds: {plan}.", budget=budget, plan=plan)
    if n.change == "deadline":
        time = duration(w, n.value, at_least=True)
        return w.say(
            "Possible if it may take {deadline} and its rent still holds: {plan}.", deadline=time, plan=plan
        )
    if n.change == "tokens":
        return w.say(
            "Possible with {tokens} tokens ({share} of them) if its rent still holds: {plan}.",
            tokens=w.compact(n.value),
            share=w.part(n.value / d.workload.tokens),
            plan=plan,
        )
    return w.say(
        "Possible for the smaller {model} if its rent still holds: {plan}.",
        model=n.workload or "",
        plan=plan,
    )
