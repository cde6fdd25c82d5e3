"""What a plan is called."""

from service.answers.answer import AnsweredPlan, AnsweredPlanBrief
from service.reports.words.prices import tier_name
from service.reports.words.wording import Wording


def plan_name(w: Wording, p: AnsweredPlan, *, with_terms: bool = True) -> str:
    """The plan in a few words: rent 8 x H100 SXM at Hyperstack; rent H100 SXM at Verda (spot). Old answers
    tell other plans by their names without terms."""
    if p.offer is None:
        return named_plan(w, p.plan, p.label, "")
    name = named_plan(w, p.plan, p.label, p.offer.provider_name)
    return name + _in_brackets(rented_terms(w, p.offer.tier, p.offer.term_months)) if with_terms else name


def named_plan(w: Wording, plan: str, label: str, provider: str) -> str:
    """A plan in a few words: own, buy, rent or hybrid, with the machine and who rents it out."""
    names = {
        "own": w.say("train on your {label}", label=label),
        "buy": w.say("buy {label} and train at home", label=label),
        "rent": w.say("rent {label} at {provider}", label=label, provider=provider),
        "hybrid": w.say("debug at home, rent {label} at {provider}", label=label, provider=provider),
    }
    if plan in ("rent", "hybrid") and not provider:
        return w.say("rent {label}, of which no price is known", label=label)
    return names[plan]


def brief_name(w: Wording, p: AnsweredPlanBrief) -> str:
    """The same of a plan told by its name alone."""
    return named_plan(w, p.plan, p.label, p.provider_name) + _in_brackets(
        rented_terms(w, p.tier, p.term_months)
    )


def rented_terms(w: Wording, tier: str | None, months: int | None) -> str:
    """How it is rented, where that is not by the hour for as long as one likes; empty where it is."""
    if tier is None or tier == "on_demand":
        return ""
    if months:
        return w.counted("reserved for {count} month", "reserved for {count} months", months)
    return tier_name(w, tier)


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""
