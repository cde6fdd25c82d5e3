"""When a report that is repeated comes next, and when a delivery that failed is tried again (pure).

Runs are counted from the first one, not from each other: a weekly report stays on its weekday and hour
however late a run was, and however many were missed, the next one is the first that lies ahead.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.errors import InvalidValue, worded

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=366)
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NAMED = {"hourly": "1h", "daily": "1d", "weekly": "7d"}
MONTHLY = "monthly"
EXAMPLES = ("daily", "weekly", "monthly", "12h", "7d", "2w")
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 1440))
"""Between the tries of a delivery; after the last one it is given up."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How far apart the runs are: a fixed time, or a month."""

    every: timedelta | None
    """None for the same day of every month."""

    @property
    def name(self) -> str:
        """As it is written and read again: `7d`, `12h`, `monthly`."""
        if self.every is None:
            return MONTHLY
        hours = self.every // timedelta(hours=1)
        return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"


def cadence_of(text: str, field: str = "every") -> Cadence:
    """The cadence of `daily`, `weekly`, `monthly`, `12h`, `7d` or `2w`.

    Raises InvalidValue naming `field` for anything else, and for less than an hour or more than a year.
    """
    word = text.strip().lower()
    if word == MONTHLY:
        return Cadence(None)
    match = re.fullmatch(r"(\d{1,6})([hdw])", NAMED.get(word, word))
    if match is None:
        raise InvalidValue(field, text, worded("is no cadence"), EXAMPLES)
    every = int(match[1]) * UNITS[match[2]]
    if not SHORTEST <= every <= LONGEST:
        raise InvalidValue(field, text, worded("must be from 1h to 366d"), EXAMPLES)
    return Cadence(every)


def next_run(cadence: Cadence, first: datetime, now: datetime) -> datetime:
    """The first run that lies after `now`, counted from the first run of all; that one if it is to come.

    Monthly on the day of `first`; in a month that is too short, on its last day.
    """
    if now < first:
        return first
    if cadence.every is not None:
        return first + ((now - first) // cadence.every + 1) * cadence.every
    months = (now.year - first.year) * 12 + now.month - first.month
    due = _months_later(first, months)
    return due if due > now else _months_later(first, months + 1)


def next_try(tried: int, now: datetime) -> datetime | None:
    """When a delivery that has failed `tried` times, this one included, is tried again; None: given up."""
    return now + WAITS[tried - 1] if tried <= len(WAITS) else None


def _months_later(first: datetime, months: int) -> datetime:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    day = min(first.day, monthrange(year, month + 1)[1])
    return first.replace(year=year, month=month + 1, day=day)
