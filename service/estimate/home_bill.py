"""Everything a run at home costs: electricity, the card if it is bought or worn, and heat if it is wanted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from service.errors import InvalidValue
from service.estimate.card_prices import CardPrice
from service.estimate.cost import BillLine, Cost, CostItem, conversion
from service.estimate.interval import Interval, certain
from service.estimate.tariff import MarginalPrice
from service.facts import ExchangeRate, Figure, Source

HOURS_PER_DAY = 24.0
HOURS_PER_MONTH = 730.0
LEAST_HOURS_PER_DAY = 0.01
"""Half a minute: with less a run would outlast every number."""
LARGEST_PAUSED_WATTS = 10_000
PAID: tuple[BillLine, ...] = ("electricity", "paused", "heat")
"""Beside what is bought: what the run changes of what is paid before it ends."""


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
    rates: tuple[ExchangeRate, ...] = ()
    """What the dated price was converted with."""

    @property
    def per_run(self) -> Decimal:
        """Loss of value per run: (price - resale) / runs."""
        return (self.price - self.resale) / self.runs

    @property
    def loss_per_run(self) -> Interval:
        """The loss of value with the doubts of the price and of the resale, which know nothing of each other:
        their ends meet in squares. A card is never counted as a gain.
        """
        price = self.price_range or certain(float(self.price))
        loss, said = float(self.price - self.resale), self.resale_share
        lost = loss / float(self.price) if self.price else 0.0
        least = lost if said is None or said.high is None else 1 - said.high
        most = lost if said is None or said.low is None else 1 - said.low
        down = math.hypot((price.p50 - price.p10) * lost, price.p50 * (lost - least))
        up = math.hypot((price.p90 - price.p50) * lost, price.p50 * (most - lost))
        return Interval(max(loss - down, 0.0), loss, loss + up) * (1 / self.runs)


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
                f"must be above 0 and at most 24, at least {LEAST_HOURS_PER_DAY}",
            )
        if not 0 <= self.paused_watts <= LARGEST_PAUSED_WATTS:
            raise InvalidValue("paused_watts", self.paused_watts, f"must be from 0 to {LARGEST_PAUSED_WATTS}")
        if not 0 <= self.heating_share <= 1:
            raise InvalidValue("heating_share", self.heating_share, "must be from 0 to 1")
        for name in ("wear_per_hour", "base_fee_per_month", "heat_per_kwh"):
            if not getattr(self, name) >= 0:
                raise InvalidValue(name, str(getattr(self, name)), "must not be negative")
        if self.purchase and (self.purchase.runs < 1 or not 0 <= self.purchase.resale <= self.purchase.price):
            raise InvalidValue(
                "purchase", self.purchase.resale, "is resold for 0 up to its price, after 1 run or more"
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
    if terms.heating_share and terms.heat_per_kwh:
        saved = energy_kwh * terms.heating_share
        lines.append(_line("heat", saved, "kWh", -terms.heat_per_kwh))
    if terms.base_fee_per_month:
        months = calendar_hours(hours, terms) * (1 / HOURS_PER_MONTH)
        lines.append(_line("base_fee", months, "months", terms.base_fee_per_month, is_counted=False))
    return tuple(lines)


def total(lines: tuple[CostItem, ...]) -> Interval:
    """The sum of the lines that count, percentile by percentile: hours drive them all together. What a bought
    card loses has nothing to do with the hours: its doubt joins theirs in squares.

    In order, also where heat is worth more than it costs and more hours make it less.
    """
    counted = [line for line in lines if line.is_counted and line.amount is not None]
    lost = sum((line.amount for line in counted if line.code == "purchase" and line.amount), certain(0.0))
    summed = sum((line.amount for line in counted if line.code != "purchase" and line.amount), certain(0.0))
    return _joined(summed, lost)


def _joined(running: Interval, card: Interval) -> Interval:
    """The sum of what the hours cost and of a card, which know nothing of each other."""
    low, middle, high = sorted((running.p10, running.p50, running.p90))
    median = middle + card.p50
    down, up = math.hypot(middle - low, card.p50 - card.p10), math.hypot(high - middle, card.p90 - card.p50)
    return Interval(median - down, median, median + up)


def cash_needed(lines: tuple[CostItem, ...], terms: HomeTerms) -> Interval:
    """What has to be paid until the run ends: electricity less the heating it replaces, a bought card whole.

    What it is sold for comes later, and wear is no payment. The doubts of a dated card price and of the hours
    know nothing of each other.
    """
    paid = [line.amount for line in lines if line.code in PAID and line.amount is not None]
    bought = terms.purchase
    price = (bought.price_range or certain(float(bought.price))) if bought else certain(0.0)
    return _joined(sum(paid, certain(0.0)), price)


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
    """How many runs it takes until a bought card costs no more than renting for all of them.

    Loss of value / (rent - running cost), rounded up; None where renting is cheaper per run for ever.
    """
    saved = rented_per_run - at_home_per_run
    if saved <= 0:
        return None
    loss = float(purchase.price - purchase.resale)
    return max(1, -int(-loss // saved))


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
