"""/api/v1/estimates: will it fit, how long, how much energy; no prices."""

from flask import Blueprint, Response
from spectree import Response as Answers

from service.answers.answer import AnsweredEstimates
from service.answers.question import AskedEstimate
from service.api.contract import contract
from service.state import facts, now
from service.usecases import estimate

blueprint = Blueprint("estimates", __name__)


@blueprint.post("/estimates")
@contract.validate(
    json=AskedEstimate,
    resp=Answers(HTTP_200=AnsweredEstimates),
    tags=["estimates"],
    operation_id="estimates_create",
)
def create(json: AskedEstimate) -> Response:
    """Estimate a run on machines: fit with adjustments, hours, energy at the wall."""
    answer = estimate(facts(), json, now().date())
    return Response(answer.to_json(), mimetype="application/json")
