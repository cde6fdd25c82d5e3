"""What would change a decision, in words: ranges, turning points, near ties, plans left aside."""

from service.answers.answer import (
    AnsweredDecision,
    AnsweredLeftAside,
    AnsweredNearTie,
    AnsweredPlanBrief,
    AnsweredSwing,
    AnsweredTurn,
)
from service.decide.turning import LeverCode
from service.reports.words.plan_names import brief_name, plan_name
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording

LEAST_DIFFERENCE = 0.005
MONEY: tuple[LeverCode, ...] = ("rent", "rival_rent", "kwh_price", "card_price", "card_loss")


def input_name(w: Wording, code: LeverCode) -> str:
    """What an input of a decision is called."""
    return {
        "rent": w.say("rent per hour"),
        "rival_rent": w.say("rent per hour of the next plan"),
        "kwh_price": w.say("price per kWh"),
        "hours": w.say("training time of the chosen machine"),
        "rival_hours": w.say("training time of the next machine"),
        "home_watts": w.say("watts at the plug"),
        "idle_hours": w.say("idle hours when renting"),
        "card_price": w.say("price of the card"),
        "card_loss": w.say("loss of value of the card"),
        "capital_cost": w.say("return of money elsewhere per year"),
    }[code]


def input_value(w: Wording, code: LeverCode, value: float, currency: str) -> str:
    """An input's value with its unit."""
    if code in MONEY:
        return w.unit_price(value, currency)
    if code == "idle_hours":
        return w.percent(value)
    if code == "capital_cost":
        return w.share(value, 1)
    return w.say("{watts} W", watts=w.rounded(value)) if code == "home_watts" else duration(w, value)


def difference_phrase(w: Wording, amount: float, currency: str) -> str:
    """How much more, or less; as much where it is less than a cent."""
    if abs(amount) < LEAST_DIFFERENCE:
        return w.say("as much")
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


def telling_turns(w: Wording, d: AnsweredDecision) -> list[AnsweredTurn]:
    """The turning points that say something: not those where a plan of the same name takes the chosen one's
    place, another region of the same offer."""
    best = d.best
    if best is None:
        return list(d.turns)
    return [
        t for t in d.turns
        if t.then is None or brief_name(w, t.then) != plan_name(w, best, with_terms=bool(t.then.tier))
    ]  # fmt: skip


def turn_sentence(w: Wording, t: AnsweredTurn, d: AnsweredDecision) -> str:
    """At which value another plan is chosen, and which."""
    when = _when(w, t, d)
    if t.then is None:
        return w.say("{when}: no plan keeps the limits.", when=when)
    return w.say("{when}: then {plan} instead.", when=when, plan=brief_name(w, t.then))


def _when(w: Wording, t: AnsweredTurn, d: AnsweredDecision) -> str:
    """The value of an input from which on it turns; where that reads like today's, that it is hardly more."""
    name = input_name(w, t.input)
    at, now = input_value(w, t.input, t.at, d.currency), input_value(w, t.input, t.now, d.currency)
    phrases = {"name": name[:1].upper() + name[1:], "at": at, "now": now}
    if at == now:
        phrases.pop("at")
        if t.at > t.now:
            return w.say("{name} hardly above today's {now}", **phrases)
        return w.say("{name} hardly below today's {now}", **phrases)
    if t.at > t.now:
        return w.say("{name} above {at} (now {now})", **phrases)
    return w.say("{name} below {at} (now {now})", **phrases)


def near_tie_sentence(w: Wording, t: AnsweredNearTie, d: AnsweredDecision) -> str:
    """What a little more money, or time, would buy; or what was passed over, and why."""
    if t.drawback or (t.extra_cost < 0 <= t.saved_hours):
        return _passed_over_sentence(w, t, d)
    phrases = _plan_phrases(w, t.plan, d) | {
        "money": w.about(abs(t.extra_cost), d.currency), "time": duration(w, abs(t.saved_hours)),
        "sure": _sure(w, t, d),
    }  # fmt: skip
    told_sure = d.has_limits and d.best and phrases["sure"] != w.likely(d.told_chance(d.best))
    if t.extra_cost < 0 and d.needs_stated_rent and told_sure:
        return w.say(
            "Waiting {time} longer saves {money}: {plan} ({cost}, {takes}; keeps the limits with a "
            "probability of {sure}).",
            **phrases,
        )
    if t.extra_cost < 0:
        return w.say("Waiting {time} longer saves {money}: {plan} ({cost}, {takes}).", **phrases)
    if t.saved_hours > 0 and d.rule == "cheapest" and not told_sure:
        return w.say("For {money} more it is done {time} earlier: {plan} ({cost}, {takes}).", **phrases)
    if t.saved_hours > 0:
        return w.say(
            "For {money} more it is done {time} earlier: {plan} ({cost}, {takes}; keeps the limits with a "
            "probability of {sure}).",
            **phrases,
        )
    return w.say(
        "For {money} more it keeps the limits more surely, with a probability of {sure}: {plan} ({cost}, "
        "{takes}).",
        **phrases,
    )


def _passed_over_sentence(w: Wording, t: AnsweredNearTie, d: AnsweredDecision) -> str:
    """What the first by the rule alone has before the plan that was taken, and what speaks against it."""
    if t.drawback == "more_work" and t.debugging_hours is not None and t.extra_cost < 0:
        return _debugging_sentence(w, t, d, t.debugging_hours)
    gain = difference_phrase(w, t.extra_cost, d.currency)
    if d.rule == "fastest":
        gain = w.say("{time} sooner", time=duration(w, abs(t.saved_hours)))
    return w.say(
        "{gain}, but {drawback}: {plan} ({cost}, {takes}).",
        gain=gain[:1].upper() + gain[1:], drawback=_drawback_phrase(w, t, d), **_plan_phrases(w, t.plan, d),
    )  # fmt: skip


def _debugging_sentence(w: Wording, t: AnsweredNearTie, d: AnsweredDecision, hours: float) -> str:
    """What debugging at home first would save, of the plan that was taken or of another one."""
    phrases = _plan_phrases(w, t.plan, d) | {
        "hours": duration(w, hours), "money": w.about(-t.extra_cost, d.currency)
    }  # fmt: skip
    offer = d.best.offer if d.best else None
    taken = (offer.provider_name, offer.tier) if offer else ("", None)
    if d.best and (t.plan.label, t.plan.provider_name, t.plan.tier) == (d.best.label, *taken):
        return w.say("Debugging at home for {hours} first would save {money} ({cost}, {takes}).", **phrases)
    return w.say(
        "Debugging at home for {hours} first would save {money}: {plan} ({cost}, {takes}).", **phrases
    )


def _drawback_phrase(w: Wording, t: AnsweredNearTie, d: AnsweredDecision) -> str:
    if t.drawback == "slower":
        return w.say("it takes {time} longer", time=duration(w, abs(t.saved_hours)))
    if t.drawback == "dearer":
        return w.say("it costs {money} more", money=w.about(abs(t.extra_cost), d.currency))
    if t.drawback == "less_sure":
        return w.say("it keeps the limits with a probability of {sure} only", sure=_sure(w, t, d))
    if t.drawback == "code_change":
        return w.say("the training code has to be changed more")
    if t.drawback in ("more_work", None):
        return w.say("it is more work")
    return w.say("with an older price, less surely in stock or with more GPUs")


def left_aside_sentence(w: Wording, x: AnsweredLeftAside, d: AnsweredDecision) -> str:
    """Why plans are not recommended, with the cheapest of them."""
    reason = {
        "too_long": w.counted(
            "{count} plan, because it takes more than two years",
            "{count} plans, because they take more than two years",
            x.count,
        ),
        "host_memory": w.counted(
            "{count} plan, because it needs more main memory than the machine has",
            "{count} plans, because they need more main memory than the machine has",
            x.count,
        ),
    }[x.reason]
    if x.cheapest is None:
        return w.say("Not recommended: {plans}.", plans=reason)
    return w.say(
        "Not recommended: {plans}; the cheapest: {plan} ({cost}, {takes}).",
        plans=reason, **_plan_phrases(w, x.cheapest, d),
    )  # fmt: skip


def _plan_phrases(w: Wording, p: AnsweredPlanBrief, d: AnsweredDecision) -> dict[str, str]:
    """A plan by its name, what it costs and how long it takes."""
    cost, takes = w.about(p.cost or 0.0, d.currency), duration(w, p.calendar_hours or 0.0)
    return {"plan": brief_name(w, p), "cost": cost, "takes": takes}


def _sure(w: Wording, t: AnsweredNearTie, d: AnsweredDecision) -> str:
    """How surely it keeps the limits."""
    return w.likely((d.best.probability_within_limits if d.best else 0.0) + t.gained_probability)
