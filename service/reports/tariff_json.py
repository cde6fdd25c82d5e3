"""A household's contract, the hours of its days and its year, to JSON and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from service.decide.run_hours import HoursEffect, RunHours
from service.decide.when_to_run import DayShape, HourOfDay, PausedRun, WhenToRun
from service.estimate.tariff import Consumption, MarginalPrice
from service.facts import Figure, Source

Json = dict[str, Any]
PLACES = 6


def tariff(price: MarginalPrice) -> Json:
    """The price of one more kilowatt-hour, exact in strings; what it came from is in `sources`."""
    return {
        "kind": price.kind,
        "currency": price.currency,
        "per_kwh": str(price.per_kwh),
        "low": _text(price.low),
        "high": _text(price.high),
        "paused_per_kwh": _text(price.paused_per_kwh),
        "source": price.source.title,
        "url": price.source.url,
        "as_of": price.source.as_of.isoformat(),
    }


def read_tariff(told: Mapping[str, Any], figures: Sequence[Figure]) -> MarginalPrice:
    """The same read back; `figures` are the answer's numbers about it."""
    return MarginalPrice(
        told["kind"],
        told["currency"],
        Decimal(told["per_kwh"]),
        _source(told),
        _decimal(told["low"]),
        _decimal(told["high"]),
        tuple(figures),
        _decimal(told["paused_per_kwh"]),
    )


def when(w: WhenToRun) -> Json:
    """Every rule against running through, in money and in CO2."""
    return {
        "prices": shape(w.shape),
        "plans": [plan(p) for p in w.paused],
        "best": None if w.best is None else plan(w.best),
        "carbon": None if w.carbon is None else shape(w.carbon),
        "carbon_plans": [plan(p) for p in w.paused_for_carbon],
    }


def read_when(told: Mapping[str, Any]) -> WhenToRun:
    """The same read back."""
    return WhenToRun(
        read_shape(told["prices"]),
        tuple(PausedRun(**p) for p in told["plans"]),
        None if told["best"] is None else PausedRun(**told["best"]),
        None if told["carbon"] is None else read_shape(told["carbon"]),
        tuple(PausedRun(**p) for p in told["carbon_plans"]),
    )


def plan(p: PausedRun) -> Json:
    """One rule; `change` is a share, `amount` money or kg over the whole run."""
    return {
        "code": p.code,
        "share": round(p.share, 4),
        "paused_watts": p.paused_watts,
        "change": round(p.change, 5),
        "amount": round(p.amount, 2),
        "calendar_hours": round(p.calendar_hours, 2),
        "break_even_watts": None if p.break_even_watts is None else round(p.break_even_watts, 1),
    }


def shape(s: DayShape) -> Json:
    """What the days look like, hour by hour of Central European time, and under each rule."""
    return {
        "unit": s.unit,
        "zone": s.zone,
        "first_day": s.first_day.isoformat(),
        "last_day": s.last_day.isoformat(),
        "days": s.days,
        "grain_minutes": s.grain_minutes,
        "by_hour": [
            {"hour": h.hour, "low": _short(h.low), "mean": _short(h.mean), "high": _short(h.high)}
            for h in s.by_hour
        ],
        "effects": [
            {
                "code": e.rule.code,
                "share": round(e.rule.share, 4),
                "mean": _short(e.mean_per_kwh),
                "kept": _short(e.kept_per_kwh),
                "dropped": None if e.dropped_per_kwh is None else _short(e.dropped_per_kwh),
                "low": _short(e.low_per_kwh),
                "high": _short(e.high_per_kwh),
                "starts_per_hour": _short(e.starts_per_hour),
            }
            for e in s.effects
        ],
        "source": s.source.title,
        "url": s.source.url,
        "as_of": s.source.as_of.isoformat(),
    }


def read_shape(told: Mapping[str, Any]) -> DayShape:
    """The same read back."""
    return DayShape(
        told["unit"],
        told["zone"],
        _source(told),
        date.fromisoformat(told["first_day"]),
        date.fromisoformat(told["last_day"]),
        told["days"],
        told["grain_minutes"],
        tuple(HourOfDay(h["hour"], h["low"], h["mean"], h["high"]) for h in told["by_hour"]),
        tuple(
            HoursEffect(
                RunHours(e["code"], e["share"]), e["mean"], e["kept"], e["dropped"], e["low"], e["high"],
                e["starts_per_hour"],
            )
            for e in told["effects"]
        ),
    )  # fmt: skip


def consumption(c: Consumption) -> Json:
    """The household's year without and with the run."""
    return {
        "yearly_kwh": c.yearly_kwh,
        "with_run_kwh": round(c.with_run_kwh, 1),
        "band": c.band,
        "band_with_run": c.band_with_run,
        "per_kwh": _text(c.per_kwh),
        "per_kwh_with_run": _text(c.per_kwh_with_run),
        "currency": c.currency,
    }


def read_consumption(told: Mapping[str, Any]) -> Consumption:
    """The same read back."""
    prices = {name: _decimal(told[name]) for name in ("per_kwh", "per_kwh_with_run")}
    return Consumption(**{**told, **prices})


def _source(told: Mapping[str, Any]) -> Source:
    return Source("", told["source"], told["url"], date.fromisoformat(told["as_of"]))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _short(value: float) -> float:
    return round(value, PLACES)
