"""The fastest set of adjustments that fits: from "as published" down to streamed gradients.

The candidates form a ladder: the published recipe, smaller micro-batches, chunked cross entropy,
activation checkpointing of a quarter to all layers, 8-bit optimizer states (AdamW only: nobody
publishes an 8-bit Muon), optimizer and master weights in host memory, gradients streamed there too.
The published recipe wins whenever it fits; otherwise the fastest plan whose whole memory band fits,
otherwise the fastest that fits by its lower end ("marginal"). Leaves out streaming the weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from service.estimate.duration import StepSeconds, StepTime, recomputed_share, step_time
from service.estimate.hardware import available_memory_gib, precision_used
from service.estimate.machine import machines
from service.estimate.memory import MemoryPlan, PeakMemory, fit_verdict, peak_memory, with_context
from service.facts import Gpu, Workload

CHECKPOINTED_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
CHANGE_PENALTY = 0.01
"""Time a code change must save before it is worth proposing."""
NEEDS_CODE = frozenset(
    {"chunked_cross_entropy", "checkpointing", "optimizer_8bit", "optimizer_host", "gradients_host"}
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One departure from the published recipe."""

    code: str
    """micro_batch | precision | chunked_cross_entropy | checkpointing | optimizer_8bit |
    optimizer_host | gradients_host"""
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
    published_step_s: float
    """Seconds of the published recipe's step on this machine, were its memory large enough."""


def candidate_plans(workload: Workload) -> list[MemoryPlan]:
    """All plans in the order of the ladder; the first is the published recipe."""
    recipe, layers = workload.recipe, workload.architecture.n_layers
    published = published_plan(workload)
    micro_batches = [recipe.micro_batch]
    while micro_batches[-1] > 1:
        micro_batches.append(micro_batches[-1] // 2)
    placements = ["gpu", *(["8bit"] if recipe.optimizer == "adamw" else []), "host", "host+gradients"]
    checkpointed = sorted({round(share * layers) for share in CHECKPOINTED_SHARES})
    plans = [
        MemoryPlan(micro_batch, layers_, chunked, placement)
        for placement, chunked, layers_, micro_batch in product(
            placements, (False, True), checkpointed, micro_batches
        )
        if layers_ >= published.checkpointed_layers
    ]
    return [published, *(plan for plan in plans if plan != published)]


def published_plan(workload: Workload) -> MemoryPlan:
    """The recipe as its project publishes it."""
    full = workload.recipe.checkpointing == "full"
    return MemoryPlan(workload.recipe.micro_batch, workload.architecture.n_layers if full else 0)


def plan_steps(
    workload: Workload,
    hardware: Sequence[tuple[Gpu, int]],
    terms: Mapping[str, float],
    host_memory_gib: Sequence[float],
) -> list[PlannedStep]:
    """The chosen plan for each machine, in the order given.

    `host_memory_gib` is what each machine's host can spare for offload [GiB]. One pass over plans,
    vectorised over machines: memory depends on the number of GPUs only, time on everything. A
    machine on which nothing fits gets the plan with the smallest memory and the verdict
    `does_not_fit`. An empty `hardware` gives an empty list.
    """
    if not hardware:
        return []
    architecture, recipe = workload.architecture, workload.recipe
    machine = machines(hardware, recipe.precision, terms)
    plans = candidate_plans(workload)
    counts = sorted({count for _, count in hardware})
    column_of = {count: i for i, count in enumerate(counts)}
    column = np.array([column_of[count] for _, count in hardware])
    available = np.array([available_memory_gib(gpu) for gpu, _ in hardware])
    peaks = [
        [with_context(peak_memory(architecture, recipe, plan, count), count) for count in counts]
        for plan in plans
    ]
    # What the host cannot hold fits nowhere.
    spilled = np.array([row[0].host_memory_gib for row in peaks])[:, None] > np.array(host_memory_gib)
    low = np.where(spilled, np.inf, np.array([[p.p10 for p in row] for row in peaks])[:, column])
    high = np.where(spilled, np.inf, np.array([[p.p90 for p in row] for row in peaks])[:, column])
    steps: dict[tuple[int, int, str], StepTime] = {}
    seconds = np.empty((len(plans), len(hardware)))
    for row, plan in enumerate(plans):
        key = (plan.micro_batch, plan.checkpointed_layers, plan.optimizer)
        if key not in steps:
            steps[key] = step_time(
                architecture,
                recipe,
                machine,
                terms,
                micro_batch=plan.micro_batch,
                checkpointed_layers=plan.checkpointed_layers,
                optimizer_placement=plan.optimizer,
            )
        seconds[row] = np.broadcast_to(steps[key].step_s, (len(hardware),))
    changes = np.array([code_changes(plan, plans[0]) for plan in plans])
    weighed = seconds * (1 + CHANGE_PENALTY * changes)[:, None]
    choice, fitting = _choose(weighed, low, high, available)

    planned = []
    for i, row in enumerate(choice):
        plan, peak = plans[row], peaks[row][column[i]]
        verdict = fit_verdict(peak, float(available[i]))
        if verdict == "fits" and row != 0:
            verdict = "fits_with_adjustments"
        if not fitting[i]:
            verdict = "does_not_fit"
        key = (plan.micro_batch, plan.checkpointed_layers, plan.optimizer)
        planned.append(
            PlannedStep(plan, verdict, peak, float(available[i]), steps[key].of(i), float(seconds[0, i]))
        )
    return planned


def _choose(
    weighed: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    available: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Row of the plan to take per machine, and whether it fits at all."""
    certain, possible = high <= available, low <= available
    best_certain = np.where(certain, weighed, np.inf).argmin(axis=0)
    best_possible = np.where(possible, weighed, np.inf).argmin(axis=0)
    choice = np.where(certain.any(axis=0), best_certain, best_possible)
    choice = np.where(possible.any(axis=0), choice, high.argmin(axis=0))
    fitting: NDArray[np.bool_] = np.asarray(possible.any(axis=0), dtype=np.bool_)
    return np.where(certain[0], 0, choice), fitting


def changed(plan: MemoryPlan, published: MemoryPlan) -> list[str]:
    """Codes of the adjustments that lead from the published plan to this one."""
    codes = []
    if plan.micro_batch != published.micro_batch:
        codes.append("micro_batch")
    if plan.chunked_cross_entropy != published.chunked_cross_entropy:
        codes.append("chunked_cross_entropy")
    if plan.checkpointed_layers != published.checkpointed_layers:
        codes.append("checkpointing")
    if plan.optimizer == "8bit":
        codes.append("optimizer_8bit")
    if plan.optimizer in ("host", "host+gradients"):
        codes.append("optimizer_host")
    if plan.optimizer == "host+gradients":
        codes.append("gradients_host")
    return codes


def code_changes(plan: MemoryPlan, published: MemoryPlan) -> int:
    """How many adjustments need changes in the training code."""
    return sum(code in NEEDS_CODE for code in changed(plan, published))


def adjustments(
    workload: Workload, gpu: Gpu, gpu_count: int, planned: PlannedStep, terms: Mapping[str, float]
) -> tuple[Adjustment, ...]:
    """What a chosen plan changes in the published recipe, each with what it costs in time."""
    published, plan = published_plan(workload), planned.plan
    recipe, layers = workload.recipe, workload.architecture.n_layers
    machine = machines([(gpu, gpu_count)], recipe.precision, terms)

    def seconds(p: MemoryPlan) -> float:
        return (
            step_time(
                workload.architecture,
                recipe,
                machine,
                terms,
                micro_batch=p.micro_batch,
                checkpointed_layers=p.checkpointed_layers,
                optimizer_placement=p.optimizer,
            )
            .of(0)
            .step_s
        )

    now = seconds(plan)
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
        "optimizer_8bit": (replace(plan, optimizer="gpu"), "32-bit", "8-bit"),
        "optimizer_host": (
            replace(plan, optimizer="gpu"),
            "gpu",
            f"host, {planned.peak.host_memory_gib:.0f} GiB",
        ),
        "gradients_host": (replace(plan, optimizer="host"), "gpu", "host"),
    }
    found = [
        Adjustment(code, before, after, now / seconds(p), code in NEEDS_CODE)
        for code in changed(plan, published)
        for p, before, after in [without[code]]
    ]
    used = precision_used(gpu, recipe.precision)
    if used != recipe.precision:
        found.insert(0, Adjustment("precision", recipe.precision, used, 1.0, True))
    return tuple(found)


def recompute_share(workload: Workload, plan: MemoryPlan) -> float:
    """FLOPs the plan repeats, as a share of all [0-1/3]."""
    return recomputed_share(workload.architecture, workload.recipe, plan.checkpointed_layers)
