"""The peak memory a published run would print, and whether the run fits its card."""

from dataclasses import dataclass, replace

from service.estimate.hardware import available_memory_gib
from service.estimate.interval import Interval
from service.estimate.measured_run import (
    FINE_TUNING,
    architecture_of,
    memory_plan_of,
    recipe_of,
    shape_is_known,
    with_shape,
)
from service.estimate.memory import (
    PeakMemory,
    fit_probability,
    peak_memory,
    unlimited_reserve,
    verdict_of,
    with_context,
    with_reserved,
)
from service.facts import Gpu, MeasuredRun, Recipe

PRINTS_RESERVED = frozenset({"torchtitan", "torchao"})
"""Code bases that print what the allocator reserved. So do most who publish memory of fine-tuning."""
PRINTS_ALLOCATED = frozenset({"torchtune"})


@dataclass(frozen=True, slots=True)
class PredictedMemory:
    """The peak a run would print and whether it fits its card."""

    peak_gib: Interval
    fit_probability: float | None
    """None where shape or micro-batch is not known."""

    @property
    def fits(self) -> bool | None:
        """None where it is marginal or not known."""
        if self.fit_probability is None:
            return None
        return {"fits": True, "marginal": None, "does_not_fit": False}[verdict_of(self.fit_probability)]


def memory_of(run: MeasuredRun, gpu: Gpu) -> PredictedMemory:
    """Peak memory as the run would print it, and how likely it fits its card or the cap it ran under.

    The band of a run that does not state its micro-batch, engine or checkpointing reaches over what
    else it may have been: half and twice the micro-batch, the other engine, full checkpointing. A run
    that ran out of memory is taken as asked (`recipe_of`).
    """
    shape, count = with_shape(run), run.gpu_count or 1
    architecture = architecture_of(shape, gpu.architecture)
    recipe = recipe_of(shape, gpu)

    def peak_of(candidate: Recipe) -> PeakMemory:
        return peak_memory(architecture, candidate, memory_plan_of(shape, candidate, gpu), count)

    peak = peak_of(recipe)
    others = []
    if run.micro_batch is None:
        others += [
            replace(recipe, micro_batch=m) for m in (max(1, recipe.micro_batch // 2), 2 * recipe.micro_batch)
        ]
    if run.engine is None:
        others.append(replace(recipe, engine="torch-compile"))
    if run.checkpointing is None and recipe.checkpointing == "none":
        others.append(replace(recipe, checkpointing="full"))
    printed = [as_printed(told, run, recipe) for told in (peak, *map(peak_of, others))]
    chance = None
    if run.micro_batch and shape_is_known(run):
        cap = run.memory_cap_gib
        taken = with_context(peak, count) if cap is None else with_reserved(peak)
        chance = fit_probability(taken, available_memory_gib(gpu) if cap is None else cap)
    return PredictedMemory(
        Interval(min(p.p10 for p in printed), printed[0].p50, max(p.p90 for p in printed)), chance
    )


def as_printed(peak: PeakMemory, run: MeasuredRun, recipe: Recipe) -> PeakMemory:
    """The peak as the run's project prints it: reserved where it says so, else where its kind does so."""
    if run.reserved_memory_gib is not None and run.peak_memory_gib is not None:
        reserved = run.reserved_memory_gib == run.peak_memory_gib
    else:
        fine_tuning = run.workload in FINE_TUNING and recipe.code_base not in PRINTS_ALLOCATED
        reserved = recipe.code_base in PRINTS_RESERVED or fine_tuning
    return with_reserved(replace(peak, reserved=unlimited_reserve(recipe))) if reserved else peak
