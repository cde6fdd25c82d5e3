"""A document as the words of a page: what the HTML template, the PDF template and Markdown lay out."""

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from service.reports.charts.drawing import draw
from service.reports.document.document import (
    Block,
    Bullets,
    Chart,
    Column,
    Document,
    Paragraph,
    Shown,
    Table,
    mark,
    shown,
)
from service.reports.words.tied import tied
from service.reports.words.wording import Wording, wording

Page = dict[str, Any]
NARROWEST = 4
FULL_WIDTH_PX = 620
"""A chart of so many pixels fills the width of a page; a narrower one is not blown up to it."""


def page(document: Document, font: str = "", *, has_narrow: bool = False) -> Page:
    """All texts of the document; charts as SVG in that font, also narrow where that is asked for, without
    one as their description alone.

    For a page that is set in a font, numbers keep their units on the same line.
    """
    w = wording(document.language)
    texts = {
        "language": document.language,
        "title": document.title,
        "subtitle": document.subtitle,
        "made": document.made,
        "labels": dict(document.labels),
        "full_width": FULL_WIDTH_PX,
        "date": [document.made_at.year, document.made_at.month, document.made_at.day],
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "blocks": [
                    _block(w, block, section.title, font, has_narrow) | {"leads": _leads(block, after)}
                    for block, after in zip_longest(section.blocks, section.blocks[1:])
                ],
            }
            for section in document.sections
        ],
        "notes_title": document.notes_title,
        "notes": [[mark(i), note] for i, note in enumerate(document.notes, 1)],
        "sources_title": document.sources_title,
        "sources": [
            {"number": s.number, "title": s.title, "url": s.url, "provenance": s.provenance}
            for s in document.sources
        ],
    }
    return {key: _bound(value) for key, value in texts.items()} if font else texts


def _leads(block: Block | None, after: Block | None) -> bool:
    """Whether the next block belongs to this one: a picture and the words before and after it."""
    return {type(block), type(after)} == {Chart, Paragraph} or (
        isinstance(block, Bullets) and isinstance(after, Chart)
    )


def _bound(value: Any) -> Any:
    """The same texts, no line of which ends between a number and its unit."""
    if isinstance(value, str):
        return value if value.startswith("<svg") else tied(value)
    if isinstance(value, dict):
        return {key: _bound(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bound(inner) for inner in value]
    return value


def _block(w: Wording, block: Block, title: str, font: str, has_narrow: bool) -> Page:
    match block:
        case Paragraph(text, is_lead):
            return {"kind": "lead" if is_lead else "paragraph", "text": text}
        case Bullets(items):
            return {"kind": "bullets", "items": list(items)}
        case Chart():
            svg = draw(block.spec, w.language, font, block.key) if font else ""
            narrow = ""
            if has_narrow and block.narrow:
                narrow = draw(block.narrow, w.language, font, f"{block.key}-narrow")
            own = block.title if block.title != title else ""
            return {
                "kind": "chart",
                "title": own,
                "alt": block.alt,
                "svg": svg,
                "width": _width(svg),
                "narrow": narrow,
                "narrow_width": _width(narrow),
                "data": _table(w, block.data, "") if block.data else None,
            }
        case Table():
            own = block.title if block.title != title else ""
            return _table(w, block, own)


def _width(svg: str) -> int:
    """In pixels."""
    found = re.search(r'width="(\d+)', svg)
    return int(found[1]) if found else FULL_WIDTH_PX


def _table(w: Wording, table: Table, title: str) -> Page:
    rows = table.rows[: table.on_page]
    cells = [[shown(w, cell) for cell in row.cells] for row in rows]
    return {
        "kind": "table",
        "key": table.key,
        "title": title,
        "caption": table.title,
        "columns": [
            {
                "title": c.title,
                "is_number": c.is_number,
                "weight": weight(c.title, [row[i] for row in cells], c.widest),
                "key": c.key,
            }
            for i, c in enumerate(table.columns)
        ],
        "rows": [
            {
                "is_strong": row.is_total or row.is_best,
                "is_outside": row.is_outside,
                "cells": _cells(table.columns, shown_cells, before),
            }
            for row, shown_cells, before in zip(rows, cells, [[], *cells], strict=False)
        ],
        "more": table.more,
    }


def _cells(columns: Sequence[Column], cells: Sequence[Shown], above: Sequence[Shown]) -> list[Page]:
    """The cells of a row; `above` are those of the row before it, none at the first."""
    return [
        {"text": cell.text, "below": cell.below, "is_same": c.is_said_once and before == cell.text}
        for c, cell, before in zip_longest(columns, cells, [x.text for x in above])
    ]


def weight(title: str, cells: Sequence[Shown], most: int) -> int:
    """How wide a column wants to be, in letters: its widest cell up to `most`, its title's longest word."""
    widest = max((max(len(c.text), round(0.85 * len(c.below))) for c in cells), default=0)
    # Titles are bold, hence wider than their letters.
    words = (round(1.15 * len(word)) for word in title.split())
    return max(min(widest, most), *words, NARROWEST) + 2
