"""A comparison as JSON: the stable keys of the API, numbers beside their unit, source and date."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from service.decide.comparison import Comparison
from service.decide.options import Option, Suggestion
from service.estimate.adjustments import Adjustment
from service.estimate.architecture import flops_per_token, parameters, steps
from service.estimate.cost import Cost
from service.estimate.explanation import Contribution, Explanation
from service.estimate.inputs import Input
from service.estimate.interval import Interval
from service.estimate.ladder import Rung
from service.estimate.power_limit import LimitStep, PowerLimitAdvice
from service.facts import CarbonIntensity, ElectricityRate, Source, Workload
from service.reports import from_json, tariff_json
from service.reports.listings.offer_items import likeness_item
from service.reports.words.explaining import explanation_sentences, rung_sentence
from service.reports.words.sentences import adjustment_sentence
from service.reports.words.verdict import verdict_sentences
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]
SIGNIFICANT = 4
"""Digits that every estimate keeps, however small: a run of seconds has hours too."""


def render(c: Comparison, language: str = "en") -> Json:
    """The whole answer; an unknown number is null, never 0."""
    w = wording(language)
    break_even = c.break_even
    answer: Json = {
        "asked_at": c.asked_at.isoformat(),
        "data_version": c.data_version,
        "zone": c.zone,
        "workload": workload(c.workload),
        "considered_offers": c.considered,
        "options": [option(o, w) for o in c.options],
        "verdict": {
            "cheaper": c.verdict.cheaper,
            "faster": c.verdict.faster,
            "cheaper_probability": _round(c.verdict.cheaper_probability, 3),
            "saving": _round(c.verdict.saving, 2),
            "slow_down": _round(c.verdict.slow_down, 2),
            "summary": "",
        },
        "break_even": {
            "currency": c.currency,
            "rent_per_hour": None
            if break_even.rent_per_hour is None
            else near(float(break_even.rent_per_hour), 4),
            "per_kwh": None if break_even.per_kwh is None else near(float(break_even.per_kwh), 4),
        },
        "reference_method": reference(c),
        "sources": [input_number(i) for i in c.inputs],
    }
    first = {o["kind"]: {**o, "sources": []} for o in reversed(answer["options"])}
    # The verdict needs the first option of each kind and none of the numbers behind it.
    heads = from_json.comparison({**answer, "sources": [], "options": list(first.values())})
    answer["verdict"]["summary"] = " ".join(verdict_sentences(w, heads))
    return answer


def workload(w: Workload) -> Json:
    """The run: its size as counted, its recipe as published."""
    recipe = w.recipe
    per_token = flops_per_token(w.architecture, recipe.seq_len)
    run_steps = steps(w.tokens, recipe.global_batch_tokens)
    return {
        "slug": w.slug,
        "name": w.name,
        "family": w.family,
        "parameters": parameters(w.architecture),
        "flops_per_token": per_token,
        "tokens": w.tokens,
        "steps": run_steps,
        "total_flops": float(per_token) * run_steps * recipe.global_batch_tokens,
        "seq_len": recipe.seq_len,
        "global_batch_tokens": recipe.global_batch_tokens,
        "precision": recipe.precision,
        "optimizer": recipe.optimizer,
        "engine": recipe.engine,
        "n_experts": w.architecture.n_experts,
        "reference_hours": w.reference_hours,
        "reference_gpu_count": w.reference_gpu_count,
    }


def option(o: Option, w: Wording) -> Json:
    """One way to do it."""
    planned, rental = o.planned, o.rental
    answer: Json = {
        "kind": o.kind,
        "label": o.label,
        "gpu": o.gpu.slug,
        "gpu_count": o.gpu_count,
        "gpu_memory_gib": o.gpu.memory_gib,
        "gpu_category": o.gpu.category,
        "fit": {
            "verdict": planned.verdict,
            "adjustments": [adjustment(a, w) for a in o.adjustments],
            "micro_batch": planned.plan.micro_batch,
            "gradient_accumulation": round(planned.step.accumulation),
            "peak_memory_gib": round(planned.peak.p50, 2),
            "peak_memory_interval_gib": interval(
                Interval(planned.peak.p10, planned.peak.p50, planned.peak.p90), 2
            ),
            "available_memory_gib": round(planned.available_gib, 2),
            "host_memory_gib": round(planned.peak.host_memory_gib, 1),
            "fit_probability": round(planned.fit_probability, 3),
            "time_factor": round(planned.time_factor, 6),
            "ladder": [rung(r, w) for r in o.ladder],
        },
        "hours": interval(o.hours),
        "calendar_hours": interval(o.calendar_hours),
        "tokens_per_s": _round(o.time.tokens_per_s, 1) if o.time else None,
        "mfu": _round(o.time.mfu, 4) if o.time else None,
        "stages": [{"code": s.code, "hours": _round(s.hours, 3)} for s in o.time.stages] if o.time else [],
        "evidence": o.time.evidence if o.time else None,
        "wall_watts": interval(o.power.watts, 1),
        "power_limit": None if o.power_limit is None else power_limit(o.power_limit),
        "energy_kwh": interval(o.energy_kwh),
        "cost": cost(o.cost),
        "co2_kg": interval(o.co2_kg),
        "offer": None,
        "rate": None if o.rate is None else rate(o.rate),
        "tariff": None if o.price is None else tariff_json.tariff(o.price),
        "when_to_run": None if o.when is None else tariff_json.when(o.when),
        "consumption": None if o.consumption is None else tariff_json.consumption(o.consumption),
        "carbon": None if o.carbon is None else carbon(o.carbon),
        "suggestions": [suggestion(one) for one in rental.suggestions] if rental else [],
        "sources": [input_number(i) for i in o.inputs],
    }
    if rental and rental.offer:
        offer = rental.offer
        answer["offer"] = {
            "slug": offer.slug,
            "provider": offer.provider,
            "provider_name": rental.provider.name if rental.provider else offer.provider,
            "instance": offer.instance,
            "region": offer.region,
            "country": offer.country,
            "tier": offer.tier,
            "term_months": offer.term_months,
            "hourly_price": str(offer.hourly_price),
            "currency": offer.currency,
            "instances": rental.instances,
            **source(replace(offer.source, as_of=offer.as_of)),
            "note": offer.note,
            "market": None,
        }
        if rental.market:
            market = rental.market
            answer["offer"]["market"] = {
                "offers": market.offers,
                "cheapest_per_hour": str(market.cheapest_per_hour),
                "median_per_hour": str(market.median_per_hour),
                "dearest_per_hour": str(market.dearest_per_hour),
                "currency": market.currency,
                "tier": market.tier,
            }
    return answer


def rate(r: ElectricityRate) -> Json:
    """The household tariff, exact as a decimal in a string."""
    return {
        "zone": r.zone,
        "zone_name": r.zone_name,
        "kind": r.kind,
        "per_kwh": str(r.per_kwh),
        "currency": r.currency,
        "note": r.note,
        **source(replace(r.source, as_of=r.as_of)),
    }


def carbon(c: CarbonIntensity) -> Json:
    """The grid, with the method its intensity was counted by."""
    return {
        "zone": c.zone,
        "zone_name": c.zone_name,
        "grams_co2e_per_kwh": c.grams_co2e_per_kwh,
        "year": c.year,
        "scope": c.scope,
        "accounting": c.accounting,
        **source(replace(c.source, as_of=c.as_of)),
    }


def suggestion(one: Suggestion) -> Json:
    """What could be rented where nobody rents out what was asked for."""
    offer = one.offer
    return {
        "slug": offer.slug,
        "provider": offer.provider,
        "gpu": one.gpu.slug,
        "gpu_name": one.gpu.name,
        "gpu_count": offer.gpu_count,
        "tier": offer.tier,
        "hourly_price": str(offer.hourly_price),
        "currency": offer.currency,
        "as_of": offer.as_of.isoformat(),
        "source": offer.source.title,
        "likeness": likeness_item(one.likeness),
    }


def power_limit(advice: PowerLimitAdvice) -> Json:
    """The cheapest power limit for the whole machine, and every limit that was tried."""

    def step(s: LimitStep) -> Json:
        return {
            "limit_share": s.share,
            "limit_watts": round(s.watts, 1),
            "hours": near(s.hours, 2),
            "wall_watts": round(s.wall_watts, 1),
            "energy_kwh": near(s.kwh, 2),
        }

    return {
        "best": step(advice.best),
        "worth_while": advice.worth_while,
        "hours_added": near(advice.hours_added, 4),
        "energy_kwh_saved": interval(advice.kwh_saved, 6),
        "steps": [step(s) for s in advice.steps],
        "measured_on": advice.curve.gpu,
        "stand_in": advice.stand_in,
        "source": advice.curve.source.title,
        "url": advice.curve.source.url,
        "as_of": advice.curve.source.as_of.isoformat(),
    }


def rung(r: Rung, w: Wording) -> Json:
    """One rung of the ladder."""
    return {
        "code": r.code,
        "fits": r.fits,
        "fit_probability": round(r.fit_probability, 3),
        "peak_memory_gib": round(r.peak.p50, 2),
        "micro_batch": r.plan.micro_batch,
        "checkpointed_layers": r.plan.checkpointed_layers,
        "chunked_cross_entropy": r.plan.chunked_cross_entropy,
        "hours": near(r.hours, 4),
        "hours_added": near(r.hours_added, 4),
        "host_memory_gib": round(r.host_memory_gib, 1),
        "host_memory_suffices": r.host_suffices,
        "needs_code_change": r.needs_code_change,
        "experimental": r.experimental,
        "text": rung_sentence(w, r.code),
    }


def explained(e: Explanation, w: Wording) -> Json:
    """Where time and doubt come from, and which runs an estimate rests on."""

    def parts(contributions: Sequence[Contribution], unit: str) -> list[Json]:
        return [
            {"code": c.code, "amount": round(c.amount, 5), "unit": unit, "share": round(c.share, 4)}
            for c in contributions
        ]

    return {
        "time": parts(e.time, "s per optimizer step"),
        "doubt": parts(e.doubt, "log standard deviation"),
        "terms": parts(e.terms, "log standard deviation"),
        "runs": [
            {
                "id": x.slug,
                "gpu": x.gpu,
                "code_base": x.code_base,
                "tokens_per_s": x.tokens_per_s,
                "weight": round(x.weight, 4),
            }
            for x in e.witnesses
        ],
        "runs_in_all": e.runs_in_all,
        "same_code_base_and_gpu": e.same_code_base_and_gpu,
        "same_gpu": e.same_gpu,
        "same_code_base": e.same_code_base,
        "size_ratio": None if e.size_ratio is None else round(e.size_ratio, 3),
        "text": explanation_sentences(w, e),
    }


def adjustment(a: Adjustment, w: Wording) -> Json:
    """One departure from the published recipe."""
    return {
        "code": a.code,
        "before": a.before,
        "after": a.after,
        "time_factor": round(a.time_factor, 4),
        "needs_code_change": a.needs_code_change,
        "text": adjustment_sentence(w, a),
    }


def cost(c: Cost | None) -> Json | None:
    """Money with its items."""
    if c is None:
        return None
    return {
        "currency": c.currency,
        **(interval(c.total, 2) or {}),
        "items": [
            {
                "code": item.code,
                "quantity": interval(item.quantity, 6),
                "quantity_unit": item.quantity_unit,
                "unit_price": None if item.unit_price is None else round(float(item.unit_price), 9),
                "currency": c.currency,
                **(interval(item.amount, 2) or {"p10": None, "p50": None, "p90": None}),
                "is_counted": item.is_counted,
            }
            for item in c.items
        ],
        "exchange_rates": [
            {
                "base": rate.base,
                "quote": rate.quote,
                "rate": str(rate.rate),
                **source(replace(rate.source, as_of=rate.as_of)),
            }
            for rate in c.conversion.rates
        ],
    }


def reference(c: Comparison) -> Json | None:
    """The note's rule of three; null where no published run on H100s exists."""
    r = c.reference
    if r is None:
        return None
    return {
        "gpu_hours": round(r.gpu_hours, 3),
        "ratio_low": round(r.ratio_low, 4),
        "ratio_high": round(r.ratio_high, 4),
        "hours_low": round(r.hours_low, 3),
        "hours_high": round(r.hours_high, 3),
        "days_low": round(r.days_low, 3),
        "days_high": round(r.days_high, 3),
        "watts": r.watts,
        "energy_kwh_low": round(r.energy_kwh_low, 3),
        "energy_kwh_high": round(r.energy_kwh_high, 3),
    }


def input_number(i: Input) -> Json:
    """One number an answer was computed from."""
    figure = i.figure
    return {
        "subject": i.subject,
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "low": figure.low,
        "high": figure.high,
        "basis": figure.basis,
        **source(figure.source),
    }


def source(s: Source) -> Json:
    """Who said so, and when it was true."""
    return {
        "source": s.title,
        "url": s.url,
        "as_of": s.as_of.isoformat(),
        "read_on": s.read_on.isoformat() if s.read_on else None,
        "licence": s.licence,
    }


def interval(i: Interval | None, digits: int = 3) -> dict[str, float] | None:
    """p10, p50, p90; null when unknown."""
    if i is None:
        return None
    return {"p10": near(i.p10, digits), "p50": near(i.p50, digits), "p90": near(i.p90, digits)}


def near(value: float, digits: int) -> float:
    """Rounded to this many decimals, to more where they would leave fewer than four significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(digits, SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))))


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else near(value, digits)
