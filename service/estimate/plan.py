"""The fastest way to hold a training step: from "as published" down to streamed weights.

Families of plans differ in what they change: where optimizer, gradients and weights lie, whether the
loss is computed in chunks, how several GPUs divide the model. Within a family every micro-batch from
the published one down to 1 is tried, and for each the smallest number of recomputed layers that fits
is solved for. The published recipe wins wherever it fits with a probability of 90 %; otherwise the
fastest plan that does, otherwise the fastest that fits by the lower end of its band ("marginal").
Nobody publishes an 8-bit Muon, so that is shown in the ladder but never chosen. Leaves out plans that
mix GPUs of different kinds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from service.estimate.calibration import Posterior, predict
from service.estimate.case import Case, own_reporter, side_by_side
from service.estimate.duration import StepSeconds, StepTime, step_time
from service.estimate.hardware import available_memory_gib, precision_used
from service.estimate.machine import Machine, machines
from service.estimate.memory import (
    PeakMemory,
    context_gib,
    fit_probability,
    fit_verdict,
    instants,
    peak_memory,
    with_context,
)
from service.estimate.memory_plan import MemoryPlan, published_plan
from service.estimate.step_work import StepWork, count_step, recomputed_share
from service.facts import GIB, Gpu, Recipe, Workload

CHANGE_PENALTY = 0.01
"""Time a code change must save before it is worth proposing."""
NEEDS_CODE = frozenset(
    {
        "chunked_cross_entropy",
        "checkpointing",
        "optimizer_8bit",
        "optimizer_host",
        "gradients_host",
        "parameters_host",
        "fsdp",
    }
)
Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One departure from the published recipe."""

    code: str
    """micro_batch | precision | chunked_cross_entropy | checkpointing | optimizer_8bit |
    optimizer_host | gradients_host | parameters_host | fsdp"""
    before: str
    after: str
    time_factor: float
    """Time of the whole plan over the time of the plan without this adjustment, memory aside."""
    needs_code_change: bool


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The plan chosen for one machine, what it needs and how long a step takes."""

    plan: MemoryPlan
    verdict: str
    """fits | fits_with_adjustments | marginal | does_not_fit"""
    peak: PeakMemory
    available_gib: float
    step: StepSeconds
    """As the evidence predicts it; the parts are the formula's, scaled to it."""
    published_step_s: float
    """Seconds of the published recipe's step on this machine, were its memory large enough."""
    log_spread: float = 0.0
    """Log standard deviation of the step's time."""

    @property
    def fit_probability(self) -> float:
        """Probability that the step stays within the memory [0-1]."""
        return fit_probability(self.peak, self.available_gib)


@dataclass(frozen=True, slots=True)
class Grids:
    """Bands of peak memory [GiB] and host memory [GiB] of a family, shape (micro-batches, layers + 1)."""

    low: Grid
    high: Grid
    host: Grid


def micro_batches(recipe: Recipe) -> list[int]:
    """The published micro-batch and its halves down to 1."""
    found = [recipe.micro_batch]
    while found[-1] > 1:
        found.append(found[-1] // 2)
    return found


def families(recipe: Recipe, gpu_count: int = 1, *, experimental: bool = False) -> list[MemoryPlan]:
    """What a plan may change beside micro-batch and checkpointing; the first changes nothing.

    With `experimental` also what nobody has published, such as 8-bit states for Muon.
    """
    published = published_plan(recipe, 0)
    eight_bit = ["8bit"] if recipe.optimizer == "adamw" or experimental else []
    placements = [published.optimizer]
    for placement in (*eight_bit, "host", "host+gradients", "host+parameters"):
        if placement not in placements:
            placements.append(placement)
    chunks = [True] if published.chunked_cross_entropy else [False, True]
    shardings = ["", "fsdp"] if gpu_count > 1 and recipe.sharding != "fsdp" else [""]
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
    at = instants(a, recipe, family, gpu_count, batches, layers)
    shape = (len(batches), a.n_layers + 1)
    extra = context_gib(gpu_count)
    return Grids(
        np.broadcast_to(at.p10 / GIB + extra, shape),
        np.broadcast_to(at.p90 / GIB + extra, shape),
        np.broadcast_to(np.asarray(at.on_host) / GIB, shape),
    )


def within(peak: PeakMemory, available_gib: float) -> PeakMemory:
    """The same peak, knowing that it did not exceed the memory."""
    middle = math.sqrt(peak.p10 * available_gib)
    return replace(peak, p50=min(peak.p50, middle), p90=min(peak.p90, available_gib))


def plan_steps(
    workload: Workload,
    hardware: Sequence[tuple[Gpu, int]],
    known: Posterior,
    host_memory_gib: Sequence[float],
    display_gib: float = 0.0,
) -> list[PlannedStep]:
    """The chosen plan for each machine, in the order given.

    `host_memory_gib` is what each machine's host can spare for offload, `display_gib` what a screen takes
    of each card [GiB]. Vectorised over machines:
    memory depends on the number of GPUs only, time on everything. On the machine of its published run a
    recipe that is marginal by the formula fits, for it did. A machine on which nothing fits
    gets the plan with the smallest memory and the verdict `does_not_fit`. An empty `hardware` gives
    an empty list.
    """
    if not hardware:
        return []
    recipe, layers = workload.recipe, workload.architecture.n_layers
    published = published_plan(recipe, layers)
    machine = machines(hardware, recipe.precision)
    available = np.array([available_memory_gib(gpu) - display_gib for gpu, _ in hardware])
    proven = (workload.reference_gpu, workload.reference_gpu_count)
    spare = np.asarray(host_memory_gib, dtype=np.float64)
    of_count = {
        count: with_context(peak_memory(workload.architecture, recipe, published, count), count)
        for count in {count for _, count in hardware}
    }
    plans, peaks, verdicts = [published] * len(hardware), [], []
    adjusted = []
    for i, (gpu, count) in enumerate(hardware):
        peak, room = of_count[count], float(available[i])
        verdict = fit_verdict(peak, room)
        if verdict == "marginal" and (gpu.slug, count) == proven:
            verdict, peak = "fits", within(peak, room)
        if verdict != "fits":
            adjusted.append(i)
        peaks.append(peak)
        verdicts.append(verdict)
    if adjusted:
        counts = [hardware[i][1] for i in adjusted]
        searched = search(
            workload,
            families(recipe, max(counts)),
            machine.picked(adjusted),
            counts,
            known.terms,
            available[adjusted],
            spare[adjusted],
        )
        for position, i in enumerate(adjusted):
            plan, count, room = searched.plan(position), hardware[i][1], float(available[i])
            peak = with_context(peak_memory(workload.architecture, recipe, plan, count), count)
            verdict = fit_verdict(peak, room)
            if plan != published:
                verdict = "fits_with_adjustments" if verdict == "fits" else verdict
                verdict = verdict if searched.fitting[position] else "does_not_fit"
            plans[i], peaks[i], verdicts[i] = plan, peak, verdict
    chosen = side_by_side(
        Case(workload.architecture, recipe_on(recipe, gpu), plan, gpu, count, own_reporter(gpu))
        for plan, (gpu, count) in zip(plans, hardware, strict=True)
    )
    step = chosen.time(known.terms)
    predicted = predict(known, chosen)
    factor = recipe.global_batch_tokens / predicted.median / step.step_s
    untouched = step_time(
        count_step(workload.architecture, recipe, published, machine.gpu_count), machine, known.terms
    )
    unadjusted = np.broadcast_to(untouched.step_s, (len(hardware),))
    each = step.each()
    return [
        PlannedStep(
            plans[i],
            verdicts[i],
            peaks[i],
            float(available[i]),
            each[i].scaled(float(factor[i])),
            float(unadjusted[i] * factor[i]),
            float(predicted.log_spread[i]),
        )
        for i in range(len(hardware))
    ]


def recipe_on(recipe: Recipe, gpu: Gpu) -> Recipe:
    """The recipe in the precision that the card runs."""
    used = precision_used(gpu, recipe.precision)
    return recipe if used == recipe.precision else replace(recipe, precision=used)


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
    machine: Machine,
    counts: Sequence[int],
    terms: Mapping[str, float],
    available_gib: Grid,
    host_memory_gib: Grid,
    *,
    batches: Sequence[int] | None = None,
    may_checkpoint: bool = True,
) -> Searched:
    """The fastest plan of these families that fits, for each machine.

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
    layers = np.where(certain.any(axis=2), certain.argmax(axis=2), possible.argmax(axis=2)) + first
    work = _rows(
        [
            count_step(a, recipe, replace(family, micro_batch=all_batches[row]), machine.gpu_count)
            for family in candidates
            for row in rows
        ],
        len(counts),
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
    is_possible = possible.any(axis=2).reshape(flat.shape)
    best_certain = np.where(is_certain, weighed, np.inf).argmin(axis=0)
    best_possible = np.where(is_possible, weighed, np.inf).argmin(axis=0)
    fitting, sure = is_possible.any(axis=0), is_certain.any(axis=0)
    smallest = np.where(too_much, np.inf, high).reshape(-1, len(counts)).argmin(axis=0)
    per_row = last - first + 1
    choice = np.where(sure, best_certain, np.where(fitting, best_possible, smallest // per_row))
    each = np.arange(len(counts))
    chosen_layers = np.where(fitting, flat[choice, each], smallest % per_row + first)
    return Searched(
        candidates,
        [all_batches[row] for row in rows],
        choice // len(rows),
        choice % len(rows),
        chosen_layers,
        np.asarray(fitting, dtype=np.bool_),
        np.asarray(sure, dtype=np.bool_),
    )


def _rows(works: Sequence[StepWork], count: int, engine: str) -> StepWork:
    """Counts of several plans as rows over machines."""
    columns = {}
    for field in fields(StepWork):
        if field.name == "engine":
            continue
        values = [getattr(work, field.name) for work in works]
        if any(isinstance(value, np.ndarray) for value in values):
            columns[field.name] = np.stack([np.broadcast_to(value, (count,)) for value in values])
        else:
            columns[field.name] = np.array(values, dtype=np.float64)[:, None]
    return StepWork(**columns, engine=engine)


def changed(plan: MemoryPlan, published: MemoryPlan) -> list[str]:
    """Codes of the adjustments that lead from the published plan to this one."""
    codes = []
    if plan.micro_batch != published.micro_batch:
        codes.append("micro_batch")
    if plan.chunked_cross_entropy != published.chunked_cross_entropy:
        codes.append("chunked_cross_entropy")
    if plan.checkpointed_layers != published.checkpointed_layers:
        codes.append("checkpointing")
    if plan.sharding:
        codes.append("fsdp")
    if plan.optimizer != published.optimizer:
        if plan.optimizer == "8bit":
            codes.append("optimizer_8bit")
        if plan.optimizer.startswith("host"):
            codes.append("optimizer_host")
        if plan.optimizer in ("host+gradients", "host+parameters"):
            codes.append("gradients_host")
        if plan.optimizer == "host+parameters":
            codes.append("parameters_host")
    return codes


def code_changes(plan: MemoryPlan, published: MemoryPlan) -> int:
    """How many adjustments need changes in the training code."""
    return sum(code in NEEDS_CODE for code in changed(plan, published))


def adjustments(
    workload: Workload, gpu: Gpu, gpu_count: int, planned: PlannedStep, terms: Mapping[str, float]
) -> tuple[Adjustment, ...]:
    """What a chosen plan changes in the published recipe, each with what it costs in time."""
    published, plan = published_plan(workload.recipe, workload.architecture.n_layers), planned.plan
    recipe, layers = workload.recipe, workload.architecture.n_layers
    machine = machines([(gpu, gpu_count)], recipe.precision)

    def seconds(p: MemoryPlan) -> float:
        time: StepTime = step_time(
            count_step(workload.architecture, recipe, p, machine.gpu_count), machine, terms
        )
        return time.of(0).step_s

    now = seconds(plan)
    before = published.optimizer
    host = f"host, {planned.peak.host_memory_gib:.0f} GiB"
    without: dict[str, tuple[MemoryPlan, str, str]] = {
        "micro_batch": (
            replace(plan, micro_batch=published.micro_batch),
            str(published.micro_batch),
            str(plan.micro_batch),
        ),
        "chunked_cross_entropy": (replace(plan, chunked_cross_entropy=False), "whole", "chunked"),
        "checkpointing": (
            replace(plan, checkpointed_layers=published.checkpointed_layers),
            f"{published.checkpointed_layers}/{layers}",
            f"{plan.checkpointed_layers}/{layers}",
        ),
        "fsdp": (replace(plan, sharding=""), recipe.sharding, plan.sharding),
        "optimizer_8bit": (replace(plan, optimizer=before), "32-bit", "8-bit"),
        "optimizer_host": (replace(plan, optimizer=before), "gpu", host),
        "gradients_host": (replace(plan, optimizer="host"), "gpu", "host"),
        "parameters_host": (replace(plan, optimizer="host+gradients"), "gpu", "host"),
    }
    found = [
        Adjustment(code, from_, to, now / seconds(p), code in NEEDS_CODE)
        for code in changed(plan, published)
        for p, from_, to in [without[code]]
    ]
    used = precision_used(gpu, recipe.precision)
    if used != recipe.precision:
        found.insert(0, Adjustment("precision", recipe.precision, used, 1.0, True))
    return tuple(found)


def recompute_share(workload: Workload, plan: MemoryPlan) -> float:
    """FLOPs the plan repeats, as a share of all [0-1/3]."""
    return recomputed_share(workload.architecture, workload.recipe, plan.checkpointed_layers)
