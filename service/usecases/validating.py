"""Predicting a file of measured runs, or the shipped ones, without their own measurements."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.errors import InvalidValue, worded
from service.estimate.case import OWN
from service.estimate.judging import judge, measured_board_watts
from service.estimate.measured_run import OUT_OF_MEMORY
from service.estimate.run_records.gpu_as_printed import PrintedGpus
from service.estimate.run_records.imputation import kin_of, with_kin
from service.estimate.run_records.run_table import read_runs
from service.estimate.validation import Judged, Validation, validation
from service.facts import MeasuredRun
from service.store.snapshot import Snapshot
from service.usecases.knowledge import knowledge_of

LARGEST_FILE_CHARACTERS = 50_000_000
LARGEST_CELL_CHARACTERS = 10_000_000
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The shipped runs judged with whole groups left out."""

    run: Validation
    gpu: Validation
    project: Validation
    reporter: Validation


JUDGED_BY = frozenset({"throughput", "memory", OUT_OF_MEMORY, "fit"})
"""What a run may tell: its speed, its peak, that it ran out of memory or was the largest that fitted."""


def validate_file(snapshot: Snapshot, text: str) -> Validation:
    """Every row of a CSV file of runs predicted without its own measurement.

    Raises InvalidValue when the file as a whole cannot be read; a row that cannot be used is reported.
    """
    by_slug = {run.slug: run for run in snapshot.measured_runs}
    kin = kin_of(published_runs(snapshot), snapshot.workloads.values())
    gpus = PrintedGpus(snapshot.gpus.values())
    rows = read_runs(csv_rows(text), gpus.gpu, by_slug, lambda run: with_kin(run, kin))
    sound = iter(_judged(snapshot, [row.run for row in rows if row.run is not None], "run"))
    return validation(
        replace(next(sound), remarks=row.remarks)
        if row.run is not None
        else Judged(row.id, problem=row.problem)
        for row in rows
    )


def csv_rows(text: str) -> Iterator[list[str]]:
    """The rows of CSV text, whatever delimits its cells, its head first.

    Raises InvalidValue for text that is too large or is no CSV.
    """
    if len(text) > LARGEST_FILE_CHARACTERS:
        raise InvalidValue(
            "file",
            f"{len(text)} characters",
            worded("more than {largest_file_characters}", largest_file_characters=LARGEST_FILE_CHARACTERS),
        )
    if "\0" in text[:10_000]:
        raise InvalidValue("file", "binary", worded("is not a text file of comma-separated values"))
    text = text.removeprefix("\ufeff").lstrip()
    head = text.partition("\n")[0]
    csv.field_size_limit(LARGEST_CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count))
    try:
        yield from reader
    except csv.Error as error:
        raise InvalidValue(
            "file", f"line {reader.line_num}", worded("is not comma-separated text: {error}", error=error)
        ) from None


def validate_shipped(snapshot: Snapshot, leave_out: str = "run") -> Validation:
    """The stored runs that are sound for throughput, memory or board power, each group left out in turn."""
    return validation(_judged(snapshot, sound_runs(snapshot), leave_out))


def validate_left_out(snapshot: Snapshot) -> LeftOut:
    """The stored runs with each run, each GPU, each code base and each reporter left out."""
    return LeftOut(*(validate_shipped(snapshot, group) for group in ("run", "gpu", "project", "reporter")))


def sound_runs(snapshot: Snapshot) -> list[MeasuredRun]:
    """Stored runs with a measurement to judge by."""
    return [
        run
        for run in published_runs(snapshot)
        if run.use_for & JUDGED_BY or measured_board_watts(run) is not None
    ]


def published_runs(snapshot: Snapshot) -> list[MeasuredRun]:
    """Stored runs without one's own: what anybody else would be judged on."""
    return [run for run in snapshot.measured_runs if run.confidence != OWN]


def _judged(snapshot: Snapshot, runs: Sequence[MeasuredRun], leave_out: str) -> list[Judged]:
    calibration = knowledge_of(snapshot).calibration
    return judge(runs, published_runs(snapshot), snapshot.gpus, calibration.terms, leave_out)
