"""Why an option is not the one to take, in one short sentence."""

from service.answers.answer import AnsweredComparison, AnsweredDecision, AnsweredLimits, AnsweredPlan
from service.answers.option import AnsweredOption
from service.decide.why_not import WhyNot
from service.reports.words.bill import paid
from service.reports.words.plan_names import plan_name
from service.reports.words.sentences import (
    HOURS_PER_DAY,
    HOURS_PER_MONTH,
    cloud_name,
    duration,
    stated_duration,
    stated_months,
)
from service.reports.words.wording import Wording

COSTS_MORE = ("dearer", "slower")


def why_not_sentences(w: Wording, c: AnsweredComparison) -> list[str]:
    """Why each option that was named is not the one to take; not what the verdict of two says, nor what of a
    list of offers only costs more."""
    is_told = len(c.options) > 2
    best = next((option for option in c.options if option.why_not is None), None)
    said = []
    for option in c.options:
        if option.why_not is None:
            continue
        is_listed = option.kind == "cloud" and c.considered_offers > 0
        if option.why_not.code in COSTS_MORE and (is_listed or not is_told):
            continue
        said.append(f"{cloud_name(option, c)}: {why_not_sentence(w, option.why_not.code, option, best)}.")
    return said


def plans_why_not_sentences(w: Wording, d: AnsweredDecision) -> list[str]:
    """Why each machine that was named is not the best plan, and each plan that looks as if it kept the limits
    and does not."""
    return [
        f"{_started_large(plan_name(w, p))}: {plan_why_not(w, d, p)}."
        for p in d.shortlist
        if p.why_not and (p.is_at_home or _looks_within(d, p))
    ]


def _looks_within(d: AnsweredDecision, p: AnsweredPlan) -> bool:
    """Whether it is beyond the limits for its doubt alone; what is sure enough once its rent is looked up has
    its own sentence."""
    if p.keeps_limits or p.set_aside or p.is_best_if_rents_hold or not p.cost or not p.calendar_hours:
        return False
    budget, deadline = d.limits.budget, d.limits.deadline_hours
    is_paid = budget is None or paid(p.cost).p50 <= budget
    return is_paid and (deadline is None or p.calendar_hours.p50 <= deadline)


def plan_why_not(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> str:
    """Why a plan is not the best one, in these words, whatever language it was asked in; empty without a
    reason."""
    if p.why_not is None:
        return ""
    held = p.probability_if_rent_holds
    if _looks_within(d, p) and held is not None and held >= d.limits.least_probability:
        return w.say(
            "its rent is too old to be sure: {sure} as long as you have not looked, {held} if it still holds",
            sure=w.likely(d.told_chance(p)), held=w.likely(held),
        )  # fmt: skip
    return why_not_sentence(w, p.why_not.code, p, d.best, d.limits)


def _started_large(line: str) -> str:
    return line[:1].upper() + line[1:]


def why_not_sentence(
    w: Wording,
    code: WhyNot,
    option: AnsweredOption,
    best: AnsweredOption | None,
    limits: AnsweredLimits | None = None,
) -> str:
    """The reason, with its numbers; `best` is what was taken instead."""
    if code == "does_not_fit":
        fit = option.fit
        return w.say(
            "it does not fit: {need} GiB per GPU are needed, {available} GiB can be used",
            need=w.rounded(fit.peak_memory_interval_gib.p50),
            available=w.rounded(fit.available_memory_gib),
        )
    if code == "over_budget" and limits and limits.budget is not None:
        return _over_budget(w, option, limits, limits.budget)
    if code == "too_late" and limits and limits.deadline_hours is not None:
        return _too_late(w, option, limits.deadline_hours)
    if code == "dearer" and best is not None and option.cost and best.cost:
        more = option.cost.total.p50 - best.cost.total.p50
        return w.say("{money} dearer", money=w.about(max(more, 0.0), option.cost.currency))
    if code == "slower" and best is not None:
        mine, other = _hours(option), _hours(best)
        if mine is not None and other is not None:
            return w.say("{time} slower", time=duration(w, max(mine - other, 0.0)))
    return {
        "too_long": w.say("it takes more than two years"),
        "host_memory": w.say("it needs more main memory than the machine has"),
        "sold_out": w.say("sold out when last looked at"),
        "no_price": w.say("its price is not known"),
        "over_budget": w.say("over the budget"),
        "too_late": w.say("too late"),
        "dearer": w.say("dearer"),
        "slower": w.say("slower"),
        "weighs_more": w.say("worse by your weights"),
        "asks_more": w.say("as good, and it asks more of you"),
    }[code]


def _over_budget(w: Wording, option: AnsweredOption, limits: AnsweredLimits, budget: float) -> str:
    if option.cost is None:
        return w.say("over the budget")
    needed = paid(option.cost).p50
    money = {"paid": w.about(needed, limits.currency), "budget": w.stated_money(budget, limits.currency)}
    if needed > budget:
        return w.say("over the budget: about {paid} has to be paid, {budget} is there", **money)
    return w.say("it may go over the budget: about {paid} has to be paid, {budget} is there", **money)


def _too_late(w: Wording, option: AnsweredOption, deadline: float) -> str:
    takes = _hours(option)
    if takes is None:
        return w.say("too late")
    times = {"time": _beside(w, takes, deadline), "deadline": stated_duration(w, deadline)}
    if takes > deadline:
        return w.say("too late: it takes {time}, the deadline is {deadline}", **times)
    return w.say("it may be late: it takes {time}, the deadline is {deadline}", **times)


def _beside(w: Wording, hours: float, deadline: float) -> str:
    """A time in days beside a deadline of as many days, which in months could not be told from it."""
    if deadline % HOURS_PER_DAY or stated_months(deadline) or not HOURS_PER_MONTH < hours < 2 * deadline:
        return duration(w, hours)
    return w.say("{days} days", days=w.few(hours / HOURS_PER_DAY))


def _hours(option: AnsweredOption) -> float | None:
    """From start to end, as the choice was made by it."""
    elapsed = option.calendar_hours if isinstance(option, AnsweredPlan) else option.elapsed_hours
    return elapsed.p50 if elapsed else None
