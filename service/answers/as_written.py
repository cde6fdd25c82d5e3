"""Numbers as people write them: 0,29; 29ct; 700 €; 1e9; 10B; 1.000,50 and 1,000.50; 150W; 30 %.

What could mean two things is asked back: 1.000 may be one or a thousand.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

NUMBER = re.compile(r"(?P<number>[-+]?[\d.,'\s]*\d(?:[eE][-+]?\d+)?)(?P<unit>[^\d]*)")
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


def number_written(said: str, field: str) -> Decimal:
    """The number. Raises ValueError with what is wrong: none, another unit, or one that means two things."""
    match = NUMBER.fullmatch(said.strip())
    if match is None:
        raise ValueError("is not a number")
    written, unit = re.sub(r"[\s']", "", match["number"]), match["unit"].strip().lower()
    known = next((units for end, units in UNITS if field.endswith(end)), {})
    if unit and unit.replace(" ", "") not in known:
        raise ValueError("is not a number" if not known else f"may be written with {', '.join(known)}")
    both = TWO_MEANINGS.fullmatch(written)
    if both and field.endswith(WHOLE_AMOUNTS) and not field.endswith("kwh_price"):
        small, large = f"{both['head']}.{both['tail']}".rstrip("0").rstrip("."), both["head"] + both["tail"]
        raise ValueError(f"means two things: write {small} or {large}")
    try:
        number = Decimal(_with_a_point(written))
    except InvalidOperation:
        raise ValueError("is not a number") from None
    return number * known.get(unit.replace(" ", ""), Decimal(1))


def currency_written(said: str) -> str | None:
    """The currency that an amount is written with; None where it says none."""
    match = NUMBER.fullmatch(said.strip())
    return SIGNS.get(match["unit"].strip().lower().removesuffix("/kwh")) if match else None


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
