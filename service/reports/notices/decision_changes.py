"""What has become of a decision: what of it may change, and the changes in words and as JSON."""

from datetime import date
from decimal import Decimal
from typing import Any

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.answers.parts import AnsweredSource
from service.countries import place
from service.decide.decision_change import AnswerSeen, Change, Dated, Number, PlanSeen
from service.reports.listings.sourced import amount
from service.reports.words.plan_names import named_plan
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording

Json = dict[str, Any]


def answer_seen(d: AnsweredDecision, code_version: str) -> AnswerSeen:
    """What a decision says that may change."""
    rates = {
        f"{rate.quote} per {rate.base}": _dated(rate, rate.rate, "")
        for plan in d.shortlist
        for rate in (plan.cost.exchange_rates if plan.cost else ())
    }
    return AnswerSeen(
        currency=d.currency,
        least_probability=d.limits.least_probability,
        best=None if d.best is None else _plan_seen(d.best),
        plans=tuple(_plan_seen(plan) for plan in d.shortlist),
        exchange_rates=rates,
        code_version=code_version,
    )


def _plan_seen(p: AnsweredPlan) -> PlanSeen:
    offer, rate, cost = p.offer, p.rate, p.cost
    is_home = p.plan != "rent"
    return PlanSeen(
        way=p.plan,
        label=p.label,
        gpu=p.gpu,
        gpu_count=p.gpu_count,
        instances=p.instances,
        cost=cost.p50 if cost else None,
        hours=p.hours.p50 if p.hours else None,
        energy_kwh=p.energy_kwh.p50 if p.energy_kwh else None,
        probability=p.probability_within_limits,
        offer=offer.slug if offer else "",
        provider=offer.provider if offer else "",
        provider_name=offer.provider_name if offer else "",
        instance=offer.instance if offer else "",
        region=offer.region if offer else "",
        tier=offer.tier if offer else "",
        term_months=offer.term_months if offer else None,
        rent=_dated(offer, offer.hourly_price, offer.currency) if offer else None,
        rate=_dated(rate, rate.per_kwh, rate.currency) if rate else None,
        per_kwh=_exact(cost.unit_price("electricity")) if cost and is_home else None,
        loss_per_run=_exact(cost.bought_per_run) if cost else None,
    )


def _dated(source: AnsweredSource, value: Decimal, unit: str) -> Dated:
    return Dated(value, unit, source.source, source.as_of.isoformat())


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def headline(w: Wording, before: AnswerSeen, after: AnswerSeen, is_another: bool) -> str:
    """Whether the verdict stands, and what it is; `is_another` if it does not."""
    old, new = (None if a.best is None else _plan_words(w, a.best) for a in (before, after))
    if not is_another:
        if new is None:
            return w.say("The verdict stands: no plan keeps the limits.")
        return w.say("The verdict stands: {plan}.", plan=new)
    if new is None:
        return w.say("The verdict has changed: no plan keeps the limits any more. Before: {plan}.", plan=old)
    if old is None:
        return w.say("The verdict has changed: a plan keeps the limits now: {plan}.", plan=new)
    return w.say("The verdict has changed: {plan}. Before: {before}.", plan=new, before=old)


def failure_headline(w: Wording, error: str) -> str:
    """That a report could not be made, and why."""
    return w.say("The report could not be made: {error}", error=error)


def _plan_words(w: Wording, plan: PlanSeen) -> str:
    where = " ".join(filter(None, (plan.provider_name, place(plan.region, None, w.language))))
    return named_plan(w, plan.way, plan.label, where)


def change_item(w: Wording, change: Change) -> Json:
    """A change as JSON: exact numbers in strings, null where there was or is none, and its sentence."""
    return {
        "code": change.code,
        "subject": change.subject,
        "before": _written(change.before),
        "before_unit": change.before_unit or change.unit,
        "after": _written(change.after),
        "unit": change.unit,
        "source": change.source,
        "as_of": change.as_of or None,
        "cause": change.cause,
        "sentence": change_sentence(w, change),
    }


def change_sentence(w: Wording, c: Change) -> str:
    """A change in words, with the source and the day of what is new."""
    if c.code == "offer_gone":
        return w.say(
            "The offer {what} is no longer listed; it was {price} per hour.",
            what=c.subject, price=w.unit_price(_number(c.before), c.unit),
        )  # fmt: skip
    if c.code == "offer_new":
        return w.say(
            "A new offer: {what} for {price} per hour{told}.",
            what=c.subject, price=w.unit_price(_number(c.after), c.unit), told=_source_words(w, c),
        )  # fmt: skip
    if c.code == "other":
        return w.say("No single price or estimate explains it: plans close to each other changed places.")
    if c.code in ("rent", "electricity", "card"):
        return _price_sentence(w, c)
    before, after = _number(c.before), _number(c.after)
    if c.code == "exchange_rate":
        return w.say(
            "The exchange rate went from {before} to {after} {unit}{told}.",
            before=w.exact(before), after=w.exact(after), unit=c.subject, told=_source_words(w, c),
        )  # fmt: skip
    if c.code == "cost":
        old, new = (w.about(float(value), c.unit) for value in (before, after))
        return w.say(
            "{what} costs about {after} now, {before} before.", what=c.subject, after=new, before=old
        )
    if c.code == "chance":
        old, new = (w.likely(float(value)) for value in (before, after))
        return w.say(
            "{what} keeps the limits with a probability of {after} now, {before} before.",
            what=c.subject, after=new, before=old,
        )  # fmt: skip
    return _estimate_sentence(w, c, float(before), float(after))


def _price_sentence(w: Wording, c: Change) -> str:
    before, after = _number(c.before), _number(c.after)
    phrases = {
        "what": c.subject,
        "before": w.unit_price(before, c.before_unit or c.unit),
        "after": w.unit_price(after, c.unit),
        "told": _source_words(w, c),
    }
    if c.code == "electricity":
        return w.say("The price per kWh at home went from {before} to {after}{told}.", **phrases)
    if c.code == "card":
        return w.say("Buying {what} costs {after} a run now, {before} before{told}.", **phrases)
    if c.before_unit or after == before:
        return w.say("The rent of {what} went from {before} to {after} per hour{told}.", **phrases)
    if after > before:
        return w.say("The rent of {what} rose from {before} to {after} per hour{told}.", **phrases)
    return w.say("The rent of {what} fell from {before} to {after} per hour{told}.", **phrases)


def _estimate_sentence(w: Wording, c: Change, before: float, after: float) -> str:
    cause = {
        "code": w.say("a newer version of this product"),
        "calibration": w.say("measured runs, calibration or catalog"),
    }[c.cause]
    if c.code == "hours":
        return w.say(
            "The estimate itself changed: {what} takes {after}, before {before} ({cause}).",
            what=c.subject, after=duration(w, after), before=duration(w, before), cause=cause,
        )  # fmt: skip
    return w.say(
        "The estimate itself changed: {what} needs {after} kWh, before {before} ({cause}).",
        what=c.subject, after=w.rounded(after), before=w.rounded(before), cause=cause,
    )  # fmt: skip


def _source_words(w: Wording, c: Change) -> str:
    """Who says so for which day, in brackets; empty where the answer names nobody."""
    return f" ({c.source}, {w.day(date.fromisoformat(c.as_of))})" if c.source and c.as_of else ""


def _number(value: Number | None) -> Number:
    assert value is not None
    return value


def _written(value: Number | None) -> str | None:
    return None if value is None else amount(value if isinstance(value, Decimal) else Decimal(str(value)))
