"""A training log as it was printed: which project's it is, how fast it runs, how far it has come.

Understands nanochat, nanoGPT, llm.c, torchtune and the Hugging Face Trainer. The speed is the median of
the steady steps: the first ones compile and warm up, evaluations and checkpoints make single steps
long. Lines that belong to the format but cannot be used are dropped one by one and named; everything
else (banners, warnings, samples) is passed over. nanochat's `tok/sec` before 2025-10-30 left out
gradient accumulation, so time per step and batch are believed, never that number alone.
"""

import math
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.errors import InvalidValue, MissingFact
from service.estimate.measured_run import NANOCHAT_BATCH_TOKENS
from service.estimate.run_records.largest import LARGEST
from service.estimate.run_records.log_formats import FORMATS, Dropped, LogFormat, LogStep, number

LARGEST_LOG_CHARACTERS = 200_000_000
LONGEST_LINE = 20_000
MOST_LINES_SORTED = 200_000
"""From how many lines it is told which program wrote them."""
MOST_STEPS = 1_000_000
MOST_DROPPED_SHOWN = 20
WARM_UP_STEPS = 10
FEWEST_STEADY_STEPS = 3
PRINTABLE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class LogNote:
    """Something a reader should know of how a log was read."""

    code: str
    """mixed | too_many_steps | old_nanochat | old_nanochat_default_batch | batch_not_printed"""
    text: str = ""
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a log says of a run."""

    project: str
    """nanochat | nanoGPT | llm.c | torchtune | HF Trainer"""
    steps: int
    """Steps read."""
    last_step: int
    total_steps: int | None
    step_s: float | None
    """Median of the steady steps."""
    step_spread: float
    """Log standard deviation of a steady step's time."""
    tokens_per_s: float
    """Of the whole machine, gradient accumulation included."""
    global_batch_tokens: int | None
    peak_memory_gib: float | None
    facts: Mapping[str, float]
    """Dimensions, micro-batch, parameters, GPUs: whatever the banner printed."""
    dropped: tuple[Dropped, ...]
    dropped_count: int
    notes: tuple[LogNote, ...] = ()


def read_log(text: str, seq_len: int | None = None, gpu_count: int = 1) -> TrainingLog:
    """What a training log says.

    `seq_len` [tokens] is needed where the format does not print it, `gpu_count` where it prints speed
    per GPU. Raises InvalidValue for what is no text, is too large or holds no steps of a known format,
    MissingFact when the speed cannot be told without something that was not printed.
    """
    if len(text) > LARGEST_LOG_CHARACTERS:
        raise InvalidValue("log", f"{len(text):,} characters", f"more than {LARGEST_LOG_CHARACTERS:,}")
    sample = text[:100_000]
    readable = sum(c.isprintable() or c in "\n\r\t\b\x1b" for c in sample)
    if not sample.strip() or readable < PRINTABLE_SHARE * len(sample):
        raise InvalidValue("log", f"{len(text):,} characters", "is not the text of a training log")
    lines = [line[:LONGEST_LINE] for line in re.split(r"[\r\n]+", text)]
    told_by = lines[:MOST_LINES_SORTED]
    counts = {form.project: sum(map(bool, map(form.step_line.match, told_by))) for form in FORMATS}
    form = max(FORMATS, key=lambda form: counts[form.project])
    if not counts[form.project]:
        raise InvalidValue("log", f"{len(lines):,} lines", "no step of a known format", list(counts))
    others = [f"{count} of {name}" for name, count in counts.items() if count and name != form.project]
    facts = _facts(form, lines)
    steps, dropped = _steps(form, lines)
    if seq_len:
        facts.setdefault("seq_len", float(seq_len))
    if {"micro_batch_tokens_all", "micro_batch", "seq_len"} <= facts.keys():
        shared = facts["micro_batch_tokens_all"] / (facts["micro_batch"] * facts["seq_len"])
        facts["gpu_count"] = float(max(1, round(shared)))
    facts.setdefault("gpu_count", float(gpu_count))
    notes = [LogNote("mixed", ", ".join(others))] if others else []
    if len(steps) >= MOST_STEPS:
        notes.append(LogNote("too_many_steps", numbers=(float(MOST_STEPS),)))
    return _summed_up(form, facts, steps, dropped, notes)


def _facts(form: LogFormat, lines: Iterable[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in lines:
        for fact, pattern in form.banner.items():
            match = pattern.search(line)
            if match and (value := number(match[1])) is not None:
                if value > LARGEST.get(fact, value):
                    raise InvalidValue("log", line.strip()[:80], f"{fact} must be at most {LARGEST[fact]:,}")
                found[fact] = value
    return found


def _steps(form: LogFormat, lines: Iterable[str]) -> tuple[list[LogStep], list[Dropped]]:
    steps: list[LogStep] = []
    dropped: list[Dropped] = []
    for position, line in enumerate(lines, start=1):
        bare = line.lstrip()
        if match := form.step_line.match(line):
            step = form.read(position, match, steps[-1].step if steps else 0)
            if isinstance(step, Dropped):
                dropped.append(step)
            else:
                steps.append(step)
        elif form.begins and bare.startswith(form.begins) and any(c.isdigit() for c in bare):
            dropped.append(Dropped(position, "cut_off"))
        if len(steps) >= MOST_STEPS:
            break
    return steps, dropped


def _summed_up(
    form: LogFormat,
    facts: dict[str, float],
    steps: list[LogStep],
    dropped: list[Dropped],
    notes: list[LogNote],
) -> TrainingLog:
    if not steps:
        raise InvalidValue("log", f"{len(dropped)} steps", "none of them can be used")
    first = min(step.step for step in steps)
    steady = [s for s in steps if s.step >= first + WARM_UP_STEPS] or steps[len(steps) // 2 :]
    if len(steady) < FEWEST_STEADY_STEPS:
        steady = steps[-FEWEST_STEADY_STEPS:]
    times = [s.seconds for s in steady if s.seconds]
    step_s = statistics.median(times) if times else None
    if step_s is None and "train_steps_per_s" in facts:
        step_s = 1 / facts["train_steps_per_s"]
    speeds = [s.tokens_per_s for s in steady if s.tokens_per_s]
    printed = statistics.median(speeds) if speeds else None
    batch, said = _batch_tokens(form.project, facts, step_s, printed)
    if said:
        notes.append(said)
    tokens_per_s = batch / step_s if batch and step_s else None
    if tokens_per_s is None and printed is not None:
        tokens_per_s = printed * (facts["gpu_count"] if form.speed_per_gpu else 1)
    if tokens_per_s is None:
        tokens_per_s = facts.get("train_tokens_per_s")
    if tokens_per_s is None:
        raise MissingFact("the batch of this log in tokens", "give the sequence length and the batch")
    memory = facts.get("peak_memory_gib")
    if "peak_memory_mib" in facts:
        memory = facts["peak_memory_mib"] / 1024
    totals = [s.total_steps for s in steps if s.total_steps]
    total = totals[-1] if totals else int(facts["total_steps"]) if "total_steps" in facts else None
    return TrainingLog(
        project=form.project,
        steps=len(steps),
        last_step=max(step.step for step in steps),
        total_steps=total,
        step_s=step_s,
        step_spread=_spread(times, step_s),
        tokens_per_s=tokens_per_s,
        global_batch_tokens=int(batch) if batch else None,
        peak_memory_gib=memory,
        facts=facts,
        dropped=tuple(dropped[:MOST_DROPPED_SHOWN]),
        dropped_count=len(dropped),
        notes=tuple(notes),
    )


def _spread(times: list[float], middle: float | None) -> float:
    """Log standard deviation from the median absolute deviation, which single long steps do not move."""
    if not middle or len(times) < FEWEST_STEADY_STEPS:
        return 0.0
    return 1.4826 * statistics.median(abs(math.log(t / middle)) for t in times)


def _batch_tokens(
    project: str, facts: Mapping[str, float], step_s: float | None, printed: float | None
) -> tuple[float | None, LogNote | None]:
    """Tokens of one optimizer step, and a note where that was not simply printed."""
    batch = facts.get("global_batch_tokens")
    if batch is None and "sequences_per_step" in facts and "seq_len" in facts:
        batch = facts["sequences_per_step"] * facts["seq_len"]
    if project == "nanochat" and step_s and printed:
        implied = printed * step_s
        if batch is None:
            share = NANOCHAT_BATCH_TOKENS / implied
            if abs(share - 1) < 0.02:
                return NANOCHAT_BATCH_TOKENS, None
            if share > 1.5 and abs(share - round(share)) < 0.02 * share:
                numbers = (float(round(share)), float(NANOCHAT_BATCH_TOKENS))
                return NANOCHAT_BATCH_TOKENS, LogNote("old_nanochat_default_batch", numbers=numbers)
            return implied, LogNote("batch_not_printed")
        if abs(implied / batch - 1) > 0.05:
            return batch, LogNote("old_nanochat", numbers=(implied, batch))
    if batch is None and printed and step_s:
        batch = printed * step_s
    return batch, None
