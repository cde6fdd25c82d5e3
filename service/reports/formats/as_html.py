"""A document as one self-contained HTML file: no script, no other host, ready to print."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from service.reports.charts.drawing import DARK_OF
from service.reports.document.document import Document
from service.reports.document.page import page

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parents[2] / "templates"
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"
"""Of one width everywhere, so that what was measured while drawing holds in every browser."""


PX_SCALE = 1.19
"""Pixels on a screen for one of a chart, so that its words are 14 pixels high."""
PRINT_SCALE = 0.24
"""Millimetres on paper for one of a chart: its words are 8 points high."""


def render(document: Document) -> bytes:
    """The page; every text is escaped by the template, the charts are our own SVG."""
    content = page(document, FONT, has_narrow=True)
    return _template().render(content, dark_of=DARK_OF, px_scale=PX_SCALE, print_scale=PRINT_SCALE).encode()


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
