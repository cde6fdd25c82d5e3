"""Published runs predicted without their own measurement, or without their whole card, code base or reporter.

Single runs are taken out of the evidence in closed form; where a whole group is left out, the calibration
is fitted again without it. Peers are the rules people use instead: 6 N D at 40 % and at 50 % MFU, and the
well-known note's ratio.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from service.errors import HeimvorteilError
from service.estimate.architecture import parameters
from service.estimate.board_power import board_watts, unknown_step_watts
from service.estimate.calibration import (
    Posterior,
    evidence_in,
    fit_terms,
    posterior_of,
    predict,
    with_cases,
)
from service.estimate.case import Case, case_of, reporter_of, side_by_side
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.interval import around
from service.estimate.measured_run import OUT_OF_MEMORY, architecture_of, code_base, with_shape
from service.estimate.printed_memory import memory_of
from service.estimate.run_kinds import kinds_of
from service.estimate.validation import PEERS, Judged
from service.facts import Gpu, MeasuredRun

LEAVE_OUT: Mapping[str, Callable[[MeasuredRun], str]] = {
    "run": lambda run: run.slug,
    "gpu": lambda run: run.gpu or "",
    "project": lambda run: code_base(run.project),
    "reporter": lambda run: reporter_of(run.source),
}
REFERENCE_TOKENS_PER_S = 333_500.0
REFERENCE_PARAMETERS = 1_879_048_192.0
REFERENCE_GPUS = 8
"""nanochat d32 on 8 H100 SXM (run1000.sh@fae3aca): what the note scales from."""
NOTE_RATIO = 8.5
NOTE_CARD_TFLOPS = 58.3
"""The note's RTX 4070 against an H100; other cards by their dense peak over its own."""
ROWS_AT_ONCE = 2_000
"""Bounds the memory of predicting a long file."""
RAN = frozenset({"throughput", "memory", "fit"})
"""What a run's `use_for` says where it is known to have run."""


def judge(
    runs: Sequence[MeasuredRun],
    evidence: Sequence[MeasuredRun],
    gpus: Mapping[str, Gpu],
    terms: Mapping[str, float],
    leave_out: str = "run",
) -> list[Judged]:
    """Every run predicted without itself, in the order given.

    `terms` are the fitted ones, from which refitting without a group starts. `leave_out` is run, gpu,
    project or reporter: what is taken from the evidence beside the run itself. Measurements a row is not
    sound for (`use_for`) are not compared. Costs one refit, a tenth of a second, per group that is left out.
    """
    key = LEAVE_OUT[leave_out]
    used = with_cases(evidence, gpus)
    taught_by = [run for run, _ in used]
    keys = {key(run) for run in taught_by}
    groups: dict[str, list[int]] = {}
    known: dict[int, Case] = {}
    judged: dict[int, Judged] = {}
    for position, run in enumerate(runs):
        gpu = gpus.get(run.gpu or "")
        try:
            if gpu is None:
                raise KeyError(run.gpu)
            known[position] = case_of(run, gpu)
        except (HeimvorteilError, KeyError) as error:
            problem = f"unknown GPU {run.gpu}" if isinstance(error, KeyError) else str(error)
            judged[position] = _unpredicted(run, gpu, problem)
            continue
        matters = leave_out != "run" and key(run) in keys
        groups.setdefault(key(run) if matters else "", []).append(position)
    everything = evidence_in(used) if used else None
    for name, positions in groups.items():
        left = np.flatnonzero([not name or key(run) != name for run in taught_by])
        if everything is None or not left.size:
            for position in positions:
                judged[position] = _unpredicted(runs[position], None, "no run is left to learn from")
            continue
        cases, measured = everything[0].picked(left), everything[1][left]
        fitted = fit_terms(cases, measured, terms) if name else terms
        posterior = posterior_of(cases, measured, fitted, [taught_by[row].slug for row in left])
        for start in range(0, len(positions), ROWS_AT_ONCE):
            asked = {position: known[position] for position in positions[start : start + ROWS_AT_ONCE]}
            judged |= _predicted(asked, runs, posterior, gpus)
    return [judged[position] for position in range(len(runs))]


def _unpredicted(run: MeasuredRun, gpu: Gpu | None, problem: str) -> Judged:
    return Judged(
        run.slug,
        gpu,
        run.engine,
        code_base(run.project),
        board_watts=unknown_step_watts(gpu) if gpu else None,
        measured_tokens_per_s=run.tokens_per_s if "throughput" in run.use_for else None,
        measured_memory_gib=run.peak_memory_gib if "memory" in run.use_for else None,
        measured_board_watts=measured_board_watts(run),
        problem=problem,
    )


def _predicted(
    asked: Mapping[int, Case], runs: Sequence[MeasuredRun], posterior: Posterior, gpus: Mapping[str, Gpu]
) -> dict[int, Judged]:
    cases = side_by_side(list(asked.values()))
    row_of = {slug: row for row, slug in enumerate(posterior.slugs)}
    own_rows = [row_of.get(runs[position].slug) for position in asked]
    predicted, steps = predict(posterior, cases, own_rows), cases.time(posterior.terms)
    judged = {}
    for i, (position, case) in enumerate(asked.items()):
        run = runs[position]
        gpu = gpus[run.gpu or ""]
        log_spread = float(predicted.log_spread[i])
        speed = around(float(predicted.median[i]), log_spread)
        memory = memory_of(run, gpu)
        judged[position] = Judged(
            id=run.slug,
            gpu=gpu,
            engine=case.recipe.engine,
            code_base=code_base(run.project),
            kinds=kinds_of(run, case),
            novelty=predicted.novelty[i],
            tokens_per_s=speed,
            peak_memory_gib=memory.peak_gib,
            board_watts=board_watts(gpu, steps.of(i), log_spread, run.power_limit_watts),
            fits=memory.fits,
            fit_probability=memory.fit_probability,
            ran=False if OUT_OF_MEMORY in run.use_for else True if run.use_for & RAN else None,
            measured_tokens_per_s=run.tokens_per_s if "throughput" in run.use_for else None,
            measured_memory_gib=run.peak_memory_gib if "memory" in run.use_for else None,
            measured_board_watts=measured_board_watts(run),
            peers=peer_rules(run, gpu),
        )
    return judged


def measured_board_watts(run: MeasuredRun) -> float | None:
    """Watts of one board as read while it trained; None where they are a limit that was set, or doubtful."""
    sound = run.use_for & {"throughput", "memory", "power"} and "power_limit" not in run.use_for
    return run.gpu_watts if sound else None


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
