"""/api/v1/workloads"""

from dataclasses import asdict
from typing import Any

from pydantic import Field

from service.answers.answer import AnsweredWorkload
from service.answers.told import tell_workload
from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.schemas import SourceOut, page_of
from service.errors import UnknownName
from service.estimate.architecture import parameters
from service.facts import Workload
from service.reports.listings.sourced import sources_of
from service.store.snapshot import Snapshot


class WorkloadQuery(PageQuery):
    """Filters for workloads; all must hold."""

    family: str | None = None
    kind: str | None = None
    parameters_min: int | None = Field(None, ge=0, le=10**15)
    parameters_max: int | None = Field(None, ge=0, le=10**15)


class WorkloadOut(AnsweredWorkload):
    """A training run, each number with its source in `sources`."""

    kind: str
    aliases: list[str]
    architecture: dict[str, Any]
    recipe: dict[str, Any]
    other_stages_fraction: float
    reference_hours: float | None
    reference_gpu: str | None
    reference_gpu_count: int | None
    note: str
    sources: dict[str, SourceOut]


def workload_item(workload: Workload) -> dict[str, Any]:
    """A workload as plain values."""
    return {
        **tell_workload(workload).model_dump(),
        "kind": workload.kind,
        "aliases": list(workload.aliases),
        "architecture": asdict(workload.architecture),
        "recipe": asdict(workload.recipe),
        "other_stages_fraction": workload.other_stages_fraction,
        "reference_hours": workload.reference_hours,
        "reference_gpu": workload.reference_gpu,
        "reference_gpu_count": workload.reference_gpu_count,
        "note": workload.note,
        "sources": sources_of(workload.sources),
    }


def find(snapshot: Snapshot, query: WorkloadQuery) -> Page:
    """Workloads that match, by slug."""
    rows = list(snapshot.workloads.values())
    if query.family is not None:
        rows = [w for w in rows if w.family.lower() == query.family.lower()]
    if query.kind is not None:
        rows = [w for w in rows if w.kind.lower() == query.kind.lower()]
    if query.parameters_min is not None:
        rows = [w for w in rows if parameters(w.architecture) >= query.parameters_min]
    if query.parameters_max is not None:
        rows = [w for w in rows if parameters(w.architecture) <= query.parameters_max]
    return sliced(rows, query, workload_item)


def get(snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One workload by slug or alias."""
    try:
        return workload_item(snapshot.workload(slug))
    except UnknownName:
        return None


blueprint = publish(
    Collection(
        name="workloads",
        one="workload",
        summary="training runs",
        query=WorkloadQuery,
        item=WorkloadOut,
        page=page_of("WorkloadPage", WorkloadOut),
        find=find,
        get=get,
    )
)
