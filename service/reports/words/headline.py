"""A decision in the one sentence that stands first on a page, and the little that stands on its cards."""

from datetime import date

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.reports.words.decision_sentences import impossible_sentence
from service.reports.words.prices import LEAST_FOR_A_MEDIAN, MUCH_CHEAPER, MUCH_DEARER, fraction, tier_name
from service.reports.words.sentences import age, duration
from service.reports.words.wording import Wording

OLD_DAYS = 7
"""A price that is older says its age."""


def headline(w: Wording, d: AnsweredDecision) -> str:
    """What to do, what it costs, how long it takes; then the other side."""
    best = d.best
    if best is None or best.total_cost is None or best.calendar_hours is None:
        return impossible_sentence(w, d)
    said = {
        "label": best.label,
        "provider": best.offer.provider_name if best.offer else "",
        "money": w.about(best.total_cost.p50, d.currency),
        "time": duration(w, best.calendar_hours.p50),
    }
    sentences = {
        "own": w.say("Train at home on your {label}: about {money}, {time}.", **said),
        "buy": w.say("Buy {label} and train at home: about {money}, {time}.", **said),
        "rent": w.say("Rent {label} at {provider}: about {money}, {time}.", **said),
        "hybrid": w.say("Test at home, then rent {label} at {provider}: about {money}, {time}.", **said),
    }
    doubt = w.say("Sure enough only if that rent still holds.") if d.needs_stated_rent else ""
    return " ".join(filter(None, (sentences[best.plan], doubt, _otherwise(w, d, best))))


def _otherwise(w: Wording, d: AnsweredDecision, best: AnsweredPlan) -> str:
    other = d.rented if best.is_at_home else d.home
    if other is None or other.total_cost is None or other.calendar_hours is None or other == best:
        return ""
    assert best.total_cost and best.calendar_hours
    said = {
        "money": w.about(other.total_cost.p50, d.currency), "time": duration(w, other.calendar_hours.p50),
    }  # fmt: skip
    is_cheaper = other.total_cost.p50 < best.total_cost.p50
    is_faster = other.calendar_hours.p50 < best.calendar_hours.p50
    if is_cheaper == is_faster:
        if best.is_at_home:
            return w.say("Rented it would be {money} and {time}.", **said)
        return w.say("At home it would be {money} and {time}.", **said)
    if best.is_at_home:
        return w.say("Rented it would be {money}, but {time}.", **said)
    return w.say("At home it would be {money}, but {time}.", **said)


def chips(w: Wording, p: AnsweredPlan, today: date) -> list[str]:
    """What one should know of a plan before one acts on it, in two or three words each."""
    found = []
    changes = sum(a.needs_code_change for a in p.fit.adjustments)
    if changes:
        found.append(w.counted("{count} code change", "{count} code changes", changes))
    if p.fit.verdict == "marginal":
        found.append(w.say("memory: fits with {chance}", chance=w.percent(p.fit.fit_probability)))
    offer = p.offer
    if offer is None:
        return found
    if offer.tier != "on_demand":
        found.append(tier_name(w, offer.tier))
    if (days := (today - offer.as_of).days) > OLD_DAYS:
        found.append(w.say("price {age}", age=age(w, days)))
    market = offer.market
    if market and market.of_median is not None and market.offers >= LEAST_FOR_A_MEDIAN:
        if market.of_median < MUCH_CHEAPER:
            found.append(w.say("{part} of the usual rent", part=fraction(w, market.of_median)))
        if market.of_median > MUCH_DEARER:
            found.append(w.say("{times} times the usual rent", times=w.number(market.of_median, 1)))
    if p.instances > 1:
        found.append(w.counted("{count} machine", "{count} machines together", p.instances))
    return found
