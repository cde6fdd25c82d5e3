"""A household's contract, the hours of its days and its year: from exact values to what is told."""

from service.answers.hours import (
    AnsweredConsumption,
    AnsweredDayShape,
    AnsweredHourOfDay,
    AnsweredHoursEffect,
    AnsweredPause,
    AnsweredTariff,
    AnsweredWhenToRun,
)
from service.decide.when_to_run import DayShape, PausedRun, WhenToRun
from service.estimate.tariff import Consumption, MarginalPrice

PLACES = 6


def tell_tariff(price: MarginalPrice) -> AnsweredTariff:
    """The price of one more kilowatt-hour, exact; what it came from is among the option's sources."""
    return AnsweredTariff(
        source=price.source.title,
        url=price.source.url,
        as_of=price.source.as_of,
        kind=price.kind,
        currency=price.currency,
        per_kwh=price.per_kwh,
        low=price.low,
        high=price.high,
        mean_low=price.mean_low,
        mean_high=price.mean_high,
        paused_per_kwh=price.paused_per_kwh,
    )


def tell_when(w: WhenToRun) -> AnsweredWhenToRun:
    """Every rule against running through, in money and in CO2."""
    return AnsweredWhenToRun(
        prices=_shape(w.shape),
        plans=tuple(_pause(p) for p in w.paused),
        best=None if w.best is None else _pause(w.best),
        carbon=None if w.carbon is None else _shape(w.carbon),
        carbon_plans=tuple(_pause(p) for p in w.paused_for_carbon),
    )


def _pause(p: PausedRun) -> AnsweredPause:
    assert p.code != "through", "running through pauses nothing"
    return AnsweredPause(
        code=p.code,
        share=round(p.share, 4),
        paused_watts=p.paused_watts,
        change=round(p.change, 5),
        amount=round(p.amount, 2),
        calendar_hours=round(p.calendar_hours, 2),
        break_even_watts=None if p.break_even_watts is None else round(p.break_even_watts, 1),
    )


def _shape(s: DayShape) -> AnsweredDayShape:
    return AnsweredDayShape(
        source=s.source.title,
        url=s.source.url,
        as_of=s.source.as_of,
        unit=s.unit,
        zone=s.zone,
        first_day=s.first_day,
        last_day=s.last_day,
        days=s.days,
        grain_minutes=s.grain_minutes,
        by_hour=tuple(
            AnsweredHourOfDay(
                hour=h.hour, low=round(h.low, PLACES), mean=round(h.mean, PLACES), high=round(h.high, PLACES)
            )
            for h in s.by_hour
        ),
        effects=tuple(
            AnsweredHoursEffect(
                code=e.rule.code,
                share=round(e.rule.share, 4),
                mean=round(e.mean_per_kwh, PLACES),
                kept=round(e.kept_per_kwh, PLACES),
                dropped=None if e.dropped_per_kwh is None else round(e.dropped_per_kwh, PLACES),
                low=round(e.low_per_kwh, PLACES),
                high=round(e.high_per_kwh, PLACES),
                starts_per_hour=round(e.starts_per_hour, PLACES),
            )
            for e in s.effects
        ),
        is_typical=s.is_typical,
    )


def tell_consumption(c: Consumption) -> AnsweredConsumption:
    """The household's year without and with the run."""
    return AnsweredConsumption(
        yearly_kwh=c.yearly_kwh,
        with_run_kwh=round(c.with_run_kwh, 1),
        band=c.band,
        band_with_run=c.band_with_run,
        per_kwh=c.per_kwh,
        per_kwh_with_run=c.per_kwh_with_run,
        currency=c.currency,
    )
