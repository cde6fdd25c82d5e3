"""Predictions against measurements: errors, coverage of the intervals, verdicts on memory, by kind of run.

A row that could not be predicted counts as wrong by 100 %, so that silence does not pay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from service.estimate.held_out import NOVELTIES, Novelty
from service.estimate.interval import Interval
from service.estimate.run_kinds import RUN_KINDS, RunKind
from service.estimate.run_records.table_cells import Remark
from service.facts import Gpu

UNPREDICTED_ERROR = 1.0
PEERS = ("6ND at 40 % MFU", "6ND at 50 % MFU", "the note's ratio")


def relative_error(told: Interval | None, measured: float | None) -> float | None:
    """What the median misses a measurement by [0-1 and beyond]; None without one."""
    if measured is None:
        return None
    return UNPREDICTED_ERROR if told is None else abs(told.p50 / measured - 1)


@dataclass(frozen=True, slots=True)
class Judged:
    """One run predicted without its own measurement."""

    id: str
    gpu: Gpu | None = None
    engine: str | None = None
    code_base: str = ""
    kinds: frozenset[RunKind] = frozenset()
    novelty: Novelty = "new_code_base"
    """What the evidence that the prediction rests on lacks of it."""
    tokens_per_s: Interval | None = None
    peak_memory_gib: Interval | None = None
    board_watts: Interval | None = None
    """Average of one GPU over a step; of a whole job where only its card is known."""
    fits: bool | None = None
    """None where it is marginal or not known."""
    fit_probability: float | None = None
    """Probability that the run stays within its card's memory, or its cap [0-1]; None where not known."""
    ran: bool | None = None
    """Whether the run fitted its card in truth; None where nobody says."""
    measured_tokens_per_s: float | None = None
    measured_memory_gib: float | None = None
    measured_board_watts: float | None = None
    peers: Mapping[str, float] | None = None
    """Tokens per second by the peers' rules."""
    problem: str | None = None
    """Why the row could not be predicted."""
    remarks: tuple[Remark, ...] = ()
    """Cells read for something else than what they say: column, written, taken as ("" for left out)."""

    @property
    def error(self) -> float | None:
        """Relative error of the median speed [0-1 and beyond]; None without a measurement."""
        return relative_error(self.tokens_per_s, self.measured_tokens_per_s)

    @property
    def memory_error(self) -> float | None:
        """The same of the median peak."""
        return relative_error(self.peak_memory_gib, self.measured_memory_gib)

    @property
    def board_error(self) -> float | None:
        """The same of the median watts of a board."""
        return relative_error(self.board_watts, self.measured_board_watts)

    @property
    def is_home(self) -> bool:
        """Whether it ran on a card that people have at home or at their desk."""
        return self.gpu is not None and self.gpu.category != "datacenter"

    @property
    def is_timed(self) -> bool:
        """Whether it is a row to judge speed or memory by, and not only watts."""
        others = (self.measured_tokens_per_s, self.measured_memory_gib)
        return self.measured_board_watts is None or others != (None, None)


@dataclass(frozen=True, slots=True)
class Score:
    """How good the predictions of some rows are; None where nothing was measured."""

    rows: int
    measured: int
    """Rows whose measurement the prediction was held against."""
    median_error: float | None
    within_10: float | None
    within_25: float | None
    coverage_80: float | None
    """Share of the measurements inside the 80 % interval."""
    median_width: float | None
    """Median p90 over p10."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many runs were told that they fit, that it is not certain, that they do not."""

    fits: int
    not_certain: int
    does_not_fit: int


@dataclass(frozen=True, slots=True)
class Validation:
    """All rows and what they say together."""

    rows: tuple[Judged, ...]
    total: Score
    by_gpu_class: Mapping[str, Score]
    by_engine: Mapping[str, Score]
    by_kind: Mapping[RunKind, Score]
    by_novelty: Mapping[Novelty, Score]
    peers: Mapping[str, Score]
    memory: Score
    memory_by_kind: Mapping[RunKind, Score]
    out_of_memory: Verdicts
    """Of the runs that ran out of memory."""
    in_memory: Verdicts
    """Of the runs that ran."""
    board_power: Score


def validation(rows: Iterable[Judged]) -> Validation:
    """What the rows say together."""
    judged = tuple(rows)
    timed = [row for row in judged if row.is_timed]
    return Validation(
        rows=judged,
        total=score(timed),
        by_gpu_class=_by(timed, lambda row: row.gpu.category if row.gpu else "unknown"),
        by_engine=_by(timed, lambda row: row.engine or "unknown"),
        by_kind={kind: score(rows) for kind in RUN_KINDS if (rows := _of_kind(timed, kind))},
        by_novelty={
            novelty: score(rows)
            for novelty in NOVELTIES
            if (rows := [row for row in timed if row.novelty == novelty and not row.problem])
        },
        peers={name: peer_score(judged, name) for name in PEERS},
        memory=memory_score(judged),
        memory_by_kind={
            kind: scored for kind in RUN_KINDS if (scored := memory_score(_of_kind(judged, kind))).rows
        },
        out_of_memory=verdicts(row for row in judged if row.ran is False),
        in_memory=verdicts(row for row in judged if row.ran),
        board_power=board_score(judged),
    )


def _of_kind(rows: Iterable[Judged], kind: RunKind) -> list[Judged]:
    return [row for row in rows if kind in row.kinds]


def verdicts(rows: Iterable[Judged]) -> Verdicts:
    """What was said of these runs' memory, where shape and micro-batch were known."""
    told = [row.fits for row in rows if row.fit_probability is not None]
    return Verdicts(told.count(True), told.count(None), told.count(False))


def _by(rows: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Score]:
    return {name: score([row for row in rows if key(row) == name]) for name in sorted({key(r) for r in rows})}


def score(rows: Sequence[Judged]) -> Score:
    """Errors of tokens per second over the rows that were measured; width and number are of all rows."""
    told = [(row.tokens_per_s, row.measured_tokens_per_s) for row in rows]
    return replace(_score_of(told), rows=len(rows), median_width=_width(row.tokens_per_s for row in rows))


def memory_score(rows: Sequence[Judged]) -> Score:
    """The same of peak memory, all of it over the rows that were measured."""
    return _score_of([(row.peak_memory_gib, row.measured_memory_gib) for row in rows])


def board_score(rows: Sequence[Judged]) -> Score:
    """The same of the watts of a board."""
    return _score_of([(row.board_watts, row.measured_board_watts) for row in rows])


def _score_of(told: Iterable[tuple[Interval | None, float | None]]) -> Score:
    """Predictions beside what was measured; pairs without a measurement are left out."""
    pairs = [(interval, measured) for interval, measured in told if measured is not None]
    errors = [error for pair in pairs if (error := relative_error(*pair)) is not None]
    inside = [interval is not None and interval.p10 <= m <= interval.p90 for interval, m in pairs]
    return _score(errors, inside, _width(interval for interval, _ in pairs))


def _width(intervals: Iterable[Interval | None]) -> float | None:
    widths = [interval.p90 / interval.p10 for interval in intervals if interval]
    return median(widths) if widths else None


def peer_score(rows: Sequence[Judged], peer: str) -> Score:
    """Errors of a peer's rule on the rows that were measured; peers give no interval."""
    measured = [row for row in rows if row.measured_tokens_per_s is not None]
    errors = [
        abs(row.peers[peer] / (row.measured_tokens_per_s or 1) - 1) if row.peers else UNPREDICTED_ERROR
        for row in measured
    ]
    return _score(errors, [], None)


def _score(errors: Sequence[float], inside: Sequence[bool], median_width: float | None) -> Score:
    return Score(
        rows=len(errors),
        measured=len(errors),
        median_error=median(errors) if errors else None,
        within_10=float(np.mean([e <= 0.10 for e in errors])) if errors else None,
        within_25=float(np.mean([e <= 0.25 for e in errors])) if errors else None,
        coverage_80=float(np.mean(inside)) if inside else None,
        median_width=median_width,
    )
