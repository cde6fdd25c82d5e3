"""What measured runs teach: a few efficiency terms, and how far to trust an estimate.

A maximum-a-posteriori fit in log space (Gauss-Newton, Gaussian priors): few terms, physical
meanings, weak priors from published matrix-product measurements (stas00/ml-engineering@744d01e,
"maximum achievable matmul FLOPS": A100 87 %, H100 80 %, B200 78 %, MI300X 51 % of peak), so that an
architecture nobody has measured keeps its prior and says so.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.duration import step_time
from service.estimate.machine import machines
from service.estimate.measured_run import architecture_of, checkpointed_layers, recipe_of
from service.facts import Gpu, MeasuredRun

# name -> (prior median, prior spread as a log standard deviation)
PRIORS: Mapping[str, tuple[float, float]] = {
    "efficiency_volta": (0.75, 0.15),
    "efficiency_turing": (0.85, 0.20),
    "efficiency_ampere": (0.95, 0.15),
    "efficiency_ampere-gx100": (0.87, 0.15),
    "efficiency_ada": (0.95, 0.15),
    "efficiency_hopper": (0.75, 0.15),
    "efficiency_blackwell": (0.95, 0.15),
    "efficiency_blackwell-dc": (0.65, 0.20),
    "efficiency_cdna2": (0.55, 0.25),
    "efficiency_cdna3": (0.51, 0.25),
    "efficiency_cdna4": (0.60, 0.25),
    "efficiency_rdna3": (0.50, 0.30),
    "efficiency_rdna4": (0.60, 0.30),
    "fp8_gain_datacenter": (0.62, 0.15),
    "fp8_gain_consumer": (0.75, 0.15),
    "power_exponent": (0.40, 0.60),
    "traffic_torch-compile": (220.0, 0.25),
    "traffic_native": (150.0, 0.30),
    "traffic_torch-eager": (350.0, 0.25),
    "traffic_naive_torch-compile": (80.0, 0.40),
    "traffic_naive_torch-eager": (150.0, 0.40),
    "traffic_naive_native": (80.0, 0.40),
    "attention_flash_full_rate": (1.5, 0.25),
    "attention_flash_half_rate": (1.0, 0.25),
    "unaligned_vocabulary": (1.5, 0.25),
    "micro_step_overhead_s": (0.004, 0.7),
    "sharding_replicated": (0.03, 0.60),
    "sharding_fsdp": (0.06, 0.60),
    "sharding_per_node_doubling": (0.01, 0.70),
}

RUN_SPREAD = 0.08
"""Assumed log scatter of a single published run around the model while fitting."""
HUBER = 2.0
"""Residuals beyond this many spreads pull with bounded force: some published rows are odd."""


HOST_TERMS: Mapping[str, float] = {"pcie_efficiency": 0.77, "host_memory_gb_per_s": 40.0}
"""Not fitted: share of the PCIe line rate reached (0.75-0.80), DRAM rate of a desktop [GB/s]."""
QUANTILE_90 = 1.2815515594
"""Standard normal quantile that turns a log spread into p10 and p90."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted terms with their 80 % ranges, and the log spreads of a prediction by novelty."""

    terms: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    spread_same_gpu_and_engine: float
    spread_same_architecture: float
    spread_unseen: float
    evidence: Mapping[tuple[str, str], int]
    """How many runs each (GPU, engine) pair was measured in."""
    architectures: frozenset[str]
    """GPU architectures that were measured."""


def fit_terms(
    predictors: Sequence[Callable[[Mapping[str, float]], float]],
    measured: Sequence[float],
    priors: Mapping[str, tuple[float, float]] = PRIORS,
    iterations: int = 12,
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Terms that make `predictors` agree with `measured`, and the covariance of their logarithms.

    Each predictor maps terms to a prediction in the measurement's unit. Raises ValueError when the
    two sequences differ in length. The result is a deterministic function of its arguments.
    """
    if len(predictors) != len(measured):
        raise ValueError(f"{len(predictors)} predictors for {len(measured)} measurements")
    names = list(priors)
    centre = np.array([math.log(priors[n][0]) for n in names])
    prior_precision = np.diag([1 / priors[n][1] ** 2 for n in names])
    target = np.log(np.asarray(measured, dtype=float))

    def predicted(log_terms: NDArray[np.float64]) -> NDArray[np.float64]:
        terms = {n: math.exp(v) for n, v in zip(names, log_terms, strict=True)}
        return np.log(np.array([p(terms) for p in predictors], dtype=np.float64), dtype=np.float64)

    x = centre.copy()
    hessian = prior_precision
    for _ in range(iterations):
        base = predicted(x)
        jacobian = np.empty((len(target), len(x)))
        for column in range(len(x)):
            moved = x.copy()
            moved[column] += 1e-4
            jacobian[:, column] = (predicted(moved) - base) / 1e-4
        residual = target - base
        weight = np.minimum(1.0, HUBER * RUN_SPREAD / np.maximum(np.abs(residual), 1e-12)) / RUN_SPREAD**2
        hessian = jacobian.T @ (weight[:, None] * jacobian) + prior_precision
        gradient = jacobian.T @ (weight * residual) - prior_precision @ (x - centre)
        x = x + np.linalg.solve(hessian, gradient)
    terms = {n: math.exp(v) for n, v in zip(names, x, strict=True)}
    return terms, np.linalg.inv(hessian)


def predictor(run: MeasuredRun, gpu: Gpu) -> Callable[[Mapping[str, float]], float]:
    """Tokens per second of a published run as a function of the calibrated terms."""
    architecture, recipe = architecture_of(run, gpu.architecture), recipe_of(run)
    layers = checkpointed_layers(run)

    def tokens_per_s(terms: Mapping[str, float]) -> float:
        machine = machines([(gpu, run.gpu_count or 1)], recipe.precision, {**HOST_TERMS, **terms})
        step = step_time(
            architecture,
            recipe,
            machine,
            terms,
            micro_batch=recipe.micro_batch,
            checkpointed_layers=layers,
        )
        return recipe.global_batch_tokens / step.of(0).step_s

    return tokens_per_s


def calibrate(runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]) -> Calibration:
    """The calibration that these runs support: terms, ranges, and spreads found by leaving out.

    Uses rows sound for throughput whose GPU and shape are known. The three spreads are the 80th
    percentile of |log error| over 1.28: in-sample for a GPU and engine already measured (a little
    optimistic), with the whole GPU left out, and with the whole project left out.
    """
    used = [
        (run, gpus[run.gpu], run.tokens_per_s)
        for run in runs
        if "throughput" in run.use_for
        and run.gpu
        and run.gpu in gpus
        and run.tokens_per_s
        and run.n_layers
        and run.workload not in ("lora", "qlora")
    ]
    predictors = [predictor(run, gpu) for run, gpu, _ in used]
    measured = [tokens for _, _, tokens in used]
    terms, covariance = fit_terms(predictors, measured)
    spread = np.sqrt(np.diag(covariance)) * QUANTILE_90
    errors = [math.log(p(terms) / m) for p, m in zip(predictors, measured, strict=True)]
    rows = range(len(used))

    def left_out(groups: Sequence[str]) -> list[float]:
        found: list[float] = []
        for name in sorted(set(groups)):
            kept = [i for i in rows if groups[i] != name]
            without, _ = fit_terms([predictors[i] for i in kept], [measured[i] for i in kept], iterations=6)
            found += [math.log(predictors[i](without) / measured[i]) for i in rows if groups[i] == name]
        return found

    return Calibration(
        terms={**HOST_TERMS, **terms},
        low={n: terms[n] * math.exp(-s) for n, s in zip(PRIORS, spread, strict=True)},
        high={n: terms[n] * math.exp(s) for n, s in zip(PRIORS, spread, strict=True)},
        spread_same_gpu_and_engine=log_spread(errors),
        spread_same_architecture=log_spread(left_out([gpu.slug for _, gpu, _ in used])),
        spread_unseen=log_spread(left_out([run.project for run, _, _ in used])),
        evidence=Counter((gpu.slug, recipe_of(run).engine) for run, gpu, _ in used),
        architectures=frozenset(gpu.architecture for _, gpu, _ in used),
    )


def log_spread(errors: Sequence[float]) -> float:
    """Log standard deviation of a normal whose central 80 % holds 80 % of these errors."""
    return float(np.quantile(np.abs(np.asarray(errors)), 0.8)) / QUANTILE_90
