"""What stands beside an answer and is asked for by itself: report, what-ifs, pictures, the break-even map."""

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound as NoSuchPage

from service.answers.reading import read_decision
from service.errors import UnknownName
from service.pages.asked_by_address import address_of, said_by
from service.pages.frame import DRAWN, html
from service.pages.language import language, words
from service.pages.picture import chart_of, drawn
from service.pages.turning_map import LIMITS, TurningMap, turning_map
from service.pages.what_if import changes, chip
from service.pages.worked_out import answered, asked_here, said_here
from service.reports.formats.renderers import renderer
from service.state import facts, state
from service.usecases.reporting import report_on

blueprint = Blueprint("beside_answer", __name__)


@blueprint.get("/answer.<string:extension>")
def report(extension: str) -> Response:
    """The answer to the question in the address as a report to hand on."""
    try:
        chosen = renderer(extension)
    except UnknownName as error:
        raise NoSuchPage(str(error)) from None
    made = report_on(state().sessions, answered(asked_here()), extension, language())
    response = Response(made.content, content_type=chosen.media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{made.name}"'
    response.headers["Content-Security-Policy"] = DRAWN
    return response


@blueprint.get("/what-if")
def otherwise() -> Response:
    """The question with one thing changed at a time, each with its difference."""
    w, asked = words(), asked_here()
    found = list(changes(w, asked))
    d = read_decision(answered(asked.changed({"what_if": [change for _, change, _ in found]})).answer)
    chips = [
        chip(w, name, address_of(said_by(changed)), told, d)
        for (name, _, changed), told in zip(found, d.what_if, strict=True)
    ]
    return html("pages/what_if.html", chips=chips, address=address_of(said_here()))


@blueprint.get("/plans")
def plans() -> Response:
    """The picture of the plans, with what it shows in words."""
    chart = chart_of(read_decision(answered(asked_here()).answer), language())
    return html("pages/plans.html", alt=chart.alt if chart else "", address=address_of(said_here()))


@blueprint.get("/picture.svg")
def plans_picture() -> Response:
    """Cost against time of the plans; 404 where there are too few to draw."""
    chart = chart_of(read_decision(answered(asked_here()).answer), language())
    if chart is None:
        raise NoSuchPage("fewer than two plans have a cost and a duration")
    return drawn(chart.key, chart.spec, chart.narrow)


@blueprint.get("/map")
def break_even() -> Response:
    """The break-even map with its table."""
    drawn_map, has_limits = _map()
    return html("pages/map.html", map=drawn_map, has_limits=has_limits, address=address_of(said_here()))


@blueprint.get("/map.svg")
def break_even_picture() -> Response:
    """The map alone; 404 where there is none."""
    drawn_map, _ = _map()
    if drawn_map is None:
        raise NoSuchPage("there is no plan at home, or none to rent, with a price")
    return drawn("map", drawn_map.spec, drawn_map.narrow)


def _map() -> tuple[TurningMap | None, bool]:
    """The map of this question, and whether it is that of the limits; without a plan of either side within
    them it is that of cost alone."""
    asked = asked_here()
    d = read_decision(answered(asked).answer)
    if d.break_even or not d.has_limits:
        return turning_map(words(), facts(), d, asked.country), True
    d = read_decision(answered(asked.changed(dict.fromkeys(LIMITS))).answer)
    return turning_map(words(), facts(), d, asked.country), False
