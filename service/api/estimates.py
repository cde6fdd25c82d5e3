"""/api/v1/estimates: will it fit, how long, how much energy; no prices."""

from typing import Any

from flask import Blueprint, Response
from spectree import Response as Answers

from service.api.collections import json_response
from service.api.contract import contract
from service.api.questions import EstimateIn, workload_asked
from service.api.schemas import EstimatesOut
from service.api.state import facts, now
from service.decide.options import Option
from service.estimate.inputs import workload_inputs
from service.reports import as_json
from service.reports.words.wording import wording
from service.usecases import EstimateRequest, estimate, explain, find_workload
from service.usecases.knowledge import knowledge_of

blueprint = Blueprint("estimates", __name__)


@blueprint.post("/estimates")
@contract.validate(
    json=EstimateIn, resp=Answers(HTTP_200=EstimatesOut), tags=["estimates"], operation_id="estimates_create"
)
def create(json: EstimateIn) -> Response:
    """Estimate a run on machines: fit with adjustments, hours, energy at the wall."""
    snapshot = facts()
    workload = find_workload(snapshot, workload_asked(json.workload, now().date()))
    hardware = tuple((machine.gpu, machine.gpu_count) for machine in json.hardware)
    options = estimate(snapshot, EstimateRequest(workload, hardware, json.at_home))
    known = knowledge_of(snapshot)
    inputs = workload_inputs(workload, known.calibration, [o.gpu for o in options], known.figures)
    words = wording("en")

    def shown(option: Option) -> dict[str, Any]:
        answer = as_json.option(option, words)
        if json.explain:
            answer["explanation"] = as_json.explained(explain(snapshot, workload, option), words)
        return answer

    return json_response(
        {
            "workload": as_json.workload(workload),
            "estimates": [shown(option) for option in options],
            "sources": [as_json.input_number(i) for i in inputs],
        }
    )
