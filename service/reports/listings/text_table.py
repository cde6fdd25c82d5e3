"""Rows of text in a width: side by side where they fit, in blocks where they do not; no number is torn."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.reports.words.tied import BEFORE_A_UNIT
from service.shown import CONTROL

LEAST_FOR_TABLES = 80
"""Below this width a table is told in blocks."""
LEAST_WORDS, EASY_WORDS = 11, 28
"""Letters of a line of words: narrower ones cannot be read; narrower ones are read with effort."""
BETWEEN = 3
INDENT = (0, 0, 0, 2)
GLUE = "\ue000"
"""Stands for a space where a line must not end: rich breaks at a no-break space too."""
BOLD, GREEN, DIM = "bold", "green", "dim"


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of text."""

    title: str
    is_number: bool = False
    least: int = 0
    """Letters below which its cells cannot be read."""
    line: int = 0
    """Of numbers: letters that its longest cell has in one line."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row of text, one that is recommended set apart, and so is one outside the limits."""

    lines: tuple[str, ...]
    is_best: bool = False
    is_outside: bool = False


def harmless(text: str) -> str:
    """Text without the signs that move a terminal's cursor, colour it or set its title."""
    return CONTROL.sub("", text)


def printed(said: str, style: str = "") -> Text:
    """Words as they are printed: harmless, a number and its unit in one line. Takes `unglued` at the end."""
    return Text(BEFORE_A_UNIT.sub(GLUE, harmless(said)), style)


def unglued(text: str) -> str:
    """What was printed, with the spaces that were kept from breaking; no line ends in spaces."""
    return "".join(f"{line.rstrip()}\n" for line in text.replace(GLUE, " ").splitlines())


def longest_word(text: str) -> int:
    """Letters of the longest part that is not broken."""
    return max(map(len, BEFORE_A_UNIT.sub(GLUE, text).split()), default=0)


def words_need(text: str) -> int:
    """How narrow words may become: as their longest, and no narrower than can be read."""
    return max(min(len(text), LEAST_WORDS), longest_word(text))


def hyphens_need(text: str) -> int:
    """How narrow words may become whose lines may end behind a hyphen: `a-long-name`."""
    return words_need(text.replace("-", "- "))


def in_width(
    columns: Sequence[TextColumn],
    rows: Sequence[TextRow],
    width: int,
    *,
    by_column: bool = False,
    outside: str = "",
    faint: str = "",
) -> Iterable[RenderableType]:
    """The rows below their titles, the widest columns of words broken; in blocks on a narrow screen, or where
    a column would be too narrow. `by_column`: such a block tells a column, not a row. Rows outside the limits
    stand last, below the words `outside`, in the style `faint`."""
    whole = [max([len(c.title), *(len(row.lines[i]) for row in rows)]) for i, c in enumerate(columns)]
    titled = [max(column.least, longest_word(column.title)) for column in columns]
    room = width - BETWEEN * len(columns) + 1  # after the last column nothing stands between
    if width < LEAST_FOR_TABLES or sum(titled) > room:
        if by_column:
            yield from _column_by_column(columns, rows)
        else:
            yield from _row_by_row(columns, rows, outside, faint)
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False, header_style=BOLD)
    widths = _widths(columns, whole, titled, room)
    narrow = [c.is_number and letters < c.line for c, letters in zip(columns, widths, strict=True)]
    for column, letters in zip(columns, widths, strict=True):
        side: Literal["left", "right"] = "right" if column.is_number else "left"
        table.add_column(column.title, justify=side, overflow="fold", width=letters)
    inside, beyond = _apart(rows)
    for row in inside:
        table.add_row(*_printed(row, narrow, widths), style=GREEN if row.is_best else "")
    if beyond:
        table.add_section()
        table.add_row(printed(f"{outside}:"), style=faint)
    for row in beyond:
        table.add_row(*_printed(row, narrow, widths), style=faint)
    yield table


def _printed(row: TextRow, narrow: Sequence[bool], widths: Sequence[int]) -> list[Text]:
    """The cells of a row; in a narrow column of numbers every range stands below its number, and a word that
    is too long for its column ends behind hyphens."""
    lines = zip(row.lines, narrow, widths, strict=True)
    return [
        _on_two_lines(line) if is_narrow else printed(_hyphenated(line, letters))
        for line, is_narrow, letters in lines
    ]


def _hyphenated(line: str, letters: int) -> str:
    words = line.split(" ")
    return " ".join(word if len(word) <= letters else _broken(word, letters) for word in words)


def _broken(word: str, letters: int) -> str:
    """A word in pieces of so many letters at most, where its hyphens allow it."""
    pieces = [""]
    for part in re.findall(r"[^-]*-?", word):
        if pieces[-1] and len(pieces[-1] + part) > letters:
            pieces.append("")
        pieces[-1] += part
    return " ".join(pieces)


def _on_two_lines(line: str) -> Text:
    number, bracket, ends = line.partition(" (")
    return Text("\n").join([printed(number), printed(f"({ends}")]) if bracket else printed(line)


def _apart(rows: Sequence[TextRow]) -> tuple[list[TextRow], list[TextRow]]:
    """The rows within the limits, and those outside them."""
    return [row for row in rows if not row.is_outside], [row for row in rows if row.is_outside]


def _widths(
    columns: Sequence[TextColumn], whole: Sequence[int], least: Sequence[int], room: int
) -> list[int]:
    """How wide each column is: as wide as its lines; where that is too much, titles of numbers are broken
    first, ranges below their numbers where words would get too narrow, then the widest column of words.

    Rich would cut what stands in the last columns where it has to narrow those that may not be narrower.
    """
    widths = list(whole)
    if sum(widths) > room:
        widths = [max(c.line, n) if c.is_number else w for c, w, n in zip(columns, whole, least, strict=True)]
    easy = [w if c.is_number else min(w, EASY_WORDS) for c, w in zip(columns, widths, strict=True)]
    if sum(easy) > room:
        widths = [n if c.is_number else w for c, w, n in zip(columns, widths, least, strict=True)]
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


def _row_by_row(
    columns: Sequence[TextColumn], rows: Sequence[TextRow], outside: str, faint: str
) -> Iterable[RenderableType]:
    """What a row is about, and below it every column that says something."""
    inside, beyond = _apart(rows)
    for row in inside:
        yield from _in_block(columns, row, GREEN if row.is_best else BOLD, "")
    if beyond:
        yield printed(f"{outside}:", faint)
    for row in beyond:
        yield from (Padding(part, INDENT) for part in _in_block(columns, row, faint or BOLD, faint))


def _in_block(columns: Sequence[TextColumn], row: TextRow, head: str, style: str) -> Iterable[RenderableType]:
    """What the row is about, in the style of a head, and its other columns below it."""
    first, *others = row.lines
    yield printed(first, head)
    told = zip(columns[1:], others, strict=True)
    said = "; ".join(f"{column.title}: {line}" if column.title else line for column, line in told if line)
    if said:
        yield Padding(printed(said, style), INDENT)


def _column_by_column(columns: Sequence[TextColumn], rows: Sequence[TextRow]) -> Iterable[RenderableType]:
    """What a column is about, and below it a line for every row that says something."""
    for place, column in enumerate(columns[1:], 1):
        yield printed(column.title, BOLD)
        for row in rows:
            if row.lines[place]:
                yield Padding(printed(f"{row.lines[0]}: {row.lines[place]}"), INDENT)
