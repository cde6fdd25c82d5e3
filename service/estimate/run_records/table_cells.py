"""Cells of a table that people keep: numbers with commas or a "B" behind them, blanks in many words."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from service.errors import InvalidValue, worded
from service.estimate.run_records.largest import LARGEST
from service.estimate.run_records.recipe_words import Patterns, meaning

BLANKS = frozenset(
    {"", "-", "--", "?", "\N{EN DASH}", "\N{EM DASH}", "n/a", "na", "nan", "none", "null", "unknown", "unk",
     "tbd", "not stated"}
)  # fmt: skip
"""What people and programs write for: we do not know."""
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
NUMBER = re.compile(r"[~≈]?\s*+([-+]?[\d.]++(?:e[-+]?\d++)?)\s*+([kmbtg]?)(?:n|illion|il)?[a-z/%²\s]*+", re.I)
MULTIPLES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
ALSO = {"yes": ("full",), "no": ("none",)}
"""Words so usual that nobody need be told what they were read for."""
FIELDS = {"vocab": "vocab_size"}
"""Columns that go by another name than a run's field."""


class Remark(NamedTuple):
    """A cell that was read for something else than what it says."""

    column: str
    written: str
    taken_as: str
    """"" where the cell was left out."""


def as_number(written: str) -> float:
    """A number as people write it: "524,288", "7.6B", "1e9", "~55k". Raises ValueError for anything else."""
    bare = written.strip().replace("_", "").replace("\u00a0", " ")
    if THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        found = NUMBER.fullmatch(bare)
        if not found:
            raise
        return float(found[1]) * MULTIPLES[found[2].lower()]


class Cells:
    """The cells of one row; a wrong one raises InvalidValue with its column's name."""

    def __init__(self, row: Mapping[str, str]) -> None:
        self.row = row
        self.remarks: list[Remark] = []

    def text(self, name: str) -> str:
        written = self.row.get(name, "").strip()
        return "" if written.lower() in BLANKS else written

    def number(self, name: str, most: float = 1e30) -> float | None:
        written = self.text(name)
        if not written:
            return None
        try:
            value = as_number(written)
        except ValueError:
            raise InvalidValue(name, written, worded("is not a number")) from None
        if not math.isfinite(value) or not 0 < value <= most:
            raise InvalidValue(name, written, worded("must be above 0 and at most {most:g}", most=most))
        return value

    def whole(self, name: str) -> int | None:
        value = self.number(name, LARGEST[FIELDS.get(name, name)])
        if value is not None and value != int(value):
            raise InvalidValue(name, self.text(name), worded("must be a whole number"))
        return None if value is None else int(value)

    def spare(self, name: str) -> float | None:
        """A number that a prediction can do without: a wrong one is left out with a remark."""
        try:
            return self.number(name)
        except InvalidValue:
            self.remarks.append(Remark(name, self.text(name), ""))
            return None

    def word(self, name: str, patterns: Patterns, none_is_a_word: bool = False) -> str | None:
        """Our word for what the cell says; what none fits is left out with a remark.

        "none" is a blank, unless the column has a word for it.
        """
        written = self.text(name)
        if none_is_a_word and self.row.get(name, "").strip().lower() == "none":
            written = "none"
        ours = meaning(patterns, written) if written else None
        if written and ours not in (written.lower(), *ALSO.get(written.lower(), ())):
            self.remarks.append(Remark(name, written, ours or ""))
        return ours
