"""What a decision says in words: the plan, its chances, and what it hangs on."""

import math
from datetime import date

from service.answers.answer import (
    AnsweredComparison,
    AnsweredDecision,
    AnsweredPlan,
    AnsweredPlanBrief,
)
from service.reports.words.bill import needs_more_first, paid
from service.reports.words.card_prices import too_many_runs_sentence
from service.reports.words.nearest_possible import nearest_sentence
from service.reports.words.plan_names import brief_name, plan_name
from service.reports.words.price_age import price_age_sentences
from service.reports.words.prices import rent_distance_sentence, rent_per_hour
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
    """The answer: what to do, the reason, what a little more would buy, what would change it, how sure it is,
    what could be better; or that nothing does, and what would."""
    if d.best is None:
        return [impossible_sentence(w, d), *(nearest_sentence(w, change, d) for change in d.nearest_possible)]
    rules = {
        "cheapest": w.say("Cheapest plan"),
        "fastest": w.say("Fastest plan"),
        "weighed": w.say("Best plan by your weights"),
    }
    is_first = not any(tie.drawback for tie in d.near_ties)
    title = " ".join(filter(None, (rules[d.rule] if is_first else w.say("Best plan"), limits_phrase(w, d))))
    rented = d.rented if d.best.is_at_home else d.best
    return [
        *_chosen_sentences(w, d, d.best, title),
        cost_sentence(w, d, d.best),
        *filter(None, [too_many_runs_sentence(w, d.best)]),
        *(near_tie_sentence(w, tie, d) for tie in d.near_ties),
        *filter(None, [rent_distance_sentence(w, d.best.offer)]),
        *(turn_sentence(w, turn, d) for turn in telling_turns(w, d)[:1]),
        *([sure_sentence(w, d.best, d.asked_at.date())] if d.has_limits and not d.needs_stated_rent else []),
        *filter(None, [if_rents_hold_sentence(w, d)]),
        *vat_sentences(w, d.vat, d.best if d.best.is_at_home else d.home, rented),
        *price_age_sentences(w, d.prices, rented, d.asked_at.date()),
    ]


def _chosen_sentences(w: Wording, d: AnsweredDecision, best: AnsweredPlan, title: str) -> list[str]:
    """What to do; where it is sure enough only at the rent that was stated, that before all else."""
    plan = plan_name(w, best)
    if not d.needs_stated_rent:
        return [w.say("{title}: {plan}.", title=title, plan=plan)]
    return [
        w.say("{title}, if its rent still holds: {plan}.", title=title, plan=plan),
        needs_stated_rent_sentence(w, d, best),
    ]


def needs_stated_rent_sentence(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> str:
    """That no plan is as sure as was asked for, by the age of the rents; and how sure the best is if its rent
    still is what was stated."""
    told = {
        "asked": w.percent(d.limits.least_probability), "sure": w.likely(d.told_chance(p)),
        "held": w.likely(p.probability_if_rent_holds or 0.0),
    }  # fmt: skip
    if p.offer is None:
        return w.say(
            "At least {asked} is wanted; no plan is that sure. This one keeps the limits with {sure}.", **told
        )
    told["rent"] = rent_per_hour(w, p)
    days = (d.asked_at.date() - p.offer.as_of).days
    if days < 1:
        return w.say(
            "At least {asked} is wanted; no plan is that sure, for rents move. This one keeps the limits "
            "with {sure}; with {held} only if its rent stays {rent} per hour until you are done.",
            **told,
        )
    sentence = w.counted(
        "At least {asked} is wanted; at rents of this age no plan is that sure. This one keeps the limits "
        "with {sure}; with {held} only if its rent still is {rent} per hour, as {count} day ago: look it up "
        "before you rent.",
        "At least {asked} is wanted; at rents of this age no plan is that sure. This one keeps the limits "
        "with {sure}; with {held} only if its rent still is {rent} per hour, as {count} days ago: look it up "
        "before you rent.",
        days,
        **told,
    )
    return " ".join((sentence, *_rough(w, p)))


def if_rents_hold_sentence(w: Wording, d: AnsweredDecision) -> str:
    """Which plan would be better if its rent still is what was stated, for one look at the provider's page
    settles that; empty where none would."""
    p = d.best_if_rents_hold
    if p is None or p.offer is None or p.total_cost is None or p.calendar_hours is None:
        return ""
    told = {
        "plan": plan_name(w, p), "rent": rent_per_hour(w, p),
        "cost": w.about(p.total_cost.p50, d.currency), "takes": duration(w, p.calendar_hours.p50),
        "held": w.likely(p.probability_if_rent_holds or 0.0), "sure": w.likely(d.told_chance(p)),
    }  # fmt: skip
    days = (d.asked_at.date() - p.offer.as_of).days
    if days < 1:
        return w.say(
            "Perhaps better: {plan} ({cost}, {takes}), if it stays {rent} per hour until you are done. It "
            "would keep the limits with {held} then; with {sure} if it moves as rents do.",
            **told,
        )
    return w.counted(
        "Perhaps better: {plan} ({cost}, {takes}), if it still costs {rent} per hour as it did a day ago. It "
        "would keep the limits with {held} then; with {sure} as long as you have not looked: look it up "
        "first.",
        "Perhaps better: {plan} ({cost}, {takes}), if it still costs {rent} per hour as it did {count} days "
        "ago. It would keep the limits with {held} then; with {sure} as long as you have not looked: look it "
        "up first.",
        days,
        **told,
    )


def impossible_sentence(w: Wording, d: AnsweredDecision) -> str:
    """That no plan will do: none keeps the limits, none is practical, or none can do the run at all."""
    if d.has_limits and any(p.cost and p.calendar_hours and not p.set_aside for p in d.shortlist):
        return w.say(
            "There is no plan {limits}: none keeps the limits with a probability of {sure} or more.",
            limits=limits_phrase(w, d), sure=w.percent(d.limits.least_probability),
        )  # fmt: skip
    if lines := _years_sentences(w, d):
        return " ".join(lines)
    if any(p.set_aside for p in d.shortlist) or d.left_aside:
        return w.say("No plan is possible: what could hold the run has too little main memory.")
    if any(p.hours for p in d.shortlist):
        return w.say("No plan is possible: what could hold the run has no known price.")
    return w.say("No plan is possible: no machine that was looked at can hold the run.")


def _years_sentences(w: Wording, d: AnsweredDecision) -> list[str]:
    """That all plans take years: the fastest and how many such GPUs would do, the cheapest if it is another;
    nothing where it is not the years that are in the way."""
    plans = [p for p in d.shortlist if p.set_aside == "too_long" and p.calendar_hours]
    aside = next((x.cheapest for x in d.left_aside if x.reason == "too_long"), None)
    if not plans and aside is None:
        return []
    if len(plans) == 1 and aside is None:
        return [
            w.say(
                "No plan is practical; the only one that holds the run: {plan}{taking}.",
                **_taking(w, d, plans[0]),
            )
        ]
    lines = [w.say("No plan is practical: all of them take more than two years.")]
    if not plans and aside:
        return [*lines, w.say("The cheapest: {plan}{taking}.", **_taking_of_brief(w, d, aside))]
    fastest = min(plans, key=lambda p: p.calendar_hours.p50 if p.calendar_hours else math.inf)
    cheapest = min(plans, key=lambda p: p.total_cost.p50 if p.total_cost else math.inf)
    lines.append(w.say("The fastest: {plan}{taking}.", **_taking(w, d, fastest)))
    if fastest.offer and fastest.practical and fastest.practical.gpu_count:
        more = w.number(fastest.practical.gpu_count)
        lines.append(
            w.say("{count} such GPUs would do it in two years, if anybody rents out so many.", count=more)
        )
    if cheapest != fastest and cheapest.total_cost:
        lines.append(w.say("The cheapest: {plan}{taking}.", **_taking(w, d, cheapest)))
    return lines


def _taking(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> dict[str, str]:
    """A plan by its name, and in brackets how long it takes and what it costs."""
    hours = [duration(w, p.calendar_hours.p50)] if p.calendar_hours else []
    money = [w.say("about {money}", money=w.about(p.total_cost.p50, d.currency))] if p.total_cost else []
    return {"plan": plan_name(w, p), "taking": f" ({', '.join([*hours, *money])})"}


def _taking_of_brief(w: Wording, d: AnsweredDecision, p: AnsweredPlanBrief) -> dict[str, str]:
    money = w.say("about {money}", money=w.about(p.cost or 0.0, d.currency))
    return {"plan": brief_name(w, p), "taking": f" ({duration(w, p.calendar_hours or 0.0)}, {money})"}


def cost_sentence(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> str:
    """What a plan costs and how long it takes, with intervals; what has to be paid first, if more."""
    c, h = p.total_cost, p.calendar_hours
    assert c is not None and h is not None
    phrases = {
        "cost": w.about(c.p50, d.currency), "costs": w.about_between(c, d.currency),
        "time": duration(w, h.p50), "times": duration_between(w, h),
    }  # fmt: skip
    if p.cost and needs_more_first(p.cost):
        cash = w.about(paid(p.cost).p50, d.currency)
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
    days = (today - p.offer.as_of).days
    told = {"sure": sure, "held": w.likely(held), "rent": rent_per_hour(w, p)}
    if days < 1:
        return w.say(
            "How sure: {sure}, for rents move; {held} if it stays {rent} per hour until you are done.", **told
        )
    sentence = w.counted(
        "How sure: {sure}, because the rent is a day old; {held} if it still is {rent} per hour: look "
        "it up before you rent.",
        "How sure: {sure}, because the rent is {count} days old; {held} if it still is {rent} per hour: look "
        "it up before you rent.",
        days,
        **told,
    )
    return " ".join((sentence, *_rough(w, p)))


def _rough(w: Wording, p: AnsweredPlan) -> list[str]:
    """Where its rent is older than any that was looked at again: how much the probability is worth before one
    has looked it up."""
    if p.rents_seen_days is None:
        return []
    return [
        w.counted(
            "Without a look this is a rough guess: nobody has seen how such rents move over more than "
            "{count} day.",
            "Without a look this is a rough guess: nobody has seen how such rents move over more than "
            "{count} days.",
            p.rents_seen_days,
        )
    ]


def runs_until_bought_sentence(w: Wording, d: AnsweredDecision) -> str:
    """When a card to buy pays, and against what; empty where it never does or none was asked about."""
    if d.runs_until_bought is None:
        return ""
    bought = next((p for p in d.shortlist if p.plan == "buy" and p.cost and not p.set_aside), None)
    if bought and d.instead_of_buying:
        return w.counted(
            "Buying {label} pays with the very first such run, against the cheapest plan without it: {plan}.",
            "Buying {label} pays after {count} such runs, against the cheapest plan without it: {plan}.",
            d.runs_until_bought,
            label=bought.label, plan=brief_name(w, d.instead_of_buying),
        )  # fmt: skip
    return w.counted(
        "The card to buy costs no more than renting after a single such run.",
        "The card to buy costs no more than renting after {count} such runs.",
        d.runs_until_bought,
    )


def saved_per_day_sentence(w: Wording, d: AnsweredDecision) -> str:
    """What waiting saves; empty where the cheapest plan is hardly slower than the fastest."""
    if d.saved_per_day is None:
        return ""
    money = w.about(d.saved_per_day, d.currency)
    if d.has_limits:
        return w.say(
            "The cheapest plan instead of the fastest within the limits saves {money} for each day of "
            "waiting.",
            money=money,
        )
    return w.say(
        "The cheapest plan instead of the fastest saves {money} for each day of waiting.", money=money
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
    """What became of every plan that was looked at; empty for a single one, which is shown. Of old answers,
    which did not count them all, what they did."""
    if d.unshown is None or d.unpriced is None:
        return dominated_sentence(w, d)
    aside = sum(x.count for x in d.left_aside)
    parts = (
        (len(d.shortlist), w.say("{count} shown", count=w.number(len(d.shortlist)))),
        (
            d.dominated_count,
            w.say("{count} beaten in cost, time and CO₂e", count=w.number(d.dominated_count)),
        ),
        (d.unshown, w.say("{count} neither shown nor beaten", count=w.number(d.unshown))),
        (aside, w.say("{count} not recommended", count=w.number(aside))),
        (d.unpriced, w.say("{count} without a price", count=w.number(d.unpriced))),
    )
    told = [part for count, part in parts if count]
    if d.considered == 1:
        return ""
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
    return w.say(
        "Several nodes need a fast network between them, which an offer may lack: ask before you rent."
    )
