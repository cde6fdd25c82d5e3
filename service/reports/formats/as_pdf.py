"""A document as PDF, set by typst: real text, bookmarks, tagged and checked as PDF/UA-1."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.reports.document.document import Document
from service.reports.document.page import page

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).parents[2] / "templates" / "report.typ"
FONT = "Libertinus Serif"
"""Comes with typst, so that the same document gives the same bytes on every machine."""
TIGHT = ("1.0", "0.9", "0.8")
"""How close lines stand: closer where the last page would be nearly empty."""
LEAST_FILLED = 0.25
LONG_WORD = re.compile(r"[^\s\u200b]{24}(?=[^\s\u200b]{4})")


def render(document: Document) -> bytes:
    """The file; its only date is the answer's. Texts reach typst as data, never as markup."""
    content = json.dumps(breakable(page(document, FONT)))
    made_at = document.made_at.astimezone(UTC)
    midnight = datetime(made_at.year, made_at.month, made_at.day, tzinfo=UTC)
    compiler = _laid_out(content)
    pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(midnight.timestamp()))
    assert isinstance(pdf, bytes)
    return pdf


def _laid_out(content: str) -> "typst.Compiler":
    """The layout without a nearly empty last page; where each has one, the shortest."""
    import typst

    found: list[tuple[int, typst.Compiler]] = []
    for tight in TIGHT:
        inputs = {"page": content, "tight": tight}
        compiler = typst.Compiler(TEMPLATE, ignore_system_fonts=True, sys_inputs=inputs)
        end = json.loads(compiler.query("<end>", field="value", one=True))
        if end["page"] == 1 or end["filled"] >= LEAST_FILLED:
            return compiler
        found.append((end["page"], compiler))
    return min(found, key=lambda one: one[0])[1]


def breakable(value: object) -> object:
    """The same texts with places to break in words that are wider than a column."""
    if isinstance(value, str):
        return value if value.startswith("<svg") else LONG_WORD.sub("\\g<0>\u200b", value)
    if isinstance(value, dict):
        return {key: breakable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [breakable(inner) for inner in value]
    return value
