"""What a decision says in words: the plan, its chances, the nearest possible one, and what it hangs on."""

from service.answers.answer import AnsweredDecision, AnsweredNearest, AnsweredPlan, AnsweredSwing
from service.reports.words.price_age import price_age_sentences
from service.reports.words.sentences import duration, stated_duration
from service.reports.words.wording import Wording


def plan_name(w: Wording, p: AnsweredPlan) -> str:
    """The plan in a few words: rent 8 x H100 SXM at Hyperstack."""
    return named_plan(w, p.plan, p.label, p.offer.provider_name if p.offer else "")


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


def limits_phrase(w: Wording, d: AnsweredDecision) -> str:
    """The limits in words, to stand after `plan`; empty where there are none."""
    budget, hours = d.limits.budget, d.limits.deadline_hours
    amount = "" if budget is None else w.stated_money(budget, d.currency)
    span = "" if hours is None else stated_duration(w, hours)
    if budget is not None and hours is not None:
        return w.say("within {budget} and {deadline}", budget=amount, deadline=span)
    if budget is not None:
        return w.say("within {budget}", budget=amount)
    return w.say("within {deadline}", deadline=span) if hours is not None else ""


def verdict_lines(w: Wording, d: AnsweredDecision) -> list[str]:
    """The answer in two sentences: what to do and its chances; or that nothing does, and what would."""
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
        *price_age_sentences(w, d.prices, rented, d.asked_at.date()),
    ]


def impossible_sentence(w: Wording, d: AnsweredDecision) -> str:
    """That no plan will do."""
    if not d.has_limits:
        return w.say("No plan is possible: none can hold the run at a known price.")
    return w.say(
        "There is no plan {limits} that keeps them with a probability of {sure} or more.",
        limits=limits_phrase(w, d), sure=w.percent(d.limits.least_probability),
    )  # fmt: skip


def cost_sentence(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> str:
    """What a plan costs, how long it takes, with intervals, and how surely it keeps the limits."""
    c, h = p.total_cost, p.calendar_hours
    assert c is not None and h is not None
    phrases = {
        "cost": w.about(c.p50, d.currency), "low": w.about(c.p10, d.currency),
        "high": w.about(c.p90, d.currency), "time": duration(w, h.p50), "soon": duration(w, h.p10),
        "late": duration(w, h.p90),
    }  # fmt: skip
    if not d.has_limits:
        return w.say("It costs about {cost} ({low} – {high}) and takes {time} ({soon} to {late}).", **phrases)
    return w.say(
        "It costs about {cost} ({low} – {high}), takes {time} ({soon} to {late}) and keeps the limits with a "
        "probability of {sure}.",
        sure=w.likely(p.probability_within_limits), **phrases,
    )  # fmt: skip


def nearest_sentence(w: Wording, n: AnsweredNearest, d: AnsweredDecision) -> str:
    """One change that would make a plan possible, and which."""
    plan = plan_name(w, n.option) if n.option else ""
    if n.change == "budget":
        return w.say("Possible with {budget}: {plan}.", budget=w.about(n.value, d.currency), plan=plan)
    if n.change == "deadline":
        return w.say("Possible if it may take {deadline}: {plan}.", deadline=duration(w, n.value), plan=plan)
    if n.change == "tokens":
        share = n.value / d.workload.tokens
        return w.say(
            "Possible with {tokens} tokens ({share} of them): {plan}.",
            tokens=w.compact(n.value), share=w.part(share), plan=plan,
        )  # fmt: skip
    return w.say("Possible for the smaller {model}: {plan}.", model=n.workload or "", plan=plan)


def swing_name(w: Wording, s: AnsweredSwing) -> str:
    """What an input of the verdict is called."""
    return {
        "home_hours": w.say("hours at home"),
        "home_watts": w.say("watts at the plug"),
        "home_price": w.say("price per kWh"),
        "home_loss": w.say("loss of value of the card"),
        "cloud_hours": w.say("rented hours"),
        "cloud_price": w.say("rent per hour"),
        "cloud_factor": w.say("set-up and idle hours"),
    }[s.input]


def swing_value(w: Wording, s: AnsweredSwing, value: float, currency: str) -> str:
    """An input's value with its unit."""
    if s.input in ("home_price", "cloud_price"):
        return w.unit_price(value, currency)
    if s.input == "home_loss":
        return w.about(value, currency)
    if s.input == "cloud_factor":
        return w.say("×{factor}", factor=w.number(value, 2))
    return f"{w.rounded(value)} {'W' if s.input == 'home_watts' else 'h'}"


def difference_phrase(w: Wording, amount: float, currency: str) -> str:
    """How much more, or less, than home."""
    if amount < 0:
        return w.say("{amount} less", amount=w.about(-amount, currency))
    return w.say("{amount} more", amount=w.about(amount, currency))


def swing_sentence(w: Wording, s: AnsweredSwing, d: AnsweredDecision) -> str:
    """How far one input moves the difference between renting and home."""
    line = w.say(
        "{name} {low} to {high}: renting costs between {first} and {last} than home",
        name=swing_name(w, s),
        low=swing_value(w, s, s.low, d.currency), high=swing_value(w, s, s.high, d.currency),
        first=difference_phrase(w, s.difference_low, d.currency),
        last=difference_phrase(w, s.difference_high, d.currency),
    )  # fmt: skip
    line = line[:1].upper() + line[1:]
    return line + (w.say(" – the verdict turns") if s.turns_verdict else "") + "."


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
        "From the fastest to the cheapest, waiting saves {money} a day.",
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


def cluster_sentence(w: Wording) -> str:
    """What several rented nodes need."""
    return w.say("Several nodes together assume a network between them that the offer may lack; ask.")
