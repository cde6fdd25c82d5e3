"""A document as the words of a page: what the HTML template, the PDF template and Markdown lay out."""

from typing import Any

from service.reports.document import Block, Bullets, Chart, Document, Paragraph, Row, Table, mark, shown
from service.reports.drawing import draw
from service.reports.wording import Wording, wording

Page = dict[str, Any]


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
    return {
        "kind": "table",
        "key": table.key,
        "title": title,
        "caption": table.title,
        "columns": [{"title": c.title, "is_number": c.is_number} for c in table.columns],
        "rows": [_row(w, row) for row in table.rows[: table.on_page]],
        "more": table.more,
    }


def _row(w: Wording, row: Row) -> Page:
    cells = [shown(w, cell) for cell in row.cells]
    return {"is_total": row.is_total, "cells": [{"text": c.text, "below": c.below} for c in cells]}
