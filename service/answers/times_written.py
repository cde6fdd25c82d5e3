"""Times as people write them: 36h, 30d, 2 weeks, 3 Monate, a year. One without its unit is asked back."""

import re

from service.answers.as_written import Unwritten, as_digits, number_written, two_meanings
from service.errors import InvalidValue, worded

HOURS_PER_DAY, HOURS_PER_MONTH = 24.0, 730.5
HOURS_OF: tuple[tuple[tuple[str, ...], float], ...] = (
    (("min", "mins", "minute", "minutes", "minuten"), 1 / 60),
    (("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"), 1.0),
    (("d", "day", "days", "tag", "tage", "tagen"), HOURS_PER_DAY),
    (("w", "wk", "wks", "week", "weeks", "woche", "wochen"), 7 * HOURS_PER_DAY),
    (("mo", "mon", "month", "months", "monat", "monate", "monaten"), HOURS_PER_MONTH),
    (("y", "yr", "year", "years", "jahr", "jahre", "jahren"), 12 * HOURS_PER_MONTH),
)
"""Units of a time as people write them."""
ONE = re.compile(r"(?:an?|one|eine[mnrs]?|ein)\s+(?=[a-z])")
TIME = re.compile(r"(?P<number>[-+]?[\d.,'\u2019\s]*\d)\s*(?P<unit>[^\W\d]*)\.?")
WITHIN = re.compile(r"^(?:in|within|innerhalb(?: von)?)\s+")
FORMS = ("36h", "30d", "2w", "3 months")


def hours_of(text: str) -> float:
    """Hours of a deadline like `30d`, `12h`, `2w`, `30 days`, `2 Wochen` or `3Monate`.

    InvalidValue for anything else, also for a number without a unit: 30 of what?
    """
    match = TIME.fullmatch(ONE.sub("1 ", WITHIN.sub("", text.lower().strip()), count=1))
    hours = None if match is None else next((h for words, h in HOURS_OF if match["unit"] in words), None)
    if match is None or (hours is None and match["unit"] not in ("", "m")):
        raise InvalidValue("deadline", text, worded("is not like 30d"), FORMS)
    number = match["number"].strip()
    if match["unit"] == "m":
        raise InvalidValue("deadline", text, worded("minutes or months"), [f"{number}min", f"{number}mo"])
    if hours is None:
        raise InvalidValue("deadline", text, worded("of what?"), [f"{number}h", f"{number}d", f"{number}w"])
    try:
        return float(number_written(number, "deadline")) * hours
    except Unwritten as error:
        raise InvalidValue("deadline", text, two_meanings(number, match["unit"]) or error.reason) from None


def time_written(hours: float) -> str:
    """A time so that `hours_of` reads it back: 30d, 3mo, 36h."""
    for unit, of in (("d", HOURS_PER_DAY), ("mo", HOURS_PER_MONTH)):
        if hours and hours % of == 0:
            return f"{as_digits(hours / of)}{unit}"
    return f"{as_digits(hours)}h"
