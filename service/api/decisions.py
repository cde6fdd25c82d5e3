"""/api/v1/decisions: the best plan within a budget and a deadline, answered, kept, and found again."""

from flask import Blueprint, Response
from spectree import Response as Answers

from service.answers.answer import AnsweredDecision
from service.answers.question import AskedDecision
from service.api.contract import contract
from service.api.reports import ReportQuery, report_response
from service.api.stored_answers import created, stored_answer
from service.api.tokens import room
from service.state import facts, now, state
from service.usecases.deciding import answer_decision
from service.usecases.reporting import decision_report

blueprint = Blueprint("decisions", __name__)


@blueprint.post("/decisions")
@contract.validate(
    json=AskedDecision,
    resp=Answers(HTTP_201=AnsweredDecision),
    tags=["decisions"],
    operation_id="decisions_create",
)
def create(json: AskedDecision) -> Response:
    """Find the best plan within a budget and a deadline; the answer is kept under its address."""
    snapshot, today = facts(), now()
    stored = answer_decision(state().sessions, snapshot, json, today, room())
    return created("decisions", stored.id, stored.answer)


@blueprint.get("/decisions/<string:id>.<string:extension>")
@contract.validate(
    query=ReportQuery, resp=Answers("HTTP_200"), tags=["decisions"], operation_id="decisions_report"
)
def report(id: str, extension: str, query: ReportQuery) -> Response:
    """A decision as a report: html, pdf, xlsx, csv, md, or json as it was answered."""
    return report_response("decision", id, extension, query.lang, decision_report)


@blueprint.get("/decisions/<string:id>")
@contract.validate(resp=Answers(HTTP_200=AnsweredDecision), tags=["decisions"], operation_id="decisions_get")
def get(id: str) -> Response:
    """A decision as it was answered that day."""
    return stored_answer("decision", id)
