"""Whether a measurement can be: what the silicon can do at most, what is foreseen, and what would explain it.

A run cannot multiply faster than its cards' dense peak, keep more than their memory or draw far more than
their boards: that is refused. One outside the 98 % interval of its prediction is asked back, with whatever
in a list of usual slips would bring it inside, each worked out and not guessed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.estimate.calibration import Posterior, predict
from service.estimate.case import Case, side_by_side
from service.estimate.hardware import peak_tflops
from service.estimate.memory_plan import MemoryPlan
from service.facts import Engine, Gpu, MeasuredRun, Workload

QUANTILE_99 = 2.3263478740
"""Standard normal quantile that turns a log spread into a 98 % interval."""
MOST_OVER_BOARD = 1.4
"""Watts that a card may be let draw over those of its catalog entry: makers sell RTX 4090 of 450 W with
limits up to 600 W."""
MOST_OVER_MEMORY = 1.02
"""GB and GiB, rounded as programs print them."""
LIKELY_COUNTS = (1, 2, 3, 4, 6, 8, 16, 32, 64)
MILLI = 1000.0
TWICE = 2.0
MOST_PADDING = 20.0
MOST_OF_A_KIND = 2
MOST_SLIPS = 6

SlipCode = Literal[
    "gpu_count", "workload", "milliseconds", "seconds", "batch_twice", "batch_half", "accumulation",
    "padding", "checkpointing", "no_checkpointing", "offload", "no_offload", "engine",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limit:
    """What a run was told to have done, and the most its cards can."""

    field: Literal["tokens_per_s", "peak_memory_gib", "gpu_watts"]
    told: float
    most: float
    """In the unit of the field, of the whole machine for tokens/s, of one card otherwise."""
    peak_tflops: float | None = None
    """Dense peak of one card in the run's precision [TFLOP/s], where that is the limit."""
    flops_per_token: float | None = None
    least_gpus: int | None = None
    """Cards of that kind that it takes at least."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What would bring a measurement into the interval of its prediction."""

    code: SlipCode
    value: str = ""
    """GPUs, workload, engine; a factor for the batch; a share for padding."""
    tokens_per_s: float = 0.0
    """Foreseen with it, or told without it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A measurement outside the 98 % interval of its prediction [tokens/s]."""

    told: float
    low: float
    high: float
    slips: tuple[Slip, ...]

    @property
    def log_distance(self) -> float:
        """How far outside it lies, as the logarithm of a ratio."""
        return max(math.log(self.low / self.told), math.log(self.told / self.high))


def multiplied_flops_per_token(case: Case) -> float:
    """FLOPs that one token surely costs: the products with weights, forward and backward.

    Attention and whatever is repeated are left out, so that the limit is nobody's guess.
    """
    work = side_by_side([case]).work
    return float(np.ravel(work.block_flops)[0] + np.ravel(work.head_flops)[0])


def limits_passed(run: MeasuredRun, case: Case) -> list[Limit]:
    """What no such machine can do of what was measured; empty for a run that can be."""
    gpu, passed = case.gpu, []
    flops, peak = multiplied_flops_per_token(case), peak_tflops(gpu, case.recipe.precision)
    most = case.gpu_count * peak * 1e12 / flops
    if (run.tokens_per_s or 0.0) > most:
        least = math.ceil((run.tokens_per_s or 0.0) * flops / (peak * 1e12))
        passed.append(Limit("tokens_per_s", run.tokens_per_s or 0.0, most, peak, flops, least))
    memory = max(run.peak_memory_gib or 0.0, run.reserved_memory_gib or 0.0)
    if memory > MOST_OVER_MEMORY * gpu.memory_gib:
        passed.append(Limit("peak_memory_gib", memory, gpu.memory_gib))
    if (run.gpu_watts or 0.0) > MOST_OVER_BOARD * gpu.board_watts:
        passed.append(Limit("gpu_watts", run.gpu_watts or 0.0, MOST_OVER_BOARD * gpu.board_watts))
    return passed


def doubt_of(
    told: float, case: Case, posterior: Posterior, workloads: Iterable[Workload], *, shape_printed: bool
) -> Doubt | None:
    """Why a measured speed [tokens/s] is hard to believe; None where it lies in the 98 % interval.

    `posterior` must not know the measurement itself. `workloads` are what else may have been trained, where
    no log prints the model's shape (`shape_printed`).
    """
    low, high = _interval(posterior, [case])[0]
    if low <= told <= high:
        return None
    others = [] if shape_printed else list(workloads)
    return Doubt(told, low, high, tuple(_slips(told, case, posterior, others, (low, high))))


def _interval(posterior: Posterior, cases: Sequence[Case]) -> list[tuple[float, float]]:
    """98 % intervals of the speed [tokens/s]."""
    foreseen = predict(posterior, side_by_side(cases))
    reach = np.exp(QUANTILE_99 * foreseen.log_spread)
    return [
        (float(low), float(high))
        for low, high in zip(foreseen.median / reach, foreseen.median * reach, strict=True)
    ]


def _slips(
    told: float,
    case: Case,
    posterior: Posterior,
    workloads: Sequence[Workload],
    interval: tuple[float, float],
) -> list[Slip]:
    tried = [*_other_counts(case), *_other_plans(case), *_other_models(case, workloads)]
    bands = _interval(posterior, [other for _, other in tried]) if tried else []
    fitting = [
        (abs(math.log(told / math.sqrt(low * high))), replace(slip, tokens_per_s=math.sqrt(low * high)))
        for (slip, _), (low, high) in zip(tried, bands, strict=True)
        if low <= told <= high
    ]
    nearest = [slip for _, slip in sorted(fitting, key=lambda one: one[0])]
    kept = [
        slip
        for at, slip in enumerate(nearest)
        if sum(before.code == slip.code for before in nearest[:at]) < MOST_OF_A_KIND
    ]
    return [*_misread(told, case, interval), *kept][:MOST_SLIPS]


def _other_counts(case: Case) -> list[tuple[Slip, Case]]:
    """The same run on another number of cards, each with its share of the batch."""
    sequences = case.recipe.global_batch_tokens // case.recipe.seq_len
    return [
        (Slip("gpu_count", str(count)), replace(case, gpu_count=count))
        for count in LIKELY_COUNTS
        if count != case.gpu_count and count <= max(1, sequences)
    ]


def _other_plans(case: Case) -> list[tuple[Slip, Case]]:
    """The same run with and without recomputation, offload, or a compiler."""
    layers, plan = case.architecture.n_layers, case.plan

    def planned(code: SlipCode, changed: MemoryPlan) -> tuple[Slip, Case]:
        return Slip(code), replace(case, plan=changed)

    tried = []
    if plan.checkpointed_layers < layers:
        tried.append(planned("checkpointing", replace(plan, checkpointed_layers=layers)))
    if plan.checkpointed_layers:
        tried.append(planned("no_checkpointing", replace(plan, checkpointed_layers=0)))
    if not plan.optimizer.startswith("host"):
        tried.append(planned("offload", replace(plan, optimizer="host+parameters")))
    else:
        tried.append(planned("no_offload", replace(plan, optimizer="gpu")))
    engines: tuple[Engine, ...] = ("torch-eager", "torch-compile")
    tried += [
        (Slip("engine", engine), replace(case, recipe=replace(case.recipe, engine=engine)))
        for engine in engines
        if case.recipe.engine not in (engine, "native")
    ]
    return tried


def _other_models(case: Case, workloads: Sequence[Workload]) -> list[tuple[Slip, Case]]:
    """Other runs of the catalog on the same cards, as they are published."""
    tried = []
    for workload in workloads:
        if workload.architecture == case.architecture:
            continue
        recipe = replace(workload.recipe, precision=case.recipe.precision)
        if recipe.global_batch_tokens // recipe.seq_len < case.gpu_count:
            continue
        plan = replace(case.plan, micro_batch=recipe.micro_batch, checkpointed_layers=0)
        other = replace(case, architecture=workload.architecture, recipe=recipe, plan=plan)
        tried.append((Slip("workload", workload.slug), other))
    return tried


def _misread(told: float, case: Case, interval: tuple[float, float]) -> list[Slip]:
    """What another reading of the number itself would be worth."""
    low, high = interval
    at_once = case.gpu_count * case.plan.micro_batch * case.recipe.seq_len
    accumulated = max(1, round(case.recipe.global_batch_tokens / max(at_once, 1)))
    readings = [
        (Slip("milliseconds"), told * MILLI),
        (Slip("seconds"), told / MILLI),
        (Slip("batch_twice", f"{TWICE:g}"), told / TWICE),
        (Slip("batch_half", f"{TWICE:g}"), told * TWICE),
    ]
    if accumulated > TWICE:
        readings.append((Slip("accumulation", str(accumulated)), told * accumulated))
        readings.append((Slip("batch_twice", str(accumulated)), told / accumulated))
    found = [replace(slip, tokens_per_s=value) for slip, value in readings if low <= value <= high]
    middle = math.sqrt(low * high)
    tuned = case.recipe.trained != "all" or case.recipe.trainer != "loop"
    if tuned and high < told < MOST_PADDING * middle:
        found.append(Slip("padding", f"{middle / told:.2f}", middle))
    return found


def board_source(gpu: Gpu, field: str) -> str:
    """Who says so of a card, and when: of memory, watts, or the SMs and clock that make the peak."""
    names = {
        "tokens_per_s": ("sm_count", "boost_clock_mhz"),
        "peak_memory_gib": ("memory_gib",),
        "gpu_watts": ("board_watts",),
    }
    told = next((gpu.sources[name] for name in names[field] if name in gpu.sources), None)
    return "" if told is None else f"{told.title}, {told.as_of.isoformat()}"
