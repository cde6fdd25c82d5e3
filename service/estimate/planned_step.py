"""The fastest way to hold a training step: from "as published" down to streamed weights.

The published recipe wins wherever it fits with a probability of 90 %; otherwise the fastest plan that
does (memory_plan_search.py), otherwise the fastest that fits by the lower end of its band ("marginal").
Nobody publishes an 8-bit Muon, so that is shown in the ladder but never chosen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.estimate.calibration import Posterior, predict
from service.estimate.case import Case, own_reporter, side_by_side
from service.estimate.duration import StepSeconds, step_time
from service.estimate.hardware import available_memory_gib, host_memory_for_offload_gib, precision_used
from service.estimate.machine import Machines, machines
from service.estimate.memory import Fit, PeakMemory, fit_probability, fit_verdict, peak_memory, with_context
from service.estimate.memory_plan import MemoryPlan, published_plan
from service.estimate.memory_plan_search import families, search
from service.estimate.step_work import count_step
from service.facts import Gpu, Recipe, Workload


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The plan chosen for one machine, what it needs and how long a step takes."""

    plan: MemoryPlan
    verdict: Fit
    peak: PeakMemory
    available_gib: float
    step: StepSeconds
    """As the evidence predicts it; the parts are the formula's, scaled to it."""
    published_step_s: float
    """Seconds of the published recipe's step on this machine, were its memory large enough."""
    log_spread: float = 0.0
    """Log standard deviation of the step's time."""

    @property
    def time_factor(self) -> float:
        """Seconds of this plan's step over the published recipe's."""
        return self.step.step_s / self.published_step_s

    @property
    def fit_probability(self) -> float:
        """Probability that the step stays within the memory [0-1]."""
        return fit_probability(self.peak, self.available_gib)


def within(peak: PeakMemory, available_gib: float) -> PeakMemory:
    """The same peak, knowing that it did not exceed the memory."""
    middle = math.sqrt(peak.p10 * available_gib)
    return replace(peak, p50=min(peak.p50, middle), p90=min(peak.p90, available_gib))


def plan_steps(
    workload: Workload,
    hardware: Sequence[tuple[Gpu, int]],
    posterior: Posterior,
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
    recipe = workload.recipe
    machine = machines(hardware, recipe.precision)
    held = held_in_memory(
        workload,
        hardware,
        machine,
        terms=posterior.terms,
        host_memory_gib=host_memory_gib,
        display_gib=display_gib,
    )
    published = published_plan(recipe, workload.architecture.n_layers)
    chosen = side_by_side(
        Case(workload.architecture, recipe_on(recipe, gpu), plan, gpu, count, own_reporter(gpu))
        for (plan, *_), (gpu, count) in zip(held, hardware, strict=True)
    )
    step = chosen.time(posterior.terms)
    predicted = predict(posterior, chosen)
    factor = recipe.global_batch_tokens / predicted.median / step.step_s
    untouched = step_time(
        count_step(workload.architecture, recipe, published, machine.gpu_count), machine, posterior.terms
    )
    unadjusted = np.broadcast_to(untouched.step_s, (len(hardware),))
    each = step.each()
    return [
        PlannedStep(
            plan=plan,
            verdict=verdict,
            peak=peak,
            available_gib=room,
            step=each[i].scaled(float(factor[i])),
            published_step_s=float(unadjusted[i] * factor[i]),
            log_spread=float(predicted.log_spread[i]),
        )
        for i, (plan, verdict, peak, room) in enumerate(held)
    ]


def held_in_memory(
    workload: Workload,
    hardware: Sequence[tuple[Gpu, int]],
    machine: Machines,
    *,
    terms: Mapping[str, float],
    host_memory_gib: Sequence[float],
    display_gib: float,
) -> list[tuple[MemoryPlan, Fit, PeakMemory, float]]:
    """How each machine holds the step: plan, verdict, peak, memory there is [GiB]."""
    recipe, architecture = workload.recipe, workload.architecture
    published = published_plan(recipe, architecture.n_layers)
    available = np.array([available_memory_gib(gpu) - display_gib for gpu, _ in hardware])
    proven = (workload.reference_gpu, workload.reference_gpu_count)
    as_published = {
        count: with_context(peak_memory(architecture, recipe, published, count), count)
        for count in {count for _, count in hardware}
    }
    held = []
    for i, (gpu, count) in enumerate(hardware):
        peak, room = as_published[count], float(available[i])
        verdict = fit_verdict(peak, room)
        if verdict == "marginal" and (gpu.slug, count) == proven:
            verdict, peak = "fits", within(peak, room)
        held.append((published, verdict, peak, room))
    adjusted = [i for i, (_, verdict, *_) in enumerate(held) if verdict != "fits"]
    if not adjusted:
        return held
    counts = [hardware[i][1] for i in adjusted]
    spare = np.array(
        [host_memory_for_offload_gib(gpu, s) for (gpu, _), s in zip(hardware, host_memory_gib, strict=True)]
    )
    searched = search(
        workload,
        families(recipe, max(counts)),
        machine.picked(adjusted),
        counts=counts,
        terms=terms,
        available_gib=available[adjusted],
        host_memory_gib=spare[adjusted],
    )
    for position, i in enumerate(adjusted):
        plan, count, room = searched.plan(position), hardware[i][1], float(available[i])
        peak = with_context(peak_memory(architecture, recipe, plan, count), count)
        verdict = fit_verdict(peak, room)
        if plan != published:
            verdict = "fits_with_adjustments" if verdict == "fits" else verdict
            verdict = verdict if searched.fitting[position] else "does_not_fit"
        held[i] = (plan, verdict, peak, room)
    return held


def recipe_on(recipe: Recipe, gpu: Gpu) -> Recipe:
    """The recipe in the precision that the card runs."""
    used = precision_used(gpu, recipe.precision)
    return recipe if used == recipe.precision else replace(recipe, precision=used)
