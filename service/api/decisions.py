"""/api/v1/decisions: the best plan within a budget and a deadline, answered, kept, and found again."""

from datetime import datetime
from typing import Annotated, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.api.contract import contract
from service.api.households import HouseholdIn
from service.api.questions import Slug, WorkloadIn, workload_asked
from service.api.reports import ReportQuery, report_response
from service.api.schemas import InputOut, IntervalOut, OptionOut, WorkloadSummaryOut
from service.api.state import facts, now, state
from service.store import comparisons
from service.usecases.deciding import answer_decision
from service.usecases.reporting import decision_report
from service.usecases.requests import DecisionRequest

blueprint = Blueprint("decisions", __name__)
Machine = Annotated[str, Field(min_length=1, max_length=120)]
Weight = Annotated[float, Field(ge=0, le=1000)]
LARGEST_MONEY = 1e9
LARGEST_HOURS = 1e6


class DecisionIn(HouseholdIn):
    """A run, what one has, and what it may cost and take; every field has a usual value."""

    workload: Slug | WorkloadIn = "nanochat-d32"
    own: list[Machine] = Field(["rtx-4070"], max_length=20, description="GPU or COUNTxGPU each")
    buy: list[Machine] = Field(
        [], max_length=20, description="GPU at its stored price, or GPU=PRICE per card"
    )
    runs: int = Field(1, ge=1, le=10_000, description="Over how many runs a bought card loses its value")
    budget: float | None = Field(None, gt=0, le=LARGEST_MONEY, description="In `currency`")
    deadline_hours: float | None = Field(None, gt=0, le=LARGEST_HOURS)
    weights: tuple[Weight, Weight, Weight] | None = Field(None, description="Of cost, time and CO2")
    least_probability: float = Field(0.8, gt=0, le=0.99, description="How surely a plan must keep its limits")
    tier: Literal["on_demand", "spot", "reserved", "community", "marketplace", "any", "none"] = "on_demand"


class RatedOptionOut(OptionOut):
    """One plan with its chances."""

    plan: Literal["own", "buy", "rent", "hybrid"]
    instances: int = Field(description="Rented machines that train together")
    calendar_hours: IntervalOut | None = Field(description="h from start to end")
    plan_co2_kg: float | None = Field(
        description="Of the whole plan: pauses, set-up, idle and interrupted hours, debugging at home; "
        "co2_kg is that of the training"
    )
    plan_co2_interval_kg: IntervalOut | None
    probability_within_limits: float
    is_on_front: bool


class LimitsOut(BaseModel):
    """What a plan must keep within; null where there is no limit."""

    budget: float | None
    currency: str
    deadline_hours: float | None
    deadline_days: float | None
    least_probability: float


class WeightsOut(BaseModel):
    """Weights of the three things a plan is judged by."""

    cost: float
    time: float
    co2: float


class NearestOut(BaseModel):
    """The smallest change that makes a plan possible."""

    change: Literal["budget", "deadline", "tokens", "model"]
    value: float
    unit: str
    workload: str | None
    sentence: str
    option: RatedOptionOut | None


class SwingOut(BaseModel):
    """How far one input moves rented minus home over its own range."""

    input: str
    low: float
    high: float
    difference_low: float
    difference_high: float
    currency: str
    turns_verdict: bool
    sentence: str


class BreakEvenPointOut(BaseModel):
    """Below this hourly rent renting wins at this price of electricity."""

    per_kwh: float
    rent_per_hour: float
    currency: str


class DecisionOut(BaseModel):
    """The answer, as kept."""

    id: str
    asked_at: datetime
    data_version: int
    zone: str
    currency: str
    workload: WorkloadSummaryOut
    limits: LimitsOut
    rule: Literal["cheapest", "fastest", "weighed"]
    weights: WeightsOut | None
    summary: str
    best: RatedOptionOut | None
    shortlist: list[RatedOptionOut]
    dominated_count: int
    considered: int
    nearest_possible: list[NearestOut]
    sensitivity: list[SwingOut]
    break_even: list[BreakEvenPointOut]
    runs_until_bought: int | None
    saved_per_day: float | None
    sources: list[InputOut]


@blueprint.post("/decisions")
@contract.validate(
    json=DecisionIn,
    resp=Answers(HTTP_201=DecisionOut),
    tags=["decisions"],
    operation_id="decisions_create",
)
def create(json: DecisionIn) -> Response:
    """Find the best plan within a budget and a deadline; the answer is kept under its address."""
    snapshot, today = facts(), now()
    wanted = DecisionRequest(
        workload=workload_asked(json.workload, today.date()),
        own=tuple(json.own),
        buy=tuple(json.buy),
        runs=json.runs,
        budget=json.budget,
        deadline_hours=json.deadline_hours,
        weights=json.weights,
        least_probability=json.least_probability,
        tier=json.tier,
        **json.household(),
    )
    stored = answer_decision(state().sessions, snapshot, wanted, today)
    response = Response(stored.answer, 201, mimetype="application/json")
    response.headers["Location"] = f"/api/v1/decisions/{stored.id}"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/decisions/<string:id>.<string:extension>")
@contract.validate(
    query=ReportQuery, resp=Answers("HTTP_200"), tags=["decisions"], operation_id="decisions_report"
)
def report(id: str, extension: str, query: ReportQuery) -> Response:
    """A decision as a report: html, pdf, xlsx, csv, md, or json as it was answered."""
    return report_response("decision", id, extension, query.lang, decision_report)


@blueprint.get("/decisions/<string:id>")
@contract.validate(resp=Answers(HTTP_200=DecisionOut), tags=["decisions"], operation_id="decisions_get")
def get(id: str) -> Response:
    """A decision as it was answered that day."""
    with state().sessions.reading() as session:
        stored = comparisons.get(session, id, "decision")
    response = Response(stored.answer, mimetype="application/json")
    response.set_etag(stored.id)
    # A stored answer never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.make_conditional(request)
    return response
