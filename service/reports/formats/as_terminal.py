"""A document for a terminal: its screen sections as plain text, whatever its width."""

from collections.abc import Iterable
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.reports.document import document as shape
from service.reports.document.document import Block, Bullets, Chart, Cited, Document, Paragraph, shown
from service.reports.words.wording import Wording, wording

WIDTH = 100
LEAST_PER_COLUMN = 12
"""Columns narrower than this break words; a table that would need it is told row by row."""
BEST = "* "
INDENT = (0, 0, 0, 2)


def render(document: Document, width: int = WIDTH) -> bytes:
    """The screen sections in UTF-8, no line longer than `width`."""
    w = wording(document.language)
    page = StringIO()
    console = Console(file=page, width=width, color_system=None, highlight=False, emoji=False)
    for section in document.screen:
        if section.title:
            console.print(Text(section.title))
        for block in section.blocks:
            for part in _block(w, block, width):
                console.print(part)
    if any(isinstance(cell, Cited) for cell in _cells(document)):
        console.print(Text(document.sources_title))
        for source in document.sources:
            console.print(Text(f"[{source.number}] {source.title}; {source.said}. {source.url}".rstrip()))
    return ("\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n").encode()


def _cells(document: Document) -> Iterable[shape.Cell]:
    tables = (b for section in document.screen for b in section.blocks if isinstance(b, shape.Table))
    return (cell for table in tables for row in table.rows for cell in row.cells)


def _block(w: Wording, block: Block, width: int) -> Iterable[RenderableType]:
    match block:
        case Paragraph(text):
            yield Text(text)
        case Bullets(items):
            yield from (Padding(Text(item), INDENT) for item in items)
        case Chart():
            yield Padding(Text(block.alt), INDENT)
        case shape.Table():
            is_wide = len(block.columns) * LEAST_PER_COLUMN <= width
            yield from [_table(w, block)] if is_wide else _row_by_row(w, block)


def _table(w: Wording, block: shape.Table) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for column in block.columns:
        # Numbers are never torn; what is only words gives way.
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=column.is_number,
            overflow="fold",
        )
    for row in block.rows:
        lines = [Text(shown(w, cell).line) for cell in row.cells]
        if row.is_best:
            lines[0] = Text(BEST) + lines[0]
        table.add_row(*lines)
    return table


def _row_by_row(w: Wording, block: shape.Table) -> Iterable[RenderableType]:
    """For narrow screens: what a row is about, and below it every column that says something."""
    for row in block.rows:
        first, *others = (shown(w, cell).line for cell in row.cells)
        yield Text((BEST if row.is_best else "") + first)
        for column, line in zip(block.columns[1:], others, strict=True):
            if line:
                yield Padding(Text(f"{column.title}: {line}"), INDENT)
