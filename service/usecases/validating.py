"""Predicting a file of measured runs, or the shipped ones, without their own measurements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.estimate.case import OWN
from service.estimate.validation import Judged, Validation, judge, validation
from service.facts import MeasuredRun
from service.store.snapshot import Snapshot
from service.usecases.knowledge import knowledge_of
from service.usecases.run_blanks import kin_of, with_kin
from service.usecases.run_gpus import gpu_of_run
from service.usecases.run_words import Remark
from service.usecases.runs_file import read_runs


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The shipped runs judged with whole groups left out."""

    run: Validation
    gpu: Validation
    project: Validation


def validate_file(snapshot: Snapshot, text: str) -> Validation:
    """Every row of a CSV file of runs predicted without its own measurement.

    Raises InvalidValue when the file as a whole cannot be read; a row that cannot be used is reported.
    """
    by_slug = {run.slug: run for run in snapshot.measured_runs}
    kin = kin_of(published_runs(snapshot), snapshot.workloads.values())
    rows = read_runs(
        text, lambda *names: gpu_of_run(snapshot, *names), by_slug, lambda run: with_kin(run, kin)
    )
    sound = iter(_judged(snapshot, [row.run for row in rows if row.run is not None], "run"))
    return validation(
        replace(next(sound), remarks=said(row.remarks))
        if row.run is not None
        else Judged(row.id, problem=row.problem)
        for row in rows
    )


def said(remarks: Sequence[Remark]) -> tuple[tuple[str, str, str], ...]:
    """Remarks as (column, what is written, what it was taken as or "")."""
    return tuple((remark.column, remark.written, remark.taken_as) for remark in remarks)


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
