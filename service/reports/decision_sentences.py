"""What a decision says in words: the plan, its chances, the nearest possible one, and what it hangs on."""

from service.decide.decision import Decision, NearestPlan, RatedOption
from service.decide.sensitivity import Swing
from service.reports.sentences import duration
from service.reports.wording import Wording


def plan_name(w: Wording, r: RatedOption) -> str:
    """The plan in a few words: rent 8 x H100 SXM at Hyperstack."""
    label = r.option.label
    rental = r.option.rental
    provider = ""
    if rental and rental.offer:
        provider = rental.provider.name if rental.provider else rental.offer.provider
    return named_plan(w, r.plan, label, provider)


def named_plan(w: Wording, plan: str, label: str, provider: str) -> str:
    """A plan in a few words: own, buy, rent or hybrid, with the machine and who rents it out."""
    names = {
        "own": w.say("train on your {label}", label=label),
        "buy": w.say("buy {label} and train at home", label=label),
        "rent": w.say("rent {label} at {provider}", label=label, provider=provider),
        "hybrid": w.say("debug at home, rent {label} at {provider}", label=label, provider=provider),
    }
    return names[plan]


def limits_phrase(w: Wording, d: Decision) -> str:
    """The limits in words; empty where there are none."""
    budget, hours = d.limits.budget, d.limits.deadline_hours
    amount = "" if budget is None else w.money(budget, d.currency)
    span = "" if hours is None else duration(w, hours)
    if budget is not None and hours is not None:
        return w.say("within {budget} and {deadline}", budget=amount, deadline=span)
    if budget is not None:
        return w.say("within {budget}", budget=amount)
    return w.say("within {deadline}", deadline=span) if hours is not None else ""


def verdict_lines(w: Wording, d: Decision) -> list[str]:
    """The answer in two sentences: what to do and its chances; or that nothing does, and what would."""
    if d.best is None:
        sure = w.percent(d.least_probability)
        first = w.say(
            "No plan keeps {limits} with a probability of {sure} or more.",
            limits=limits_phrase(w, d), sure=sure,
        )  # fmt: skip
        return [first, *(nearest_sentence(w, change, d) for change in d.nearest)]
    rules = {
        "cheapest": w.say("Cheapest plan"),
        "fastest": w.say("Fastest plan"),
        "weighed": w.say("Best plan by your weights"),
    }
    title = " ".join(filter(None, (rules[d.rule], limits_phrase(w, d))))
    lines = [w.say("{title}: {plan}.", title=title, plan=plan_name(w, d.best)), cost_sentence(w, d, d.best)]
    if d.limits.budget is not None or d.limits.deadline_hours is not None:
        lines[-1] += " " + w.say(
            "It keeps the limits with a probability of {sure}.", sure=w.likely(d.best.probability)
        )
    return lines


def cost_sentence(w: Wording, d: Decision, r: RatedOption) -> str:
    """What a plan costs and how long it takes, with intervals."""
    assert r.cost is not None and r.calendar_hours is not None
    c, h = r.cost, r.calendar_hours
    return w.say(
        "It costs about {cost} ({low} - {high}) and is done after {time} ({soon} to {late}).",
        cost=w.about(c.p50, d.currency), low=w.about(c.p10, d.currency), high=w.about(c.p90, d.currency),
        time=duration(w, h.p50), soon=duration(w, h.p10), late=duration(w, h.p90),
    )  # fmt: skip


def nearest_sentence(w: Wording, n: NearestPlan, d: Decision) -> str:
    """One change that would make a plan possible, and which."""
    plan = plan_name(w, n.plan) if n.plan else ""
    if n.code == "budget":
        return w.say("Possible with {budget}: {plan}.", budget=w.about(n.value, d.currency), plan=plan)
    if n.code == "deadline":
        return w.say("Possible in {deadline}: {plan}.", deadline=duration(w, n.value), plan=plan)
    if n.code == "tokens":
        share = n.value / d.workload.tokens
        return w.say(
            "Possible with {tokens} tokens ({share} of them): {plan}.",
            tokens=w.compact(n.value), share=w.percent(share), plan=plan,
        )  # fmt: skip
    return w.say("Possible for the smaller {model}: {plan}.", model=n.workload, plan=plan)


def swing_sentence(w: Wording, s: Swing, d: Decision) -> str:
    """How far one input moves the difference between renting and home."""
    name, unit = {
        "home_hours": (w.say("hours at home"), "h"),
        "home_watts": (w.say("watts at the plug"), "W"),
        "home_price": (w.say("price per kWh"), d.currency),
        "cloud_hours": (w.say("rented hours"), "h"),
        "cloud_price": (w.say("rent per hour"), d.currency),
        "cloud_factor": (w.say("set-up and idle hours"), "x"),
    }[s.code]

    def shown(value: float) -> str:
        if unit == d.currency:
            return w.money(value, d.currency, 2)
        return f"{w.rounded(value)} {unit}" if unit != "x" else w.say("x{factor}", factor=w.number(value, 2))

    line = w.say(
        "{name} {low} to {high}: renting costs {first} to {last} more than home",
        name=name, low=shown(s.low), high=shown(s.high),
        first=w.about(s.difference_low, d.currency), last=w.about(s.difference_high, d.currency),
    )  # fmt: skip
    return line + (w.say(" - the verdict turns") if s.turns else "") + "."
