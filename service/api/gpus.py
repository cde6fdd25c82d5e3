"""/api/v1/gpus"""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.schemas import SourceOut, page_of
from service.errors import UnknownName
from service.estimate.hardware import PRECISIONS, dense_tensor_tflops, runs_precision
from service.facts import UNITS, Gpu, GpuClass
from service.reports.listings.sourced import source_of, sources_of
from service.store.snapshot import Snapshot
from service.usecases import find_gpu


class GpuQuery(PageQuery):
    """Filters for GPUs; all must hold."""

    vendor: str | None = None
    category: str | None = None
    architecture: str | None = None
    memory_gib_min: float | None = Field(None, ge=0, le=10_000)
    memory_gib_max: float | None = Field(None, ge=0, le=10_000)


class GpuOut(BaseModel):
    """A GPU, each number with its source in `sources`."""

    slug: str
    name: str
    vendor: str
    aliases: list[str]
    category: GpuClass
    architecture: str
    compute_capability: str
    tensor_rate: str
    released: date | None
    sm_count: int
    boost_clock_mhz: float
    memory_gib: float
    memory_bandwidth_gb_per_s: float
    board_watts: float
    pcie_generation: int | None
    pcie_lanes: int | None
    gpu_link_gb_per_s: float | None
    bridge_gb_per_s: float | None
    bridged_cards: int | None
    published_tensor_tflops: float | None
    peak_bf16_tflops: float = Field(description="Dense, FP32 accumulate, derived from SMs and clock")
    precisions: list[str]
    note: str
    sources: dict[str, SourceOut]


def gpu_item(gpu: Gpu) -> dict[str, Any]:
    """A GPU as plain values."""
    plain = {
        name: getattr(gpu, name)
        for name in GpuOut.model_fields
        if name not in ("aliases", "sources", "peak_bf16_tflops", "precisions")
    }
    peak = source_of(f"{UNITS['peak_bf16_tflops']}, derived", gpu.sources["boost_clock_mhz"])
    return {
        **plain,
        "aliases": list(gpu.aliases),
        "peak_bf16_tflops": round(dense_tensor_tflops(gpu), 2),
        "precisions": [p for p in PRECISIONS if runs_precision(gpu, p)],
        "sources": {**sources_of(gpu.sources), "peak_bf16_tflops": peak},
    }


def find(snapshot: Snapshot, query: GpuQuery) -> Page:
    """GPUs that match, by slug."""
    rows = list(snapshot.gpus.values())
    for field in ("vendor", "category", "architecture"):
        wanted = getattr(query, field)
        if wanted is not None:
            rows = [gpu for gpu in rows if getattr(gpu, field).lower() == wanted.lower()]
    if query.memory_gib_min is not None:
        rows = [gpu for gpu in rows if gpu.memory_gib >= query.memory_gib_min]
    if query.memory_gib_max is not None:
        rows = [gpu for gpu in rows if gpu.memory_gib <= query.memory_gib_max]
    return sliced(rows, query, gpu_item)


def get(snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One GPU by slug or alias."""
    try:
        return gpu_item(find_gpu(snapshot, "gpu", slug))
    except UnknownName:
        return None


blueprint = publish(
    Collection(
        name="gpus",
        one="GPU",
        summary="GPUs",
        query=GpuQuery,
        item=GpuOut,
        page=page_of("GpuPage", GpuOut),
        find=find,
        get=get,
    )
)
