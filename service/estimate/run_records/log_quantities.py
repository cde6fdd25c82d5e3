"""What stands behind a word of a log's line: "dt: 561.94ms", "elapsed_time": "4 days, 7:18:24".

A pattern begins with its word and goes on with bounded or possessive repetitions, so that searching a line
takes time proportional to its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

SMALLEST, LARGEST = 1e-9, 1e18
"""Of what a log can mean: products and ratios of such numbers stay numbers."""
LONGEST_STEP_S = 86_400.0
GIB_OF_GB = 1e9 / 2**30
NUMBER = r"[-+]?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++|[nN]a[nN]|[iI]nf)(?:[eE][-+]?\d++)?"
HOLES = {
    "<whole>": r"(\d[\d,]{0,20})(?!\d)",
    "<number>": r"(\d[\d.,]{0,24}(?:[eE][-+]?\d{1,4})?)(?!\d)",
}
"""What stands for a number in a pattern of its own."""
SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
THOUSANDS = re.compile(r"[-+]?\d{1,3},\d{3}(?:[eE][-+]?\d+)?|.*,")
"""One comma between digits that separates thousands, or stands behind the number."""
CLOCK = re.compile(r"(?:(\d{1,6})\s?days?,\s?)?(?:(\d{1,7}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")
DURATION = r"(?:\d{1,6} days?, )?(?:\d{1,7}:)?\d{1,2}:\d{2}(?:\.\d{1,9})?|" + NUMBER
DAY_AND_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?")
SECONDS_OF_DAY = 86_400.0

Read = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class Says:
    """One quantity of a line: where it stands, and how it is read."""

    quantity: str
    pattern: re.Pattern[str]
    """Its first group is what is read."""
    word: str
    """What must stand in a line for the pattern to be tried."""
    times: float = 1.0
    read: Read = field(default=lambda text: number(text))
    inverse: bool = False
    """Whether the line says how often, where the quantity is how long."""

    def written(self, line: str) -> str | None:
        """What the line says, unread; None where it says nothing of the kind."""
        found = self.pattern.search(line) if self.word in line else None
        return found[1] if found else None

    def value(self, written: str) -> float | None:
        """The quantity in its own unit; None for nan, zero or less, and what nothing measures."""
        value = self.read(written)
        if value is None:
            return None
        value = self.times / value if self.inverse else self.times * value
        return value if SMALLEST <= value <= LARGEST else None


def number(text: str) -> float | None:
    """A printed number with thousands separators; None for nan, zero or less, and what nothing measures.

    A single comma that cannot separate thousands is the decimal one of German and French: "2000,50".
    """
    alone = text.count(",") == 1 and "." not in text
    try:
        value = float(text.replace(",", "." if alone and not THOUSANDS.fullmatch(text) else ""))
    except ValueError:
        return None
    return value if SMALLEST <= value <= LARGEST else None


def scaled(text: str) -> float | None:
    """A number with its multiple: "27.3K" is 27,300."""
    scale = SCALES.get(text[-1:].lower(), 1.0)
    value = number(text[:-1] if scale > 1 else text)
    return None if value is None else value * scale


def duration(text: str) -> float | None:
    """Seconds of "0:26:15", "4 days, 7:18:24" or "27172.26"."""
    found = CLOCK.fullmatch(text)
    if found is None:
        return number(text)
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return number(str(((days * 24 + hours) * 60 + minutes) * 60 + seconds))


def moment(text: str) -> float | None:
    """Seconds since some day of "2025-06-16 22:30:50,322"; only differences mean something."""
    found = DAY_AND_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    return days * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second + float(f"0.{found[7] or 0}")


def product(text: str) -> float | None:
    """Of a mesh's sizes: "2, 4" and "dp=2, tp=4" are 8."""
    value = 1.0
    for part in text.split(","):
        value *= number(part.rpartition("=")[2]) or 0.0
    return number(str(value))


def says(quantity: str, word: str, times: float = 1.0, unit: str = "") -> Says:
    """A number right behind a word, and behind it a unit that must stand there."""
    end = rf"\s{{0,2}}{unit}" if unit else ""
    return Says(quantity, re.compile(rf"{re.escape(word)}\s{{0,40}}({NUMBER}){end}"), word, times)


def cell(quantity: str, name: str, times: float = 1.0, read: Read | None = None) -> Says:
    """A number under a name in JSON, in a printed dict, or in a block of `name = number`.

    Recent Trainers quote their numbers.
    """
    what = DURATION if read is duration else NUMBER
    pattern = rf"""(?<![\w/]){re.escape(name)}["']?\s{{0,40}}[:=]\s{{0,40}}["']?({what})"""
    return Says(quantity, re.compile(pattern), name, times, read or number)


def pattern(quantity: str, word: str, regex: str, times: float = 1.0, read: Read = number) -> Says:
    """What a pattern of its own finds; `<whole>` and `<number>` in it stand for what is read."""
    return Says(quantity, _filled(regex), word, times, read)


def often(quantity: str, word: str, regex: str) -> Says:
    """How often per second, where the quantity is how many seconds."""
    return Says(quantity, _filled(regex), word, inverse=True)


def _filled(regex: str) -> re.Pattern[str]:
    for hole, what in HOLES.items():
        regex = regex.replace(hole, what)
    return re.compile(regex)
