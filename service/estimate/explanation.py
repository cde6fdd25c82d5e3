"""Why an estimate is what it is: where the time goes, where the doubt comes from, which runs it rests on."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.calibration import NAMES, PRIOR_VARIANCE, Posterior, log_prediction
from service.estimate.case import Case, side_by_side
from service.estimate.duration import PARTS
from service.estimate.likeness import own_parts, shared_parts
from service.estimate.planned_step import PlannedStep, recipe_on
from service.facts import Gpu, Workload

MOST_RUNS = 5
SMALLEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of the time or of the doubt."""

    code: str
    amount: float
    """Seconds per step, or a log standard deviation."""
    share: float
    """Of the whole [0-1]; of the doubt by variance."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A measured run that an estimate rests on."""

    slug: str
    gpu: str
    code_base: str
    tokens_per_s: float
    weight: float
    """How far the estimate moves, in percent, when this measurement moves by one percent [0-1]."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An estimate explained."""

    time: tuple[Contribution, ...]
    """By part of the step, the largest first."""
    doubt: tuple[Contribution, ...]
    """By source of the spread, the largest first; adjustments and downtime come on top."""
    terms: tuple[Contribution, ...]
    """The calibrated terms that leave most of the doubt: d log(time) / d log(term) times its spread."""
    witnesses: tuple[Witness, ...]
    runs_in_all: int
    same_code_base_and_gpu: int
    same_gpu: int
    same_code_base: int
    size_ratio: float | None
    """Width of the model over that of the nearest run of the same code base; None without one."""


def explanation(
    workload: Workload, gpu: Gpu, gpu_count: int, planned: PlannedStep, posterior: Posterior
) -> Explanation:
    """Explains the time of a planned step on one machine; all from the same evidence as the estimate.

    The doubt is split by posterior variance of each source taken alone, scaled to the whole: sources
    are correlated, so the split is a picture, not an identity.
    """
    recipe = recipe_on(workload.recipe, gpu)
    case = side_by_side([Case(workload.architecture, recipe, planned.plan, gpu, gpu_count)])
    _, jacobian = log_prediction(case, posterior.terms)
    shared = shared_parts(case, posterior.cases, posterior.terms)
    own = own_parts(case, posterior.terms)
    by_terms = (jacobian * PRIOR_VARIANCE) @ posterior.jacobian.T
    variances = {
        name: max(0.0, float(own[name][0] - shared[name][0] @ posterior.inverse @ shared[name][0]))
        for name in own
    }
    of_runs = posterior.jacobian * PRIOR_VARIANCE
    term_covariance = np.diag(PRIOR_VARIANCE) - of_runs.T @ posterior.inverse @ of_runs
    variances["terms"] = max(0.0, float(jacobian[0] @ term_covariance @ jacobian[0]))
    together = sum(variances.values())
    noise = max(0.0, planned.log_spread**2 - together)
    variances["single_run"] = noise if noise else float(np.min(posterior.noise))
    total = sum(variances.values())
    scale = planned.log_spread / math.sqrt(total) if total else 0.0
    doubt = [Contribution(name, math.sqrt(v) * scale, v / total) for name, v in variances.items()]
    parts = [
        Contribution(part, getattr(planned.step, part), getattr(planned.step, part) / planned.step.step_s)
        for part in PARTS
    ]
    term_spread = np.abs(jacobian[0]) * np.sqrt(np.maximum(np.diag(term_covariance), 0.0))
    of_terms = [
        Contribution(name, float(s), float(s**2 / max(total, 1e-12)))
        for name, s in zip(NAMES, term_spread, strict=True)
    ]
    by_kin = np.sum([matrix[0] for matrix in shared.values()], axis=0)
    weights = (by_terms[0] + by_kin) @ posterior.inverse
    same_gpu = posterior.cases.gpu == gpu.slug
    same_code = (posterior.cases.code_base == recipe.code_base) & (posterior.cases.code_base != "")
    return Explanation(
        time=_largest(parts),
        doubt=_largest(doubt),
        terms=_largest(of_terms)[:MOST_RUNS],
        witnesses=_witnesses(posterior, weights),
        runs_in_all=len(posterior.slugs),
        same_code_base_and_gpu=int((same_gpu & same_code).sum()),
        same_gpu=int(same_gpu.sum()),
        same_code_base=int(same_code.sum()),
        size_ratio=_size_ratio(posterior, same_code, workload.architecture.d_model),
    )


def _largest(parts: list[Contribution]) -> tuple[Contribution, ...]:
    return tuple(sorted((p for p in parts if p.share >= SMALLEST_SHARE), key=lambda p: -p.share))


def _witnesses(posterior: Posterior, weights: NDArray[np.float64]) -> tuple[Witness, ...]:
    order = np.argsort(-np.abs(weights), kind="stable")[:MOST_RUNS]
    return tuple(
        Witness(
            posterior.slugs[i],
            str(posterior.cases.gpu[i]),
            str(posterior.cases.code_base[i]),
            float(posterior.measured[i]),
            float(weights[i]),
        )
        for i in order
    )


def _size_ratio(posterior: Posterior, same_code: NDArray[np.bool_], width: int) -> float | None:
    widths = np.asarray(posterior.cases.work.width)[same_code]
    if not len(widths):
        return None
    return float(width / widths[np.argmin(np.abs(np.log(width / widths)))])
