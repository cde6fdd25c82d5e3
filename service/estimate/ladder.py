"""Every rung between "as published" and streamed weights: what each would need and cost on one machine.

A rung allows everything above it and one thing more; on each stands its fastest plan that fits with a
probability of 90 %, or, where none does, the one that needs least memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.estimate.adjustments import NEEDS_CODE, changed
from service.estimate.architecture import steps
from service.estimate.duration import step_time
from service.estimate.hardware import host_memory_for_offload_gib
from service.estimate.machine import machines
from service.estimate.memory import SURE, PeakMemory, fit_probability, peak_memory, with_context
from service.estimate.memory_plan import MemoryPlan, OptimizerPlacement, published_plan
from service.estimate.memory_plan_search import families, micro_batches, search
from service.estimate.planned_step import PlannedStep
from service.estimate.step_work import count_step
from service.facts import Gpu, Workload

RungCode = Literal[
    "as_published", "micro_batch", "chunked_cross_entropy", "checkpointing", "optimizer_8bit",
    "optimizer_host", "gradients_host", "parameters_host", "fsdp",
]  # fmt: skip
PLACEMENT_OF: Mapping[RungCode, OptimizerPlacement] = {
    "optimizer_8bit": "8bit",
    "optimizer_host": "host",
    "gradients_host": "host+gradients",
    "parameters_host": "host+parameters",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder on one machine."""

    code: RungCode
    plan: MemoryPlan
    peak: PeakMemory
    available_gib: float
    fit_probability: float
    hours: float
    """Median hours of the whole run under this plan, were its memory there."""
    hours_added: float
    """Beyond the published recipe's on this machine, were its memory there."""
    host_memory_gib: float
    host_suffices: bool
    needs_code_change: bool
    experimental: bool
    """Nobody has published it for this optimizer."""

    @property
    def fits_the_card(self) -> bool:
        """With a probability of 90 %, were the host large enough."""
        return self.fit_probability >= SURE

    @property
    def fits(self) -> bool:
        """With a probability of 90 %, host memory included."""
        return self.host_suffices and self.fits_the_card


def ladder(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    planned: PlannedStep,
    *,
    terms: Mapping[str, float],
    host_memory_gib: float,
) -> tuple[Rung, ...]:
    """All rungs in their order. Hours are scaled so that `planned`'s own plan has its predicted time."""
    recipe, a = workload.recipe, workload.architecture
    published = published_plan(recipe, a.n_layers)
    machine = machines([(gpu, gpu_count)], recipe.precision)
    available = planned.available_gib
    every = families(recipe, gpu_count, experimental=True)
    run_steps = steps(workload.tokens, recipe.global_batch_tokens) * (1 + workload.other_stages_fraction)

    def seconds(plan: MemoryPlan) -> float:
        return step_time(count_step(a, recipe, plan, machine.gpu_count), machine, terms).of(0).step_s

    scale = planned.step.step_s / seconds(planned.plan)

    def rung(
        code: RungCode, candidates: Sequence[MemoryPlan], batches: Sequence[int], checkpoint: bool
    ) -> Rung:
        plan = published
        if code != "as_published":
            plan = search(
                workload,
                candidates,
                machine,
                counts=[gpu_count],
                terms=terms,
                available_gib=np.array([available]),
                host_memory_gib=np.array([np.inf]),
                batches=batches,
                may_checkpoint=checkpoint,
            ).plan(0)
        peak = with_context(peak_memory(a, recipe, plan, gpu_count), gpu_count)
        hours = run_steps * seconds(plan) * scale / 3600
        return Rung(
            code=code,
            plan=plan,
            peak=peak,
            available_gib=available,
            fit_probability=fit_probability(peak, available),
            hours=hours,
            hours_added=hours - run_steps * seconds(published) * scale / 3600,
            host_memory_gib=peak.host_memory_gib,
            host_suffices=peak.host_memory_gib <= host_memory_for_offload_gib(gpu, host_memory_gib),
            needs_code_change=any(c in NEEDS_CODE for c in changed(plan, published)),
            experimental=plan.optimizer == "8bit" and recipe.optimizer != "adamw",
        )

    as_is, batches = (
        [f for f in every if not f.sharding and f.optimizer == published.optimizer],
        micro_batches(recipe),
    )
    whole = [f for f in as_is if f.chunked_cross_entropy == published.chunked_cross_entropy]
    rungs = [rung("as_published", whole, batches[:1], False)]
    if len(batches) > 1:
        rungs.append(rung("micro_batch", whole, batches, False))
    if not published.chunked_cross_entropy:
        rungs.append(rung("chunked_cross_entropy", as_is, batches, False))
    if published.checkpointed_layers < a.n_layers:
        rungs.append(rung("checkpointing", as_is, batches, True))
    for code, placement in PLACEMENT_OF.items():
        of_code = [f for f in every if not f.sharding and f.optimizer == placement]
        if of_code and placement != published.optimizer:
            rungs.append(rung(code, of_code, batches, True))
    sharded = [f for f in every if f.sharding]
    if sharded:
        rungs.append(rung("fsdp", sharded, batches, True))
    return tuple(rungs)
