"""/api/v1/comparisons: home against cloud, answered, kept, and found again."""

from functools import wraps

from flask import Blueprint, Response, request
from spectree import Response as Answers

from service.answers.answer import AnsweredComparison
from service.answers.question import AskedComparison
from service.api.contract import contract
from service.api.reports import ReportQuery, report_response
from service.remembered import Remembered
from service.state import facts, now, state
from service.store import comparisons
from service.usecases import answer
from service.usecases.reporting import comparison_report

blueprint = Blueprint("comparisons", __name__)
ANSWERED = Remembered(32 * 2**20)
"""By body, facts and day; each answer was stored before it is remembered."""


@contract.validate(
    json=AskedComparison,
    resp=Answers(HTTP_201=AnsweredComparison),
    tags=["comparisons"],
    operation_id="comparisons_create",
)
def asked(json: AskedComparison) -> Response:
    """Compare training at home with renting; the answer is kept under its address."""
    snapshot, today = facts(), now()
    stored = answer(state().sessions, snapshot, json, today)
    body = request.get_data(cache=True)
    question = (state().database, snapshot.data_version, body, today.date())
    ANSWERED.keep(question, (stored.id, stored.answer))
    return _created(stored.id, stored.answer)


@blueprint.post("/comparisons")
@wraps(asked)
def create() -> Response:
    # The same question on the same facts and day is answered from memory, without parsing it again.
    if request.mimetype == "application/json":
        body = request.get_data(cache=True)
        answer = ANSWERED.get((state().database, facts().data_version, body, now().date()))
        if answer:
            return _created(*answer)
    response: Response = asked()
    return response


@blueprint.get("/comparisons/<string:id>.<string:extension>")
@contract.validate(
    query=ReportQuery, resp=Answers("HTTP_200"), tags=["comparisons"], operation_id="comparisons_report"
)
def report(id: str, extension: str, query: ReportQuery) -> Response:
    """A comparison as a report: html, pdf, xlsx, csv, md, or json as it was answered."""
    return report_response("comparison", id, extension, query.lang, comparison_report)


@blueprint.get("/comparisons/<string:id>")
@contract.validate(
    resp=Answers(HTTP_200=AnsweredComparison), tags=["comparisons"], operation_id="comparisons_get"
)
def get(id: str) -> Response:
    """A comparison as it was answered that day."""
    with state().sessions.reading() as session:
        stored = comparisons.get(session, id)
    response = Response(stored.answer, mimetype="application/json")
    response.set_etag(stored.id)
    # A stored answer never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.make_conditional(request)
    return response


def _created(identity: str, body: bytes) -> Response:
    response = Response(body, 201, mimetype="application/json")
    response.headers["Location"] = f"/api/v1/comparisons/{identity}"
    response.headers["Cache-Control"] = "no-store"
    return response
