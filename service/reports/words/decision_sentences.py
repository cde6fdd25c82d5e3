"""What a decision says in words: the plan, its chances, the nearest possible one, and what it hangs on."""

from datetime import date

from service.answers.answer import AnsweredComparison, AnsweredDecision, AnsweredNearest, AnsweredPlan
from service.reports.words.plan_names import plan_name
from service.reports.words.price_age import price_age_sentences
from service.reports.words.prices import rent_distance_sentence
from service.reports.words.sentences import (
    HOURS_PER_DAY,
    MINUTES_PER_HOUR,
    duration,
    duration_between,
    stated_months,
)
from service.reports.words.turning_sentences import near_tie_sentence, telling_turns, turn_sentence
from service.reports.words.vat import vat_sentences
from service.reports.words.wording import Wording

MORE_CASH = 1.02
"""Of the cost: less more is rounding, and nothing to be told."""


def limits_phrase(w: Wording, d: AnsweredDecision) -> str:
    """The limits in words, to stand after `plan`; empty where there are none."""
    budget, hours = d.limits.budget, d.limits.deadline_hours
    amount = "" if budget is None else w.stated_money(budget, d.currency)
    if hours is None:
        return "" if budget is None else w.say("within {budget}", budget=amount)
    days = round(hours / HOURS_PER_DAY) if hours >= 2 * HOURS_PER_DAY and not hours % HOURS_PER_DAY else 0
    months = 0 if days else stated_months(hours)
    if budget is None:
        if months:
            return w.counted("within {count} month", "within {count} months", months)
        if days:
            return w.counted("within {count} day", "within {count} days", days)
        if hours < 1:
            return w.say("within {minutes} minutes", minutes=w.exact(round(hours * MINUTES_PER_HOUR, 2)))
        return w.say("within 1 hour") if hours == 1 else w.say("within {hours} hours", hours=w.exact(hours))
    if months:
        return w.counted(
            "within {budget} and {count} month", "within {budget} and {count} months", months, budget=amount
        )
    if days:
        return w.counted(
            "within {budget} and {count} day", "within {budget} and {count} days", days, budget=amount
        )
    if hours < 1:
        minutes = w.exact(round(hours * MINUTES_PER_HOUR, 2))
        return w.say("within {budget} and {minutes} minutes", budget=amount, minutes=minutes)
    if hours == 1:
        return w.say("within {budget} and 1 hour", budget=amount)
    return w.say("within {budget} and {hours} hours", budget=amount, hours=w.exact(hours))


def verdict_lines(w: Wording, d: AnsweredDecision) -> list[str]:
    """The answer: what to do, the reason, what a little more would buy, what would change it, how sure it is;
    or that nothing does, and what would."""
    if d.best is None:
        return [impossible_sentence(w, d), *(nearest_sentence(w, change, d) for change in d.nearest_possible)]
    rules = {
        "cheapest": w.say("Cheapest plan"),
        "fastest": w.say("Fastest plan"),
        "weighed": w.say("Best plan by your weights"),
    }
    title = " ".join(filter(None, (rules[d.rule], limits_phrase(w, d))))
    rented = d.rented if d.best.is_at_home else d.best
    return [
        w.say("{title}: {plan}.", title=title, plan=plan_name(w, d.best)),
        cost_sentence(w, d, d.best),
        *(near_tie_sentence(w, tie, d) for tie in d.near_ties),
        *filter(None, [rent_distance_sentence(w, d.best.offer)]),
        *(turn_sentence(w, turn, d) for turn in telling_turns(w, d)[:1]),
        *([sure_sentence(w, d.best, d.asked_at.date())] if d.has_limits else []),
        *vat_sentences(w, d.vat, d.best if d.best.is_at_home else d.home, rented),
        *price_age_sentences(w, d.prices, rented, d.asked_at.date()),
    ]


def impossible_sentence(w: Wording, d: AnsweredDecision) -> str:
    """That no plan will do."""
    if not d.has_limits and any(x.practical for x in d.shortlist):
        return w.say("No plan is practical: all of them take more than two years.")
    if not d.has_limits:
        return w.say("No plan is possible: none can hold the run at a known price.")
    return w.say(
        "There is no plan {limits}: none keeps the limits with a probability of {sure} or more.",
        limits=limits_phrase(w, d), sure=w.percent(d.limits.least_probability),
    )  # fmt: skip


def cost_sentence(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> str:
    """What a plan costs and how long it takes, with intervals; what has to be paid first, if more."""
    c, h = p.total_cost, p.calendar_hours
    assert c is not None and h is not None
    phrases = {
        "cost": w.about(c.p50, d.currency), "costs": w.about_between(c, d.currency),
        "time": duration(w, h.p50), "times": duration_between(w, h),
    }  # fmt: skip
    if needs_more_cash(p):
        cash = w.about(p.cost.cash.p50, d.currency) if p.cost and p.cost.cash else ""
        return w.say(
            "It needs {cash} first. It costs about {cost} once the cards are sold, and takes {time} (80 % "
            "range: {costs}, {times}).",
            cash=cash, **phrases,
        )  # fmt: skip
    return w.say("It costs about {cost} and takes {time} (80 % range: {costs}, {times}).", **phrases)


def sure_sentence(w: Wording, p: AnsweredPlan, today: date) -> str:
    """How surely a plan keeps the limits, and how surely if its rent holds, where that says more: what one
    look at the provider's page brings."""
    sure, held = w.likely(p.probability_within_limits), p.probability_if_rent_holds
    if held is None or p.offer is None or w.likely(held) == sure:
        return w.say("How sure: it keeps the limits with a probability of {sure}.", sure=sure)
    days, price = (today - p.offer.as_of).days, p.offer.hourly_price * p.offer.instances
    told = {"sure": sure, "held": w.likely(held), "rent": w.unit_price(price, p.offer.currency)}
    if days < 1:
        return w.say(
            "How sure: {sure}, for rents move; {held} if it stays {rent} per hour until you are done.", **told
        )
    return w.counted(
        "How sure: {sure} with the rent being {count} day old; {held} if it still is {rent} per hour: look "
        "it up before you rent.",
        "How sure: {sure} with the rent being {count} days old; {held} if it still is {rent} per hour: look "
        "it up before you rent.",
        days,
        **told,
    )


def needs_more_cash(p: AnsweredPlan) -> bool:
    """Whether clearly more has to be paid than the plan costs in the end."""
    return bool(p.cost and p.cost.cash and p.cost.cash.p50 > MORE_CASH * max(p.cost.p50, 0.0))


def nearest_sentence(w: Wording, n: AnsweredNearest, d: AnsweredDecision) -> str:
    """One change that would make a plan possible, and which."""
    plan = plan_name(w, n.option) if n.option else ""
    if n.change == "budget":
        return w.say(
            "Possible with {budget}: {plan}.", budget=w.about(n.value, d.currency, at_least=True), plan=plan
        )
    if n.change == "deadline":
        time = duration(w, n.value, at_least=True)
        return w.say("Possible if it may take {deadline}: {plan}.", deadline=time, plan=plan)
    if n.change == "tokens":
        share = n.value / d.workload.tokens
        return w.say(
            "Possible with {tokens} tokens ({share} of them): {plan}.",
            tokens=w.compact(n.value), share=w.part(share), plan=plan,
        )  # fmt: skip
    return w.say("Possible for the smaller {model}: {plan}.", model=n.workload or "", plan=plan)


def runs_until_bought_sentence(w: Wording, d: AnsweredDecision) -> str:
    """When a card to buy pays; empty where it never does or none was asked about."""
    if d.runs_until_bought is None:
        return ""
    return w.counted(
        "The card to buy costs no more than renting after {count} such run.",
        "The card to buy costs no more than renting after {count} such runs.",
        d.runs_until_bought,
    )


def saved_per_day_sentence(w: Wording, d: AnsweredDecision) -> str:
    """What waiting saves; empty where the cheapest plan is no slower than the fastest."""
    if d.saved_per_day is None:
        return ""
    return w.say(
        "The cheapest plan instead of the fastest saves {money} for each day of waiting.",
        money=w.about(d.saved_per_day, d.currency),
    )


def dominated_sentence(w: Wording, d: AnsweredDecision) -> str:
    """How many plans are not worth a look; empty where there is none."""
    if d.dominated_count <= 0:
        return ""
    return w.counted(
        "{count} further plan is beaten in cost, time and CO₂e together.",
        "{count} further plans are beaten in cost, time and CO₂e together.",
        d.dominated_count,
    )


def counted_sentence(w: Wording, d: AnsweredDecision) -> str:
    """What became of every plan that was looked at; empty in answers of old, which did not count them all."""
    if d.unshown is None or d.unpriced is None:
        return dominated_sentence(w, d)
    aside = sum(x.count for x in d.left_aside)
    parts = (
        (len(d.shortlist), w.say("{count} shown", count=w.number(len(d.shortlist)))),
        (
            d.dominated_count,
            w.say("{count} beaten in cost, time and CO₂e", count=w.number(d.dominated_count)),
        ),
        (d.unshown, w.say("{count} not beaten but much like those", count=w.number(d.unshown))),
        (aside, w.say("{count} not recommended", count=w.number(aside))),
        (d.unpriced, w.say("{count} without a price", count=w.number(d.unpriced))),
    )
    told = [part for count, part in parts if count]
    return w.say("Of {count} plans: {parts}.", count=w.number(d.considered), parts=", ".join(told))


def debugging_sentence(w: Wording, d: AnsweredDecision) -> str:
    """What debugging at home first brings and how sure that is, of the chosen plan, else of the first that
    begins so; empty where none does."""
    plans = [p for p in (d.best, d.rival, *d.shortlist) if p is not None and p.debugging]
    if not plans or plans[0].debugging is None:
        return ""
    benefit = plans[0].debugging
    hours, saved = benefit.hours, benefit.saved
    low, high = w.about_ends(saved.p10, saved.p90, d.currency)
    return w.say(
        "Debugging at home first takes you {hours} ({soon} to {late}) and {power} of electricity; it saves "
        "about {saved} of lost rented hours ({low} to {high}): {plan}.",
        hours=duration(w, hours.p50), soon=w.few(hours.p10), late=duration(w, hours.p90),
        power=w.about(benefit.electricity.p50, d.currency), saved=w.about(saved.p50, d.currency),
        low=low, high=high, plan=plan_name(w, plans[0]),
    )  # fmt: skip


def several_nodes_sentences(w: Wording, c: AnsweredComparison) -> list[str]:
    """The same of a comparison; nothing where each option is one machine."""
    return [cluster_sentence(w)] if any(o.offer and o.offer.instances > 1 for o in c.options) else []


def cluster_sentence(w: Wording) -> str:
    """What several rented nodes need."""
    return w.say("Several nodes together assume a network between them that the offer may lack; ask.")
