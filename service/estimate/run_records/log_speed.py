"""How fast a logged run is: seconds of a steady step, tokens per second, and what they rest on.

Where a program times its steps, the median of the steady ones counts: the first ones compile and warm up,
evaluations and checkpoints make single steps long. Otherwise the run's own totals count, then what its
clock shows between lines, and last a progress bar's rate, which is smoothed over a few updates.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.estimate.measured_run import NANOCHAT_BATCH_TOKENS
from service.estimate.run_records.log_formats import LogFormat, LogStep

WARM_UP_STEPS = 10
FEWEST_STEADY_STEPS = 3
CLOCK_TICKS = 30
"""Of a clock that a stretch must span, so that its resolution costs no more than 3 %."""
STRETCHES = 100
"""Into how many stretches of time a run is cut at most: a pause spoils one of them."""
PAUSED = 0.05
"""From which share of pauses in its totals on a run's steady pace is believed instead."""
MOSTLY = 0.5
"""Share of the steps that a clock must show to speak for the run."""
TAKEN_UP = 1.5
"""From which factor on totals are too fast to be of one start: they count the steps of an earlier one."""
BATCH_SAYS_OTHERWISE = 0.05
ROUND_WITHIN = 0.003


@dataclass(frozen=True, slots=True)
class LogNote:
    """Something a reader should know of how a log was read."""

    code: str
    """mixed | too_many_steps | several_starts | old_nanochat | old_nanochat_default_batch |
    batch_not_printed | pauses | full_sequences | told_otherwise | other_card"""
    text: str = ""
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of a step, and what says so."""

    step_s: float | None
    source: str = ""
    """steps | totals | elapsed | bar"""
    times: tuple[float, ...] = ()
    """Of single steady steps, where they are timed."""
    note: LogNote | None = None


def steady(steps: Sequence[LogStep]) -> Sequence[LogStep]:
    """The steps after the warm-up; of a short log its second half, three at least."""
    if not steps:
        return ()
    first = min(step.step for step in steps)
    chosen = [s for s in steps if s.step >= first + WARM_UP_STEPS] or steps[len(steps) // 2 :]
    return chosen if len(chosen) >= FEWEST_STEADY_STEPS else steps[-FEWEST_STEADY_STEPS:]


def last_start(steps: Sequence[LogStep]) -> int:
    """Where the last run in a log begins that several were appended to: its step's number falls and goes on
    from there."""
    for at in range(len(steps) - 1, 0, -1):
        before, now = steps[at - 1].step, steps[at].step
        goes_on = at + 1 == len(steps) or steps[at + 1].step < before
        if now < before - WARM_UP_STEPS and goes_on:
            return at
    return 0


def pace_of(form: LogFormat, steps: Sequence[LogStep], facts: Mapping[str, float]) -> Pace:
    """How long a steady step takes, by the best that the log says of it."""
    times = tuple(t for t in map(_timed, steady(steps)) if t)
    if times:
        return Pace(statistics.median(times), "steps", times)
    clocked, shown = _clocked(steps, form.clock_s)
    totals = _of_totals(steps, facts)
    if totals and clocked:
        paused = totals > (1 + PAUSED) * clocked and shown >= MOSTLY * steps_done(steps, facts)
        if paused or clocked > TAKEN_UP * totals:
            return Pace(clocked, "elapsed", note=LogNote("pauses", numbers=(totals, clocked)))
    if totals:
        return Pace(totals, "totals")
    if clocked:
        return Pace(clocked, "elapsed")
    rates = [s.rate_s for s in steady(steps) if s.rate_s]
    if rates:
        return Pace(statistics.median(rates), "bar")
    per_s = facts.get("train_steps_per_s")
    return Pace(1 / per_s, "totals") if per_s else Pace(None)


def spread_of(pace: Pace) -> float:
    """Log standard deviation from the median absolute deviation, which single long steps do not move."""
    if not pace.step_s or len(pace.times) < FEWEST_STEADY_STEPS:
        return 0.0
    middle = pace.step_s
    return 1.4826 * statistics.median(abs(math.log(t / middle)) for t in pace.times)


def _timed(step: LogStep) -> float | None:
    """Seconds of an optimizer step; of one of several passes, as often as the passes so far make steps."""
    if step.iteration_s and step.iterations and step.step:
        return step.iteration_s * max(1, round(step.iterations / step.step))
    return step.seconds


def steps_done(steps: Sequence[LogStep], facts: Mapping[str, float]) -> int:
    """How many steps the run has done, by its summary or its last line; 0 where nothing counts them."""
    return int(facts.get("steps_done", 0)) or max((s.step for s in steps), default=0)


def _of_totals(steps: Sequence[LogStep], facts: Mapping[str, float]) -> float | None:
    """The run's time over its steps: of a summary, or of a bar that has come to its end."""
    runtime, done = facts.get("train_runtime_s"), steps_done(steps, facts)
    if runtime:
        done = done or int(facts.get("total_steps", 0))
        return runtime / done if done else None
    last = steps[-1] if steps else None
    if last and last.elapsed_s and last.step and last.step == last.total_steps:
        return last.elapsed_s / last.step
    return None


def _clocked(steps: Sequence[LogStep], tick_s: float) -> tuple[float | None, int]:
    """Median seconds per step of stretches between lines that show a clock, each weighed by its steps; and
    how many steps they hold."""
    shown = [(s.step, s.elapsed_s if s.elapsed_s is not None else s.moment_s) for s in steps]
    points = [(step, clock) for step, clock in shown if clock is not None]
    if len(points) < 2:
        return None, 0
    warm = points[0][0] + WARM_UP_STEPS
    later = [point for point in points if point[0] >= warm]
    points = later if len({step for step, _ in later}) > 1 else points
    least_s = max(CLOCK_TICKS * tick_s, abs(points[-1][1] - points[0][1]) / STRETCHES)
    stretches: list[tuple[float, int]] = []
    begin, clock = points[0]
    for step, now in points[1:]:
        if step < begin or now < clock:  # begun again, or the clock was set anew
            begin, clock = step, now
        elif step > begin and now - clock >= least_s:
            stretches.append(((now - clock) / (step - begin), step - begin))
            begin, clock = step, now
    return _weighted_median(stretches), sum(weight for _, weight in stretches)


def _weighted_median(stretches: Sequence[tuple[float, int]]) -> float | None:
    half = sum(weight for _, weight in stretches) / 2
    for value, weight in sorted(stretches):
        half -= weight
        if half <= 0:
            return value
    return None


def tokens_of_a_step(steps: Sequence[LogStep]) -> float | None:
    """Tokens per step where the log counts both; None where it does not."""
    counted = [(s.step, s.tokens_done) for s in steps if s.tokens_done]
    if not counted:
        return None
    (first, before), (last, after) = counted[0], counted[-1]
    if last > first and after > before:
        return (after - before) / (last - first)
    return after / last if last else None


def nanochat_batch(
    batch: float | None, step_s: float | None, printed: float | None
) -> tuple[float | None, LogNote | None]:
    """Tokens of one of nanochat's steps, and a note where that was not simply printed.

    Its `tok/sec` before 2025-10-30 left out gradient accumulation, so that time per step and batch are
    believed, never that number alone.
    """
    if not (step_s and printed):
        return batch, None
    implied = printed * step_s
    if batch is not None:
        off = abs(implied / batch - 1) > BATCH_SAYS_OTHERWISE
        return batch, LogNote("old_nanochat", numbers=(implied, batch)) if off else None
    share = NANOCHAT_BATCH_TOKENS / implied
    if abs(share - 1) < 0.02:
        return NANOCHAT_BATCH_TOKENS, None
    if share > 1.5 and abs(share - round(share)) < 0.02 * share:
        numbers = (float(round(share)), float(NANOCHAT_BATCH_TOKENS))
        return NANOCHAT_BATCH_TOKENS, LogNote("old_nanochat_default_batch", numbers=numbers)
    return implied, LogNote("batch_not_printed")


def near_round(tokens: float) -> float:
    """The roundest number of tokens near a product of printed speed and time: 131,047 is 131,072."""
    for power in range(20, 5, -1):
        size = float(2**power)
        rounded = round(tokens / size) * size
        if rounded and abs(rounded / tokens - 1) < ROUND_WITHIN:
            return rounded
    return tokens
