"""What a plan changes in the published recipe, and what each change costs in time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from service.estimate.duration import StepTime, step_time
from service.estimate.hardware import precision_used
from service.estimate.machine import machines
from service.estimate.memory_plan import MemoryPlan, published_plan
from service.estimate.step_work import count_step
from service.facts import Gpu, Workload

AdjustmentCode = Literal[
    "micro_batch", "precision", "chunked_cross_entropy", "checkpointing", "optimizer_8bit", "optimizer_host",
    "gradients_host", "parameters_host", "fsdp",
]  # fmt: skip
NEEDS_CODE: frozenset[AdjustmentCode] = frozenset(
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


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One departure from the published recipe."""

    code: AdjustmentCode
    before: str
    after: str
    time_factor: float
    """Time of the whole plan over the time of the plan without this adjustment, memory aside."""
    needs_code_change: bool


def changed(plan: MemoryPlan, published: MemoryPlan) -> list[AdjustmentCode]:
    """Codes of the adjustments that lead from the published plan to this one."""
    codes: list[AdjustmentCode] = []
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
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    plan: MemoryPlan,
    *,
    host_memory_gib: float,
    terms: Mapping[str, float],
) -> tuple[Adjustment, ...]:
    """What a chosen plan changes in the published recipe, each with what it costs in time."""
    published = published_plan(workload.recipe, workload.architecture.n_layers)
    recipe, layers = workload.recipe, workload.architecture.n_layers
    machine = machines([(gpu, gpu_count)], recipe.precision)

    def seconds(p: MemoryPlan) -> float:
        time: StepTime = step_time(
            count_step(workload.architecture, recipe, p, machine.gpu_count), machine, terms
        )
        return time.of(0).step_s

    now = seconds(plan)
    before = published.optimizer
    host = f"host, {host_memory_gib:.0f} GiB"
    without: dict[AdjustmentCode, tuple[MemoryPlan, str, str]] = {
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
    changes = [
        Adjustment(code, from_, to, now / seconds(p), code in NEEDS_CODE)
        for code in changed(plan, published)
        for p, from_, to in [without[code]]
    ]
    used = precision_used(gpu, recipe.precision)
    if used != recipe.precision:
        changes.insert(0, Adjustment("precision", recipe.precision, used, 1.0, True))
    return tuple(changes)
