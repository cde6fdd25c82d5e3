"""Reports over HTTP: one answer to a request for a file, whatever kind of answer it reports on."""

from collections.abc import Callable
from typing import Literal

from flask import Response, request
from pydantic import Field

from service.answers.asked import Question
from service.api.headers import NOTHING
from service.api.problems import field_problem, problem
from service.errors import UnknownName
from service.remembered import Remembered
from service.reports.formats.renderers import renderer
from service.state import state
from service.store.session import Sessions
from service.usecases.reporting import Report

REPORTED = Remembered(32 * 2**20)
"""By kind, identity, format and language: a stored answer never changes."""
REPORT_POLICY = NOTHING + "; style-src 'unsafe-inline'"
"""A report brings its own style and drawings and asks for nothing."""


class ReportQuery(Question):
    """In which language to report."""

    lang: Literal["en", "de"] = Field("en", description="Language of the words and of the number formats")


def report_response(
    kind: str, id: str, extension: str, language: str, make: Callable[[Sessions, str, str, str], Report]
) -> Response:
    """The report that `make` gives, from memory where it has been given before; 404 for no such format."""
    try:
        media_type = renderer(extension, "extension").media_type
    except UnknownName as error:
        return problem(404, str(error), [field_problem(error.field, extension, error.reason, error.choices)])
    asked = (state().database, kind, id, extension, language)
    report = REPORTED.get(asked)
    if report is None:
        made = make(state().sessions, id, extension, language)
        report = (made.name, made.content)
        REPORTED.keep(asked, report)
    name, content = report
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Content-Security-Policy"] = REPORT_POLICY
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
