"""Hours of a whole run with an 80 % interval, and in words how far the case is from the evidence."""

import math
from dataclasses import dataclass

from service.errors import InvalidValue
from service.estimate.architecture import steps
from service.estimate.calibration import Calibration
from service.estimate.interval import Interval, around
from service.estimate.memory_plan import published_plan
from service.estimate.plan import PlannedStep, code_changes
from service.facts import Gpu, Workload

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


@dataclass(frozen=True, slots=True)
class TrainingTime:
    """How long the run takes and why the interval is as wide as it is."""

    hours: Interval
    tokens_per_s: float
    mfu: float
    """Counted FLOPs over dense peak, the note's and nanochat's convention [0-1]."""
    evidence: str
    """same-gpu-and-engine | same-architecture | unseen: the nearest measured run"""
    log_spread: float


def check_gpu_count(workload: Workload, gpu_count: int) -> None:
    """Raises InvalidValue when a batch has fewer sequences than there are GPUs to share it."""
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    if gpu_count > most:
        raise InvalidValue(
            "gpu_count", gpu_count, f"a batch of {workload.slug} has only {most} sequences", [f"1 to {most}"]
        )


def evidence_class(gpu: Gpu, engine: str, calibration: Calibration) -> str:
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
    """Hours of the run as planned: steps x step time x other stages, divided by fleet goodput.

    The spread is the prediction's own, plus one per unpublished code change, plus downtime upwards.
    Leaves out queueing for a machine and hours the machine is off.
    """
    run_steps = steps(workload.tokens, workload.recipe.global_batch_tokens)
    seconds = run_steps * planned.step.step_s * (1 + workload.other_stages_fraction)
    evidence = evidence_class(gpu, workload.recipe.engine, calibration)
    published = published_plan(workload.recipe, workload.architecture.n_layers)
    changes = code_changes(planned.plan, published)
    spread = math.hypot(planned.log_spread, ADJUSTMENT_SPREAD * math.sqrt(changes))
    upward = math.hypot(spread, DOWNTIME_SPREAD_HOME if at_home else DOWNTIME_SPREAD_CLOUD)
    if gpu_count > FLEET_GPUS:
        seconds /= FLEET_GOODPUT
        spread, upward = math.hypot(spread, FLEET_SPREAD), math.hypot(upward, FLEET_SPREAD)
    tokens_per_s = workload.recipe.global_batch_tokens / planned.step.step_s
    return TrainingTime(
        hours=around(seconds / 3600, spread, upward),
        tokens_per_s=tokens_per_s,
        mfu=tokens_per_s * counted_flops_per_token / (gpu_count * peak_tflops * 1e12),
        evidence=evidence,
        log_spread=spread,
    )
