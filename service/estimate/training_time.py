"""Hours of a whole run with an 80 % interval, and in words how far the case is from the evidence."""

import math
from dataclasses import dataclass
from typing import Literal

from service.errors import InvalidValue, worded
from service.estimate.adjustments import code_changes
from service.estimate.architecture import steps
from service.estimate.calibration import Calibration
from service.estimate.duration import DORA_SPREAD
from service.estimate.interval import Interval, around
from service.estimate.memory_plan import published_plan
from service.estimate.planned_step import PlannedStep
from service.estimate.training_state import checkpoint_bytes
from service.facts import Gpu, Workload

Nearness = Literal["same-gpu-and-engine", "same-architecture", "unseen"]
StageCode = Literal["pretraining", "later_stages", "warm_up", "checkpoints", "restarts", "fleet"]
ADJUSTMENT_SPREAD = 0.05
"""Extra log spread per adjustment that needs code nobody has published for this workload."""
DOWNTIME_SPREAD_HOME = 0.08
"""Upward log spread for restarts and interruptions over months at home; nobody watches a home PC."""
DOWNTIME_SPREAD_CLOUD = 0.03
FLEET_GPUS = 64
FLEET_GOODPUT = 0.75
"""Useful share of the time on more than 64 GPUs (0.65-0.9): Llama 2 7B's 184,320 GPU-hours contain
failures and restarts that a throughput measurement does not."""
FLEET_SPREAD = 0.12


COMPILE_WARM_UP_S = 120.0
"""Compilation and first steps, once per start; torch.compile of a whole model takes one to five minutes."""
CHECKPOINT_EVERY_HOURS = 6.0
DISK_BYTES_PER_S = 1e9
"""Writing weights and optimizer states while training waits."""
HOME_STOPS_PER_MONTH = 1.0
"""Power cuts, updates, crashes: each loses half of the time between checkpoints and a warm-up."""
GPU_FAILURES_PER_YEAR = 0.09
"""Per GPU in a data centre: 419 unexpected stops of 16,384 H100 in 54 days, 148 of them GPUs and 72 HBM
(Llama 3, arXiv:2407.21783, section 3.3.4)."""
HOURS_PER_YEAR, HOURS_PER_MONTH = 8766.0, 730.5
MOE_SPREAD = 0.20
"""Extra log spread of a mixture of experts: routing, load imbalance and expert kernels are not modelled."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the run's hours, central estimate."""

    code: StageCode
    hours: float


@dataclass(frozen=True, slots=True)
class TrainingTime:
    """How long the run takes and why the interval is as wide as it is."""

    hours: Interval
    tokens_per_s: float
    mfu: float
    """Counted FLOPs over dense peak, the note's and nanochat's convention [0-1]."""
    stages: tuple[Stage, ...]
    """What the median consists of."""
    evidence: Nearness
    """Of the nearest measured run."""
    log_spread: float


def check_gpu_count(workload: Workload, gpu_count: int, field: str = "gpu_count") -> None:
    """Raises InvalidValue for `field` when a batch has fewer sequences than there are GPUs to share it."""
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    if gpu_count > most:
        raise InvalidValue(
            field,
            gpu_count,
            worded("a batch of {workload} has only {most} sequences", workload=workload.slug, most=most),
            [worded("1 to {most}", most=most)],
        )


def evidence_class(gpu: Gpu, engine: str, calibration: Calibration) -> Nearness:
    """How near the nearest measured run is: the same GPU and engine, its architecture, or neither."""
    if (gpu.slug, engine) in calibration.evidence:
        return "same-gpu-and-engine"
    return "same-architecture" if gpu.architecture in calibration.architectures else "unseen"


def training_time(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    planned: PlannedStep,
    calibration: Calibration,
    *,
    at_home: bool,
    counted_flops_per_token: float,
    peak_tflops: float,
) -> TrainingTime:
    """Hours of the run as planned: steps x step time, later stages, warm-up, checkpoints, restarts.

    The spread is the prediction's own, plus one per unpublished code change, plus what a fine-tuning's
    lengths leave open, plus downtime upwards. Leaves out queueing for a machine and hours the machine is off.
    """
    stages = stages_of(workload, gpu_count, planned, at_home=at_home)
    seconds = 3600 * sum(stage.hours for stage in stages)
    evidence = evidence_class(gpu, workload.recipe.engine, calibration)
    published = published_plan(workload.recipe, workload.architecture.n_layers)
    changes = code_changes(planned.plan, published)
    spread = math.hypot(planned.log_spread, ADJUSTMENT_SPREAD * math.sqrt(changes))
    if workload.architecture.n_experts > 1:
        spread = math.hypot(spread, MOE_SPREAD)
    if workload.recipe.decomposed:
        spread = math.hypot(spread, DORA_SPREAD)
    upward = math.hypot(spread, DOWNTIME_SPREAD_HOME if at_home else DOWNTIME_SPREAD_CLOUD)
    if gpu_count > FLEET_GPUS:
        spread, upward = math.hypot(spread, FLEET_SPREAD), math.hypot(upward, FLEET_SPREAD)
    down = spread
    if data := workload.fine_tuning:
        down, upward = (
            math.hypot(spread, data.computed_spread_down),
            math.hypot(upward, data.computed_spread_up),
        )
    tokens_per_s = workload.recipe.global_batch_tokens / planned.step.step_s
    return TrainingTime(
        hours=around(seconds / 3600, down, upward),
        tokens_per_s=tokens_per_s,
        mfu=tokens_per_s * counted_flops_per_token / (gpu_count * peak_tflops * 1e12),
        stages=stages,
        evidence=evidence,
        log_spread=spread,
    )


def stages_of(
    workload: Workload, gpu_count: int, planned: PlannedStep, *, at_home: bool
) -> tuple[Stage, ...]:
    """What the hours of a run consist of; stages that take no time are left out.

    Above 64 GPUs the fleet's goodput stands for checkpoints and restarts.
    """
    a, recipe = workload.architecture, workload.recipe
    pretraining = steps(workload.tokens, recipe.global_batch_tokens) * planned.step.step_s / 3600
    later = pretraining * workload.other_stages_fraction
    warm_up = COMPILE_WARM_UP_S / 3600 if recipe.engine == "torch-compile" else 0.0
    trained = pretraining + later
    if gpu_count > FLEET_GPUS:
        lost = [Stage("fleet", trained * (1 / FLEET_GOODPUT - 1))]
    else:
        written = checkpoint_bytes(a, recipe)
        per_month = HOME_STOPS_PER_MONTH if at_home else 0.0
        failures = 0.0 if at_home else gpu_count * GPU_FAILURES_PER_YEAR * trained / HOURS_PER_YEAR
        stops = per_month * trained / HOURS_PER_MONTH + failures
        lost = [
            Stage("checkpoints", trained / CHECKPOINT_EVERY_HOURS * written / DISK_BYTES_PER_S / 3600),
            Stage("restarts", stops * (min(CHECKPOINT_EVERY_HOURS, trained) / 2 + warm_up)),
        ]
    stages = [
        Stage("pretraining", pretraining),
        Stage("later_stages", later),
        Stage("warm_up", warm_up * workload.runs_started),
        *lost,
    ]
    return tuple(stage for stage in stages if stage.hours > 0)
