"""An answer read back from its JSON.

The JSON is what is stored and what the API gives, rounded once; whatever is written from it agrees with
it to the digit, today and in years. Answers stored by an older version lack some keys: what a key says is
then taken from the answer's own list of numbers, or stays unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from service.decide.comparison import BreakEven, Verdict
from service.decide.options import Market
from service.estimate.adjustments import Adjustment
from service.estimate.inputs import TARIFF
from service.estimate.interval import Interval
from service.estimate.nearest_gpu import Likeness
from service.estimate.power_limit import LimitStep
from service.estimate.reference_run import ReferenceMethod
from service.estimate.training_time import Stage
from service.facts import Figure, Source
from service.reports import tariff_json
from service.reports.answered import (
    AnsweredArchitecture,
    AnsweredCarbon,
    AnsweredComparison,
    AnsweredConversion,
    AnsweredCost,
    AnsweredCurve,
    AnsweredExchange,
    AnsweredGpu,
    AnsweredItem,
    AnsweredLimit,
    AnsweredName,
    AnsweredNumber,
    AnsweredOffer,
    AnsweredOption,
    AnsweredPeak,
    AnsweredPlan,
    AnsweredPower,
    AnsweredPrice,
    AnsweredRate,
    AnsweredRecipe,
    AnsweredRental,
    AnsweredRung,
    AnsweredSplit,
    AnsweredSuggestion,
    AnsweredTime,
    AnsweredWorkload,
)

Json = Mapping[str, Any]


def read_comparison(content: bytes) -> AnsweredComparison:
    """A stored answer."""
    return comparison(orjson.loads(content))


def comparison(answer: Json) -> AnsweredComparison:
    """An answer's JSON as values."""
    verdict, turns, told = answer["verdict"], answer["break_even"], answer["reference_method"]
    numbers = tuple(number(n) for n in answer["sources"])
    return AnsweredComparison(
        id=answer.get("id", ""),
        asked_at=datetime.fromisoformat(answer["asked_at"]),
        currency=turns["currency"],
        zone=answer["zone"],
        workload=workload(answer["workload"], numbers),
        options=tuple(option(o) for o in answer["options"]),
        verdict=Verdict(*(verdict[key] for key in VERDICT_KEYS)),
        break_even=BreakEven(_decimal(turns["rent_per_hour"]), _decimal(turns["per_kwh"])),
        reference=None if told is None else ReferenceMethod(**{key: told[key] for key in REFERENCE_KEYS}),
        numbers=numbers,
        data_version=answer["data_version"],
        considered=answer["considered_offers"],
    )


VERDICT_KEYS = ("cheaper", "faster", "cheaper_probability", "saving", "slow_down")
REFERENCE_KEYS = (
    "gpu_hours", "ratio_low", "ratio_high", "hours_low", "hours_high",
    "energy_kwh_low", "energy_kwh_high", "watts",
)  # fmt: skip


def workload(told: Json, numbers: Sequence[AnsweredNumber]) -> AnsweredWorkload:
    """The run of an answer."""

    def of_reference(name: str) -> float | None:
        if name in told:
            found: float | None = told[name]
            return found
        return next((n.value for n in numbers if n.name == name), None)

    gpus = of_reference("reference_gpu_count")
    return AnsweredWorkload(
        slug=told["slug"],
        name=told["name"],
        parameters=told["parameters"],
        tokens=told["tokens"],
        steps=told["steps"],
        total_flops=told["total_flops"],
        recipe=AnsweredRecipe(told["seq_len"], told["global_batch_tokens"]),
        architecture=AnsweredArchitecture(told.get("n_experts", 1)),
        reference_hours=of_reference("reference_hours"),
        reference_gpu_count=None if gpus is None else int(gpus),
    )


def option(told: Json) -> AnsweredOption:
    """One option of an answer; decisions have the same."""
    fit, numbers = told["fit"], tuple(number(n) for n in told["sources"])
    peak = fit["peak_memory_interval_gib"]
    hours = interval(told["hours"])
    memory = told.get("gpu_memory_gib")
    if memory is None:
        memory = next((n.value for n in numbers if n.name == "memory_gib"), fit["available_memory_gib"])
    return AnsweredOption(
        kind=told["kind"],
        label=told["label"],
        gpu=AnsweredGpu(told["gpu"], memory, told.get("gpu_category", "")),
        gpu_count=told["gpu_count"],
        planned=AnsweredPlan(
            verdict=fit["verdict"],
            peak=AnsweredPeak(peak["p10"], peak["p50"], peak["p90"], fit["host_memory_gib"]),
            available_gib=fit["available_memory_gib"],
            fit_probability=fit["fit_probability"],
            plan=AnsweredSplit(fit["micro_batch"]),
            time_factor=fit.get("time_factor"),
        ),
        adjustments=tuple(Adjustment(**{key: a[key] for key in ADJUSTMENT_KEYS}) for a in fit["adjustments"]),
        ladder=tuple(_rung(r) for r in fit["ladder"]),
        time=None
        if hours is None
        else AnsweredTime(
            hours,
            told["tokens_per_s"],
            told["mfu"],
            told["evidence"],
            tuple(Stage(s["code"], s["hours"]) for s in told["stages"]),
        ),
        power=AnsweredPower(_known(told["wall_watts"])),
        power_limit=_limit(told["power_limit"]),
        energy_kwh=interval(told["energy_kwh"]),
        cost=_cost(told["cost"]),
        co2_kg=interval(told["co2_kg"]),
        rate=_rate(told.get("rate"), numbers) if told["kind"] == "home" else None,
        rental=_rental(told, numbers) if told["kind"] == "cloud" else None,
        carbon=_carbon(told.get("carbon")),
        numbers=numbers,
        calendar_hours=interval(told.get("calendar_hours")),
        **_tariff(told, numbers),
    )


def _tariff(told: Json, numbers: Sequence[AnsweredNumber]) -> dict[str, Any]:
    """The contract, its hours and the household's year; nothing in answers that did not say."""
    figures = [
        Figure(n.name, n.value, n.unit, n.source, n.low, n.high, n.basis)
        for n in numbers
        if n.subject == TARIFF
    ]
    price, when, year = (told.get(key) for key in ("tariff", "when_to_run", "consumption"))
    return {
        "price": price and tariff_json.read_tariff(price, figures),
        "when": when and tariff_json.read_when(when),
        "consumption": year and tariff_json.read_consumption(year),
    }


ADJUSTMENT_KEYS = ("code", "before", "after", "time_factor", "needs_code_change")


def number(told: Json) -> AnsweredNumber:
    """One input of an answer."""
    return AnsweredNumber(**{key: told[key] for key in NUMBER_KEYS}, source=source(told))


NUMBER_KEYS = ("subject", "name", "value", "low", "high", "unit", "basis")


def source(told: Json) -> Source:
    """The source beside a number."""
    read_on = told.get("read_on")
    return Source(
        slug="",
        title=told.get("source", ""),
        url=told.get("url", ""),
        as_of=date.fromisoformat(told["as_of"]),
        licence=told.get("licence", ""),
        read_on=date.fromisoformat(read_on) if read_on else None,
    )


def interval(told: Json | None) -> Interval | None:
    """Three percentiles; None where they are not known."""
    if told is None or told["p50"] is None:
        return None
    return Interval(told["p10"], told["p50"], told["p90"])


def _known(told: Json) -> Interval:
    return Interval(told["p10"], told["p50"], told["p90"])


def _decimal(value: float | str | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _rung(told: Json) -> AnsweredRung:
    return AnsweredRung(
        code=told["code"],
        fits=told["fits"],
        fit_probability=told["fit_probability"],
        peak_gib=told["peak_memory_gib"],
        micro_batch=told["micro_batch"],
        checkpointed_layers=told["checkpointed_layers"],
        hours=told["hours"],
        hours_added=told["hours_added"],
        host_memory_gib=told["host_memory_gib"],
        host_suffices=told["host_memory_suffices"],
        needs_code_change=told["needs_code_change"],
        experimental=told["experimental"],
    )


def _limit(told: Json | None) -> AnsweredLimit | None:
    if told is None:
        return None

    def step(s: Json) -> LimitStep:
        return LimitStep(s["limit_share"], s["limit_watts"], s["hours"], s["wall_watts"], s["energy_kwh"])

    return AnsweredLimit(
        best=step(told["best"]),
        steps=tuple(step(s) for s in told["steps"]),
        hours_added=told["hours_added"],
        kwh_saved=_known(told["energy_kwh_saved"]),
        curve=AnsweredCurve(told["measured_on"], source(told)),
        stand_in=told["stand_in"],
        worth_while=told["worth_while"],
    )


def _cost(told: Json | None) -> AnsweredCost | None:
    if told is None:
        return None
    items = tuple(
        AnsweredItem(
            code=item["code"],
            quantity=_known(item["quantity"]),
            quantity_unit=item["quantity_unit"],
            unit_price=item["unit_price"],
            amount=interval(item),
            is_counted=item.get("is_counted", True),
        )
        for item in told["items"]
    )
    rates = tuple(
        AnsweredExchange(r["base"], r["quote"], Decimal(r["rate"]), date.fromisoformat(r["as_of"]), source(r))
        for r in told.get("exchange_rates", ())
    )
    return AnsweredCost(told["currency"], _known(told), items, AnsweredConversion(rates))


def _rate(told: Json | None, numbers: Sequence[AnsweredNumber]) -> AnsweredRate | None:
    if told is not None:
        return AnsweredRate(
            zone=told["zone"],
            zone_name=told["zone_name"],
            kind=told["kind"],
            per_kwh=Decimal(told["per_kwh"]),
            currency=told["currency"],
            as_of=date.fromisoformat(told["as_of"]),
            note=told["note"],
            source=source(told),
        )
    n = next((n for n in numbers if n.name == "per_kwh"), None)
    if n is None:
        return None
    zone = n.subject.rsplit(" ", 1)[-1]
    kind = "contract" if n.basis == "user" else "retail"
    currency = n.unit.split("/")[0]
    return AnsweredRate(zone, zone, kind, Decimal(str(n.value)), currency, n.source.as_of, "", n.source)


def _rental(option: Json, numbers: Sequence[AnsweredNumber]) -> AnsweredRental:
    told = option["offer"]
    if told is None:
        suggested = tuple(_suggestion(s) for s in option.get("suggestions", ()))
        return AnsweredRental(None, None, None, 1, suggested)
    said = source(told)
    if not said.title:
        said = next((n.source for n in numbers if n.name == "hourly_price"), said)
    market = told["market"]
    return AnsweredRental(
        offer=AnsweredOffer(
            **{key: told[key] for key in OFFER_KEYS},
            term_months=told.get("term_months"),
            hourly_price=Decimal(told["hourly_price"]),
            as_of=date.fromisoformat(told["as_of"]),
            source=said,
        ),
        provider=AnsweredName(told.get("provider_name") or told["provider"]),
        market=market
        and Market(
            offers=market["offers"],
            **{key: Decimal(market[key]) for key in MARKET_KEYS},
            currency=market["currency"],
            tier=market.get("tier", "on_demand"),
        ),
        instances=told["instances"],
    )


def _suggestion(told: Json) -> AnsweredSuggestion:
    day, like = date.fromisoformat(told["as_of"]), told["likeness"]
    return AnsweredSuggestion(
        offer=AnsweredPrice(told["slug"], Decimal(told["hourly_price"]), told["currency"], day),
        gpu=AnsweredName(told.get("gpu_name", told["gpu"])),
        likeness=Likeness(
            told["gpu"],
            like["to"],
            like["distance"],
            like["peak_bf16_ratio"],
            like["memory_ratio"],
            like["memory_bandwidth_ratio"],
        ),
    )


OFFER_KEYS = ("slug", "provider", "instance", "region", "country", "tier", "currency", "note")
MARKET_KEYS = ("cheapest_per_hour", "median_per_hour", "dearest_per_hour")


def _carbon(told: Json | None) -> AnsweredCarbon | None:
    if told is None:
        return None
    return AnsweredCarbon(
        told["zone"], told["zone_name"], told["grams_co2e_per_kwh"], told["year"], source(told)
    )
