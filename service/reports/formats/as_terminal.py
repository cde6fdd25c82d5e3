"""A document for a terminal: its screen sections as text, plain or with bold and colour, at any width."""

from collections.abc import Iterable
from io import StringIO

from rich.console import RenderableType
from rich.padding import Padding

from service.reports.document import document as shape
from service.reports.document.document import Block, Bullets, Chart, Cited, Document, Paragraph, shown
from service.reports.listings.on_terminal import Ink, console_of
from service.reports.listings.text_table import (
    BOLD,
    DIM,
    INDENT,
    TextColumn,
    TextRow,
    harmless,
    in_width,
    longest_word,
    printed,
    unglued,
    words_need,
)
from service.reports.words.wording import Wording, wording

WIDTH = 100
WIDE = 120
"""From here on there is room for spare columns."""
WIDEST_WORD = 24
BEST = "* "
TITLE, ASIDE = "bold cyan", "dim"


def render(document: Document, width: int = WIDTH, ink: Ink = "none") -> bytes:
    """The screen sections in UTF-8, no line longer than `width`. With ink titles, the verdict and the best
    plan are set apart, in colour or in bold alone. Plans outside the limits stand below the others, in colour
    faint."""
    w = wording(document.language)
    page = StringIO()
    console = console_of(page, width, ink)
    for section in document.screen:
        if section.title:
            console.print(printed(section.title, TITLE))
        for block in section.blocks:
            for part in _block(w, block, width, ink):
                console.print(part)
    if any(isinstance(cell, Cited) for cell in _cells(document)):
        console.print(printed(document.sources_title, TITLE))
        for source in document.sources:
            line = f"[{source.number}] {source.title}; {source.provenance}. {source.url}".rstrip()
            console.print(printed(line, ASIDE))
    return unglued(page.getvalue()).encode()


def _cells(document: Document) -> Iterable[shape.Cell]:
    tables = (b for section in document.screen for b in section.blocks if isinstance(b, shape.Table))
    return (cell for table in tables for row in table.rows for cell in row.cells)


def _block(w: Wording, block: Block, width: int, ink: Ink) -> Iterable[RenderableType]:
    match block:
        case Paragraph(text, is_lead):
            yield printed(text, BOLD if is_lead else "")
        case Bullets(items):
            yield from (Padding(printed(item), INDENT) for item in items)
        case Chart():
            yield Padding(printed(block.alt), INDENT)
        case shape.Table():
            yield from _table(w, block, width, DIM if ink == "colour" else "")


def _table(w: Wording, block: shape.Table, width: int, faint: str) -> Iterable[RenderableType]:
    kept = [i for i, column in enumerate(block.columns) if width >= WIDE or not column.is_spare]
    told = [[shown(w, row.cells[i]) for i in kept] for row in block.rows]
    rows = []
    for row, cells in zip(block.rows, told, strict=True):
        lines = [harmless(cell.line) for cell in cells]
        lines[0] = (BEST if row.is_best else "") + lines[0]
        rows.append(TextRow(tuple(lines), row.is_best, row.is_outside))
    columns = []
    for place, i in enumerate(kept):
        column = block.columns[i]
        needs = [_letters(row.cells[i], cells[place]) for row, cells in zip(block.rows, told, strict=True)]
        most = max([longest_word(column.title), *needs])
        line = max((len(row.lines[place]) for row in rows), default=0)
        least = most if column.is_number else min(most, WIDEST_WORD)
        columns.append(TextColumn(column.title, column.is_number, least, line))
    yield from in_width(
        columns, rows, width, by_column=block.by_column, outside=w.say("Outside your limits"), faint=faint
    )


def _letters(cell: shape.Cell, said: shape.Shown) -> int:
    """How narrow a cell may become: words break, numbers do not, but their range may stand below."""
    if isinstance(cell, shape.Words):
        return words_need(harmless(said.line))
    return max(len(harmless(said.text)), len(f"({harmless(said.below)})") if said.below else 0)
