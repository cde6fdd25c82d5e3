"""Numbers as people write them: 0,29; 29ct; 700 €; 5 k€; 1e9; 10B; 1.000,50 and 1,000.50; 150W; 30 %.

What could mean two things is asked back: 1.000 may be one or a thousand.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from service.errors import Worded, worded

NO_NUMBER = worded("is not a number")
NOTHING = ("none", "nothing", "keine", "nichts")
"""Written where a list is empty on purpose: no machine of one's own."""
NUMBER = re.compile(
    r"(?P<before>[^-+\d.,'\u2019\s]*)\s*(?P<number>[-+]?[\d.,'\u2019\s]*\d(?:[eE][-+]?\d+)?)(?P<unit>[^\d]*)"
)
ABOUT = re.compile(r"^(?:ca\.?|circa|etwa|rund|about|around|~|≈)\s*(?=\S)", re.I)
"""Before a number: it is meant as it is written."""
NO_CENTS = re.compile(r"(?<=\d)[.,](?:-+|–|—)(?=\D*$)")
"""Behind a whole amount: 700,- and 700.–"""
RANGE = re.compile(r"\d\s*\D{0,3}\s*(?:-|–|—|\bto\b|\bbis\b)\s*[^\d\s-]?\s*\d")
GROUPS = re.compile(r"[-+]?\d{1,3}(?P<mark>[\s'\u2019])\d{3}(?:(?P=mark)\d{3})*(?:[.,]\d*)?(?:[eE][-+]?\d+)?")
"""What spaces and apostrophes separate: thousands."""
PER = re.compile(r"\b(?:per|pro|je)\b", re.I)
SIGNS = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "dollar": "USD",
    "dollars": "USD", "£": "GBP", "gbp": "GBP", "chf": "CHF", "fr": "CHF", "franken": "CHF",
}  # fmt: skip
THOUSANDS = {
    "k": Decimal(10**3), "tsd": Decimal(10**3), "tausend": Decimal(10**3), "thousand": Decimal(10**3),
    "mio": Decimal(10**6), "million": Decimal(10**6), "millionen": Decimal(10**6),
}  # fmt: skip
CURRENCIES = dict.fromkeys(SIGNS, Decimal(1))
CENTS = dict.fromkeys(("ct", "cts", "cent", "cents", "c", "rp", "p"), Decimal("0.01"))
LARGE_MONEY = (
    CURRENCIES
    | THOUSANDS
    | {many + sign: factor for many, factor in THOUSANDS.items() for sign in SIGNS}
    | {sign + many: factor for many, factor in THOUSANDS.items() for sign in SIGNS}
    | {f"t{sign}": Decimal(10**3) for sign in SIGNS}
)
"""T€ and TEUR are thousands, as German books write them; a T alone is not said to be anything."""
CURRENCY_OF = {
    both: currency
    for sign, currency in SIGNS.items()
    for many in ("", "t", *THOUSANDS)
    for both in (many + sign, sign + many)
}
"""What an amount is in by its unit, thousands or not."""
COUNTS = THOUSANDS | {
    "m": Decimal(10**6), "b": Decimal(10**9), "bn": Decimal(10**9), "g": Decimal(10**9),
    "mrd": Decimal(10**9), "mia": Decimal(10**9), "billion": Decimal(10**9), "milliarde": Decimal(10**9),
    "milliarden": Decimal(10**9), "t": Decimal(10**12), "trillion": Decimal(10**12),
    "billionen": Decimal(10**12),
}  # fmt: skip
"""A billion is English: a thousand million. The German word for 10^12 reads alike but in the plural."""
TOKENS = COUNTS | {f"{many}tokens": factor for many, factor in COUNTS.items()} | {"tokens": Decimal(1)}


def _per(units: Mapping[str, Decimal], *of: str) -> dict[str, Decimal]:
    ends = ("", *(f"/{one}" for one in of))
    return {f"{unit}{end}": factor for unit, factor in units.items() for end in ends}


HOURS = {**dict.fromkeys(("h", "hour", "hours", "std", "stunde", "stunden"), Decimal(1)),
         **dict.fromkeys(("min", "minutes", "minuten"), Decimal(1) / 60)}  # fmt: skip
GIB = {"gib": Decimal(1), "gb": Decimal(1), "g": Decimal(1), "tib": Decimal(1024), "tb": Decimal(1024)}
YEARS = {**dict.fromkeys(("year", "years", "y", "yr", "jahr", "jahre", "jahren", "a"), Decimal(1)),
         **dict.fromkeys(("month", "months", "monat", "monate", "monaten"), Decimal(1) / 12)}  # fmt: skip
GB = {"gb": Decimal(1), "tb": Decimal(1000), "pb": Decimal(10**6)}
MBIT_PER_S = {**dict.fromkeys(("mbit/s", "mbps", "mbit"), Decimal(1)),
              **dict.fromkeys(("gbit/s", "gbps", "gbit"), Decimal(1000))}  # fmt: skip
PERCENT = dict.fromkeys(("%", "percent", "prozent"), Decimal("0.01"))
WATTS = {"w": Decimal(1), "watt": Decimal(1), "watts": Decimal(1), "kw": Decimal(1000)}
KWH = {"kwh": Decimal(1), "mwh": Decimal(1000)}
PER_HOUR = _per(CURRENCIES | CENTS, "h", "hour", "std", "stunde")
UNITS: tuple[tuple[str, str, Mapping[str, Decimal]], ...] = (
    ("kwh_price", "€, EUR, ct, $", _per(CURRENCIES | CENTS, "kwh")),
    ("per_kwh", "€, EUR, ct, $", _per(CURRENCIES | CENTS, "kwh")),
    *((field, "€, EUR, ct, $", PER_HOUR) for field in ("per_hour", "max_price", "below")),
    ("budget", "€, EUR, $, k, k€, T€", LARGE_MONEY),
    ("price", "€, EUR, $, k, k€, T€", LARGE_MONEY),
    ("per_month", "€, EUR, ct, $", _per(CURRENCIES | CENTS, "month", "mo", "monat")),
    ("tokens", "k, M, B, T, Mio., Mrd.", TOKENS),
    ("examples", "k, M, B, T, Mio., Mrd.", COUNTS),
    ("watts", "W, kW", WATTS),
    ("hours_per_day", "h, min", _per(HOURS, "d", "day", "tag")),
    ("_mbit_per_s", "Mbit/s, Gbit/s", MBIT_PER_S), ("_gb", "GB, TB", GB),
    ("_hours", "h, min", HOURS), ("_seconds", "s, min", {"s": Decimal(1), "min": Decimal(60)}),
    ("_gib", "GiB, GB, TiB", GIB), ("memory", "GiB, GB, TiB", GIB),
    ("share", "%", PERCENT), ("failed_runs", "%", PERCENT), ("capital_cost", "%", PERCENT),
    ("probability", "%", PERCENT), ("fall", "%", dict.fromkeys(PERCENT, Decimal(1))),
    ("yearly_kwh", "kWh, MWh", _per(KWH, "a", "year", "jahr")),
    ("max_age_days", "d, days", dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen"), Decimal(1))),
    ("years_kept", "years, months", YEARS),
)  # fmt: skip
"""By what a field's name ends in: the units that it may be written with, as they are told, and what they make
of a number."""
TWO_MEANINGS = re.compile(r"[-+]?(?P<head>[1-9]\d{0,2})[.,](?P<tail>\d{3})")
FRACTIONS = (
    "kwh_price", "per_kwh", "per_hour", "hours_per_day", "share", "failed_runs", "capital_cost",
    "probability", "display_gib", "up_hours", "restart_hours", "interval_hours", "epochs", "years_kept",
    "fall", "max_price", "below", "weights",
)  # fmt: skip
"""Of these nobody means thousands; of all others a thousand is as usual as one and a fraction."""


class Unwritten(ValueError):
    """Why what was written is no number."""

    def __init__(self, reason: Worded = NO_NUMBER) -> None:
        self.reason = reason
        super().__init__(reason)


def number_written(said: str, field: str) -> Decimal:
    """The number. Raises Unwritten with what is wrong: none, another unit, or one that means two things."""
    match = _match(said)
    if match is None:
        raise Unwritten(worded("is a range; write one number") if RANGE.search(said) else NO_NUMBER)
    grouped = re.search(r"[\s'\u2019]", match["number"].strip())
    if grouped and not GROUPS.fullmatch(match["number"].strip()):
        raise Unwritten
    written, unit = re.sub(r"[\s'\u2019]", "", match["number"]), _unit(match)
    told, known = units_of(field)
    if unit and unit not in known:
        raise Unwritten(worded("may be written with {units}", units=told) if known else NO_NUMBER)
    factor = known.get(unit, Decimal(1))
    if factor == 1 and not grouped and not field.endswith(FRACTIONS) and (both := two_meanings(written)):
        raise Unwritten(both)
    try:
        number = Decimal(_with_a_point(written))
    except InvalidOperation:
        raise Unwritten from None
    return number * factor


def units_of(field: str) -> tuple[str, Mapping[str, Decimal]]:
    """The units that a field may be written with: as they are told, and what each makes of a number."""
    return next(((told, units) for end, told, units in UNITS if field.endswith(end)), ("", {}))


def currency_written(said: str) -> str | None:
    """The currency that an amount is written with; None where it says none."""
    match = _match(said)
    return CURRENCY_OF.get(_unit(match).split("/")[0]) if match else None


def currency_meant(said: str) -> str:
    """A currency as people write it, by its sign or its name or its three letters, in these."""
    return SIGNS.get(said.strip().lower(), said.strip().upper())


def another_currency(said: str, currency: str) -> Worded | None:
    """Why an amount is refused that is written in another currency than the answer's; None for others."""
    written, meant = currency_written(said), currency_meant(currency)
    if written is None or written == meant:
        return None
    return worded(
        "is in {written}, and the answer in {currency}; write it in {currency}",
        written=written,
        currency=meant,
    )


def two_meanings(written: str, unit: str = "") -> Worded | None:
    """Why digits with one separator before the last three mean two things; None for others."""
    both = TWO_MEANINGS.fullmatch(written)
    if both is None:
        return None
    small, large = f"{both['head']}.{both['tail']}".rstrip("0").rstrip("."), both["head"] + both["tail"]
    return worded("means two things: write {small} or {large}", small=small + unit, large=large + unit)


def as_digits(number: Decimal | float | int) -> str:
    """A number so that it is read as it is, by number_written and by every other reader: 1234567, 1.1250."""
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    whole = exact == exact.to_integral_value()
    digits = f"{exact.to_integral_value() if whole else exact.normalize():f}"
    return f"{digits}0" if TWO_MEANINGS.fullmatch(digits) else digits


def _match(said: str) -> re.Match[str] | None:
    return NUMBER.fullmatch(NO_CENTS.sub("", ABOUT.sub("", said.strip(), count=1)))


def _unit(match: re.Match[str]) -> str:
    """The unit, also of a currency that stands before its number: €700, $0.30/kWh."""
    words = PER.sub("/", f"{match['before']}{match['unit']}".lower())
    return re.sub(r"[\s.]", "", words)


def _with_a_point(written: str) -> str:
    """The same with a decimal point and no thousands separators: the last separator of two kinds, or a single
    one, stands before the decimals; one that comes again separates thousands."""
    last = max(written.rfind(","), written.rfind("."))
    if last < 0:
        return written
    mark = written[last]
    other = "." if mark == "," else ","
    if written.count(mark) > 1:
        whole, decimals, is_clear = written, "", other not in written
    else:
        whole, decimals, is_clear = written[:last], written[last + 1 :], True
        mark = other
    first, *groups = whole.split(mark)
    if not is_clear or any(len(group) != 3 for group in groups) or (groups and len(first.lstrip("+-")) > 3):
        return written
    return "".join((first, *groups)) + (f".{decimals}" if decimals else "")
