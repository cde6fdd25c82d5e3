"""Money: what a bill is made of, and one currency from another through dated rates.

home_bill.py and cloud_bill.py work out the lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from service.errors import InvalidValue, MissingFact, worded
from service.estimate.interval import Interval
from service.facts import EgressTier, ExchangeRate, Provider

BillLine = Literal[
    "electricity", "paused", "wear", "purchase", "rest_of_pc", "capital", "heat", "base_fee",
    "rent", "set_up", "idle", "interruptions", "commitment", "storage", "egress", "tax",
]  # fmt: skip
"""What a line is for, at home and rented."""
RATE_IS_OLD_AFTER_DAYS = 5
"""Easter and Christmas leave that many days without a new reference rate."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A factor from one currency to another with the dated rates it came from."""

    factor: Decimal
    rates: tuple[ExchangeRate, ...]


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a bill: what it is for, how it was computed, what it comes to."""

    code: BillLine
    quantity: Interval
    quantity_unit: str
    unit_price: Decimal | None
    """In the answer's currency per quantity unit; None where nobody has told us."""
    amount: Interval | None
    """None where the unit price is unknown: not 0, and not in the total."""
    is_counted: bool = True
    """False: shown, but paid with or without the run."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an option costs in one currency."""

    currency: str
    total: Interval
    items: tuple[CostItem, ...]
    conversion: Conversion
    cash: Interval
    """What has to be paid until the run ends: a bought card whole, whatever it is sold for later; no
    wear."""

    def line(self, code: BillLine) -> CostItem:
        """The line of that code. Raises LookupError where there is none."""
        for item in self.items:
            if item.code == code:
                return item
        raise LookupError(code)

    def amount(self, code: BillLine) -> float:
        """The median of what the lines of that code come to; 0 for none and for an unknown one."""
        return sum(item.amount.p50 for item in self.items if item.code == code and item.amount is not None)

    def split(self, codes: tuple[BillLine, ...]) -> tuple[float, float]:
        """Median quantity of the lines with these codes, and median money of all others before tax."""
        quantity = sum(item.quantity.p50 for item in self.items if item.code in codes)
        other = sum(
            item.amount.p50
            for item in self.items
            if item.code not in (*codes, "tax") and item.is_counted and item.amount is not None
        )
        return quantity, other

    @property
    def tax_factor(self) -> float:
        """The bill with tax over the bill without; 1 where there is none."""
        tax = next((item for item in self.items if item.code == "tax" and item.amount is not None), None)
        return 1.0 if tax is None or tax.unit_price is None else 1 + float(tax.unit_price)

    @property
    def unknown(self) -> tuple[BillLine, ...]:
        """Codes of the lines whose price nobody has told us."""
        return tuple(item.code for item in self.items if item.amount is None)


def conversion(source: str, target: str, rates: Sequence[ExchangeRate]) -> Conversion:
    """The factor that turns an amount in `source` into `target`, over the euro if need be.

    100 USD at 1.1172 USD per EUR: 89.51 EUR. Raises MissingFact when a rate is unknown.
    """
    if source == target:
        return Conversion(Decimal(1), ())
    by_quote = {rate.quote: rate for rate in rates if rate.base == "EUR"}
    used: list[ExchangeRate] = []
    factor = Decimal(1)
    if source != "EUR":
        used.append(_known(by_quote.get(source), source))
        factor /= used[-1].rate
    if target != "EUR":
        used.append(_known(by_quote.get(target), target))
        factor *= used[-1].rate
    return Conversion(factor, tuple(used))


def _known(rate: ExchangeRate | None, currency: str) -> ExchangeRate:
    if rate is None:
        raise MissingFact(
            worded("an exchange rate for {currency}", currency=currency),
            worded("choose a currency the ECB quotes"),
        )
    return rate


def rate_day(conversion_: Conversion) -> date | None:
    """The oldest day among the rates of a conversion; None without conversion."""
    return min((rate.as_of for rate in conversion_.rates), default=None)


def egress_cost(gigabytes: Decimal, provider: Provider) -> Decimal | None:
    """What a month's outgoing traffic costs, in the provider's fee currency; None where it is not known.

    Marginal: each tier prices only the gigabytes beyond its beginning, so that more traffic never costs
    less. 1,024 GB from Google Cloud: 122.88 USD, 1,025 GB: 122.99. Leaves out free allowances. Raises
    InvalidValue for a negative amount.
    """
    if gigabytes < 0:
        raise InvalidValue("gigabytes", str(gigabytes), worded("must not be negative"))
    if provider.egress_per_gb is None:
        return None
    tiers = (EgressTier(Decimal(0), provider.egress_per_gb), *provider.egress_tiers)
    ends = (*(tier.from_gb for tier in tiers[1:]), gigabytes)
    cost = Decimal(0)
    for tier, end in zip(tiers, ends, strict=True):
        cost += max(Decimal(0), min(gigabytes, end) - tier.from_gb) * tier.per_gb
    return cost
