"""A document for a terminal: its screen sections as plain text, whatever its width."""

import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.reports.document import document as shape
from service.reports.document.document import Block, Bullets, Chart, Cited, Document, Paragraph, shown
from service.reports.words.wording import Wording, wording

WIDTH = 100
LEAST_WORDS = 11
"""Letters of a line of words; narrower ones cannot be read."""
WIDEST_WORD = 24
BETWEEN = 3
BEST = "* "
INDENT = (0, 0, 0, 2)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def render(document: Document, width: int = WIDTH) -> bytes:
    """The screen sections in UTF-8, no line longer than `width`."""
    w = wording(document.language)
    page = StringIO()
    console = Console(file=page, width=width, color_system=None, highlight=False, emoji=False)
    for section in document.screen:
        if section.title:
            console.print(Text(harmless(section.title)))
        for block in section.blocks:
            for part in _block(w, block, width):
                console.print(part)
    if any(isinstance(cell, Cited) for cell in _cells(document)):
        console.print(Text(document.sources_title))
        for source in document.sources:
            line = f"[{source.number}] {source.title}; {source.provenance}. {source.url}".rstrip()
            console.print(Text(harmless(line)))
    return ("\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n").encode()


def harmless(text: str) -> str:
    """Text without the signs that move a terminal's cursor, colour it or set its title."""
    return CONTROL.sub("", text)


def _cells(document: Document) -> Iterable[shape.Cell]:
    tables = (b for section in document.screen for b in section.blocks if isinstance(b, shape.Table))
    return (cell for table in tables for row in table.rows for cell in row.cells)


def _block(w: Wording, block: Block, width: int) -> Iterable[RenderableType]:
    match block:
        case Paragraph(text):
            yield Text(harmless(text))
        case Bullets(items):
            yield from (Padding(Text(harmless(item)), INDENT) for item in items)
        case Chart():
            yield Padding(Text(harmless(block.alt)), INDENT)
        case shape.Table():
            yield from _table(w, block, width)


def _table(w: Wording, block: shape.Table, width: int) -> Iterable[RenderableType]:
    """The table with numbers in one piece and words broken where they must be; row by row where that would
    leave a column of words too narrow."""
    rows = [[harmless(shown(w, cell).line) for cell in row.cells] for row in block.rows]
    for row, lines in zip(block.rows, rows, strict=True):
        lines[0] = (BEST if row.is_best else "") + lines[0]
    whole, least = [], []
    for i, column in enumerate(block.columns):
        most = max(
            (_letters(row.cells[i], line[i]) for row, line in zip(block.rows, rows, strict=True)), default=0
        )
        word = max(map(len, column.title.split()), default=0)
        whole.append(max(len(column.title), *(len(line[i]) for line in rows), 0))
        least.append(max(most, word) if column.is_number else min(max(most, word), WIDEST_WORD))
    room = width - BETWEEN * len(block.columns) + 1  # after the last column nothing stands between
    if sum(least) > room:
        yield from _row_by_row(block, rows)
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for column, letters in zip(block.columns, _widths(whole, least, room), strict=True):
        side: Literal["left", "right"] = "right" if column.is_number else "left"
        table.add_column(column.title, justify=side, overflow="fold", width=letters)
    for lines in rows:
        table.add_row(*lines)
    yield table


def _widths(whole: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """How wide each column is: as wide as its lines, the widest narrowed first until all have room.

    Rich would cut what stands in the last columns where it has to narrow those that may not be narrower.
    """
    widths = list(whole)
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


def _letters(cell: shape.Cell, line: str) -> int:
    """How narrow a cell may become: words break, numbers do not."""
    if not isinstance(cell, shape.Words):
        return len(line)
    return max(min(len(line), LEAST_WORDS), *map(len, line.split()), 0)


def _row_by_row(block: shape.Table, rows: Sequence[Sequence[str]]) -> Iterable[RenderableType]:
    """For narrow screens: what a row is about, and below it every column that says something."""
    for first, *others in rows:
        yield Text(first)
        for column, line in zip(block.columns[1:], others, strict=True):
            if line:
                yield Padding(Text(f"{column.title}: {line}"), INDENT)
