"""Everything a rented run costs: not the hourly price times the hours, but the bill that comes.

One function for all offers at once, as arrays; a single offer is an array of one. Amounts are in one
currency. What is not known of a provider (its egress fee, say) is NaN, adds nothing to the total and is
shown as unknown, never as 0. Leaves out quota, minimum top-ups and what support contracts cost.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import InvalidValue, worded
from service.estimate.quantile import QUANTILE_90
from service.estimate.vat import Vat
from service.facts import PriceVat, Source

Numbers = NDArray[np.float64]
HOURS_PER_MONTH = 730.0
SECONDS_PER_HOUR = 3600.0
LARGEST_TERM = 1e9
LEAST_DIVISOR = 0.001
"""Of what hours are divided by: with less a run would outlast every number."""
HOURS_PER_DAY = 24.0
PRICE_VAT: tuple[PriceVat | None, ...] = (None, "net", "gross")
NO_NUMBERS = ("tax_as_told", "vat", "interruptions_as_told", "doubts", "told")
"""Fields of CloudTerms that are no number of the asker's."""


@dataclass(frozen=True, slots=True)
class CloudTerms:
    """What a rented run needs beside its training hours."""

    set_up_hours: float
    """Boot, image and installation, billed like training."""
    download_gb: float
    """Training data brought to the machine."""
    download_mbit_per_s: float
    storage_gb: float
    """Data and checkpoints kept while the machine is rented."""
    egress_gb: float
    """Weights, checkpoints and logs brought home."""
    idle_share: float
    """Machine hours lost to failed starts, debugging and forgotten machines, over training hours."""
    interruptions_per_day: float
    """Of a spot machine."""
    restart_hours: float
    """From an interruption until training goes on."""
    checkpoint_interval_hours: float
    checkpoint_seconds: float
    """Training waits while a checkpoint is written."""
    tax_share: float = 0.0
    """Sales tax or VAT on the whole bill, of prices of which nothing is known."""
    tax_as_told: bool = False
    """Whether `tax_share` is the asker's own: then it is every offer's."""
    vat: Vat | None = None
    """The asker's: what each offer's tax follows from, unless he has told it."""
    interruptions_as_told: bool = False
    """Whether `interruptions_per_day` is the asker's own: then it counts for every spot machine."""
    doubts: tuple["Doubt", ...] = field(default=(), compare=False)
    """Of what is assumed; what the asker told has none."""
    told: Source | None = field(default=None, compare=False)
    """Who says what is not assumed."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name not in NO_NUMBERS and not 0 <= value <= LARGEST_TERM:
                raise InvalidValue(
                    one.name,
                    value,
                    worded("must be a number from 0 on, at most {largest_term:g}", largest_term=LARGEST_TERM),
                )
        for name in ("download_mbit_per_s", "checkpoint_interval_hours"):
            if getattr(self, name) < LEAST_DIVISOR:
                raise InvalidValue(
                    name,
                    getattr(self, name),
                    worded("must be more than 0, at least {least_divisor:g}", least_divisor=LEAST_DIVISOR),
                )


@dataclass(frozen=True, slots=True)
class DrawnTerms:
    """CloudTerms in each of many futures, shape (futures, 1), or one number for all."""

    set_up_hours: Numbers | float
    download_gb: Numbers | float
    download_mbit_per_s: Numbers | float
    storage_gb: Numbers | float
    egress_gb: Numbers | float
    idle_share: Numbers | float
    interruptions_per_day: Numbers | float
    restart_hours: Numbers | float
    checkpoint_interval_hours: Numbers | float
    checkpoint_seconds: Numbers | float
    interruptions_as_told: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """One assumption at both ends of its 80 % range, all others as they are."""

    name: str
    low: CloudTerms
    high: CloudTerms
    is_of_spot: bool = False
    """Whether it moves spot machines alone."""


@dataclass(frozen=True, slots=True)
class Rented:
    """Offers as columns, prices in the currency of the bill."""

    price_per_hour: Numbers
    """Of all instances together."""
    is_spot: NDArray[np.bool_]
    term_months: Numbers
    """Of a reserved offer, else 0."""
    billing_increment_s: Numbers
    """0 where unknown."""
    minimum_billing_s: Numbers
    egress_per_gb: Numbers
    """NaN where nobody has told us; marginal tiers are worked out before."""
    storage_per_gb_month: Numbers
    interruptions_per_day: Numbers | None = None
    """Of each offer by itself; NaN, or None for all, where nothing is known of it."""
    price_vat: NDArray[np.int8] | None = None
    """Whether each price is without VAT or with it, as a place in PRICE_VAT; None for all unknown."""
    rent_doubt: Numbers | None = None
    """How far the price may have moved since it was stated, as a factor: 10th and 90th percentile, shape
    (2, offers); None where all are certain."""
    rent_moves: Numbers | None = None
    """The same until the run is done, as logarithms at each of rent_moves.SHARES, shape (9, offers)."""

    def of(self, positions: NDArray[np.intp] | slice) -> "Rented":
        """Those offers only."""

        def at(column: Any) -> Any:
            return None if column is None else column[..., positions]

        return Rented(**{one.name: at(getattr(self, one.name)) for one in fields(self)})


@dataclass(frozen=True, slots=True)
class CloudBill:
    """The lines of the bill: three percentiles of an amount by offer, shape (3, offers), by the doubt of the
    hours alone, the tax also of whether a price holds it; what else is in doubt is in the total and the
    calendar."""

    rent: Numbers
    set_up: Numbers
    idle: Numbers
    interruptions: Numbers
    commitment: Numbers
    """What a reserved term costs beyond the hours used: it is paid to its end."""
    storage: Numbers
    egress: Numbers
    tax: Numbers
    machine_hours: Numbers
    """Billed hours, training and everything else."""
    calendar_hours: Numbers
    """From start to end, interruptions included, with every doubt."""
    doubt: Numbers
    """Log standard deviations of the money below and above, shape (2, offers), beside those of the hours: of
    what is assumed, and of the rent's age."""

    @property
    def total(self) -> Numbers:
        """The sum of what is known, with every doubt."""
        return widened(self.summed, self.doubt)

    @property
    def summed(self) -> Numbers:
        """The sum of the lines as far as they are known, percentile by percentile."""
        lines = (getattr(self, name) for name in LINES)
        return np.asarray(sum((np.where(np.isnan(x), 0.0, x) for x in lines), np.zeros_like(self.rent)))

    @property
    def tax_factor(self) -> Numbers:
        """The median bill with tax over that without, shape (offers,)."""
        total, tax = self.summed[1], self.tax[1]
        return np.asarray(total / np.where(total == tax, 1.0, total - tax))


LINES = ("rent", "set_up", "idle", "interruptions", "commitment", "storage", "egress", "tax")


def interruptions_of(rented: Rented, terms: CloudTerms | DrawnTerms) -> Numbers:
    """Interruptions per day of each offer: what the asker says, else what is known of it, else the usual."""
    own = rented.interruptions_per_day
    if own is None or terms.interruptions_as_told:
        return np.zeros_like(rented.price_per_hour) + terms.interruptions_per_day
    return np.where(np.isnan(own), terms.interruptions_per_day, own)


def spot_overhead(terms: CloudTerms | DrawnTerms, per_day: Numbers | None = None) -> Numbers | float:
    """Extra hours per hour of training on a spot machine: checkpoints, and what an interruption loses.

    checkpoint time / interval + interruptions per hour x (interval / 2 + restart); Young's first-order
    model (CACM 17, 1974), the interval as given rather than optimal. Leaves out that interruptions come
    in clusters. `per_day` are the interruptions of each offer, where they are not the terms'.
    """
    interval = terms.checkpoint_interval_hours
    per_hour = (terms.interruptions_per_day if per_day is None else per_day) / HOURS_PER_DAY
    return terms.checkpoint_seconds / SECONDS_PER_HOUR / interval + per_hour * (
        interval / 2 + terms.restart_hours
    )


def interruption_spread(terms: CloudTerms, hours: Numbers, per_day: Numbers | None = None) -> Numbers:
    """Standard deviation of a spot run's length over its hours: interruptions are counted events (Poisson),
    each of which loses half an interval and a restart."""
    per_day = np.asarray(terms.interruptions_per_day) if per_day is None else per_day
    expected = np.maximum(hours * per_day / HOURS_PER_DAY, 1e-9)
    lost_each = terms.checkpoint_interval_hours / 2 + terms.restart_hours
    return np.asarray(np.sqrt(expected) * lost_each / hours)


def lost_hours(training_hours: Numbers, terms: CloudTerms, per_day: Numbers | None = None) -> Numbers:
    """Hours that a spot run loses to checkpoints and interruptions, shape (3, offers).

    The median is what is expected; the 10th and 90th percentile make training and lost hours together as
    uncertain as the training and the number of interruptions, which are independent. Never less than the
    checkpoints take.
    """
    overhead = spot_overhead(terms, per_day)
    expected = overhead * training_hours
    median = training_hours[1] + expected[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = interruption_spread(terms, training_hours[1], per_day) / (1 + overhead)
        down = np.hypot(np.log(training_hours[1] / training_hours[0]) / QUANTILE_90, counted)
        up = np.hypot(np.log(training_hours[2] / training_hours[1]) / QUANTILE_90, counted)
    short, long = median * np.exp(-QUANTILE_90 * down), median * np.exp(QUANTILE_90 * up)
    saving = training_hours * (terms.checkpoint_seconds / SECONDS_PER_HOUR / terms.checkpoint_interval_hours)
    return np.maximum(np.stack((short, median, long)) - training_hours, saving)


def cloud_bill(training_hours: Numbers, rented: Rented, terms: CloudTerms) -> CloudBill:
    """The bill of a run of `training_hours`, shape (3, offers): 10th, 50th, 90th percentile.

    Rent follows the hours, rounded up to the provider's increment and minimum; set-up is download at the
    line's speed and installation; a reserved term is paid whole, however short the run.
    """
    price = rented.price_per_hour
    set_up = np.broadcast_to(np.float64(_set_up_hours(terms)), training_hours.shape)
    idle = training_hours * terms.idle_share
    lost = np.where(rented.is_spot, lost_hours(training_hours, terms, interruptions_of(rented, terms)), 0.0)
    machine = _billed(training_hours + set_up + idle + lost, rented)
    # Rounding up belongs to the rent; the other lines keep their own hours.
    rent_h = machine - set_up - idle - lost
    months = np.maximum(machine, 0.0) / HOURS_PER_MONTH
    lines = {
        "rent": rent_h * price,
        "set_up": set_up * price,
        "idle": idle * price,
        "interruptions": lost * price,
        "commitment": (_paid_hours(machine, rented) - machine) * price,
        "storage": terms.storage_gb * months * rented.storage_per_gb_month
        if terms.storage_gb
        else np.zeros_like(machine),
        "egress": np.broadcast_to(
            terms.egress_gb * rented.egress_per_gb if terms.egress_gb else np.zeros_like(price),
            training_hours.shape,
        ),
    }
    net = sum((np.nan_to_num(line, nan=0.0) for line in lines.values()), np.zeros_like(machine))
    money, calendar = _doubts(training_hours[1], rented, terms)
    return CloudBill(
        **lines,
        tax=_tax(net, rented, terms),
        machine_hours=machine,
        calendar_hours=widened(training_hours + set_up + lost, calendar),
        doubt=money,
    )


def _tax(net: Numbers, rented: Rented, terms: CloudTerms) -> Numbers:
    """VAT on the bill, the asker's own share or by how each price is shown; where nobody has told that, the
    10th percentile of the bill is lower by the doubt whether the price holds it already, in squares."""
    if terms.vat is None or terms.tax_as_told:
        return net * terms.tax_share
    shown = np.zeros(net.shape[1], dtype=np.int8) if rented.price_vat is None else rented.price_vat
    tax: Numbers = net * np.array([terms.vat.on(price_vat) for price_vat in PRICE_VAT])[shown]
    doubt = np.log([terms.vat.doubt_of(price_vat) for price_vat in PRICE_VAT])[shown]
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.hypot(np.log(net[1] / net[0]), doubt)
        lowest = (net[1] + tax[1]) * np.exp(-down) - net[0]
    tax[0] = np.where((doubt > 0) & np.isfinite(lowest), lowest, tax[0])
    return tax


def widened(percentiles: Numbers, spread: Numbers) -> Numbers:
    """Quantities, shape (3, n), times factors with a median of 1 and these log standard deviations, shape
    (2, n): Interval.widened for all at once. What is certain, or nothing, or unknown stays as it is."""
    low, middle, high = percentiles
    if not spread.any():
        return percentiles
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.hypot(np.where(low > 0, np.log(middle / low) / QUANTILE_90, 0.0), spread[0])
        up = np.hypot(np.where(low > 0, np.log(high / middle) / QUANTILE_90, 0.0), spread[1])
        wide = np.stack((middle * np.exp(-QUANTILE_90 * down), middle, middle * np.exp(QUANTILE_90 * up)))
    return np.where(spread.any(axis=0) & (middle > 0), wide, percentiles)


def spread_of_ends(ends: Numbers) -> Numbers:
    """Log standard deviations below and above 1, shape (2, n), of what a quantity is over its median at the
    ends of a range, shape (2, n), whichever is the lower."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(ends) / QUANTILE_90
    logs = np.where(np.isfinite(logs), logs, 0.0)
    return np.stack((-np.minimum(logs.min(axis=0), 0.0), np.maximum(logs.max(axis=0), 0.0)))


def _doubts(hours: Numbers, rented: Rented, terms: CloudTerms) -> tuple[Numbers, Numbers]:
    """Log standard deviations of money and of calendar hours, shape (2, offers) each: every doubt by itself
    at median hours, joined in squares. Tax is the same share of a bill at both ends."""
    now, calendar = _money_and_hours(hours, rented, terms)
    money, time = np.zeros((2, len(now))), np.zeros((2, len(now)))
    for doubt in terms.doubts:
        if doubt.is_of_spot and not rented.is_spot.any():
            continue
        ends = [_money_and_hours(hours, rented, end) for end in (doubt.low, doubt.high)]
        with np.errstate(divide="ignore", invalid="ignore"):
            money = np.hypot(money, spread_of_ends(np.stack([end[0] / now for end in ends])))
            time = np.hypot(time, spread_of_ends(np.stack([end[1] / calendar for end in ends])))
    if rented.rent_doubt is not None:
        moved = [_money_and_hours(hours, rented, terms, factor)[0] for factor in rented.rent_doubt]
        with np.errstate(divide="ignore", invalid="ignore"):
            money = np.hypot(money, spread_of_ends(np.stack(moved) / now))
    return money, time


def _money_and_hours(
    hours: Numbers,
    rented: Rented,
    terms: CloudTerms,
    rent_factor: Numbers | float = 1.0,
) -> tuple[Numbers, Numbers]:
    """Money before tax and calendar hours at these hours of training, shape (offers,) each."""
    rent, other, elapsed = rent_and_hours(hours, rented, terms)
    return np.asarray(rent * rent_factor + other), elapsed


def rent_and_hours(
    hours: Numbers, rented: Rented, terms: CloudTerms | DrawnTerms, lost_more: Numbers | float = 0.0
) -> tuple[Numbers, Numbers, Numbers]:
    """Rent, what else is paid before tax, and calendar hours at these hours of training, shape (offers,)
    each, or with futures before them; on spot so many more hours are lost than expected."""
    lost: Numbers | float = 0.0
    if rented.is_spot.any():
        expected = spot_overhead(terms, interruptions_of(rented, terms)) * hours
        lost = np.where(rented.is_spot, np.maximum(expected + lost_more, 0.0), 0.0)
    elapsed = hours + _set_up_hours(terms) + lost
    machine = _billed(elapsed + hours * terms.idle_share, rented)
    stored = terms.storage_gb * machine / HOURS_PER_MONTH * np.nan_to_num(rented.storage_per_gb_month)
    rent = _paid_hours(machine, rented) * rented.price_per_hour
    return rent, stored + terms.egress_gb * np.nan_to_num(rented.egress_per_gb), elapsed


def _set_up_hours(terms: CloudTerms | DrawnTerms) -> Numbers | float:
    return terms.set_up_hours + terms.download_gb * 8e3 / terms.download_mbit_per_s / SECONDS_PER_HOUR


def _paid_hours(machine: Numbers, rented: Rented) -> Numbers:
    """A reserved term is paid to its end."""
    term_h = rented.term_months * HOURS_PER_MONTH
    whole = np.ceil(machine / np.where(term_h > 0, term_h, np.inf)) * term_h
    return np.where(term_h > 0, np.maximum(whole, machine), machine)


def _billed(hours: Numbers, rented: Rented) -> Numbers:
    seconds = np.maximum(hours * SECONDS_PER_HOUR, rented.minimum_billing_s)
    step = np.where(rented.billing_increment_s > 0, rented.billing_increment_s, 1e-3)
    return np.asarray(np.ceil(seconds / step - 1e-9) * step / SECONDS_PER_HOUR)
