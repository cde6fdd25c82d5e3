"""What the steps and banners of a log come to: GPUs, batch, speed, and what had to be told or is missing."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.errors import InvalidValue, MissingFact, Worded, worded
from service.estimate.run_records.log_formats import LogFormat, LogStep
from service.estimate.run_records.log_speed import (
    BATCH_SAYS_OTHERWISE,
    LogNote,
    Pace,
    last_start,
    nanochat_batch,
    near_round,
    pace_of,
    spread_of,
    steady,
    steps_done,
    tokens_of_a_step,
)

WHOLE_WITHIN = 0.05
"""How near to a whole number a ratio must be to count GPUs or sequences."""
OF_A_WHOLE_RUN = frozenset({
    "train_runtime_s", "train_samples_per_s", "train_steps_per_s", "train_tokens_per_s", "train_tokens",
    "steps_done",
})  # fmt: skip
"""What a run says at its end, and nothing of one that begins behind it in the same log."""
SEQ_LEN, BATCH, GPUS = (
    worded("--seq-len (field seq_len)"),
    worded("--batch-tokens (field batch_tokens)"),
    worded("--gpu-count (field gpu_count)"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a log beside it; None what is left to the log."""

    seq_len: int | None = None
    gpu_count: int | None = None
    batch_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What a log comes to."""

    last_step: int
    total_steps: int | None
    step_s: float | None
    step_spread: float
    tokens_per_s: float
    speed_from: str
    batch: float | None
    """Tokens of an optimizer step."""
    gpu_watts: float | None
    facts: Mapping[str, float]
    gpus_assumed: bool
    notes: tuple[LogNote, ...]


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second of the whole machine, and tokens of a step."""

    tokens_per_s: float | None
    source: str
    batch: float | None
    note: LogNote | None = None


def summed_up(
    form: LogFormat,
    printed: Sequence[LogStep],
    head: Mapping[str, float],
    told: Told,
    lines: Mapping[str, int],
) -> Sums:
    """What a log of this format comes to; of several runs in it the last. `lines` says where `head` stands.

    Raises InvalidValue where the log contradicts what was told, MissingFact where neither tells the speed.
    """
    facts = {**form.always, **head}
    notes = []
    if told.seq_len:
        notes += _otherwise("seq_len", told.seq_len, facts.get("seq_len"))
        facts["seq_len"] = float(told.seq_len)
    steps = of_the_run(printed, facts)
    begun = 0 if form.bar_of_an_epoch else last_start(steps)
    if begun:
        notes.append(LogNote("several_starts", numbers=(float(steps[begun].step),)))
        steps = steps[begun:]
        past = {name for name in OF_A_WHOLE_RUN & facts.keys() if lines.get(name, 0) < steps[0].line}
        facts = {name: value for name, value in facts.items() if name not in past}
    gpus = _gpus(printed, steps, {**form.always, **head}, told, notes)
    facts["gpu_count"] = float(gpus or 1)
    pace = pace_of(form, steps, facts)
    _sequences(steps, facts, pace)
    speed = _speed(form, steps, facts, pace, told)
    if speed.tokens_per_s is None or (gpus is None and _asks_gpus(form, head)):
        raise _missing(steps, facts, pace, speed, gpus is None and _asks_gpus(form, head))
    notes += [note for note in (pace.note, speed.note) if note]
    watts = [s.gpu_watts for s in steady(steps) if s.gpu_watts]
    totals = [s.total_steps for s in steps if s.total_steps]
    total = totals[-1] if totals else int(facts["total_steps"]) if "total_steps" in facts else None
    if total is None and "train_runtime_s" in facts:
        total = steps_done(steps, facts) or None  # summed up, it is done
    return Sums(
        last_step=steps_done(steps, facts),
        total_steps=None if form.bar_of_an_epoch else total,
        step_s=pace.step_s,
        step_spread=spread_of(pace),
        tokens_per_s=speed.tokens_per_s,
        speed_from=speed.source,
        batch=speed.batch,
        gpu_watts=statistics.median(watts) if watts else None,
        facts=facts,
        gpus_assumed=gpus is None,
        notes=tuple(notes),
    )


def of_the_run(printed: Sequence[LogStep], facts: Mapping[str, float]) -> list[LogStep]:
    """The steps of the training itself: of one rank, and no bar of an evaluation.

    Of several totals the printed one counts, else that of the bar which runs longest. A line without a
    step's number belongs to the step before.
    """
    ranks = Counter(s.rank for s in printed)
    rank = min(ranks, key=lambda r: (-ranks[r], r if r is not None else -1)) if ranks else None
    steps = [s for s in printed if s.rank == rank]
    totals = {s.total_steps for s in steps if s.total_steps}
    if len(totals) > 1 and any(s.elapsed_s or s.rate_s for s in steps):
        stated = facts.get("total_steps")
        longest = max(steps, key=lambda s: s.elapsed_s or 0.0).total_steps
        main = int(stated) if stated in totals else longest or steps[-1].total_steps
        steps = [s for s in steps if s.total_steps in (None, main)]
    kept, before = [], 0
    for step in steps:
        kept.append(step if step.counted else replace(step, step=before))
        before = kept[-1].step
    return kept


def _otherwise(name: str, said: float, printed: float | None) -> list[LogNote]:
    """A note where somebody says something else than the log."""
    same = printed is None or abs(said / printed - 1) < 1e-9
    return [] if same else [LogNote("told_otherwise", name, (said, printed or 0.0))]


def _gpus(
    printed: Sequence[LogStep],
    steps: Sequence[LogStep],
    facts: Mapping[str, float],
    told: Told,
    notes: list[LogNote],
) -> int | None:
    """How many GPUs: as told, as printed, or as batches and ranks say; None where nothing does."""
    stated = facts.get("gpu_count")
    if stated and told.gpu_count and told.gpu_count != int(stated):
        raise InvalidValue(
            "gpu_count",
            told.gpu_count,
            worded("the log says {stated}", stated=int(stated)),
            [str(int(stated))],
        )
    if stated:
        return int(stated)
    implied = _implied_gpus(printed, steps, facts)
    if told.gpu_count:
        notes += _otherwise("gpu_count", told.gpu_count, implied)
        return told.gpu_count
    return implied


def _implied_gpus(
    printed: Sequence[LogStep], steps: Sequence[LogStep], facts: Mapping[str, float]
) -> int | None:
    if {"micro_batch_tokens_all", "micro_batch", "seq_len"} <= facts.keys():
        return max(1, round(facts["micro_batch_tokens_all"] / (facts["micro_batch"] * facts["seq_len"])))
    if {"sequences_per_step", "micro_batch", "accumulation"} <= facts.keys():
        counted = _whole(facts["sequences_per_step"] / (facts["micro_batch"] * facts["accumulation"]))
        if counted:
            return counted
    both = [s.tokens_per_s / s.tokens_per_s_gpu for s in steps if s.tokens_per_s and s.tokens_per_s_gpu]
    if both and (counted := _whole(statistics.median(both))):
        return counted
    ranks = {s.rank for s in printed if s.rank is not None}
    return max(ranks) + 1 if len(ranks) > 1 else None


def _whole(ratio: float) -> int | None:
    nearest = round(ratio)
    return nearest if nearest and abs(ratio - nearest) < WHOLE_WITHIN * nearest else None


def _asks_gpus(form: LogFormat, head: Mapping[str, float]) -> bool:
    return form.asks_gpus == "always" or (form.asks_gpus == "headless" and not head)


def _sequences(steps: Sequence[LogStep], facts: dict[str, float], pace: Pace) -> None:
    """Sequences of a step where no banner says them, and how long they are where their tokens are counted."""
    if "sequences_per_step" not in facts:
        done = [(s.step, s.samples_done) for s in steps if s.samples_done and s.step]
        per_s, runtime = facts.get("train_samples_per_s"), facts.get("train_runtime_s")
        counted = None
        if done:
            counted = _whole(done[-1][1] / done[-1][0])
        elif per_s and runtime and (count := steps_done(steps, facts) or int(facts.get("total_steps", 0))):
            counted = _whole(per_s * runtime / count)
        if counted:
            facts["sequences_per_step"] = float(counted)
    if "seq_len" not in facts and "train_tokens" in facts and "train_samples_per_s" in facts:
        samples = facts["train_samples_per_s"] * facts.get("train_runtime_s", 0.0)
        if samples and facts["train_tokens"] > samples:
            facts["seq_len"] = float(round(facts["train_tokens"] / samples))


def _speed(
    form: LogFormat, steps: Sequence[LogStep], facts: Mapping[str, float], pace: Pace, told: Told
) -> Speed:
    """Tokens per second by the best that the log says of them."""
    printed = _printed(steps, facts)
    counted = _counted(facts, pace)
    batch = facts.get("global_batch_tokens")
    note = None
    if form.project == "nanochat" and not told.batch_tokens:
        batch, note = nanochat_batch(batch, pace.step_s, printed)
    if told.batch_tokens:
        note = next(iter(_otherwise("batch_tokens", told.batch_tokens, batch)), None)
        batch = float(told.batch_tokens)
    full = facts.get("sequences_per_step", 0.0) * facts.get("seq_len", 0.0) or None
    if batch is None and not form.lengths_vary:
        batch = full
    timed = batch / pace.step_s if batch and pace.step_s else None
    if timed and (told.batch_tokens or pace.source == "steps" or printed is None):
        if told.batch_tokens and printed and abs(timed / printed - 1) > BATCH_SAYS_OTHERWISE and not note:
            note = LogNote("told_otherwise", "tokens_per_s", (timed, printed))
        return Speed(timed, pace.source, batch, note)
    batch = batch or tokens_of_a_step(steps)
    if counted is not None:
        return Speed(counted, pace.source, batch or counted * (pace.step_s or 0.0) or None, note)
    if printed is not None:
        product = printed * pace.step_s if pace.step_s else None
        return Speed(printed, "printed", batch or (near_round(product) if product else full), note)
    if batch and pace.step_s:
        return Speed(batch / pace.step_s, pace.source, batch, note)
    return _at_full_length(steps, facts, pace, full)


def _printed(steps: Sequence[LogStep], facts: Mapping[str, float]) -> float | None:
    """The median of the speeds that steady steps print, of the whole machine."""
    chosen = steady(steps)
    whole = [s.tokens_per_s for s in chosen if s.tokens_per_s]
    if whole:
        return statistics.median(whole)
    each = [s.tokens_per_s_gpu for s in chosen if s.tokens_per_s_gpu]
    if each:
        return statistics.median(each) * facts["gpu_count"]
    return facts.get("train_tokens_per_s")


def _counted(facts: Mapping[str, float], pace: Pace) -> float | None:
    """All tokens over all time, the pauses left out where the clock shows them."""
    if not {"train_tokens", "train_runtime_s"} <= facts.keys():
        return None
    speed = facts["train_tokens"] / facts["train_runtime_s"]
    if pace.note and pace.note.code == "pauses":
        of_totals, clocked = pace.note.numbers
        speed *= of_totals / clocked
    return speed


def _at_full_length(
    steps: Sequence[LogStep], facts: Mapping[str, float], pace: Pace, full: float | None
) -> Speed:
    """Sequences per second, each counted as long as it may be."""
    length = facts.get("seq_len")
    rates = [s.samples_per_s for s in steady(steps) if s.samples_per_s]
    samples = statistics.median(rates) if rates else facts.get("train_samples_per_s")
    if pace.note or (not rates and pace.source != "totals" and full):
        samples = None  # a rate over the whole run holds its pauses as well
    per_s = samples * length if samples and length else full / pace.step_s if full and pace.step_s else None
    if per_s is None or length is None:
        return Speed(None, "", full)
    source = "printed" if rates else pace.source
    return Speed(per_s, source, full, LogNote("full_sequences", numbers=(length,)))


def _missing(
    steps: Sequence[LogStep], facts: Mapping[str, float], pace: Pace, speed: Speed, ask_gpus: bool
) -> MissingFact:
    """What must be told, by the options that tell it."""
    remedies: list[Worded] = []
    what = worded("the number of GPUs of this log")
    if speed.tokens_per_s is None:
        what = worded("the batch of this log in tokens")
        sampled = "train_samples_per_s" in facts or any(s.samples_per_s for s in steps)
        if pace.step_s is None and not sampled:
            return MissingFact(
                worded("the time per step of this log"),
                worded(
                    "keep the progress bar or the summary at its end as well, or give "
                    "--tokens-per-s (field tokens_per_s) instead of the log"
                ),
            )
        by_length = "seq_len" not in facts and (sampled or "sequences_per_step" in facts)
        ways = ([SEQ_LEN] if by_length else []) + ([BATCH] if pace.step_s else [])
        remedies.append(
            worded("{one} or {other}", one=ways[0], other=ways[1]) if len(ways) > 1 else (*ways, BATCH)[0]
        )
    if ask_gpus:
        remedies.append(GPUS)
    if len(remedies) > 1:
        return MissingFact(what, worded("give {one} and {other}", one=remedies[0], other=remedies[1]))
    return MissingFact(what, worded("give {one}", one=remedies[0]))
