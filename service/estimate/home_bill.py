"""Everything a run at home costs: electricity, the card if it is bought or worn, and heat if it is wanted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from service.errors import InvalidValue, worded
from service.estimate.card_prices import CardPrice
from service.estimate.cost import BillLine, Cost, CostItem, conversion
from service.estimate.interval import Interval, certain
from service.estimate.tariff import MarginalPrice
from service.facts import ExchangeRate, Figure, Source, VatRate

HOURS_PER_DAY = 24.0
HOURS_PER_MONTH = 730.0
LEAST_HOURS_PER_DAY = 0.01
"""Half a minute: with less a run would outlast every number."""
LARGEST_PAUSED_WATTS = 10_000
PAID: tuple[BillLine, ...] = ("electricity", "paused", "heat")
"""Beside what is bought: what the run changes of what is paid before it ends."""


BOUGHT: tuple[BillLine, ...] = ("purchase", "rest_of_pc", "capital")
"""What comes of buying: it has nothing to do with the hours of a run."""
NOTHING = 1e-9
"""Of a price: what is left of it where floating point should have left nothing."""


@dataclass(frozen=True, slots=True)
class RestOfPc:
    """What is bought around a card where there is no PC."""

    price: Interval
    """In the currency of the bill."""
    resale_share: Interval
    """What it brings when it is sold, of the price."""
    figures: tuple[Figure, ...]
    """What both rest on."""

    @property
    def loss(self) -> Interval:
        """What it loses, the doubts of price and resale joined in squares."""
        return _loss(self.price, self.resale_share)


def _loss(price: Interval, share: Interval) -> Interval:
    """The loss of value of what is sold for a share of its price: two doubts that know nothing of each other,
    their ends joined in squares. Nothing is ever counted as a gain."""
    lost = 1 - share.p50
    down = math.hypot((price.p50 - price.p10) * lost, price.p50 * (share.p90 - share.p50))
    up = math.hypot((price.p90 - price.p50) * lost, price.p50 * (share.p50 - share.p10))
    middle = price.p50 - price.p50 * share.p50
    least = middle - down
    return Interval(least if least > NOTHING * price.p50 else 0.0, middle, middle + up)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A card bought for this: what it costs, what it brings when it is sold, over how many runs."""

    price: Decimal
    """Of all cards together, in the currency of the bill."""
    resale: Decimal
    runs: int
    source: Source
    """Of the price."""
    resale_share: Figure | None = None
    """What the resale rests on, where nobody has said it."""
    price_range: Interval | None = None
    """Of all cards together, where the price is a dated one; None for a price that the asker named."""
    dated: CardPrice | None = None
    """The price of one card that the purchase rests on."""
    months_old: int | None = None
    years_kept: float | None = None
    has_history: bool = False
    """Whether the card's own prices say what it brings; otherwise those of its class."""
    bought: Literal["new", "used"] = "new"
    vat: VatRate | None = None
    """What was added to a dated price, which is without tax; None for nothing."""
    rates: tuple[ExchangeRate, ...] = ()
    """What prices were converted with."""
    rest: RestOfPc | None = None
    """None where there is a PC."""
    capital_share: float = 0.0
    """A year, of what is paid for all of it until it is sold."""
    runs_asked: int | None = None
    """Where the card is sold before it has done so many: then `runs` is how many it does."""

    def most_runs(self, calendar_hours: float) -> int | None:
        """How many runs of so many hours one after the other it does until it is sold, at least one; None
        where nobody says when that is."""
        if not self.years_kept:
            return None
        return max(1, int(self.years_kept * 12 * HOURS_PER_MONTH / calendar_hours))

    def of_runs(self, calendar_hours: float) -> "Purchase":
        """The same, its loss spread over no more runs of so many hours than it does until it is sold."""
        most = self.most_runs(calendar_hours)
        if most is None or self.runs <= most:
            return self
        return replace(self, runs=most, runs_asked=self.runs)

    @property
    def per_run(self) -> Decimal:
        """Loss of value per run: (price - resale) / runs."""
        return (self.price - self.resale) / self.runs

    @property
    def loss_per_run(self) -> Interval:
        """The loss of value with the doubts of the price and of the resale, which know nothing of each other:
        their ends meet in squares. A card is never counted as a gain.
        """
        said, share = self.resale_share, float(self.resale / self.price) if self.price else 1.0
        low = share if said is None or said.low is None else said.low
        high = share if said is None or said.high is None else said.high
        return _loss(self.card_price, Interval(low, share, high)) * (1 / self.runs)

    @property
    def card_price(self) -> Interval:
        """Of all cards, with its doubt."""
        return self.price_range or certain(float(self.price))

    @property
    def cash(self) -> Interval:
        """What is paid on the first day."""
        return self.card_price + self.rest.price if self.rest else self.card_price

    @property
    def capital_per_run(self) -> Interval:
        """What the money would have brought elsewhere until all is sold, by run."""
        return self.cash * (self.capital_share * (self.years_kept or 0.0) / self.runs)

    @property
    def whole_loss(self) -> float:
        """Of everything that is bought, over all runs."""
        rest = self.rest.loss.p50 if self.rest else 0.0
        return float(self.price - self.resale) + rest + self.capital_per_run.p50 * self.runs


@dataclass(frozen=True, slots=True)
class HomeTerms:
    """What a household adds to the price of a kilowatt-hour; money in the currency of the bill."""

    hours_per_day: float = HOURS_PER_DAY
    """How long the machine may run; with prices that change by the hour, in the cheapest hours."""
    paused_watts: float = 0.0
    """At the plug in the other hours, because of the run: 0 where the PC is off or would idle anyway."""
    wear_per_hour: Decimal = Decimal(0)
    """Of a card that is owned already; 0 where only the money spent from now on counts."""
    purchase: Purchase | None = None
    base_fee_per_month: Decimal = Decimal(0)
    """Paid with or without the run: shown, not counted."""
    heating_share: float = 0.0
    """Of the energy that replaces heating: in winter, and only if asked for."""
    heat_per_kwh: Decimal = Decimal(0)
    """What a kilowatt-hour of heat costs otherwise."""

    def __post_init__(self) -> None:
        if not LEAST_HOURS_PER_DAY <= self.hours_per_day <= HOURS_PER_DAY:
            raise InvalidValue(
                "hours_per_day",
                self.hours_per_day,
                worded(
                    "must be above 0 and at most 24, at least {least_hours_per_day}",
                    least_hours_per_day=LEAST_HOURS_PER_DAY,
                ),
            )
        if not 0 <= self.paused_watts <= LARGEST_PAUSED_WATTS:
            raise InvalidValue(
                "paused_watts",
                self.paused_watts,
                worded("must be from 0 to {largest_paused_watts}", largest_paused_watts=LARGEST_PAUSED_WATTS),
            )
        if not 0 <= self.heating_share <= 1:
            raise InvalidValue("heating_share", self.heating_share, worded("must be from 0 to 1"))
        for name in ("wear_per_hour", "base_fee_per_month", "heat_per_kwh"):
            if not getattr(self, name) >= 0:
                raise InvalidValue(name, str(getattr(self, name)), worded("must not be negative"))
        if self.purchase and (self.purchase.runs < 1 or not 0 <= self.purchase.resale <= self.purchase.price):
            raise InvalidValue(
                "purchase",
                self.purchase.resale,
                worded("is resold for 0 up to its price, after 1 run or more"),
            )


def calendar_hours(hours: Interval, terms: HomeTerms) -> Interval:
    """From start to end on the calendar, where the machine may not run all day."""
    return hours * (HOURS_PER_DAY / terms.hours_per_day)


def paused_kwh(hours: Interval, terms: HomeTerms) -> Interval:
    """Energy in the hours between, at the plug [kWh]; nothing where the machine runs all day or is off."""
    return hours * ((HOURS_PER_DAY / terms.hours_per_day - 1) * terms.paused_watts / 1000)


def home_bill(
    hours: Interval, energy_kwh: Interval, price: MarginalPrice, terms: HomeTerms
) -> tuple[CostItem, ...]:
    """The lines of a run at home; lines that come to nothing are left out, electricity never is.

    `energy_kwh` is that of the running hours.

    Heat is a gain (a negative line): all electricity ends as heat, and what replaces heating saves its
    price. Leaves out the room's cooling in summer, and the value of a card that fails.
    """
    lines = [_line("electricity", energy_kwh, "kWh", price.per_kwh, doubt=price.doubt)]
    waiting = paused_kwh(hours, terms)
    if waiting.p50:
        per_kwh = price.per_kwh if price.paused_per_kwh is None else price.paused_per_kwh
        lines.append(_line("paused", waiting, "kWh", per_kwh, doubt=price.doubt))
    if terms.wear_per_hour:
        lines.append(_line("wear", hours, "h", terms.wear_per_hour))
    if terms.purchase:
        bought = terms.purchase
        lines.append(CostItem("purchase", certain(1.0), "run", bought.per_run, bought.loss_per_run))
        if bought.rest:
            lines.append(_per_run("rest_of_pc", bought.rest.loss * (1 / bought.runs)))
        if bought.capital_share:
            lines.append(_per_run("capital", bought.capital_per_run))
    if terms.heating_share and terms.heat_per_kwh:
        saved = energy_kwh * terms.heating_share
        lines.append(_line("heat", saved, "kWh", -terms.heat_per_kwh))
    if terms.base_fee_per_month:
        months = calendar_hours(hours, terms) * (1 / HOURS_PER_MONTH)
        lines.append(_line("base_fee", months, "months", terms.base_fee_per_month, is_counted=False))
    return tuple(lines)


def total(lines: tuple[CostItem, ...]) -> Interval:
    """The sum of the lines that count, percentile by percentile: hours drive them all together. What bought
    things lose has nothing to do with the hours, nor with each other: their doubts join in squares.

    In order, also where heat is worth more than it costs and more hours make it less.
    """
    counted = [line for line in lines if line.is_counted and line.amount is not None]
    lost = [line.amount for line in counted if line.code in BOUGHT and line.amount]
    summed = sum((line.amount for line in counted if line.code not in BOUGHT and line.amount), certain(0.0))
    return _joined(summed, *lost)


def _joined(running: Interval, *bought: Interval) -> Interval:
    """The sum of what the hours cost and of what is bought, which know nothing of each other."""
    low, middle, high = sorted((running.p10, running.p50, running.p90))
    median = middle + sum(part.p50 for part in bought)
    down = math.hypot(middle - low, *(part.p50 - part.p10 for part in bought))
    up = math.hypot(high - middle, *(part.p90 - part.p50 for part in bought))
    return Interval(median - down, median, median + up)


def _per_run(code: BillLine, amount: Interval) -> CostItem:
    return CostItem(code, certain(1.0), "run", Decimal(repr(amount.p50)), amount)


def cash_needed(lines: tuple[CostItem, ...], terms: HomeTerms) -> Interval:
    """What has to be paid until the run ends: electricity less the heating it replaces, bought things whole.

    What it is sold for comes later, and wear is no payment. The doubts of a dated card price and of the hours
    know nothing of each other.
    """
    paid = [line.amount for line in lines if line.code in PAID and line.amount is not None]
    bought = (terms.purchase.cash,) if terms.purchase else ()
    return _joined(sum(paid, certain(0.0)), *bought)


def home_cost(
    hours: Interval,
    energy_kwh: Interval,
    price: MarginalPrice,
    currency: str,
    rates: Sequence[ExchangeRate],
    *,
    terms: HomeTerms | None = None,
) -> Cost:
    """The bill in one currency. Raises MissingFact when an exchange rate is unknown."""
    converted = conversion(price.currency, currency, rates)
    here = replace(
        price,
        currency=currency,
        per_kwh=price.per_kwh * converted.factor,
        mean_low=None if price.mean_low is None else price.mean_low * converted.factor,
        mean_high=None if price.mean_high is None else price.mean_high * converted.factor,
        paused_per_kwh=None if price.paused_per_kwh is None else price.paused_per_kwh * converted.factor,
    )
    terms = terms or HomeTerms()
    lines = home_bill(hours, energy_kwh, here, terms)
    of_card = terms.purchase.rates if terms.purchase else ()
    rates_used = tuple(dict.fromkeys((*converted.rates, *of_card)))
    return Cost(
        currency, total(lines), lines, replace(converted, rates=rates_used), cash=cash_needed(lines, terms)
    )


def runs_until_bought_pays(purchase: Purchase, at_home_per_run: float, rented_per_run: float) -> int | None:
    """How many runs it takes until what is bought costs no more than renting for all of them.

    Loss of value / (rent - running cost), rounded up; None where renting is cheaper per run for ever.
    """
    saved = rented_per_run - at_home_per_run
    if saved <= 0:
        return None
    return max(1, -int(-purchase.whole_loss // saved))


def _line(
    code: BillLine,
    quantity: Interval,
    unit: str,
    unit_price: Decimal,
    *,
    is_counted: bool = True,
    doubt: Interval | None = None,
) -> CostItem:
    amount = quantity * float(unit_price)
    if doubt is not None and doubt.p10 < doubt.p90:
        amount = amount.widened(doubt)
    return CostItem(code, quantity, unit, unit_price, amount, is_counted)
