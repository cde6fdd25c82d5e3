"""/api/v1/comparisons: home against cloud, answered, kept, and found again."""

from datetime import datetime
from functools import wraps

from flask import Blueprint, Response, request
from spectree import Response as Answers

from service.answers.answer import AnsweredComparison
from service.answers.question import AskedComparison
from service.api.contract import contract
from service.api.reports import ReportQuery, report_response
from service.api.stored_answers import created, stored_answer
from service.api.tokens import room
from service.remembered import Remembered
from service.state import facts, now, state
from service.usecases import answer
from service.usecases.reporting import comparison_report

blueprint = Blueprint("comparisons", __name__)
ANSWERED = Remembered(32 * 2**20)
"""By body, facts and minute: each answer was stored before it is remembered, and stays longer than that."""


@contract.validate(
    json=AskedComparison,
    resp=Answers(HTTP_201=AnsweredComparison),
    tags=["comparisons"],
    operation_id="comparisons_create",
)
def asked(json: AskedComparison) -> Response:
    """Compare training at home with renting; the answer is kept under its address."""
    snapshot, today = facts(), now()
    stored = answer(state().sessions, snapshot, json, today, room())
    ANSWERED.keep(_question(snapshot.data_version, today), (stored.id, stored.answer))
    return created("comparisons", stored.id, stored.answer)


@blueprint.post("/comparisons")
@wraps(asked)
def create() -> Response:
    # The same question on the same facts and minute is answered from memory, without parsing it again.
    # One with a token is not: its answer is to be kept for good.
    if request.mimetype == "application/json" and request.authorization is None:
        answer = ANSWERED.get(_question(facts().data_version, now()))
        if answer:
            return created("comparisons", *answer)
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
    return stored_answer("comparison", id)


def _question(data_version: int, at: datetime) -> tuple[str, int, bytes, str]:
    return state().database, data_version, request.get_data(cache=True), f"{at:%Y-%m-%dT%H:%M}"
