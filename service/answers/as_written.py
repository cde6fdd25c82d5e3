"""Numbers as people write them: 0,29; 29ct; 700 €; €700; 1e9; 10B; 1.000,50 and 1,000.50; 150W; 30 %.

What could mean two things is asked back: 1.000 may be one or a thousand.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from service.errors import InvalidValue, Worded, worded

NO_NUMBER = worded("is not a number")
NUMBER = re.compile(
    r"(?P<before>[^-+\d.,'\s]*)\s*(?P<number>[-+]?[\d.,'\s]*\d(?:[eE][-+]?\d+)?)(?P<unit>[^\d]*)"
)
SIGNS = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "$": "USD", "usd": "USD", "dollar": "USD", "£": "GBP",
    "gbp": "GBP", "chf": "CHF",
}  # fmt: skip
CURRENCIES = dict.fromkeys(SIGNS, Decimal(1))
CENTS = dict.fromkeys(("ct", "cent", "cents", "c", "rp.", "rp", "p"), Decimal("0.01"))
PER_KWH = {f"{unit}{per}": factor for unit, factor in (CURRENCIES | CENTS).items() for per in ("", "/kwh")}
COUNTS = {
    "k": Decimal(10**3), "m": Decimal(10**6), "mio": Decimal(10**6), "mio.": Decimal(10**6),
    "million": Decimal(10**6), "millionen": Decimal(10**6), "b": Decimal(10**9), "bn": Decimal(10**9),
    "g": Decimal(10**9), "mrd": Decimal(10**9), "mrd.": Decimal(10**9), "billion": Decimal(10**9),
    "milliarden": Decimal(10**9), "t": Decimal(10**12), "trillion": Decimal(10**12),
    "tokens": Decimal(1),
}  # fmt: skip
"""A billion is English: a thousand million. The German word for 10^12 reads alike and is not among them."""
WATTS = {"w": Decimal(1), "watt": Decimal(1), "watts": Decimal(1), "kw": Decimal(1000)}
HOURS = {"h": Decimal(1), "hours": Decimal(1), "stunden": Decimal(1)}
GIB = {"gib": Decimal(1), "gb": Decimal(1)}
PERCENT = {"%": Decimal("0.01")}
UNITS: tuple[tuple[str, Mapping[str, Decimal]], ...] = (
    ("kwh_price", PER_KWH), ("per_kwh", PER_KWH), ("per_hour", CURRENCIES | CENTS), ("budget", CURRENCIES),
    ("price", CURRENCIES), ("per_month", CURRENCIES | CENTS), ("tokens", COUNTS), ("watts", WATTS),
    ("hours_per_day", HOURS), ("_gib", GIB), ("share", PERCENT), ("failed_runs", PERCENT),
    ("capital_cost", PERCENT), ("probability", PERCENT), ("yearly_kwh", {"kwh": Decimal(1)}),
)  # fmt: skip
"""By what a field's name ends in: the units that it may be written with, and what they make of a number."""
TWO_MEANINGS = re.compile(r"[-+]?(?P<head>[1-9]\d{0,2})[.,](?P<tail>\d{3})")
WHOLE_AMOUNTS = ("budget", "price", "per_month", "tokens", "yearly_kwh")
"""Of these a thousand is as usual as one and a fraction."""
CENTS_PER_UNIT = ("EUR", "USD", "GBP", "CHF")
DEAREST_PER_KWH = 5
"""Of these currencies: no household pays that for a kilowatt-hour."""


class Unwritten(ValueError):
    """Why what was written is no number."""

    def __init__(self, reason: Worded = NO_NUMBER) -> None:
        self.reason = reason
        super().__init__(reason)


def number_written(said: str, field: str) -> Decimal:
    """The number. Raises Unwritten with what is wrong: none, another unit, or one that means two things."""
    match = NUMBER.fullmatch(said.strip())
    if match is None:
        raise Unwritten
    written, unit = re.sub(r"[\s']", "", match["number"]), _unit(match)
    known = next((units for end, units in UNITS if field.endswith(end)), {})
    if unit and unit.replace(" ", "") not in known:
        raise Unwritten(worded("may be written with {units}", units=", ".join(known)) if known else NO_NUMBER)
    both = TWO_MEANINGS.fullmatch(written)
    if both and field.endswith(WHOLE_AMOUNTS) and not field.endswith("kwh_price"):
        small, large = f"{both['head']}.{both['tail']}".rstrip("0").rstrip("."), both["head"] + both["tail"]
        raise Unwritten(worded("means two things: write {small} or {large}", small=small, large=large))
    try:
        number = Decimal(_with_a_point(written))
    except InvalidOperation:
        raise Unwritten from None
    return number * known.get(unit.replace(" ", ""), Decimal(1))


def currency_written(said: str) -> str | None:
    """The currency that an amount is written with; None where it says none."""
    match = NUMBER.fullmatch(said.strip())
    return SIGNS.get(_unit(match).removesuffix("/kwh")) if match else None


def _unit(match: re.Match[str]) -> str:
    """The unit, also of a currency that stands before its number: €700, $0.30/kWh."""
    return match["before"].lower() + match["unit"].strip().lower()


def _with_a_point(written: str) -> str:
    """The same with a decimal point and no thousands separators: the last separator of two kinds, or a single
    one, stands before the decimals; one that comes again separates thousands."""
    last = max(written.rfind(","), written.rfind("."))
    if last < 0:
        return written
    mark = written[last]
    other = "." if mark == "," else ","
    if written.count(mark) > 1:
        groups = written.split(mark)
        if other in written or any(len(group) != 3 for group in groups[1:]):
            return written
        return "".join(groups)
    return written[:last].replace(other, "") + "." + written[last + 1 :]


def refuse_cents(per_kwh: Decimal, currency: str, field: str) -> None:
    """Raises InvalidValue for a price per kilowatt-hour that must be meant in cents."""
    if currency in CENTS_PER_UNIT and per_kwh >= DEAREST_PER_KWH:
        reason = worded(
            "would be {price} {currency} per kWh; for cents write {price}ct", price=per_kwh, currency=currency
        )
        raise InvalidValue(field, str(per_kwh), reason)
