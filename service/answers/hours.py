"""A household's contract, the hours of its days and its year, as an answer tells them."""

from datetime import date
from typing import Literal

from pydantic import Field

from service.answers.parts import Answered, AnsweredSource, Exact
from service.decide.run_hours import HoursCode
from service.estimate.tariff import TariffKind


class AnsweredTariff(AnsweredSource):
    """The price of one more kilowatt-hour at home, by the contract."""

    kind: TariffKind
    currency: str
    per_kwh: Exact = Field(description="Mean over the hours that are used, own solar power included")
    low: Exact | None = Field(description="80 % range of days that the past shows; null for a fixed price")
    high: Exact | None
    mean_low: Exact | None = Field(
        None,
        description="80 % range of the mean itself where fewer than 300 of the last 365 days are stored, "
        "or typical days of an older year stand in",
    )
    mean_high: Exact | None = None
    paused_per_kwh: Exact | None = Field(description="Mean over the hours that are not used")


class AnsweredHourOfDay(Answered):
    """A local hour over the days."""

    hour: int = Field(description="0-23, Central European time")
    low: float
    mean: float
    high: float


class AnsweredHoursEffect(Answered):
    """What a rule does to the price of a day."""

    code: HoursCode
    share: float
    mean: float
    kept: float
    dropped: float | None
    low: float
    high: float
    starts_per_hour: float


class AnsweredDayShape(AnsweredSource):
    """What the days of a price or of a grid's CO2 look like."""

    unit: str
    zone: str
    first_day: date
    last_day: date
    days: int
    grain_minutes: int
    by_hour: tuple[AnsweredHourOfDay, ...]
    effects: tuple[AnsweredHoursEffect, ...]
    is_typical: bool = Field(
        False, description="Typical days of an older year stand in: too few of the last year are stored"
    )


class AnsweredPause(Answered):
    """Running in chosen hours against running through."""

    code: Literal["cheapest", "window"]
    share: float = Field(description="Of each day's hours that are used")
    paused_watts: float
    change: float = Field(description="Share; below 0 saves")
    amount: float = Field(description="Over the whole run: money, or kg CO2e")
    calendar_hours: float
    break_even_watts: float | None = Field(description="Drawing more than this while paused loses")


class AnsweredWhenToRun(Answered):
    """Whether it pays to choose hours; `best` is null where running through is the advice."""

    prices: AnsweredDayShape
    plans: tuple[AnsweredPause, ...]
    best: AnsweredPause | None
    carbon: AnsweredDayShape | None
    carbon_plans: tuple[AnsweredPause, ...]


class AnsweredConsumption(Answered):
    """The household's year without and with the run, with Eurostat's consumption bands."""

    yearly_kwh: float
    with_run_kwh: float
    band: str
    band_with_run: str
    per_kwh: Exact | None
    per_kwh_with_run: Exact | None
    currency: str
