"""What one measurement has taught: how far terms, cards and engines moved because of it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.estimate.calibration import NAMES, PRIOR_VARIANCE, Posterior, predict
from service.estimate.case import Case, own_reporter, side_by_side
from service.estimate.memory_plan import published_plan
from service.estimate.planned_step import PlannedStep, recipe_on
from service.estimate.training_time import stages_of
from service.facts import Engine, Gpu, MeasuredRun, Workload

NOTICEABLE = 0.002
"""Log distance from which a move is told."""
MOST_TOLD = 8
ENGINES: tuple[Engine, ...] = ("torch-compile", "torch-eager", "native")


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that is believed otherwise because of a measurement."""

    name: str
    factor: float
    """What is believed with it over what was believed without."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one measurement of one's own has taught."""

    run: MeasuredRun
    gpu: Gpu
    headline: str
    hours_before: float
    """Of the headline's run on that card, without the measurement [h]."""
    hours_after: float
    terms: tuple[Moved, ...] = ()
    machines: tuple[Moved, ...] = ()
    """Speed of the headline's model per card and engine: "rtx-4070, torch-compile"."""


def terms_moved(before: Posterior, after: Posterior) -> tuple[Moved, ...]:
    """The calibrated terms whose expectation moved, the farthest first."""
    shift = PRIOR_VARIANCE * (after.jacobian.T @ after.weights - before.jacobian.T @ before.weights)
    return _largest(zip(NAMES, shift.tolist(), strict=True))


def machines_moved(
    workload: Workload, gpus: Iterable[Gpu], before: Posterior, after: Posterior
) -> tuple[Moved, ...]:
    """The cards and engines on which a model's speed is believed otherwise, the farthest first."""
    plan = published_plan(workload.recipe, workload.architecture.n_layers)
    cases, names = [], []
    for gpu in gpus:
        recipe = recipe_on(workload.recipe, gpu)
        for engine in ENGINES:
            told = replace(recipe, engine=engine)
            cases.append(Case(workload.architecture, told, plan, gpu, 1, own_reporter(gpu)))
            names.append(f"{gpu.slug}, {engine}")
    arrays = side_by_side(cases)
    speeds = [predict(posterior, arrays).median for posterior in (before, after)]
    return _largest(zip(names, np.log(speeds[1] / speeds[0]).tolist(), strict=True))


def hours_of(workload: Workload, gpu_count: int, planned: Sequence[PlannedStep]) -> list[float]:
    """Hours of a run at home by each plan."""
    return [
        sum(stage.hours for stage in stages_of(workload, gpu_count, plan, at_home=True)) for plan in planned
    ]


def _largest(moves: Iterable[tuple[str, float]]) -> tuple[Moved, ...]:
    told = sorted((m for m in moves if abs(m[1]) >= NOTICEABLE), key=lambda m: (-abs(m[1]), m[0]))
    return tuple(Moved(name, math.exp(shift)) for name, shift in told[:MOST_TOLD])
