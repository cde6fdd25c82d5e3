"""A training log as it was printed: which project's it is, how fast it runs, how far it has come.

The formats are described in formats_of_*.py, what counts as the speed in log_speed.py. Lines that belong to
the format but cannot be used are dropped one by one and named; everything else (banners, warnings, samples)
is passed over. A log can be read as it grows: `LogReader.feed` takes what has come, `LogReader.log` says
what it tells so far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.errors import InvalidValue, Worded, worded
from service.estimate.run_records.all_formats import FORMATS
from service.estimate.run_records.card_in_log import card_in
from service.estimate.run_records.largest import LARGEST
from service.estimate.run_records.log_formats import (
    LARGEST_WINS,
    STEP_QUANTITIES,
    Dropped,
    LogFormat,
    LogStep,
    read_step,
)
from service.estimate.run_records.log_lines import Line, LineSplitter, one_record_a_line
from service.estimate.run_records.log_speed import LogNote
from service.estimate.run_records.log_sums import Sums, Told, summed_up

__all__ = ["LARGEST_LOG_CHARACTERS", "LogNote", "LogReader", "Told", "TrainingLog", "read_log"]

LARGEST_LOG_CHARACTERS = 200_000_000
MOST_STEPS = 1_000_000
MOST_DROPPED_SHOWN = 20
PRINTABLE_SHARE = 0.9
SAMPLE = 100_000
LONGEST_SHOWN = 80
WHOLE_WITHIN = 1e-9
"""Floating point."""
COUNTS = frozenset({
    "n_layers", "d_model", "n_heads", "n_kv_heads", "vocab_size", "seq_len", "n_params", "n_params_trained",
    "micro_batch", "accumulation", "sequences_per_step", "global_batch_tokens", "micro_batch_tokens_all",
    "gpu_count", "total_steps",
})  # fmt: skip
TOTALS = ("train_runtime_s", "train_tokens_per_s")
"""Facts that tell a run's speed where no step is printed, as in a notebook's last cell."""
WHAT_INSTEAD = worded("no step of a known format; give --tokens-per-s (field tokens_per_s) instead")
KINDS = [(kind.signs[0], kind, form.project) for form in FORMATS for kind in form.steps]
HEADS = [(says.word, says, form.project) for form in FORMATS for says in form.head]
"""Every line is looked through for their words, so that these stand by themselves."""
BEGINNINGS = tuple({form.begins for form in FORMATS if form.begins})


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a log says of a run."""

    project: str
    """nanochat | nanoGPT | llm.c | torchtune | HF Trainer | ... (all_formats.py)"""
    steps: int
    """Steps read."""
    last_step: int
    total_steps: int | None
    step_s: float | None
    """Of a steady step."""
    step_spread: float
    """Log standard deviation of a steady step's time."""
    tokens_per_s: float
    """Of the whole machine, gradient accumulation included."""
    speed_from: str
    """steps | totals | elapsed | bar | printed: what the speed rests on."""
    global_batch_tokens: int | None
    peak_memory_gib: float | None
    reserved_memory_gib: float | None
    gpu_watts: float | None
    """Of one board while it trains."""
    facts: Mapping[str, float]
    """Dimensions, micro-batch, parameters, GPUs: whatever was printed or told."""
    gpus_assumed: bool
    """Whether nothing says how many GPUs there were, so that one is assumed."""
    card: str | None
    """The GPU's name as printed."""
    dropped: tuple[Dropped, ...]
    dropped_count: int
    notes: tuple[LogNote, ...] = ()


@dataclass(slots=True)
class Read:
    """What was read of one format."""

    lines: int = 0
    steps: list[LogStep] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    fact_lines: dict[str, int] = field(default_factory=dict)
    """Where each of them was printed last."""
    dropped: list[Dropped] = field(default_factory=list)
    dropped_count: int = 0
    impossible: tuple[str, Worded] | None = None
    """A line with a fact that cannot be, and why."""

    def drop(self, dropped: Dropped) -> None:
        self.dropped_count += 1
        if len(self.dropped) < MOST_DROPPED_SHOWN:
            self.dropped.append(dropped)

    def know(self, fact: str, value: float, line: Line) -> None:
        self.fact_lines[fact] = line.number
        reason = None
        if value > LARGEST.get(fact, value):
            reason = worded(
                "{fact} = {value:,.10g} must be at most {most:,}", fact=fact, value=value, most=LARGEST[fact]
            )
        elif fact in COUNTS and abs(value - round(value)) > WHOLE_WITHIN * value:
            reason = worded(
                "{fact} = {value:,.10g} must be a whole number, thousands separated by commas if at all",
                fact=fact,
                value=value,
            )
        if reason:
            self.impossible = self.impossible or (line.text.strip()[:LONGEST_SHOWN], reason)
        elif fact in LARGEST_WINS:
            self.facts[fact] = max(value, self.facts.get(fact, 0.0))
        else:
            self.facts[fact] = value


class LogReader:
    """Reads a log in pieces, each line once."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()
        self._read = {form.project: Read() for form in FORMATS}
        self._lines = 0
        self._card: str | None = None

    def feed(self, text: str) -> None:
        """Take what has come; a line that is not whole yet waits."""
        for line in self._splitter.feed(text):
            self._take(line)

    def finish(self) -> None:
        """Take the last line, which nothing ends."""
        for line in self._splitter.rest():
            self._take(line)

    def log(self, told: Told = Told()) -> TrainingLog:  # noqa: B008 - frozen
        """What the log says so far, beside what was told of it.

        Raises InvalidValue where it holds no steps of a known format or contradicts what was told,
        MissingFact where the speed cannot be told without something that was not printed.
        """
        form, read = self._main()
        if read.impossible:
            raise InvalidValue("log", *read.impossible)
        if not read.steps and not any(name in read.facts for name in TOTALS):
            raise InvalidValue("log", f"{read.dropped_count} steps", worded("none of them can be used"))
        others = [
            f"{other.lines} of {name}"
            for name, other in self._read.items()
            if other.lines and name != form.project
        ]
        notes = [LogNote("mixed", ", ".join(others))] if others else []
        if len(read.steps) >= MOST_STEPS:
            notes.append(LogNote("too_many_steps", numbers=(float(MOST_STEPS),)))
        sums = summed_up(form, read.steps, read.facts, told, read.fact_lines)
        return _as_log(form, read, self._card, notes, sums)

    def _main(self) -> tuple[LogFormat, Read]:
        """The format that most lines fit; of a log without steps, one that sums itself up."""
        form = max(FORMATS, key=lambda form: self._read[form.project].lines)
        if not self._read[form.project].lines:
            summed = [f for f in FORMATS if any(name in self._read[f.project].facts for name in TOTALS)]
            if not summed:
                names = [form.project for form in FORMATS]
                raise InvalidValue("log", f"{self._lines:,} lines", WHAT_INSTEAD, names)
            form = summed[0]
        return form, self._read[form.project]

    def _take(self, line: Line) -> None:
        self._lines += 1
        text = line.text
        for sign, kind, project in KINDS:
            if sign in text and (found := read_step(kind, line)) is not None:
                _keep(self._read[project], line, *found)
                return
        self._head(line)
        bare = text.lstrip()
        if bare.startswith(BEGINNINGS) and any(c.isdigit() for c in bare):
            for form in FORMATS:
                if form.begins and bare.startswith(form.begins):
                    self._read[form.project].drop(Dropped(line.number, "cut_off"))

    def _head(self, line: Line) -> None:
        text = line.text
        for word, says, project in HEADS:
            if word not in text or (written := says.written(text)) is None:
                continue
            value = says.value(written)
            if value is None:
                continue
            read = self._read[project]
            if says.quantity not in STEP_QUANTITIES or says.quantity == "total_steps":
                read.know(says.quantity, value, line)
            elif read.steps:
                setattr(read.steps[-1], says.quantity, value)
        self._card = self._card or card_in(text)


def _keep(read: Read, line: Line, step: LogStep | Dropped, facts: Mapping[str, float]) -> None:
    read.lines += 1
    if isinstance(step, Dropped):
        read.drop(step)
        return
    if len(read.steps) < MOST_STEPS:
        read.steps.append(step)
    for fact, value in facts.items():
        read.know(fact, value, line)


def read_log(
    text: str, seq_len: int | None = None, gpu_count: int | None = None, batch_tokens: int | None = None
) -> TrainingLog:
    """What a training log says.

    `seq_len` [tokens] and `batch_tokens` [tokens per optimizer step] are needed where the format does not
    print them, `gpu_count` where it prints speed per GPU. Raises InvalidValue for what is no text, is too
    large or holds no steps of a known format, MissingFact when the speed cannot be told without something
    that was not printed.
    """
    if len(text) > LARGEST_LOG_CHARACTERS:
        raise InvalidValue(
            "log",
            f"{len(text):,} characters",
            worded("more than {largest_log_characters:,}", largest_log_characters=LARGEST_LOG_CHARACTERS),
        )
    text = text.replace("\0", "")  # the holes that a crash or a log's rotation leaves
    sample = text[:SAMPLE]
    readable = sum(c.isprintable() or c in "\n\r\t\b\x1b\ufeff" for c in sample)
    if not sample.strip() or readable < PRINTABLE_SHARE * len(sample):
        raise InvalidValue("log", f"{len(text):,} characters", worded("is not the text of a training log"))
    reader = LogReader()
    reader.feed(one_record_a_line(text.removeprefix("\ufeff")))
    reader.finish()
    return reader.log(Told(seq_len, gpu_count, batch_tokens))


def _as_log(form: LogFormat, read: Read, card: str | None, notes: list[LogNote], sums: Sums) -> TrainingLog:
    return TrainingLog(
        project=form.project,
        steps=len(read.steps),
        last_step=sums.last_step,
        total_steps=sums.total_steps,
        step_s=sums.step_s,
        step_spread=sums.step_spread,
        tokens_per_s=sums.tokens_per_s,
        speed_from=sums.speed_from,
        global_batch_tokens=int(sums.batch) if sums.batch else None,
        peak_memory_gib=sums.facts.get("peak_memory_gib"),
        reserved_memory_gib=sums.facts.get("reserved_memory_gib"),
        gpu_watts=sums.gpu_watts,
        facts=sums.facts,
        gpus_assumed=sums.gpus_assumed,
        card=card,
        dropped=tuple(read.dropped),
        dropped_count=read.dropped_count,
        notes=(*notes, *sums.notes),
    )
