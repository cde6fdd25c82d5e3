"""/api/v1/measured-runs"""

from functools import lru_cache
from typing import Any, Literal

from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.schemas import SourceOut, page_of
from service.api.sourced import source_of
from service.api.state import state
from service.facts import MeasuredRun
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot

PLAIN = tuple(name for name in MeasuredRun.__slots__ if name not in ("source", "use_for"))


class MeasuredRunQuery(PageQuery):
    """Filters for published runs."""

    gpu: str | None = None
    project: str | None = None
    engine: str | None = None
    use_for: Literal["throughput", "memory", "power"] | None = None


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
    offload: bool | None
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
