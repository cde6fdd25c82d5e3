"""A training step on a machine, ready to be timed: one case, or many side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.estimate.duration import StepTime, Terms, step_time
from service.estimate.machine import Machines, linked, machines
from service.estimate.measured_run import (
    architecture_of,
    plan_of,
    recipe_if_it_ran,
    shape_is_known,
    with_shape,
)
from service.estimate.memory_plan import MemoryPlan
from service.estimate.step_work import StepWork, count_step, stacked
from service.facts import Architecture, Gpu, MeasuredRun, Recipe, Source

OWN = "own"
"""Confidence of a run that the user measured."""


def reporter_of(source: Source) -> str:
    """Who measured, and so on which machine: the address, or what the title says before the run's name."""
    return source.url.split("#")[0] or source.title.partition(": ")[0]


def own_reporter(gpu: Gpu) -> str:
    """The reporter of everything run on one's own machine with this card."""
    return f"own:{gpu.slug}"


@dataclass(frozen=True, slots=True)
class Case:
    """One step to be timed and what it has in common with others."""

    architecture: Architecture
    recipe: Recipe
    plan: MemoryPlan
    gpu: Gpu
    gpu_count: int
    reporter: str = ""
    """Who measured it: runs of one reporter share a machine room and habits; "" nobody yet."""
    power_limit_watts: float | None = None
    """Per card, where it was limited."""
    batch_known: bool = True
    shape_known: bool = True
    engine_known: bool = True
    trusted: bool = True
    """Whether its measurement is read from a log or a table rather than rounded prose."""
    own: bool = False
    """One's own measurement: believed where it was made, however odd (surplus.py)."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Many cases as arrays, in the order they were given."""

    work: StepWork
    machine: Machines
    code_base: NDArray[np.str_]
    gpu: NDArray[np.str_]
    reporter: NDArray[np.str_]
    batch_known: NDArray[np.bool_]
    shape_known: NDArray[np.bool_]
    engine_known: NDArray[np.bool_]
    trusted: NDArray[np.bool_]
    own: NDArray[np.bool_]
    global_batch_tokens: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.gpu)

    def time(self, terms: Terms) -> StepTime:
        """Seconds of one step of every case."""
        return step_time(self.work, self.machine, terms)

    def tokens_per_s(self, terms: Terms) -> NDArray[np.float64]:
        """Tokens per second of the whole machine of every case."""
        return np.asarray(self.global_batch_tokens / self.time(terms).step_s)

    def picked(self, rows: Sequence[int] | NDArray[np.intp]) -> "Cases":
        """Some of the cases, in the order of `rows`."""
        index = np.asarray(rows, dtype=np.intp)

        def of(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return value[index]
            if isinstance(value, tuple):
                return tuple(value[i] for i in index)
            return type(value)(**{f.name: of(getattr(value, f.name)) for f in fields(value)})

        return Cases(**{f.name: of(getattr(self, f.name)) for f in fields(Cases)})


def side_by_side(cases: Iterable[Case]) -> Cases:
    """Many cases as arrays. Raises ValueError when there is none."""
    wanted = list(cases)
    if not wanted:
        raise ValueError("no cases")
    return Cases(
        work=stacked([count_step(c.architecture, c.recipe, c.plan, float(c.gpu_count)) for c in wanted]),
        machine=machines(
            [(c.gpu, c.gpu_count) for c in wanted],
            [c.recipe.precision for c in wanted],
            [c.power_limit_watts for c in wanted],
        ),
        code_base=np.array([c.recipe.code_base for c in wanted]),
        gpu=np.array([c.gpu.slug for c in wanted]),
        reporter=np.array([c.reporter for c in wanted]),
        batch_known=np.array([c.batch_known for c in wanted]),
        shape_known=np.array([c.shape_known for c in wanted]),
        engine_known=np.array([c.engine_known for c in wanted]),
        trusted=np.array([c.trusted for c in wanted]),
        own=np.array([c.own for c in wanted]),
        global_batch_tokens=np.array([float(c.recipe.global_batch_tokens) for c in wanted]),
    )


def case_of(run: MeasuredRun, gpu: Gpu) -> Case:
    """A published run as a case. Raises MissingFact or InvalidValue where its shape is not usable."""
    # What is guessed of one's own run is guessed the same way when one asks about it again.
    own = run.confidence == OWN
    shape_known = shape_is_known(run) or own
    run = with_shape(run)
    recipe = recipe_if_it_ran(run, gpu)
    return Case(
        # A comparison keeps nanochat's short windows on every card, and so does what is told back to it.
        architecture=architecture_of(run, "hopper" if own else gpu.architecture),
        recipe=recipe,
        plan=plan_of(run, recipe),
        gpu=linked(gpu, run.gpu_link),
        gpu_count=run.gpu_count or 1,
        reporter=reporter_of(run.source),
        power_limit_watts=run.power_limit_watts,
        batch_known=run.micro_batch is not None or own,
        shape_known=shape_known,
        engine_known=run.engine is not None or own,
        trusted=run.confidence in (None, "high", OWN),
        own=own,
    )
