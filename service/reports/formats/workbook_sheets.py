"""Sheets of a workbook: where a table's cells stand, how wide they are, how their numbers are written."""

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service.reports.document.document import (
    Cell,
    Document,
    Lasting,
    Missing,
    Money,
    MoneySpread,
    Number,
    Row,
    Share,
    Spread,
    Stated,
    Table,
    Words,
    shown,
)
from service.reports.formats.as_csv import parts
from service.reports.words.wording import Wording, wording

if TYPE_CHECKING:
    from xlsxwriter import Workbook

HEAD_ROW = 2
"""Rows above a table's first line: its title, its heads."""
LARGEST_NAME = 31
WIDEST, NARROWEST = 46, 8
"""Letters; longer text goes on in the next line of its cell."""
MOST_DIGITS = 6
FORMAT_UNIT = re.compile(r"[\w/ %.$€²₂-]{0,14}")
"""A unit that is written behind a number by its format; others have a column of their own."""
LETTER_PX, EMPTY_WIDTH = 7, 8
LINE_POINTS = 15.0
AS_STORED = ("turns", "hangs", "line", "nearest")
"""Tables of what would change the verdict: they do not follow a changed price."""


class Sheet:
    """Where a table's cells stand: a column takes one place, two more for an interval, one for long units."""

    def __init__(self, table: Table, name: str, document: Document) -> None:
        self.table = table
        self.name = name
        self.rows = {row.key: HEAD_ROW + i for i, row in enumerate(table.rows)}
        self.places: dict[str, int] = {}
        self.has_interval: dict[str, bool] = {}
        self.units: dict[str, int] = {}
        """Where a column's units stand that are too long to stand behind each number."""
        self.widths: list[int] = []
        w = wording(document.language)
        heads = (document.labels["low"], document.labels["high"])
        for i, column in enumerate(table.columns):
            cells = [row.cells[i] for row in table.rows]
            self.places[column.key] = len(self.widths)
            self.has_interval[column.key] = any(_is_interval(cell) for cell in cells)
            units = [parts(document, cell)[2] for cell in cells if not isinstance(cell, Share)]
            has_units = any(not FORMAT_UNIT.fullmatch(unit) for unit in units)
            texts = [t for cell in cells for t in _written(w, document, cell, with_unit=not has_units)]
            self.widths.append(_width(column.title, texts))
            if self.has_interval[column.key]:
                self.widths += [_width(head, texts) for head in heads]
            if has_units:
                self.units[column.key] = len(self.widths)
                self.widths.append(_width(document.labels["unit"], units))

    def at(self, row: str, column: str, part: int, *, is_fixed: bool = False) -> str:
        """The address of a cell's median (0), low (1) or high (2) end."""
        from xlsxwriter.utility import xl_rowcol_to_cell

        shift = part if self.has_interval[column] else 0
        place = self.places[column] + shift
        address: str = xl_rowcol_to_cell(self.rows[row], place, row_abs=is_fixed, col_abs=is_fixed)
        return address

    def over(self, column: str, rows: list[str]) -> str:
        """The address of the medians of a column over these rows, which lie below each other."""
        first, last = (self.at(row, column, 0, is_fixed=True) for row in (rows[0], rows[-1]))
        return f"'{self.name}'!{first}:{last}"

    def lines_of(self, row: Row, language: str) -> int:
        """How many lines the texts of a row take."""
        w = wording(language)
        return max(
            [1]
            + [
                lines(shown(w, cell).line, self.widths[self.places[c.key]])
                for c, cell in zip(self.table.columns, row.cells, strict=True)
                if isinstance(cell, Words | Missing)
            ]
        )

    def columns_under(self, pixels: int) -> int:
        """The last column that something so wide at the left edge reaches."""
        last = 0
        while pixels > 0:
            pixels -= LETTER_PX * (self.widths[last] if last < len(self.widths) else EMPTY_WIDTH)
            last += 1
        return last

    @property
    def last_row(self) -> int:
        """Of the table, counted from 0."""
        return HEAD_ROW + max(0, len(self.table.rows) - 1)


class Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: "Workbook", language: str) -> None:
        self._book = book
        self._made: dict[tuple[str, str], Any] = {}
        day = "d.m.yyyy" if language == "de" else "yyyy-mm-dd"
        self._looks: Mapping[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 14},
            "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "bg_color": "#F3F5F8"},
            "number_head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom",
                            "align": "right", "bg_color": "#F3F5F8"},
            "text": {"text_wrap": True, "valign": "top"},
            "soft": {"text_wrap": True, "valign": "top", "font_color": "#595959", "italic": True},
            "bold": {"bold": True, "text_wrap": True, "valign": "top"},
            "right": {"valign": "top", "align": "right"},
            "number": {"valign": "top"},
            "number_left": {"valign": "top", "align": "left"},
            "input": {"valign": "top", "bg_color": "#FFF7DB"},
            "total": {"valign": "top", "bold": True, "top": 1},
            "share": {"num_format": "0.0%", "valign": "top"},
            "day": {"num_format": day, "valign": "top", "align": "right"},
        }  # fmt: skip

    def __getitem__(self, look: str) -> Any:
        return self.of(look)

    def of(self, look: str, pattern: str = "") -> Any:
        """A look with a pattern of digits."""
        if (look, pattern) not in self._made:
            more = {"num_format": pattern} if pattern else {}
            self._made[look, pattern] = self._book.add_format({**self._looks[look], **more})
        return self._made[look, pattern]


def pattern(cell: Cell, value: float, unit: str) -> str:
    """Three significant digits with the unit behind: 33.2 h, 0.372 EUR/kWh; or as many as the cell says."""
    digits = digits_of(cell, value)
    decimals = "." + "0" * digits if digits else ""
    behind = f' "{unit}"' if unit else ""
    return f"#,##0{decimals}{behind}"


def digits_of(cell: Cell, value: float) -> int:
    """Decimals: a price of one unit has two at least."""
    told = cell.digits if isinstance(cell, Number | Money) else None
    if told is not None:
        return told
    least = 2 if isinstance(cell, Money) and cell.per else 0
    exponent = math.floor(math.log10(abs(value))) if value else 2
    return min(MOST_DIGITS, max(least, 2 - exponent))


def sheet_name(title: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 characters, none of []:*?/\\', each used once."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", title).strip() or "-"
    name, copies = plain[:LARGEST_NAME].strip(), 1
    while name.lower() in taken:
        copies += 1
        name = f"{plain[: LARGEST_NAME - 4].strip()} {copies}"
    taken.add(name.lower())
    return name


def _written(w: Wording, document: Document, cell: Cell, *, with_unit: bool) -> list[str]:
    """What a cell and its ends take room for."""
    if isinstance(cell, Words | Missing):
        return [shown(w, cell).line]
    text, numbers, unit, _ = parts(document, cell)
    if isinstance(cell, Share):
        return ["100.0%"]
    digits = digits_of(cell, numbers[0] or 0.0)
    behind = f" {unit}" if with_unit and unit else ""
    return [text] if text else [f"{w.number(x, digits)}{behind}" for x in numbers if x is not None]


def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column so wide."""
    return max(1, math.ceil(1.05 * len(text) / width))


def _width(title: str, texts: list[str]) -> int:
    """Letters that the longest cell takes, and the longest word of the title, which is bold."""
    longest = max(map(len, texts), default=0)
    words = max((round(1.15 * len(word)) for word in title.split()), default=0)
    return max(NARROWEST, min(longest, WIDEST), words) + 2


def _is_interval(cell: Cell) -> bool:
    match cell:
        case Spread(interval) | Lasting(interval) | MoneySpread(interval):
            return interval.p10 != interval.p90
        case Stated():
            return cell.low is not None
    return False
