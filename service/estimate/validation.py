"""Predictions against measurements: every row without its own measurement, errors, coverage, and the peers.

A run that is among the evidence is predicted by a calibration fitted again without it, or without its
whole GPU or code base. Peers are the rules people use instead: 6 N D at 40 % and at 50 % MFU, and the
well-known note's ratio. A row that could not be predicted counts as wrong by 100 %, so that silence
does not pay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from service.errors import HeimvorteilError
from service.estimate.architecture import parameters
from service.estimate.calibration import (
    Posterior,
    evidence_of,
    fit_terms,
    posterior_of,
    predict,
    usable,
)
from service.estimate.case import case_of, side_by_side
from service.estimate.hardware import available_memory_gib, dense_tensor_tflops
from service.estimate.interval import Interval, around
from service.estimate.measured_run import (
    FINE_TUNING,
    architecture_of,
    code_base,
    memory_plan_of,
    recipe_of,
    shape_is_known,
    with_shape,
)
from service.estimate.memory import (
    PeakMemory,
    fit_probability,
    peak_memory,
    unlimited_reserve,
    verdict_of,
    with_context,
    with_reserved,
)
from service.estimate.run_records.table_cells import Remark
from service.facts import Gpu, MeasuredRun, Recipe

LEAVE_OUT: Mapping[str, Callable[[MeasuredRun], str]] = {
    "run": lambda run: run.slug,
    "gpu": lambda run: run.gpu or "",
    "project": lambda run: code_base(run.project),
}
REFERENCE_TOKENS_PER_S = 333_500.0
REFERENCE_PARAMETERS = 1_879_048_192.0
REFERENCE_GPUS = 8
"""nanochat d32 on 8 H100 SXM (run1000.sh@fae3aca): what the note scales from."""
NOTE_RATIO = 8.5
NOTE_CARD_TFLOPS = 58.3
"""The note's RTX 4070 against an H100; other cards by their dense peak over its own."""
OUT_OF_MEMORY = "oom"
"""What a run's `use_for` says when it ran out of GPU memory."""
ENDLESS_GIB = 1e6
PRINTS_RESERVED = frozenset({"torchtitan", "torchao"})
"""Code bases that print what the allocator reserved. So do most who publish memory of fine-tuning."""
PRINTS_ALLOCATED = frozenset({"torchtune"})
UNPREDICTED_ERROR = 1.0
ROWS_AT_ONCE = 2_000
"""Bounds the memory of predicting a long file."""
PEERS = ("6ND at 40 % MFU", "6ND at 50 % MFU", "the note's ratio")


@dataclass(frozen=True, slots=True)
class Judged:
    """One run predicted without its own measurement."""

    id: str
    gpu: Gpu | None = None
    engine: str | None = None
    code_base: str = ""
    seen: bool = False
    """Whether the GPU is among the evidence that the prediction rests on."""
    tokens_per_s: Interval | None = None
    peak_memory_gib: Interval | None = None
    fits: bool | None = None
    """None where it is marginal or not known."""
    fit_probability: float | None = None
    """Probability that the run stays within its card's memory, or its cap [0-1]; None where not known."""
    measured_tokens_per_s: float | None = None
    measured_memory_gib: float | None = None
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
class Validation:
    """All rows and what they say together."""

    rows: tuple[Judged, ...]
    total: Score
    by_gpu_class: Mapping[str, Score]
    by_engine: Mapping[str, Score]
    by_seen: Mapping[str, Score]
    peers: Mapping[str, Score]
    memory: Score


def judge(
    runs: Sequence[MeasuredRun],
    evidence: Sequence[MeasuredRun],
    gpus: Mapping[str, Gpu],
    terms: Mapping[str, float],
    leave_out: str = "run",
) -> list[Judged]:
    """Every run predicted without itself, in the order given.

    `terms` are the fitted ones, from which refitting without a run starts. `leave_out` is run, gpu or
    project: what is taken from the evidence beside the run itself. Measurements a row is not sound for
    (`use_for`) are not compared. Costs one refit, about 40 ms, per group of the evidence that is left out.
    """
    key = LEAVE_OUT[leave_out]
    taught_by = usable(evidence, gpus)
    members = {run.slug for run in taught_by}
    keys = {key(run) for run in taught_by}
    groups: dict[str, list[int]] = {}
    judged: dict[int, Judged] = {}
    for position, run in enumerate(runs):
        gpu = gpus.get(run.gpu or "")
        try:
            if gpu is None:
                raise KeyError(run.gpu)
            case_of(run, gpu)
        except (HeimvorteilError, KeyError) as error:
            problem = f"unknown GPU {run.gpu}" if isinstance(error, KeyError) else str(error)
            judged[position] = _unpredicted(run, gpu, problem)
            continue
        matters = run.slug in members or (leave_out != "run" and key(run) in keys)
        groups.setdefault(key(run) if matters else "", []).append(position)
    everything = evidence_of(taught_by, gpus) if taught_by else None
    for name, positions in groups.items():
        left = np.flatnonzero([not name or key(run) != name for run in taught_by])
        if everything is None or not left.size:
            for position in positions:
                judged[position] = _unpredicted(runs[position], None, "no run is left to learn from")
            continue
        cases, measured = everything[0].picked(left), everything[1][left]
        fitted = fit_terms(cases, measured, terms) if name else terms
        posterior = posterior_of(cases, measured, fitted)
        for start in range(0, len(positions), ROWS_AT_ONCE):
            judged |= _predicted(positions[start : start + ROWS_AT_ONCE], runs, posterior, gpus)
    return [judged[position] for position in range(len(runs))]


def _unpredicted(run: MeasuredRun, gpu: Gpu | None, problem: str) -> Judged:
    return Judged(
        run.slug,
        gpu,
        run.engine,
        code_base(run.project),
        measured_tokens_per_s=run.tokens_per_s if "throughput" in run.use_for else None,
        measured_memory_gib=run.peak_memory_gib if "memory" in run.use_for else None,
        problem=problem,
    )


def _predicted(
    positions: Sequence[int], runs: Sequence[MeasuredRun], posterior: Posterior, gpus: Mapping[str, Gpu]
) -> dict[int, Judged]:
    asked = [runs[position] for position in positions]
    cases = side_by_side(case_of(run, gpus[run.gpu or ""]) for run in asked)
    predicted = predict(posterior, cases)
    seen = set(posterior.cases.gpu.tolist())
    judged = {}
    for i, (position, run) in enumerate(zip(positions, asked, strict=True)):
        gpu = gpus[run.gpu or ""]
        speed = around(float(predicted.median[i]), float(predicted.log_spread[i]))
        memory = memory_of(run, gpu)
        judged[position] = Judged(
            id=run.slug,
            gpu=gpu,
            engine=recipe_of(with_shape(run), gpu).engine,
            code_base=code_base(run.project),
            seen=gpu.slug in seen,
            tokens_per_s=speed,
            peak_memory_gib=memory.peak_gib,
            fits=memory.fits,
            fit_probability=memory.fit_probability,
            measured_tokens_per_s=run.tokens_per_s if "throughput" in run.use_for else None,
            measured_memory_gib=run.peak_memory_gib if "memory" in run.use_for else None,
            peers=peer_rules(run, gpu),
        )
    return judged


@dataclass(frozen=True, slots=True)
class PredictedMemory:
    """The peak a run would print and whether it fits its card."""

    peak_gib: Interval
    fit_probability: float | None
    """None where shape or micro-batch is not known."""

    @property
    def fits(self) -> bool | None:
        """None where it is marginal or not known."""
        if self.fit_probability is None:
            return None
        return {"fits": True, "marginal": None, "does_not_fit": False}[verdict_of(self.fit_probability)]


def memory_of(run: MeasuredRun, gpu: Gpu) -> PredictedMemory:
    """Peak memory as the run would print it, and how likely it fits its card or the cap it ran under.

    The band of a run that does not state its micro-batch, engine or checkpointing reaches over what
    else it may have been: half and twice the micro-batch, the other engine, full checkpointing. A run
    that ran out of memory is taken as asked: on a card without end nothing of its recipe is repaired.
    """
    shape, count = with_shape(run), run.gpu_count or 1
    ran_out = OUT_OF_MEMORY in run.use_for
    read_for = replace(gpu, memory_gib=ENDLESS_GIB) if ran_out else gpu
    architecture = architecture_of(shape, gpu.architecture)
    recipe = recipe_of(shape, read_for)

    def peak_of(candidate: Recipe) -> PeakMemory:
        return peak_memory(architecture, candidate, memory_plan_of(shape, candidate, read_for), count)

    peak = peak_of(recipe)
    others = []
    if run.micro_batch is None:
        others += [
            replace(recipe, micro_batch=m) for m in (max(1, recipe.micro_batch // 2), 2 * recipe.micro_batch)
        ]
    if run.engine is None:
        others.append(replace(recipe, engine="torch-compile"))
    if run.checkpointing is None and recipe.checkpointing == "none":
        others.append(replace(recipe, checkpointing="full"))
    printed = [as_printed(told, run, recipe) for told in (peak, *map(peak_of, others))]
    chance = None
    if run.micro_batch and shape_is_known(run):
        cap: float | None = getattr(run, "memory_cap_gib", None)
        taken = with_context(peak, count) if cap is None else with_reserved(peak)
        chance = fit_probability(taken, available_memory_gib(gpu) if cap is None else cap)
    return PredictedMemory(
        Interval(min(p.p10 for p in printed), printed[0].p50, max(p.p90 for p in printed)), chance
    )


def as_printed(peak: PeakMemory, run: MeasuredRun, recipe: Recipe) -> PeakMemory:
    """The peak as the run's project prints it: reserved where its code base or kind of work does so."""
    reserved = run.workload in FINE_TUNING and recipe.code_base not in PRINTS_ALLOCATED
    if recipe.code_base not in PRINTS_RESERVED and not reserved:
        return peak
    return with_reserved(replace(peak, reserved=unlimited_reserve(recipe)))


def peer_rules(run: MeasuredRun, gpu: Gpu) -> dict[str, float]:
    """Tokens per second by the rules people use instead.

    6 N FLOPs per token (Kaplan et al., arXiv:2001.08361) at a fixed MFU of the dense peak; the note's
    ratio between an RTX 4070 and an H100, scaled by the cards' dense peaks, from nanochat d32's speed.
    """
    count = run.gpu_count or 1
    size = run.n_params or parameters(architecture_of(with_shape(run), gpu.architecture))
    peak = dense_tensor_tflops(gpu) * 1e12
    per_h100 = REFERENCE_TOKENS_PER_S * 6 * REFERENCE_PARAMETERS / REFERENCE_GPUS
    ratio = 1.0 if gpu.architecture == "hopper" else peak / (NOTE_RATIO * NOTE_CARD_TFLOPS * 1e12)
    rates = (0.4 * peak, 0.5 * peak, per_h100 * ratio)
    return {name: rate * count / (6 * size) for name, rate in zip(PEERS, rates, strict=True)}


def validation(rows: Iterable[Judged]) -> Validation:
    """What the rows say together."""
    judged = tuple(rows)
    return Validation(
        rows=judged,
        total=score(judged),
        by_gpu_class=_by(judged, lambda row: row.gpu.category if row.gpu else "unknown"),
        by_engine=_by(judged, lambda row: row.engine or "unknown"),
        by_seen=_by(judged, lambda row: "seen" if row.seen else "unseen"),
        peers={name: peer_score(judged, name) for name in PEERS},
        memory=memory_score(judged),
    )


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
