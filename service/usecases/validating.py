"""Predicting a file of measured runs, or the shipped ones, without their own measurements."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import UnknownName
from service.estimate.case import OWN
from service.estimate.validation import Judged, Validation, judge, validation
from service.facts import Gpu, MeasuredRun
from service.store.snapshot import Snapshot
from service.usecases.knowledge import knowledge_of
from service.usecases.runs_file import read_runs

VARIANTS = (
    "-sxm-80gb", "-sxm", "-sxm-32gb", "-pcie", "-80gb", "-16gb", "-12gb", "-10gb", "-8gb", "-96gb",
)  # fmt: skip
"""Endings tried, in this order, when a run names a card without saying which of its kinds."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The shipped runs judged with whole groups left out."""

    run: Validation
    gpu: Validation
    project: Validation


def gpu_of_run(snapshot: Snapshot, name: str) -> Gpu:
    """A GPU as run logs name it: slug, name or alias, else the usual kind of that card.

    Raises UnknownName with the nearest slugs first.
    """
    kind = name.removesuffix("-80gb").removesuffix("-141gb").removesuffix("-192gb")
    for candidate in (name, *(name + ending for ending in VARIANTS), kind, *(kind + end for end in VARIANTS)):
        try:
            return snapshot.gpu(candidate)
        except UnknownName as error:
            unknown = error
    raise UnknownName("gpu", name, unknown.choices)


def validate_file(snapshot: Snapshot, text: str) -> Validation:
    """Every row of a CSV file of runs predicted without its own measurement.

    Raises InvalidValue when the file as a whole cannot be read; a row that cannot be used is reported.
    """
    known = {run.slug: run for run in snapshot.measured_runs}
    rows = read_runs(text, lambda name: gpu_of_run(snapshot, name), known)
    sound = iter(_judged(snapshot, [row.run for row in rows if row.run is not None], "run"))
    return validation(
        next(sound) if row.run is not None else Judged(row.id, problem=row.problem) for row in rows
    )


def validate_shipped(snapshot: Snapshot, leave_out: str = "run") -> Validation:
    """The stored runs that are sound for throughput or memory, each group left out in turn."""
    return validation(_judged(snapshot, sound_runs(snapshot), leave_out))


def validate_left_out(snapshot: Snapshot) -> LeftOut:
    """The stored runs with each run, each GPU and each code base left out."""
    return LeftOut(*(validate_shipped(snapshot, group) for group in ("run", "gpu", "project")))


def sound_runs(snapshot: Snapshot) -> list[MeasuredRun]:
    """Stored runs with a measurement to judge by."""
    return [run for run in published_runs(snapshot) if run.use_for & {"throughput", "memory"}]


def published_runs(snapshot: Snapshot) -> list[MeasuredRun]:
    """Stored runs without one's own: what anybody else would be judged on."""
    return [run for run in snapshot.measured_runs if run.confidence != OWN]


def _judged(snapshot: Snapshot, runs: Sequence[MeasuredRun], leave_out: str) -> list[Judged]:
    calibration = knowledge_of(snapshot).calibration
    return judge(runs, published_runs(snapshot), snapshot.gpus, calibration.terms, leave_out)
