"""/api/v1/measured-runs"""

from datetime import date
from functools import lru_cache, wraps
from typing import Any, Literal

from flask import Response, request
from pydantic import BaseModel
from spectree import Response as Answers

from service.answers.option import AnsweredCost
from service.answers.question import AskedMeasurement
from service.api.collections import Collection, Page, PageQuery, json_response, private, publish, sliced
from service.api.contract import contract
from service.api.schemas import SourceOut, page_of
from service.api.tokens import bearer
from service.estimate.interval import Interval
from service.facts import AdapterTargets, MeasuredRun, Offload, Trainer, WeightsIn
from service.reports.listings.measurement import as_json
from service.reports.listings.own_measurements import as_json as lesson_as_json
from service.reports.listings.sourced import source_of
from service.state import facts, now, state
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.measuring import (
    forget,
    measure,
)
from service.usecases.own_lessons import lesson

LARGEST_LOG_BYTES = 8_000_000
"""A day of log lines is larger than any other body this service reads."""
PLAIN = tuple(name for name in MeasuredRun.__slots__ if name not in ("source", "use_for"))


class MeasuredRunQuery(PageQuery):
    """Filters for published runs."""

    gpu: str | None = None
    project: str | None = None
    engine: str | None = None
    use_for: Literal["throughput", "memory", "power", "power_limit", "oom", "fit"] | None = None


class MeasuredRunOut(SourceOut):
    """A published training run; null is unknown."""

    slug: str
    project: str
    model: str
    gpu: str | None
    gpu_count: int | None
    n_params: float | None
    n_layers: int | None
    d_model: int | None
    n_heads: int | None
    n_kv_heads: int | None
    d_ff: int | None
    vocab_size: int | None
    seq_len: int | None
    tokens: float | None
    nodes: int | None
    precision: str | None
    optimizer: str | None
    engine: str | None
    attention: str | None
    checkpointing: str | None
    offload: Offload | None
    parallelism: str | None
    micro_batch: int | None
    global_batch_tokens: int | None
    hours: float | None
    tokens_per_s: float | None
    peak_memory_gib: float | None
    gpu_watts: float | None
    node_watts: float | None
    workload: str | None
    year: int | None
    confidence: str | None
    chunked_cross_entropy: bool | None
    gradient_release: bool | None
    activations_on_host: bool | None
    optimizer_bits: int | None
    power_limit_watts: float | None
    adapter_rank: int | None
    adapter_targets: AdapterTargets | None
    trainer: Trainer | None
    weights_in: WeightsIn | None
    frozen_bits: int | None
    gated_mlp: bool | None
    tied_embeddings: bool | None
    memory_cap_gib: float | None
    reserved_memory_gib: float | None
    gpu_link: bool | None
    use_for: list[str]


@lru_cache(maxsize=2)
def all_runs(sessions: Sessions, _data_version: int) -> tuple[MeasuredRun, ...]:
    """All runs at a data version."""
    with sessions.reading() as session:
        return tuple(measured_runs.all(session))


def run_item(run: MeasuredRun) -> dict[str, Any]:
    """A run as plain values."""
    return {
        **{name: getattr(run, name) for name in PLAIN},
        "use_for": sorted(run.use_for),
        **source_of("tokens/s, GiB, W, h as the field names say", run.source),
    }


def find(snapshot: Snapshot, query: MeasuredRunQuery) -> Page:
    """Runs that match, by slug."""
    rows = [
        run
        for run in all_runs(state().sessions, snapshot.data_version)
        if query.gpu in (None, run.gpu)
        and query.project in (None, run.project)
        and query.engine in (None, run.engine)
        and (query.use_for is None or query.use_for in run.use_for)
    ]
    return sliced(rows, query, run_item)


def get(snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One run by slug."""
    runs = all_runs(state().sessions, snapshot.data_version)
    return next((run_item(run) for run in runs if run.slug == slug), None)


blueprint = publish(
    Collection(
        "measured-runs",
        "measured run",
        "published training runs",
        MeasuredRunQuery,
        MeasuredRunOut,
        page_of("MeasuredRunPage", MeasuredRunOut),
        find,
        get,
    )
)


class BelievedOut(BaseModel):
    """A measured speed beside what was and is believed of it."""

    measured: float
    believed_before: Interval
    believed_after: Interval
    unit: str
    source: str
    as_of: date


class DroppedOut(BaseModel):
    """A line that could not be used."""

    line: int
    reason: str


class LogOut(BaseModel):
    """What a log says."""

    format: str
    steps_read: int
    last_step: int
    step_s: float | None
    speed_from: str
    global_batch_tokens: int | None
    peak_memory_gib: float | None
    reserved_memory_gib: float | None
    gpu_watts: float | None
    dropped: int
    dropped_lines: list[DroppedOut]
    note: str


class ProgressOut(BaseModel):
    """Where a run stands, and what the rest takes."""

    steps_done: int
    steps_total: int
    share_done: float
    hours_done: float
    hours_left: Interval
    wall_watts: Interval
    energy_kwh_done: Interval
    energy_kwh_left: Interval
    cost_done: AnsweredCost | None
    cost_left: AnsweredCost | None


class PlanOut(BaseModel):
    """The plan a measurement is taken with, where the published one cannot have fitted."""

    micro_batch: int
    checkpointed_layers: int
    n_layers: int
    offload: str
    optimizer_bits: int | None
    chunked_cross_entropy: bool


class SlipOut(BaseModel):
    """What would explain a measurement that is hard to believe."""

    code: str
    value: str
    tokens_per_s: float


class DoubtOut(BaseModel):
    """The 98 % interval that a measurement is outside of [tokens/s]."""

    low: float
    high: float
    explained_by: list[SlipOut]
    text: str


class MeasurementOut(BaseModel):
    """What a measurement teaches."""

    id: str
    kept: bool
    gpu: str
    gpu_count: int
    project: str
    tokens_per_s: BelievedOut
    plan: PlanOut | None
    doubt: DoubtOut | None
    log: LogOut | None
    progress: ProgressOut | None


class MovedOut(BaseModel):
    """Something believed otherwise because of a measurement: with it over without it."""

    name: str
    factor: float


class LessonOut(BaseModel):
    """What a measurement of one's own has taught."""

    id: str
    gpu: str
    gpu_count: int
    project: str
    model: str
    tokens_per_s: float
    checkpointing: str | None
    offload: str | None
    micro_batch: int | None
    optimizer: str | None
    precision: str | None
    engine: str | None
    headline: str
    hours_before: float
    hours_after: float
    terms: list[MovedOut]
    machines: list[MovedOut]
    source: str
    as_of: date


@blueprint.get("/measured-runs/<string:slug>/lesson")
@contract.validate(
    resp=Answers(HTTP_200=LessonOut), tags=["measured-runs"], operation_id="measured_runs_lesson"
)
def taught(slug: str) -> Response:
    """Which terms, cards and engines a measurement of one's own moved, and the headline's hours."""
    return json_response(lesson_as_json(lesson(facts(), slug)), 200)


@contract.validate(
    json=AskedMeasurement,
    resp=Answers(HTTP_201=MeasurementOut),
    tags=["measured-runs"],
    operation_id="measured_runs_add",
    security={"token": []},
)
def measured(json: AskedMeasurement) -> Response:
    """Add a measurement of one's own; every later estimate on this card learns from it."""
    found = measure(state().sessions, facts(), json, now().date())
    response = json_response(as_json(found, json.lang), 201)
    if found.kept:
        response.headers["Location"] = f"/api/v1/measured-runs/{found.run.slug}"
    return response


@blueprint.post("/measured-runs")
@wraps(measured)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    request.max_content_length = LARGEST_LOG_BYTES
    response: Response = measured()
    return response


@blueprint.delete("/measured-runs/<string:slug>")
@contract.validate(
    resp=Answers("HTTP_204"),
    tags=["measured-runs"],
    operation_id="measured_runs_remove",
    security={"token": []},
)
def remove(slug: str) -> Response:
    """Take a measurement of one's own back; no estimate learns from it any more."""
    bearer()
    forget(state().sessions, slug)
    return private(Response(status=204))
