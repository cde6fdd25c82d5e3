"""Which plans there are, and the fastest that fits, for many machines at once.

Families of plans differ in what they change: where optimizer, gradients and weights lie, whether the
loss is computed in chunks, how several GPUs divide the model. Within a family every micro-batch from
the published one down to 1 is tried, and for each the smallest number of recomputed layers that fits
is solved for. Leaves out plans that mix GPUs of different kinds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.estimate.adjustments import code_changes
from service.estimate.duration import step_time
from service.estimate.machine import Machines
from service.estimate.memory import context_gib, instants, reserved_by, with_reserve
from service.estimate.memory_plan import MemoryPlan, OptimizerPlacement, published_plan
from service.estimate.step_work import StepWork, count_step
from service.facts import GIB, Recipe, Workload

CHANGE_PENALTY = 0.01
"""Time a code change must save before it is worth proposing."""
Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grids:
    """Bands of peak memory [GiB] and host memory [GiB] of a family, shape (micro-batches, layers + 1)."""

    low: Grid
    high: Grid
    host: Grid


def micro_batches(recipe: Recipe) -> list[int]:
    """The published micro-batch and its halves down to 1."""
    batches = [recipe.micro_batch]
    while batches[-1] > 1:
        batches.append(batches[-1] // 2)
    return batches


def families(recipe: Recipe, gpu_count: int = 1, *, experimental: bool = False) -> list[MemoryPlan]:
    """What a plan may change beside micro-batch and checkpointing; the first changes nothing.

    With `experimental` also what nobody has published, such as 8-bit states for Muon. Beside weights of few
    bits transformers' Trainer offloads nothing: DeepSpeed does not take bitsandbytes' layers apart.
    """
    published = published_plan(recipe, 0)
    savings: tuple[OptimizerPlacement, ...] = ("host", "host+gradients", "host+parameters")
    if recipe.trained != "all" and recipe.frozen_bytes < 2 and recipe.trainer == "hf-trainer":
        savings = ()
    if recipe.optimizer == "adamw" or experimental:
        savings = ("8bit", *savings)
    placements = dict.fromkeys((published.optimizer, *savings))
    chunks = [True] if published.chunked_cross_entropy else [False, True]
    may_shard = gpu_count > 1 and recipe.sharding != "fsdp"
    shardings: tuple[Literal["", "fsdp"], ...] = ("", "fsdp") if may_shard else ("",)
    return [
        replace(published, optimizer=placement, chunked_cross_entropy=chunked, sharding=sharding)
        for sharding in shardings
        for placement in placements
        for chunked in chunks
    ]


def memory_grids(workload: Workload, family: MemoryPlan, gpu_count: int) -> Grids:
    """Peak memory of every micro-batch and number of checkpointed layers, with CUDA context."""
    a, recipe = workload.architecture, workload.recipe
    batches = np.array(micro_batches(recipe), dtype=np.float64)[:, None]
    layers = np.arange(a.n_layers + 1, dtype=np.float64)[None, :]
    at = instants(a, recipe, family, gpu_count, micro_batch=batches, checkpointed_layers=layers)
    shape = (len(batches), a.n_layers + 1)
    extra = context_gib(gpu_count)
    low, _, high = with_reserve(at.p10, at.p50, at.p90, reserved_by(recipe))
    return Grids(
        np.broadcast_to(low / GIB + extra, shape),
        np.broadcast_to(high / GIB + extra, shape),
        np.broadcast_to(np.asarray(at.on_host) / GIB, shape),
    )


@dataclass(frozen=True, slots=True)
class Searched:
    """The best plan per machine among some families."""

    families: Sequence[MemoryPlan]
    batches: Sequence[int]
    family: NDArray[np.intp]
    batch: NDArray[np.intp]
    layers: NDArray[np.intp]
    fitting: NDArray[np.bool_]
    """Whether that plan fits at least by the lower end of its band."""
    certain: NDArray[np.bool_]
    """Whether it fits by the upper end."""

    def plan(self, machine: int) -> MemoryPlan:
        """The plan of one machine."""
        family: MemoryPlan = self.families[self.family[machine]]
        return replace(
            family,
            micro_batch=self.batches[self.batch[machine]],
            checkpointed_layers=int(self.layers[machine]),
        )


def search(
    workload: Workload,
    candidates: Sequence[MemoryPlan],
    machine: Machines,
    *,
    counts: Sequence[int],
    terms: Mapping[str, float],
    available_gib: Grid,
    host_memory_gib: Grid,
    batches: Sequence[int] | None = None,
    may_checkpoint: bool = True,
) -> Searched:
    """The fastest plan of these families that surely fits, for each machine; else the one of least memory.

    `batches` restricts the micro-batches; without `may_checkpoint` only the published checkpointing is
    allowed.
    """
    recipe, a = workload.recipe, workload.architecture
    published = published_plan(recipe, a.n_layers)
    all_batches = micro_batches(recipe)
    rows = [all_batches.index(b) for b in (batches or all_batches)]
    first = published.checkpointed_layers
    last = a.n_layers if may_checkpoint else first
    column = {count: i for i, count in enumerate(sorted(set(counts)))}
    of_machine = np.array([column[count] for count in counts])
    grids = [[memory_grids(workload, family, count) for count in column] for family in candidates]
    low, high, host = (
        np.array(
            [[getattr(grid, name)[rows, first : last + 1] for grid in of_family] for of_family in grids]
        ).transpose(0, 2, 3, 1)[..., of_machine]
        for name in ("low", "high", "host")
    )  # shape (families, micro-batches, layers, machines)
    one_gpu = np.array(counts) == 1
    for i, family in enumerate(candidates):
        if family.sharding:
            low[i][..., one_gpu] = np.inf
            high[i][..., one_gpu] = np.inf
    too_much = host > host_memory_gib
    certain, possible = (high <= available_gib) & ~too_much, (low <= available_gib) & ~too_much
    layers = certain.argmax(axis=2) + first
    tried = np.array([float(all_batches[row]) for row in rows])[:, None]
    work = _rows(
        [count_step(a, recipe, family, machine.gpu_count, tried) for family in candidates],
        (len(rows), len(counts)),
        recipe.engine,
    )
    flat = layers.reshape(-1, len(counts))
    seconds = np.asarray(step_time(replace(work, recomputed=flat / a.n_layers), machine, terms).step_s)
    changes = np.array(
        [
            [code_changes(replace(family, checkpointed_layers=first), published) for _ in rows]
            for family in candidates
        ]
    ).reshape(-1, 1) + (flat > first)
    weighed = seconds * (1 + CHANGE_PENALTY * changes)
    is_certain = certain.any(axis=2).reshape(flat.shape)
    best_certain = np.where(is_certain, weighed, np.inf).argmin(axis=0)
    fitting, sure = possible.any(axis=(0, 1, 2)), is_certain.any(axis=0)
    smallest = np.where(too_much, np.inf, high).reshape(-1, len(counts)).argmin(axis=0)
    per_row = last - first + 1
    choice = np.where(sure, best_certain, smallest // per_row)
    each = np.arange(len(counts))
    chosen_layers = np.where(sure, flat[choice, each], smallest % per_row + first)
    return Searched(
        families=candidates,
        batches=[all_batches[row] for row in rows],
        family=choice // len(rows),
        batch=choice % len(rows),
        layers=chosen_layers,
        fitting=np.asarray(fitting, dtype=np.bool_),
        certain=np.asarray(sure, dtype=np.bool_),
    )


def _rows(works: Sequence[StepWork], shape: tuple[int, int], engine: str) -> StepWork:
    """Counts of several plans as rows over machines, so many of each plan."""
    columns = {}
    for field in fields(StepWork):
        if field.name == "engine":
            continue
        values = [getattr(work, field.name) for work in works]
        if any(isinstance(value, np.ndarray) for value in values):
            columns[field.name] = np.concatenate([np.broadcast_to(value, shape) for value in values])
        else:
            columns[field.name] = np.repeat(np.array(values, dtype=np.float64), shape[0])[:, None]
    return StepWork(**columns, engine=engine)
