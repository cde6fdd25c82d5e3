"""Cost against time of a decision's plans as a picture, on a light ground or a dark one."""

import re

from service.reports.charts.drawing import DARK_OF, draw
from service.reports.decision_report import decision_document
from service.reports.document.document import Chart
from service.reports.formats.as_html import FONT

COLOUR = re.compile("|".join(f'(?<="){re.escape(colour)}(?=")' for colour in DARK_OF))


def chart_of(answer: bytes, language: str) -> Chart | None:
    """The chart of an answer; None where fewer than two plans have both a cost and a duration."""
    sections = (s for s in decision_document(answer, language).sections if s.key == "front")
    return next((block for s in sections for block in s.blocks if isinstance(block, Chart)), None)


def picture(chart: Chart, language: str, *, is_dark: bool) -> str:
    """The chart as an SVG document."""
    svg = draw(chart.spec, language, FONT, chart.key)
    return COLOUR.sub(lambda found: DARK_OF[found[0]], svg) if is_dark else svg
