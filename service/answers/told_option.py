"""One way to do a run: from the exact `Option` to what is told of it, rounded once."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from service.answers.option import (
    AnsweredAdjustment,
    AnsweredContribution,
    AnsweredCost,
    AnsweredExchange,
    AnsweredExplanation,
    AnsweredFit,
    AnsweredGrid,
    AnsweredItem,
    AnsweredLikeness,
    AnsweredLimitStep,
    AnsweredMarket,
    AnsweredOffer,
    AnsweredOption,
    AnsweredPowerLimit,
    AnsweredPractical,
    AnsweredPurchase,
    AnsweredRate,
    AnsweredRestOfPc,
    AnsweredRung,
    AnsweredStage,
    AnsweredSuggestion,
    AnsweredTold,
    AnsweredWitness,
)
from service.answers.parts import AnsweredNumber
from service.answers.rounding import near, near_interval, near_interval_or_none, near_or_none
from service.answers.told_hours import tell_consumption, tell_tariff, tell_when
from service.decide.options import Option, Rental, Suggestion
from service.decide.own_card import Told, ToldCode
from service.decide.practical import Practical
from service.estimate.adjustments import Adjustment
from service.estimate.cost import Cost
from service.estimate.explanation import Contribution, Explanation
from service.estimate.home_bill import Purchase, RestOfPc
from service.estimate.inputs import Input
from service.estimate.interval import Interval, certain
from service.estimate.ladder import Rung
from service.estimate.nearest_gpu import Likeness
from service.estimate.power_limit import LimitStep, PowerLimitAdvice
from service.facts import CarbonIntensity, ElectricityRate, Figure, Source

UNITS_TOLD: Mapping[ToldCode, str] = MappingProxyType(
    {"power_limit": "W", "pcie_lanes": "lanes", "nvlink": "cards"}
)
"""Of what the asker says of the cards; NVLink is between so many, 0 where it is denied."""


def tell_option(o: Option) -> AnsweredOption:
    """What is told of an option; its sentences are still empty. An unknown number is None, never 0."""
    return AnsweredOption(**option_fields(o))


def option_fields(o: Option) -> dict[str, Any]:
    """The fields of an option by name: a decision's plan has them too."""
    time = o.time
    return {
        "kind": o.kind,
        "label": o.label,
        "gpu": o.gpu.slug,
        "gpu_count": o.gpu_count,
        "gpu_memory_gib": o.gpu.memory_gib,
        "gpu_category": o.gpu.category,
        "fit": _fit(o),
        "hours": near_interval_or_none(o.hours),
        "calendar_hours": near_interval_or_none(o.calendar_hours),
        "tokens_per_s": near(time.tokens_per_s, 1) if time else None,
        "mfu": near(time.mfu, 4) if time else None,
        "stages": tuple(AnsweredStage(code=s.code, hours=near_or_none(s.hours, 3)) for s in time.stages)
        if time
        else (),
        "evidence": time.evidence if time else None,
        "wall_watts": near_interval(o.power.watts, 1),
        "power_limit": None if o.power_limit is None else _power_limit(o.power_limit),
        "energy_kwh": near_interval_or_none(o.energy_kwh),
        "cost": None if o.cost is None else tell_cost(o.cost),
        "co2_kg": near_interval_or_none(o.co2_kg),
        "offer": _offer(o.rental) if o.rental else None,
        "rate": None if o.rate is None else _rate(o.rate),
        "tariff": None if o.price is None else tell_tariff(o.price),
        "when_to_run": None if o.when is None else tell_when(o.when),
        "consumption": None if o.consumption is None else tell_consumption(o.consumption),
        "carbon": None if o.carbon is None else _grid(o.carbon),
        "suggestions": tuple(_suggestion(s) for s in o.rental.suggestions) if o.rental else (),
        "sources": tell_numbers(o.inputs),
        "as_told": tuple(_as_told(told) for told in o.told),
        "purchase": None if o.purchase is None or o.cost is None else _purchase(o.purchase, o.cost.currency),
        "practical": None if o.practical is None else _practical(o.practical),
    }


def _practical(p: Practical) -> AnsweredPractical:
    return AnsweredPractical(
        tokens=p.tokens,
        gpu_count=p.gpu_count,
        smaller=p.smaller.slug if p.smaller else None,
        smaller_name=p.smaller.name if p.smaller else None,
    )


def _as_told(told: Told) -> AnsweredTold:
    return AnsweredTold(
        code=told.code,
        value=told.value,
        unit=UNITS_TOLD[told.code],
        time_factor=round(told.time_factor, 4),
        text="",
    )


def _fit(o: Option) -> AnsweredFit:
    planned = o.planned
    peak = planned.peak
    return AnsweredFit(
        verdict=planned.verdict,
        adjustments=tuple(_adjustment(a) for a in o.adjustments),
        micro_batch=planned.plan.micro_batch,
        gradient_accumulation=round(planned.step.accumulation),
        peak_memory_gib=round(peak.p50, 2),
        peak_memory_interval_gib=near_interval(Interval(peak.p10, peak.p50, peak.p90), 2),
        available_memory_gib=round(planned.available_gib, 2),
        host_memory_gib=round(peak.host_memory_gib, 1),
        fit_probability=round(planned.fit_probability, 3),
        time_factor=round(planned.time_factor, 6),
        ladder=tuple(_rung(r) for r in o.ladder),
        is_as_asked=o.is_as_asked,
    )


def _adjustment(a: Adjustment) -> AnsweredAdjustment:
    return AnsweredAdjustment(
        code=a.code,
        before=a.before,
        after=a.after,
        time_factor=round(a.time_factor, 4),
        needs_code_change=a.needs_code_change,
        text="",
    )


def _rung(r: Rung) -> AnsweredRung:
    return AnsweredRung(
        code=r.code,
        fits=r.fits,
        fit_probability=round(r.fit_probability, 3),
        peak_memory_gib=round(r.peak.p50, 2),
        micro_batch=r.plan.micro_batch,
        checkpointed_layers=r.plan.checkpointed_layers,
        chunked_cross_entropy=r.plan.chunked_cross_entropy,
        hours=near(r.hours, 4),
        hours_added=near(r.hours_added, 4),
        host_memory_gib=round(r.host_memory_gib, 1),
        host_memory_suffices=r.host_suffices,
        needs_code_change=r.needs_code_change,
        experimental=r.experimental,
        fits_the_card=r.fits_the_card,
        text="",
    )


def _power_limit(advice: PowerLimitAdvice) -> AnsweredPowerLimit:
    source = advice.curve.source
    return AnsweredPowerLimit(
        source=source.title,
        url=source.url,
        as_of=source.as_of,
        best=_limit_step(advice.best),
        least=_limit_step(advice.least),
        worth_while=advice.worth_while,
        hours_added=near(advice.hours_added, 4),
        energy_kwh_saved=near_interval(advice.kwh_saved, 6),
        steps=tuple(_limit_step(s) for s in advice.steps),
        measured_on=advice.curve.gpu,
        stand_in=advice.stand_in,
    )


def _limit_step(s: LimitStep) -> AnsweredLimitStep:
    return AnsweredLimitStep(
        limit_share=s.share,
        limit_watts=round(s.watts, 1),
        hours=near(s.hours, 2),
        wall_watts=round(s.wall_watts, 1),
        energy_kwh=near(s.kwh, 2),
    )


def tell_cost(c: Cost) -> AnsweredCost:
    """Money with its items and the exchange rates behind it."""
    total = near_interval(c.total, 2)
    items = []
    for item in c.items:
        amount = near_interval_or_none(item.amount, 2)
        items.append(
            AnsweredItem(
                code=item.code,
                quantity=near_interval(item.quantity, 6),
                quantity_unit=item.quantity_unit,
                unit_price=None if item.unit_price is None else round(float(item.unit_price), 9),
                currency=c.currency,
                p10=amount.p10 if amount else None,
                p50=amount.p50 if amount else None,
                p90=amount.p90 if amount else None,
                is_counted=item.is_counted,
            )
        )
    return AnsweredCost(
        currency=c.currency,
        p10=total.p10,
        p50=total.p50,
        p90=total.p90,
        cash=near_interval(c.cash, 2),
        items=tuple(items),
        exchange_rates=tuple(
            AnsweredExchange(base=r.base, quote=r.quote, rate=r.rate, **_source_fields(r.source, r.as_of))
            for r in c.conversion.rates
        ),
    )


def _purchase(bought: Purchase, currency: str) -> AnsweredPurchase:
    share, dated = bought.resale_share, bought.dated
    resold = float(bought.resale / bought.price) if bought.price else 0.0
    low, high = (share.low, share.high) if share else (None, None)
    return AnsweredPurchase(
        bought=bought.bought,
        price=near_interval(bought.price_range or certain(float(bought.price)), 2),
        currency=currency,
        usd_per_card=dated.usd if dated else None,
        first_month=dated.first_month if dated else None,
        months_old=bought.months_old,
        is_before_tax=dated is not None and bought.vat is None,
        vat_share=None if bought.vat is None else bought.vat.share,
        years_kept=bought.years_kept,
        runs=bought.runs,
        runs_asked=bought.runs_asked,
        resale_share=near_interval(
            Interval(resold if low is None else low, resold, resold if high is None else high), 4
        ),
        has_history=bought.has_history,
        loss_per_run=near_interval(bought.loss_per_run, 2),
        rest_of_pc=None if bought.rest is None else _rest_of_pc(bought.rest),
        capital_cost=bought.capital_share,
        **_source_fields(bought.source, bought.source.as_of),
    )


def _rest_of_pc(rest: RestOfPc) -> AnsweredRestOfPc:
    said = rest.figures[0]
    return AnsweredRestOfPc(
        price=near_interval(rest.price, 2),
        resale_share=near_interval(rest.resale_share, 4),
        is_told=said.basis == "user",
        source=said.source.title,
        url=said.source.url,
        as_of=said.source.as_of,
    )


def _offer(rental: Rental) -> AnsweredOffer | None:
    offer, market = rental.offer, rental.market
    if offer is None:
        return None
    return AnsweredOffer(
        slug=offer.slug,
        provider=offer.provider,
        provider_name=rental.provider.name if rental.provider else offer.provider,
        instance=offer.instance,
        region=offer.region,
        country=offer.country,
        tier=offer.tier,
        term_months=offer.term_months,
        hourly_price=offer.hourly_price,
        currency=offer.currency,
        instances=rental.instances,
        price_vat=rental.provider.price_vat if rental.provider else None,
        ram_gib=offer.ram_gib,
        note=offer.note,
        in_stock=offer.in_stock,
        rentable_count=offer.rentable_count,
        seen_rentable_at=offer.seen_rentable_at,
        market=None
        if market is None
        else AnsweredMarket(
            offers=market.offers,
            cheapest_per_hour=market.cheapest_per_hour,
            median_per_hour=market.median_per_hour,
            dearest_per_hour=market.dearest_per_hour,
            currency=market.currency,
            tier=market.tier,
            of_median=None if market.of_median is None else near(market.of_median, 3),
        ),
        **_source_fields(offer.source, offer.as_of),
    )


def _suggestion(one: Suggestion) -> AnsweredSuggestion:
    offer = one.offer
    return AnsweredSuggestion(
        slug=offer.slug,
        provider=offer.provider,
        gpu=one.gpu.slug,
        gpu_name=one.gpu.name,
        gpu_count=offer.gpu_count,
        tier=offer.tier,
        hourly_price=offer.hourly_price,
        currency=offer.currency,
        as_of=offer.as_of,
        source=offer.source.title,
        likeness=tell_likeness(one.likeness),
    )


def tell_likeness(likeness: Likeness) -> AnsweredLikeness:
    """How like the GPU asked for another one is."""
    return AnsweredLikeness(
        to=likeness.to,
        distance=round(likeness.distance, 4),
        peak_bf16_ratio=round(likeness.peak_ratio, 6),
        memory_ratio=round(likeness.memory_ratio, 6),
        memory_bandwidth_ratio=round(likeness.bandwidth_ratio, 6),
    )


def _rate(r: ElectricityRate) -> AnsweredRate:
    return AnsweredRate(
        zone=r.zone,
        zone_name=r.zone_name,
        kind=r.kind,
        per_kwh=r.per_kwh,
        currency=r.currency,
        note=r.note,
        **_source_fields(r.source, r.as_of),
    )


def _grid(c: CarbonIntensity) -> AnsweredGrid:
    return AnsweredGrid(
        zone=c.zone,
        zone_name=c.zone_name,
        grams_co2e_per_kwh=c.grams_co2e_per_kwh,
        year=c.year,
        scope=c.scope,
        accounting=c.accounting,
        **_source_fields(c.source, c.as_of),
    )


def tell_numbers(inputs: Sequence[Input]) -> tuple[AnsweredNumber, ...]:
    """The numbers an answer was computed from, as their sources state them."""
    return tuple(_number(i.subject, i.figure) for i in inputs)


@lru_cache(maxsize=8192)
def _number(subject: str, figure: Figure) -> AnsweredNumber:
    # The same facts stand behind every answer of a day: building them anew was a third of telling one.
    return AnsweredNumber(
        subject=subject,
        name=figure.name,
        value=figure.value,
        unit=figure.unit,
        low=figure.low,
        high=figure.high,
        basis=figure.basis,
        **_source_fields(figure.source, figure.source.as_of),
    )


def _source_fields(source: Source, as_of: date) -> dict[str, Any]:
    return {
        "source": source.title,
        "url": source.url,
        "as_of": as_of,
        "read_on": source.read_on,
        "licence": source.licence,
    }


def tell_explanation(e: Explanation) -> AnsweredExplanation:
    """Where time and doubt come from, and which runs an estimate rests on; its sentences are still empty."""

    def parts(contributions: Sequence[Contribution], unit: str) -> tuple[AnsweredContribution, ...]:
        return tuple(
            AnsweredContribution(code=c.code, amount=round(c.amount, 5), unit=unit, share=round(c.share, 4))
            for c in contributions
        )

    return AnsweredExplanation(
        time=parts(e.time, "s per optimizer step"),
        doubt=parts(e.doubt, "log standard deviation"),
        terms=parts(e.terms, "log standard deviation"),
        runs=tuple(
            AnsweredWitness(
                id=x.slug,
                gpu=x.gpu,
                code_base=x.code_base,
                tokens_per_s=x.tokens_per_s,
                weight=round(x.weight, 4),
            )
            for x in e.witnesses
        ),
        runs_in_all=e.runs_in_all,
        same_code_base_and_gpu=e.same_code_base_and_gpu,
        same_gpu=e.same_gpu,
        same_code_base=e.same_code_base,
        size_ratio=None if e.size_ratio is None else round(e.size_ratio, 3),
        text=(),
    )
