"""A document as the words of a page: what the HTML template, the PDF template and Markdown lay out."""

from collections.abc import Sequence
from typing import Any

from service.reports.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Paragraph,
    Shown,
    Table,
    mark,
    shown,
)
from service.reports.drawing import draw
from service.reports.wording import Wording, wording

Page = dict[str, Any]
NARROWEST = 4


def page(document: Document, font: str = "") -> Page:
    """All texts of the document; charts as SVG in that font, without one as their description alone."""
    w = wording(document.language)
    return {
        "language": document.language,
        "title": document.title,
        "subtitle": document.subtitle,
        "made": document.made,
        "labels": dict(document.labels),
        "date": [document.made_at.year, document.made_at.month, document.made_at.day],
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "blocks": [
                    _block(w, block, section.title, document.language, font) for block in section.blocks
                ],
            }
            for section in document.sections
        ],
        "notes_title": document.notes_title,
        "notes": [[mark(i), note] for i, note in enumerate(document.notes, 1)],
        "sources_title": document.sources_title,
        "sources": [
            {"number": s.number, "title": s.title, "url": s.url, "said": s.said} for s in document.sources
        ],
    }


def _block(w: Wording, block: Block, title: str, language: str, font: str) -> Page:
    match block:
        case Paragraph(text, is_lead):
            return {"kind": "lead" if is_lead else "paragraph", "text": text}
        case Bullets(items):
            return {"kind": "bullets", "items": list(items)}
        case Chart():
            svg = draw(block.spec, language, font, block.key) if font else ""
            own = block.title if block.title != title else ""
            return {"kind": "chart", "title": own, "alt": block.alt, "svg": svg}
        case Table():
            own = block.title if block.title != title else ""
            return _table(w, block, own)


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
            }
            for i, c in enumerate(table.columns)
        ],
        "rows": [
            {
                "is_strong": row.is_total or row.is_best,
                "cells": [{"text": cell.text, "below": cell.below} for cell in shown_cells],
            }
            for row, shown_cells in zip(rows, cells, strict=True)
        ],
        "more": table.more,
    }


def weight(title: str, cells: Sequence[Shown], most: int) -> int:
    """How wide a column wants to be, in letters: its widest cell up to `most`, its title's longest word."""
    widest = max((max(len(c.text), round(0.85 * len(c.below))) for c in cells), default=0)
    # Titles are bold, hence wider than their letters.
    words = (round(1.15 * len(word)) for word in title.split())
    return max(min(widest, most), *words, NARROWEST) + 2
