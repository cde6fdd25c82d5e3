"""What would change a decision, in words: ranges, turning points, near ties, plans left aside."""

from service.answers.answer import (
    AnsweredDecision,
    AnsweredLeftAside,
    AnsweredNearTie,
    AnsweredSwing,
    AnsweredTurn,
)
from service.decide.turning import LeverCode
from service.reports.words.plan_names import brief_name
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording

MONEY: tuple[LeverCode, ...] = ("rent", "rival_rent", "kwh_price", "card_price", "card_loss")


def input_name(w: Wording, code: LeverCode) -> str:
    """What an input of a decision is called."""
    return {
        "rent": w.say("rent per hour"),
        "rival_rent": w.say("rent per hour of the next plan"),
        "kwh_price": w.say("price per kWh"),
        "hours": w.say("training hours of this machine"),
        "rival_hours": w.say("training hours of the next machine"),
        "home_watts": w.say("watts at the plug"),
        "idle_hours": w.say("idle hours when renting"),
        "card_price": w.say("price of the card"),
        "card_loss": w.say("loss of value of the card"),
    }[code]


def input_value(w: Wording, code: LeverCode, value: float, currency: str) -> str:
    """An input's value with its unit."""
    if code in MONEY:
        return w.unit_price(value, currency)
    if code == "idle_hours":
        return w.percent(value)
    return w.say("{watts} W", watts=w.rounded(value)) if code == "home_watts" else duration(w, value)


def difference_phrase(w: Wording, amount: float, currency: str) -> str:
    """How much more, or less."""
    if amount < 0:
        return w.say("{amount} less", amount=w.about(-amount, currency))
    return w.say("{amount} more", amount=w.about(amount, currency))


def swing_sentence(w: Wording, s: AnsweredSwing, d: AnsweredDecision) -> str:
    """How far one input moves what the next plan costs beyond the chosen one."""
    line = w.say(
        "{name} {low} to {high}: the next plan costs {first} to {last}",
        name=input_name(w, s.input),
        low=input_value(w, s.input, s.low, d.currency), high=input_value(w, s.input, s.high, d.currency),
        first=difference_phrase(w, s.difference_low, d.currency),
        last=difference_phrase(w, s.difference_high, d.currency),
    )  # fmt: skip
    line = line[:1].upper() + line[1:]
    return line + (w.say("; the choice changes") if s.turns_verdict else "") + "."


def turn_sentence(w: Wording, t: AnsweredTurn, d: AnsweredDecision) -> str:
    """At which value another plan is chosen, and which."""
    name = input_name(w, t.input)
    phrases = {
        "name": name[:1].upper() + name[1:], "at": input_value(w, t.input, t.at, d.currency),
        "now": input_value(w, t.input, t.now, d.currency),
    }  # fmt: skip
    if t.then is None:
        if t.at > t.now:
            return w.say("{name} above {at} (now {now}): no plan keeps the limits.", **phrases)
        return w.say("{name} below {at} (now {now}): no plan keeps the limits.", **phrases)
    plan = brief_name(w, t.then)
    if t.at > t.now:
        return w.say("{name} above {at} (now {now}): another plan is better, {plan}.", plan=plan, **phrases)
    return w.say("{name} below {at} (now {now}): another plan is better, {plan}.", plan=plan, **phrases)


def near_tie_sentence(w: Wording, t: AnsweredNearTie, d: AnsweredDecision) -> str:
    """What a little more money, or time, would buy."""
    sure = (d.best.probability_within_limits if d.best else 0.0) + t.gained_probability
    phrases = {
        "plan": brief_name(w, t.plan), "money": w.about(abs(t.extra_cost), d.currency),
        "time": duration(w, abs(t.saved_hours)), "cost": w.about(t.plan.cost or 0.0, d.currency),
        "takes": duration(w, t.plan.calendar_hours or 0.0),
        "sure": w.likely(min(sure, 1.0)),
    }  # fmt: skip
    if t.extra_cost < 0:
        return w.say("{time} longer saves {money}: {plan} ({cost}, {takes}).", **phrases)
    if t.saved_hours > 0 and d.rule == "cheapest" and t.gained_probability <= 0:
        return w.say("{money} more saves {time}: {plan} ({cost}, {takes}).", **phrases)
    if t.saved_hours > 0:
        return w.say(
            "{money} more saves {time}: {plan} ({cost}, {takes}; keeps the limits with {sure}).", **phrases
        )
    return w.say(
        "{money} more keeps the limits more surely, with {sure}: {plan} ({cost}, {takes}).", **phrases
    )


def left_aside_sentence(w: Wording, x: AnsweredLeftAside, d: AnsweredDecision) -> str:
    """Why plans are not recommended, with the cheapest of them."""
    reason = {
        "too_long": w.say("they take more than two years"),
        "host_memory": w.say("they need more main memory than the machine has"),
    }[x.reason]
    if x.cheapest is None:
        return w.say(
            "Not recommended: {count} plans, because {reason}.", count=w.number(x.count), reason=reason
        )
    return w.say(
        "Not recommended: {count} plans, because {reason}; the cheapest: {plan} ({cost}, {takes}).",
        count=w.number(x.count), reason=reason, plan=brief_name(w, x.cheapest),
        cost=w.about(x.cheapest.cost or 0.0, d.currency),
        takes=duration(w, x.cheapest.calendar_hours or 0.0),
    )  # fmt: skip
