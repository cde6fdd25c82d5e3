"""Predictions against measurements: errors, coverage of the intervals, verdicts on memory, by kind of run.

A row that could not be predicted counts as wrong by 100 %, so that silence does not pay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from service.estimate.held_out import NOVELTIES, Novelty
from service.estimate.interval import Interval
from service.estimate.run_kinds import RUN_KINDS, RunKind
from service.estimate.run_records.table_cells import Remark
from service.facts import Gpu

UNPREDICTED_ERROR = 1.0
PEERS = ("6ND at 40 % MFU", "6ND at 50 % MFU", "the note's ratio")


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
        """Relative error of the median [0-1 and beyond]; None without a measurement."""
        if self.measured_tokens_per_s is None:
            return None
        if self.tokens_per_s is None:
            return UNPREDICTED_ERROR
        return abs(self.tokens_per_s.p50 / self.measured_tokens_per_s - 1)

    @property
    def memory_error(self) -> float | None:
        """Relative error of the median peak; None without a measurement."""
        if self.measured_memory_gib is None:
            return None
        if self.peak_memory_gib is None:
            return UNPREDICTED_ERROR
        return abs(self.peak_memory_gib.p50 / self.measured_memory_gib - 1)

    @property
    def board_error(self) -> float | None:
        """Relative error of the median watts of a board; None without a measurement."""
        if self.measured_board_watts is None:
            return None
        if self.board_watts is None:
            return UNPREDICTED_ERROR
        return abs(self.board_watts.p50 / self.measured_board_watts - 1)

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
    """Errors of tokens per second over the rows that were measured."""
    measured = [row for row in rows if row.error is not None]
    inside = [
        row.tokens_per_s is not None
        and row.tokens_per_s.p10 <= (row.measured_tokens_per_s or 0) <= row.tokens_per_s.p90
        for row in measured
    ]
    widths = [r.tokens_per_s.p90 / r.tokens_per_s.p10 for r in rows if r.tokens_per_s]
    return _score(len(rows), [row.error or 0.0 for row in measured], inside, widths)


def memory_score(rows: Sequence[Judged]) -> Score:
    """The same of peak memory."""
    measured = [row for row in rows if row.memory_error is not None]
    inside = [
        row.peak_memory_gib is not None
        and row.peak_memory_gib.p10 <= (row.measured_memory_gib or 0) <= row.peak_memory_gib.p90
        for row in measured
    ]
    widths = [r.peak_memory_gib.p90 / r.peak_memory_gib.p10 for r in measured if r.peak_memory_gib]
    return _score(len(measured), [row.memory_error or 0.0 for row in measured], inside, widths)


def board_score(rows: Sequence[Judged]) -> Score:
    """The same of the watts of a board."""
    measured = [row for row in rows if row.board_error is not None]
    inside = [
        row.board_watts is not None
        and row.board_watts.p10 <= (row.measured_board_watts or 0) <= row.board_watts.p90
        for row in measured
    ]
    widths = [r.board_watts.p90 / r.board_watts.p10 for r in measured if r.board_watts]
    return _score(len(measured), [row.board_error or 0.0 for row in measured], inside, widths)


def peer_score(rows: Sequence[Judged], peer: str) -> Score:
    """Errors of a peer's rule on the rows that were measured; peers give no interval."""
    measured = [row for row in rows if row.measured_tokens_per_s is not None]
    errors = [
        abs(row.peers[peer] / (row.measured_tokens_per_s or 1) - 1) if row.peers else UNPREDICTED_ERROR
        for row in measured
    ]
    return _score(len(measured), errors, [], [])


def _score(rows: int, errors: Sequence[float], inside: Sequence[bool], widths: Sequence[float]) -> Score:
    return Score(
        rows=rows,
        median_error=median(errors) if errors else None,
        within_10=float(np.mean([e <= 0.10 for e in errors])) if errors else None,
        within_25=float(np.mean([e <= 0.25 for e in errors])) if errors else None,
        coverage_80=float(np.mean(inside)) if inside else None,
        median_width=median(widths) if widths else None,
    )
