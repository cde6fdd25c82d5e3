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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from service.errors import InvalidValue, MissingFact

LARGEST_LOG_CHARACTERS = 200_000_000
LONGEST_LINE = 20_000
MOST_STEPS = 1_000_000
MOST_DROPPED_SHOWN = 20
WARM_UP_STEPS = 10
FEWEST_STEADY_STEPS = 3
LONGEST_STEP_S = 86_400.0
NANOCHAT_BATCH_TOKENS = 524_288
"""nanochat's default, taken where a log does not say and its numbers agree with it."""
PRINTABLE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line of the log that could not be used."""

    line: int
    code: str
    """cut_off | no_time | no_speed"""
    value: str = ""
    """What stands where a number should."""


@dataclass(frozen=True, slots=True)
class LogNote:
    """Something a reader should know of how a log was read."""

    code: str
    """mixed | too_many_steps | old_nanochat | old_nanochat_default_batch | batch_not_printed"""
    text: str = ""
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LogStep:
    """One optimizer step as printed; None what the line does not say."""

    line: int
    step: int
    seconds: float | None = None
    tokens_per_s: float | None = None
    total_steps: int | None = None


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
    tokens_per_s: float | None
    """Of the whole machine, gradient accumulation included."""
    global_batch_tokens: int | None
    peak_memory_gib: float | None
    facts: Mapping[str, float]
    """Dimensions, micro-batch, parameters, GPUs: whatever the banner printed."""
    dropped: tuple[Dropped, ...]
    dropped_count: int
    notes: tuple[LogNote, ...] = ()


NUMBER = r"([-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?|nan|inf|-inf)"
STEP_LINES: Mapping[str, re.Pattern[str]] = {
    "nanochat": re.compile(
        rf"^\s*step\s+(?P<step>\d+)(?:/(?P<total>\d+))?.*?\bdt:\s*{NUMBER}\s*ms(?:.*?\btok/sec:\s*{NUMBER})?"
    ),
    "nanoGPT": re.compile(rf"^\s*iter\s+(?P<step>\d+):\s*loss\s+\S+,\s*time\s+{NUMBER}\s*ms"),
    "llm.c": re.compile(
        rf"^\s*step\s+(?P<step>\d+)/(?P<total>\d+)\s*\|.*?\|\s*\(?{NUMBER}\s*ms\b(?:.*?\|\s*{NUMBER}\s*tok/s)?"
    ),
    "torchtune": re.compile(rf"^\s*Step\s+(?P<step>\d+)\s*\|.*?\btokens_per_second_per_gpu:\s*{NUMBER}"),
    "HF Trainer": re.compile(
        r"^\s*\d{1,3}%\|.*?\|\s*(?P<step>[\d,]+)/(?P<total>[\d,]+)\s*"
        r"\[.*?,\s*(?P<rate>[\d.]+|\?)\s*(?P<unit>s/it|it/s)"
    ),
}
HF_CELLS = re.compile(r"""^\s*\{.*["'](?:loss|train_loss|train_runtime|current_steps)["']\s*:""")
"""A line of the Trainer's own words, printed as a dict or kept as JSON (trainer_log.jsonl)."""
HF_CELL = r"""["'](?:%s)["']\s*:\s*["']?"""
HF_STEP = re.compile(HF_CELL % "step|global_step|current_steps" + r"(\d{1,12})")
HF_TOTAL = re.compile(HF_CELL % "total_steps|max_steps" + r"(\d{1,12})")
HF_SPEED = re.compile(
    HF_CELL % "train_tokens_per_second|tokens_per_second|tokens_per_sec|throughput" + NUMBER, re.I
)
BANNERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "nanochat": (
        ("vocab_size", r"[Vv]ocab size:\s*([\d,]+)"),
        ("n_layers", r"num_layers:\s*(\d+)"),
        ("d_model", r"model_dim:\s*(\d+)"),
        ("n_heads", r"num_heads:\s*(\d+)"),
        ("n_kv_heads", r"num_kv_heads:\s*(\d+)"),
        ("micro_batch", r"Tokens / micro-batch / rank:\s*([\d,]+) x"),
        ("seq_len", r"Tokens / micro-batch / rank:\s*[\d,]+ x ([\d,]+)"),
        ("micro_batch_tokens_all", r"Tokens / micro-batch:\s*([\d,]+)"),
        ("global_batch_tokens", r"Total batch size\s*([\d,]+)"),
        ("n_params", r"Number of parameters:\s*([\d,]+)"),
        ("peak_memory_mib", r"Peak memory usage:\s*([\d.,]+)\s*MiB"),
    ),
    "nanoGPT": (
        ("global_batch_tokens", r"tokens per iteration will be:\s*([\d,]+)"),
        ("n_params_millions", r"number of parameters:\s*([\d.]+)M"),
        ("micro_batch", r"batch_size = (\d+)"),
        ("seq_len", r"block_size = (\d+)"),
    ),
    "llm.c": (
        ("micro_batch", r"\|\s*(?:micro )?batch size B?\s*\|\s*(\d+)"),
        ("seq_len", r"\|\s*sequence length T?\s*\|\s*(\d+)"),
        ("global_batch_tokens", r"\|\s*total batch size\s*\|\s*(\d+)"),
        ("n_layers", r"\|\s*num_layers L?\s*\|\s*(\d+)"),
        ("n_heads", r"\|\s*num_heads NH?\s*\|\s*(\d+)"),
        ("d_model", r"\|\s*channels C?\s*\|\s*(\d+)"),
        ("vocab_size", r"\|\s*vocab_size V?\s*\|\s*(\d+)"),
        ("gpu_count", r"\|\s*num_processes\s*\|\s*(\d+)"),
    ),
    "torchtune": (
        ("micro_batch", r"^\s*batch_size:\s*(\d+)"),
        ("seq_len", r"^\s*max_seq_len:\s*(\d+)"),
        ("peak_memory_gib", r"peak_memory_(?:active|alloc|allocated):\s*([\d.]+)"),
    ),
    "HF Trainer": (
        ("micro_batch", r"Instantaneous batch size per device\s*=\s*([\d,]+)"),
        ("sequences_per_step", r"Total train batch size.*?=\s*([\d,]+)"),
        ("total_steps", r"Total optimization steps\s*=\s*([\d,]+)"),
        ("n_params", r"Number of trainable parameters\s*=\s*([\d,]+)"),
        ("train_tokens_per_s", HF_CELL % "train_tokens_per_second" + r"([\d.]+)"),
        ("train_steps_per_s", HF_CELL % "train_steps_per_second" + r"([\d.]+)"),
    ),
}


def number(text: str) -> float | None:
    """A printed number with thousands separators; None for nan, infinities and zero or less."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


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
    counts = {name: 0 for name in STEP_LINES}
    for line in lines[:200_000]:
        for name, pattern in STEP_LINES.items():
            if pattern.match(line):
                counts[name] += 1
        if HF_CELLS.match(line):
            counts["HF Trainer"] += 1
    project = max(counts, key=lambda name: counts[name])
    if not counts[project]:
        raise InvalidValue("log", f"{len(lines):,} lines", "no step of a known format", list(STEP_LINES))
    others = [f"{count} of {name}" for name, count in counts.items() if count and name != project]
    facts = _facts(project, lines)
    steps, dropped = _steps(project, lines)
    if seq_len:
        facts.setdefault("seq_len", float(seq_len))
    if {"micro_batch_tokens_all", "micro_batch", "seq_len"} <= facts.keys():
        shared = facts["micro_batch_tokens_all"] / (facts["micro_batch"] * facts["seq_len"])
        facts["gpu_count"] = float(max(1, round(shared)))
    facts.setdefault("gpu_count", float(gpu_count))
    notes = [LogNote("mixed", ", ".join(others))] if others else []
    if len(steps) >= MOST_STEPS:
        notes.append(LogNote("too_many_steps", numbers=(float(MOST_STEPS),)))
    return _summed_up(project, facts, steps, dropped, notes)


def _facts(project: str, lines: Iterable[str]) -> dict[str, float]:
    wanted = [(name, re.compile(pattern)) for name, pattern in BANNERS[project]]
    found: dict[str, float] = {}
    for line in lines:
        for name, pattern in wanted:
            match = pattern.search(line)
            if match and (value := number(match[1])) is not None:
                found[name] = value
    return found


def _steps(project: str, lines: Iterable[str]) -> tuple[list[LogStep], list[Dropped]]:
    pattern, read = STEP_LINES[project], READERS[project]
    steps: list[LogStep] = []
    dropped: list[Dropped] = []
    for position, line in enumerate(lines, start=1):
        match = pattern.match(line)
        if match is None:
            if project == "HF Trainer" and HF_CELLS.match(line):
                step = _cells(position, line, steps[-1].step if steps else 0)
                (dropped if isinstance(step, Dropped) else steps).append(step)  # type: ignore[arg-type]
            elif _looks_like_a_step(project, line):
                dropped.append(Dropped(position, "cut_off"))
            continue
        step = read(position, match)
        if isinstance(step, Dropped):
            dropped.append(step)
        else:
            steps.append(step)
        if len(steps) >= MOST_STEPS:
            break
    return steps, dropped


def _looks_like_a_step(project: str, line: str) -> bool:
    start = {"nanochat": "step ", "llm.c": "step ", "nanoGPT": "iter ", "torchtune": "Step "}.get(project)
    return start is not None and line.lstrip().startswith(start) and any(c.isdigit() for c in line)


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text.replace(",", ""))


def _timed(position: int, match: re.Match[str]) -> LogStep | Dropped:
    """A line with milliseconds and perhaps tokens per second."""
    groups = match.groups()
    named = match.groupdict()
    rest = [g for g, i in zip(groups, range(1, len(groups) + 1), strict=True) if i not in _named(match)]
    seconds = number(rest[0]) if rest and rest[0] else None
    if seconds is None or seconds / 1000 > LONGEST_STEP_S:
        return Dropped(position, "no_time", rest[0] if rest and rest[0] else "")
    speed = number(rest[1]) if len(rest) > 1 and rest[1] else None
    return LogStep(position, int(named["step"]), seconds / 1000, speed, _whole(named.get("total")))


def _named(match: re.Match[str]) -> set[int]:
    return set(match.re.groupindex.values())


def _per_gpu(position: int, match: re.Match[str]) -> LogStep | Dropped:
    speed = number(match.group(2))
    if speed is None:
        return Dropped(position, "no_speed", match.group(2))
    return LogStep(position, int(match["step"]), None, speed)


def _progress(position: int, match: re.Match[str]) -> LogStep | Dropped:
    rate = number(match["rate"])
    step, total = _whole(match["step"]), _whole(match["total"])
    if rate is None:
        return LogStep(position, step or 0, None, None, total)
    seconds = rate if match["unit"] == "s/it" else 1 / rate
    return LogStep(position, step or 0, seconds, None, total)


def _cells(position: int, line: str, last_step: int) -> LogStep | Dropped:
    """A line of the Trainer's words; where it prints no step it is told with the one before."""
    speed, step, total = HF_SPEED.search(line), HF_STEP.search(line), HF_TOTAL.search(line)
    value = number(speed[1]) if speed else None
    if speed and value is None:
        return Dropped(position, "no_speed", speed[1])
    number_of = int(step[1]) if step else last_step
    return LogStep(position, number_of, None, value, int(total[1]) if total else None)


READERS: Mapping[str, Callable[[int, re.Match[str]], LogStep | Dropped]] = {
    "nanochat": _timed,
    "nanoGPT": _timed,
    "llm.c": _timed,
    "torchtune": _per_gpu,
    "HF Trainer": _progress,
}


def _summed_up(
    project: str, facts: dict[str, float], steps: list[LogStep], dropped: list[Dropped], notes: list[LogNote]
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
    batch, said = _batch_tokens(project, facts, step_s, printed)
    if said:
        notes.append(said)
    tokens_per_s = batch / step_s if batch and step_s else None
    if tokens_per_s is None and printed is not None:
        tokens_per_s = printed * (facts["gpu_count"] if project == "torchtune" else 1)
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
        project=project,
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
