"""From exact to told: a comparison, a decision and estimates as they are answered, every number rounded once.

Rules that need exact numbers (whether a plan keeps the limits, which plans were held against each other) are
decided before this; sentences are written afterwards, from the numbers as they stand here.
"""

from dataclasses import asdict
from typing import Literal

from service.answers.answer import (
    AnsweredBreakEven,
    AnsweredComparison,
    AnsweredDebugging,
    AnsweredDecision,
    AnsweredFineTuning,
    AnsweredIfRentsHold,
    AnsweredLeftAside,
    AnsweredLimits,
    AnsweredNearest,
    AnsweredNearTie,
    AnsweredPlan,
    AnsweredPlanBrief,
    AnsweredPrices,
    AnsweredReference,
    AnsweredSwing,
    AnsweredTurn,
    AnsweredTurningPoint,
    AnsweredVat,
    AnsweredVerdict,
    AnsweredWeights,
    AnsweredWorkload,
)
from service.answers.option import AnsweredWhyNot
from service.answers.rounding import near, near_interval, near_interval_or_none, near_or_none
from service.answers.told_option import option_fields, tell_numbers, tell_option
from service.decide.comparison import Comparison
from service.decide.decision import Decision, LeftAside, NearestPlan, RatedOption, RatedTie, RatedTurn
from service.decide.options import Option, Way
from service.decide.turning import Swing
from service.decide.why_not import WhyNot
from service.estimate.activations import prepared_for_few_bits
from service.estimate.architecture import flops_per_token, parameter_groups, parameters, steps
from service.estimate.block_matrices import ATTENTION, QUERY_VALUE
from service.estimate.debugging import DebuggingBenefit
from service.estimate.interval import Interval
from service.estimate.model_notes import model_notes
from service.estimate.price_age import PricesUsed
from service.estimate.reference_run import ReferenceMethod
from service.estimate.step_work import adapter_matrices, trained_parameters
from service.estimate.vat import Vat
from service.facts import GIB, Workload

HOURS_PER_DAY = 24


def tell_comparison(c: Comparison) -> AnsweredComparison:
    """What is told of a comparison; its id and its sentences are still empty."""
    verdict, turns = c.verdict, c.break_even
    return AnsweredComparison(
        id="",
        asked_at=c.asked_at,
        data_version=c.data_version,
        zone=c.zone,
        workload=tell_workload(c.workload),
        considered_offers=c.considered,
        options=tuple(
            tell_option(o).model_copy(update={"why_not": _why_not(code)})
            for o, code in zip(c.options, c.why_not, strict=True)
        ),
        verdict=AnsweredVerdict(
            cheaper=verdict.cheaper,
            faster=verdict.faster,
            cheaper_probability=near_or_none(verdict.cheaper_probability, 3),
            saving=near_or_none(verdict.saving, 2),
            slow_down=near_or_none(verdict.slow_down, 2),
            summary="",
        ),
        break_even=AnsweredBreakEven(
            currency=c.currency,
            rent_per_hour=None if turns.rent_per_hour is None else near(float(turns.rent_per_hour), 4),
            per_kwh=None if turns.per_kwh is None else near(float(turns.per_kwh), 4),
        ),
        reference_method=None if c.reference is None else _reference(c.reference),
        sources=tell_numbers(c.inputs),
        prices=_prices(c.prices),
        vat=_vat(c.vat),
    )


def tell_workload(w: Workload) -> AnsweredWorkload:
    """The run: its size as counted, its recipe as published."""
    recipe = w.recipe
    per_token = flops_per_token(w.architecture, recipe.seq_len)
    run_steps = steps(w.tokens, recipe.global_batch_tokens)
    return AnsweredWorkload(
        slug=w.slug,
        name=w.name,
        family=w.family,
        parameters=parameters(w.architecture),
        flops_per_token=per_token,
        tokens=w.tokens,
        steps=run_steps,
        total_flops=float(per_token) * run_steps * recipe.global_batch_tokens,
        seq_len=recipe.seq_len,
        global_batch_tokens=recipe.global_batch_tokens,
        precision=recipe.precision,
        optimizer=recipe.optimizer,
        engine=recipe.engine,
        n_experts=w.architecture.n_experts,
        reference_hours=w.reference_hours,
        reference_gpu_count=w.reference_gpu_count,
        model_notes=model_notes(w.architecture, recipe),
        trials=w.trials,
        failed_runs=w.failed_runs,
        trainer_file=None,
        fine_tuning=_fine_tuning(w),
    )


def _fine_tuning(w: Workload) -> AnsweredFineTuning | None:
    data, recipe = w.fine_tuning, w.recipe
    if data is None:
        return None
    adapters, upcast = recipe.trained != "all", prepared_for_few_bits(recipe)
    groups = parameter_groups(w.architecture)
    return AnsweredFineTuning(
        method=data.method,
        examples=data.examples,
        epochs=data.epochs,
        mean_tokens=data.mean_tokens,
        max_length=data.max_length,
        packed=data.packed,
        trained_tokens=near(data.trained_tokens, 0),
        cut_share=round(data.cut_share, 4),
        padding_share=round(data.padding_share, 4),
        longest_tokens=recipe.max_seq_len or recipe.seq_len,
        padding_share_low=round(data.padding_share_low, 4),
        padding_share_high=round(data.padding_share_high, 4),
        adapter_rank=recipe.adapter_rank if adapters else None,
        adapter_targets=recipe.adapter_targets if adapters else None,
        modules_to_save=recipe.modules_to_save,
        trained_parameters=trained_parameters(w.architecture, recipe),
        expert_adapters=_expert_adapters(w) if adapters else None,
        micro_batch=recipe.micro_batch,
        sequences_per_step=recipe.global_batch_tokens // recipe.seq_len,
        upcast_gib=round(2 * (groups.total - groups.matrices) / GIB, 2) if upcast else None,
    )


def _expert_adapters(w: Workload) -> Literal["none", "fused"] | None:
    """None too where the words asked for attention alone."""
    if w.architecture.n_experts == 1 or w.recipe.adapter_targets in (ATTENTION, QUERY_VALUE):
        return None
    reached = any(m.part == "experts" for m in adapter_matrices(w.architecture, w.recipe))
    return "fused" if reached else "none"


def _reference(r: ReferenceMethod) -> AnsweredReference:
    return AnsweredReference(
        gpu_hours=round(r.gpu_hours, 3),
        ratio_low=round(r.ratio_low, 4),
        ratio_high=round(r.ratio_high, 4),
        hours_low=round(r.hours_low, 3),
        hours_high=round(r.hours_high, 3),
        days_low=round(r.days_low, 3),
        days_high=round(r.days_high, 3),
        watts=r.watts,
        energy_kwh_low=round(r.energy_kwh_low, 3),
        energy_kwh_high=round(r.energy_kwh_high, 3),
    )


def tell_decision(d: Decision) -> AnsweredDecision:
    """What is told of a decision; its id and its sentences are still empty."""
    hours = d.limits.deadline_hours
    cost, time, co2 = d.weights or (0.0, 0.0, 0.0)
    return AnsweredDecision(
        id="",
        asked_at=d.asked_at,
        data_version=d.data_version,
        zone=d.zone,
        currency=d.currency,
        workload=tell_workload(d.workload),
        limits=AnsweredLimits(
            budget=d.limits.budget,
            currency=d.currency,
            deadline_hours=hours,
            deadline_days=None if hours is None else hours / HOURS_PER_DAY,
            least_probability=d.least_probability,
        ),
        rule=d.rule,
        weights=None if d.weights is None else AnsweredWeights(cost=cost, time=time, co2=co2),
        summary="",
        best=None if d.best is None else _plan(d.best, d),
        needs_stated_rent=d.needs_stated_rent,
        if_rents_hold=_if_rents_hold(d),
        shortlist=tuple(_plan(r, d) for r in d.shortlist),
        dominated_count=d.dominated_count,
        considered=d.considered,
        unshown=d.unshown,
        unpriced=d.unpriced,
        near_ties=tuple(_near_tie(t, d.best) for t in d.near_ties),
        turns=tuple(_turn(t) for t in d.turns),
        left_aside=tuple(_left_aside(x) for x in d.left_aside),
        nearest_possible=tuple(_nearest(n, d) for n in d.nearest),
        sensitivity=tuple(_swing(s, d.currency) for s in d.sensitivity),
        break_even=tuple(
            AnsweredTurningPoint(per_kwh=per_kwh, rent_per_hour=near(rent, 4), currency=d.currency)
            for per_kwh, rent in d.break_even
        ),
        runs_until_bought=d.runs_until_bought,
        instead_of_buying=None if d.instead_of_buying is None else _brief(d.instead_of_buying),
        saved_per_day=near_or_none(d.saved_per_day, 2),
        sources=tell_numbers(d.inputs),
        prices=_prices(d.prices),
        vat=_vat(d.vat),
    )


def _prices(used: PricesUsed | None) -> AnsweredPrices | None:
    return None if used is None else AnsweredPrices(**asdict(used))


def _vat(vat: Vat | None) -> AnsweredVat | None:
    if vat is None:
        return None
    rate = vat.standard
    return AnsweredVat(
        buyer=vat.buyer,
        country=vat.country,
        share=rate.share if rate else None,
        electricity_share=vat.electricity_share,
        source=rate.source.title if rate else "",
        url=rate.source.url if rate else "",
        as_of=rate.source.as_of if rate else None,
    )


def _plan(r: RatedOption, d: Decision) -> AnsweredPlan:
    fields = option_fields(r.option)
    fields["calendar_hours"] = near_interval_or_none(r.calendar_hours)
    return AnsweredPlan(
        **fields,
        plan=r.way,
        instances=r.instances,
        plan_co2_kg=near_or_none(r.co2_kg, 1),
        plan_co2_interval_kg=near_interval_or_none(_plan_co2(r), 1),
        probability_within_limits=round(r.probability, 3),
        probability_if_rent_holds=None if r.if_rent_holds is None else round(r.if_rent_holds, 3),
        rents_seen_days=r.option.rental.rents_seen_days if r.option.rental else None,
        keeps_limits=r.keeps_limits,
        is_compared=r is d.home or r is d.rented,
        is_on_front=r.is_on_front,
        is_rival=r is d.rival,
        is_best_if_rents_hold=r is d.if_rents_hold,
        set_aside=r.set_aside,
        why_not=_why_not(r.why_not),
        debugging=None if r.debugging is None else _debugging(r.debugging),
    )


def _debugging(b: DebuggingBenefit) -> AnsweredDebugging:
    return AnsweredDebugging(
        hours=b.hours, saved=near_interval(b.saved, 2), electricity=near_interval(b.electricity, 2)
    )


def _why_not(code: WhyNot | None) -> AnsweredWhyNot | None:
    return None if code is None else AnsweredWhyNot(code=code, sentence="")


def _plan_co2(r: RatedOption) -> Interval | None:
    """Of the whole plan: as uncertain as that of its training, which nearly all of it is."""
    training = r.option.co2_kg
    if r.co2_kg is None or training is None or not training.p50:
        return None
    return training * (r.co2_kg / training.p50)


def _nearest(n: NearestPlan, d: Decision) -> AnsweredNearest:
    unit = {"budget": d.currency, "deadline": "h", "tokens": "tokens", "model": "parameters"}[n.code]
    return AnsweredNearest(
        change=n.code,
        value=near(n.value, 2),
        unit=unit,
        workload=n.workload or None,
        sentence="",
        option=None if n.plan is None else _plan(n.plan, d),
        needs_stated_rent=n.needs_stated_rent,
    )


def _near_tie(t: RatedTie, best: RatedOption | None) -> AnsweredNearTie:
    """Its difference in money is that of the two sums as they are told."""
    money = t.tie.extra_cost
    if best and best.cost and t.plan.cost:
        money = near(t.plan.cost.p50, 2) - near(best.cost.p50, 2)
    return AnsweredNearTie(
        extra_cost=near(money, 2),
        saved_hours=near(t.tie.saved_hours, 2),
        gained_probability=round(t.tie.gained_probability, 3),
        drawback=t.tie.drawback,
        debugging_hours=near(t.plan.debugging.hours.p50, 3) if t.plan.debugging else None,
        plan=_brief(t.plan),
        sentence="",
    )


def _if_rents_hold(d: Decision) -> AnsweredIfRentsHold | None:
    best, held = d.best, d.if_rents_hold
    if best is None or held is None:
        return None
    assert best.cost and best.calendar_hours and held.cost and held.calendar_hours
    assert held.if_rent_holds is not None  # else it would be as sure today
    return AnsweredIfRentsHold(
        extra_cost=near(held.cost.p50 - best.cost.p50, 2),
        saved_hours=near(best.calendar_hours.p50 - held.calendar_hours.p50, 2),
        probability_within_limits=round(held.probability, 3),
        probability_if_rent_holds=round(held.if_rent_holds, 3),
        plan=_brief(held),
        sentence="",
    )


def _brief(r: RatedOption) -> AnsweredPlanBrief:
    return tell_brief(r.way, r.option, r.cost, r.calendar_hours)


def tell_brief(way: Way, option: Option, cost: Interval | None, hours: Interval | None) -> AnsweredPlanBrief:
    """A plan by its name, with the medians of its money and of its hours on the calendar."""
    rental = option.rental
    provider, offer = (rental.provider, rental.offer) if rental else (None, None)
    return AnsweredPlanBrief(
        plan=way,
        label=option.label,
        provider_name=provider.name if provider else "",
        tier=offer.tier if offer else None,
        term_months=offer.term_months if offer else None,
        cost=near_or_none(cost.p50 if cost else None, 2),
        calendar_hours=near_or_none(hours.p50 if hours else None, 3),
    )


def _turn(t: RatedTurn) -> AnsweredTurn:
    return AnsweredTurn(
        input=t.turn.code,
        now=near(t.turn.now, 6),
        at=near(t.turn.at, 6),
        then=None if t.then is None else _brief(t.then),
        sentence="",
    )


def _left_aside(x: LeftAside) -> AnsweredLeftAside:
    return AnsweredLeftAside(
        reason=x.reason,
        count=x.count,
        cheapest=None if x.cheapest is None else _brief(x.cheapest),
        sentence="",
    )


def _swing(s: Swing, currency: str) -> AnsweredSwing:
    return AnsweredSwing(
        input=s.code,
        low=s.low,
        high=s.high,
        difference_low=near(s.difference_low, 2),
        difference_high=near(s.difference_high, 2),
        currency=currency,
        turns_verdict=s.turns,
        sentence="",
    )
