"""Cost against time of a decision's plans as a picture, on a light ground or a dark one."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from service.answers.answer import AnsweredDecision
from service.pages.frame import DRAWN
from service.pages.language import language
from service.reports.charts.drawing import DARK_OF, draw
from service.reports.document.document import Chart
from service.reports.document.notebook import Notebook
from service.reports.formats.as_html import FONT
from service.reports.sections.decision_plans import picture_section
from service.reports.sections.numbered_plans import numbered_plans
from service.reports.words.wording import wording

COLOUR = re.compile("|".join(f'(?<="){re.escape(colour)}(?=")' for colour in DARK_OF))


def chart_of(d: AnsweredDecision, language: str) -> Chart | None:
    """The chart of an answer; None where fewer than two plans have both a cost and a duration."""
    section = picture_section(Notebook(wording(language), d.asked_at), d, numbered_plans(d))
    blocks = section.blocks if section else ()
    return next((block for block in blocks if isinstance(block, Chart)), None)


def picture(spec: Mapping[str, Any], key: str, language: str, *, is_dark: bool) -> str:
    """A chart as an SVG document."""
    svg = draw(spec, language, FONT, key)
    return COLOUR.sub(lambda found: DARK_OF[found[0]], svg) if is_dark else svg


def drawn(key: str, wide: Mapping[str, Any], narrow: Mapping[str, Any] | None) -> Response:
    """A chart as the address wants it: for a dark ground, for a phone."""
    spec = narrow if narrow and request.args.get("width") == "narrow" else wide
    svg = picture(spec, key, language(), is_dark=request.args.get("ground") == "dark")
    response = Response(svg, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = DRAWN
    response.headers["Cache-Control"] = "private, max-age=600"
    return response
