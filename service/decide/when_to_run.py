"""Whether it pays to run in chosen hours: what the days of a price look like, and each rule held against
running through.

The same holds for the CO2 of a grid. Leaves out that other households choose the same hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.decide.run_hours import (
    THROUGH,
    HoursCode,
    HoursEffect,
    Pausing,
    RunHours,
    effect_of,
    with_pausing,
)
from service.estimate.priced_days import Numbers, PricedDays
from service.facts import Source

RULES = (
    THROUGH,
    RunHours("cheapest", 0.85),
    RunHours("cheapest", 0.75),
    RunHours("cheapest", 0.5),
    RunHours("window", 0.75),
    RunHours("window", 0.5),
)
"""Running through, leaving out the dearest hours of a day, and the cheapest hours in one piece."""
OFF_WATTS = 0.0
LEAST_SHARE = 0.75
"""No rule is recommended that leaves out more of the day than its dearest quarter: time is worth more."""
WORTH_WHILE = 0.02
"""Share of the cost that a rule must save before it is recommended: a stop and a start a day is no small
thing to ask of a run of months."""


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """A local hour of the day: mean and 80 % range over the days."""

    hour: int
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class DayShape:
    """What the days of a price (per kWh) or of a grid (g CO2e per kWh) look like."""

    unit: str
    zone: str
    """Bidding zone or grid; empty for a contract's own hours."""
    source: Source
    first_day: date
    last_day: date
    days: int
    """Real ones, also where typical days stand for them."""
    grain_minutes: int
    by_hour: tuple[HourOfDay, ...]
    effects: tuple[HoursEffect, ...]
    """Running through first."""
    is_typical: bool = False
    """Whether a few typical days a month stand for the days."""

    def effect(self, rule: RunHours) -> HoursEffect | None:
        """What a rule does on these days; None where it was not looked at."""
        return next((e for e in self.effects if e.rule == rule), None)


@dataclass(frozen=True, slots=True)
class PausedRun:
    """A run by one rule with what the machine draws while it waits, against running through."""

    code: HoursCode
    share: float
    """Of each day's hours that are used."""
    paused_watts: float
    change: float
    """Cost (or CO2) per unit of work against running through, minus 1: below 0 saves."""
    amount: float
    """The same over the whole run, in money or kg."""
    calendar_hours: float
    break_even_watts: float | None
    """A machine that draws more than this while paused loses by pausing."""


@dataclass(frozen=True, slots=True)
class WhenToRun:
    """Whether choosing hours pays for one machine, in money and in CO2."""

    shape: DayShape
    paused: tuple[PausedRun, ...]
    """Off, suspended and left idle, for every rule but running through."""
    best: PausedRun | None
    """The one that saves most with the PC suspended without taking twice as long, if that is worth a stop a
    day; None: run through."""
    carbon: DayShape | None
    paused_for_carbon: tuple[PausedRun, ...]


def day_shape(
    days: PricedDays, unit: str, zone: str, source: Source, rules: Sequence[RunHours] = RULES
) -> DayShape:
    """The shape of whole days, and what each rule makes of them."""
    return DayShape(
        unit=unit,
        zone=zone,
        source=source,
        first_day=days.first_day,
        last_day=days.last_day,
        days=days.count,
        grain_minutes=days.grain_minutes,
        by_hour=tuple(_hour_of_day(hour, values) for hour, values in days.by_hour().items()),
        effects=tuple(effect_of(days, rule) for rule in dict.fromkeys((THROUGH, *rules))),
    )


def when_to_run(
    shape: DayShape,
    carbon: DayShape | None,
    hours: float,
    watts: float,
    *,
    waiting_watts: Sequence[float],
    start_up_s: float,
    currency_factor: float = 1.0,
) -> WhenToRun:
    """Every rule for a run of so many hours at so many watts; `waiting_watts` are off, suspended, idle.

    `currency_factor` turns the contract's money into the answer's.
    """
    paused = _paused_runs(
        shape,
        hours,
        watts,
        waiting_watts=waiting_watts,
        start_up_s=start_up_s,
        amount_per_unit=currency_factor,
    )
    suspended = [p for p in paused if p.paused_watts == waiting_watts[1] and p.share >= LEAST_SHARE]
    best = min(suspended, key=lambda run: run.change, default=None)
    if best is not None and best.change > -WORTH_WHILE:
        best = None
    cleaner: tuple[PausedRun, ...] = ()
    if carbon is not None:
        cleaner = _paused_runs(
            carbon, hours, watts, waiting_watts=waiting_watts, start_up_s=start_up_s, amount_per_unit=1e-3
        )
    return WhenToRun(shape, paused, best, carbon, cleaner)


def _paused_runs(
    shape: DayShape,
    hours: float,
    watts: float,
    *,
    waiting_watts: Sequence[float],
    start_up_s: float,
    amount_per_unit: float,
) -> tuple[PausedRun, ...]:
    through = hours * watts / 1000 * shape.effects[0].mean_per_kwh * amount_per_unit
    paused = []
    for effect in shape.effects:
        if effect.rule not in RULES or effect.dropped_per_kwh is None:
            continue
        for waiting in waiting_watts:
            day = with_pausing(effect, Pausing(watts, waiting, start_up_s))
            paused.append(
                PausedRun(
                    code=effect.rule.code,
                    share=effect.rule.share,
                    paused_watts=waiting,
                    change=day.cost_change,
                    amount=through * day.cost_change,
                    calendar_hours=hours * day.calendar_stretch,
                    break_even_watts=day.break_even_paused_watts,
                )
            )
    return tuple(paused)


def _hour_of_day(hour: int, values: Numbers) -> HourOfDay:
    count = len(values)
    low, high = values[count // 10], values[min(count - 1, count * 9 // 10)]
    return HourOfDay(hour, float(low), float(values.mean()), float(high))
