"""An own measurement and a run in progress, as JSON and as text."""

from dataclasses import asdict
from typing import Any

from service.answers.rounding import near_interval
from service.answers.told_option import tell_cost
from service.estimate.cost import Cost
from service.estimate.interval import Interval
from service.estimate.own_run import Measurement, RunInProgress
from service.estimate.plausibility import Doubt
from service.estimate.run_records.log_formats import Dropped
from service.estimate.run_records.training_log import LogNote, TrainingLog
from service.reports.words.doubts import doubt_sentence, plan_sentence
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]


def as_json(measured: Measurement, language: str = "en") -> Json:
    """What was read, what it changes, and where the run stands; null where there is no such thing."""
    own = measured.run
    return {
        "id": own.slug,
        "kept": measured.kept,
        "gpu": own.gpu,
        "gpu_count": own.gpu_count,
        "project": own.project,
        "tokens_per_s": {
            "measured": own.tokens_per_s,
            "believed_before": _three(measured.before, 1),
            "believed_after": _three(measured.after, 1),
            "unit": "tokens/s",
            "source": own.source.title,
            "as_of": own.source.as_of.isoformat(),
        },
        "plan": None if measured.plan is None else asdict(measured.plan),
        "doubt": None if measured.doubt is None else _doubt(measured.doubt, wording(language)),
        "log": None if measured.log is None else _log(measured.log, wording(language)),
        "progress": None if measured.progress is None else _progress(measured.progress),
    }


def _doubt(doubt: Doubt, w: Wording) -> Json:
    return {
        "low": round(doubt.low, 1),
        "high": round(doubt.high, 1),
        "explained_by": [
            {"code": slip.code, "value": slip.value, "tokens_per_s": round(slip.tokens_per_s, 1)}
            for slip in doubt.slips
        ],
        "text": doubt_sentence(w, doubt),
    }


def note_sentence(w: Wording, note: LogNote) -> str:
    """Something to know of how a log was read."""
    shown = {f"n{i}": w.number(value) for i, value in enumerate(note.numbers)}
    return {
        "mixed": lambda: w.say("mixed log: {others} steps left aside", others=note.text),
        "too_many_steps": lambda: w.say("only its first {n0} steps were read", **shown),
        "batch_not_printed": lambda: w.say("its batch is not printed; tok/sec is believed"),
        "old_nanochat": lambda: w.say(
            "its tok/sec times its time per step is {n0} tokens, not the batch of {n1}: nanochat before "
            "2025-10-30 leaves out gradient accumulation; time per step is used",
            **shown,
        ),
        "old_nanochat_default_batch": lambda: w.say(
            "its tok/sec leaves out {n0} steps of gradient accumulation (nanochat before 2025-10-30); time "
            "per step and the default batch of {n1} tokens are used",
            **shown,
        ),
        "pauses": lambda: w.say(
            "its totals come to {n0} s a step, its clock between lines to {n1} s: pauses, or a run taken up "
            "again, are left out",
            **shown,
        ),
        "several_starts": lambda: w.say(
            "it holds several runs, or one taken up again; the last is read, from step {n0} on", **shown
        ),
        "full_sequences": lambda: w.say(
            "each sequence is counted as {n0} tokens, packed or padded to that", **shown
        ),
        "told_otherwise": lambda: w.say("{field} is {n0} as you say, not {n1}", field=note.text, **shown),
        "other_card": lambda: w.say("it was printed on another card: {card}", card=note.text),
    }[note.code]()


def speed_sentence(w: Wording, log: TrainingLog) -> str:
    """What a log's speed rests on."""
    return {
        "steps": lambda: w.say("the median time of its steady steps"),
        "printed": lambda: w.say("the median speed that its steady steps print"),
        "totals": lambda: w.say("its own totals"),
        "elapsed": lambda: w.say("its clock between lines, pauses left out"),
        "bar": lambda: w.say("the smoothed rate of its progress bar, as there is nothing better"),
    }[log.speed_from]()


def _remarks(w: Wording, log: TrainingLog) -> list[str]:
    """Everything to know of how a log was read."""
    one = [w.say("it does not say how many GPUs there were; one is assumed (--gpu-count, field gpu_count)")]
    return [note_sentence(w, note) for note in log.notes] + (one if log.gpus_assumed else [])


def dropped_sentence(w: Wording, dropped: Dropped) -> str:
    """Why a line was dropped."""
    return {
        "cut_off": w.say("a step line that is cut off or garbled"),
        "no_time": w.say("its time per step is {value}", value=dropped.value or "?"),
        "no_speed": w.say("its speed is {value}", value=dropped.value or "?"),
    }[dropped.code]


def _log(log: TrainingLog, w: Wording) -> Json:
    return {
        "format": log.project,
        "steps_read": log.steps,
        "last_step": log.last_step,
        "step_s": log.step_s,
        "speed_from": speed_sentence(w, log),
        "global_batch_tokens": log.global_batch_tokens,
        "peak_memory_gib": log.peak_memory_gib,
        "reserved_memory_gib": log.reserved_memory_gib,
        "gpu_watts": log.gpu_watts,
        "dropped": log.dropped_count,
        "dropped_lines": [{"line": d.line, "reason": dropped_sentence(w, d)} for d in log.dropped],
        "note": "; ".join(_remarks(w, log)),
    }


def _progress(run: RunInProgress) -> Json:
    return {
        "steps_done": run.progress.steps_done,
        "steps_total": run.progress.steps_total,
        "share_done": round(run.progress.share, 4),
        "hours_done": round(run.progress.hours_done, 2),
        "hours_left": _three(run.progress.hours_left, 2),
        "wall_watts": _three(run.power.watts, 1),
        "energy_kwh_done": _three(run.kwh_done, 2),
        "energy_kwh_left": _three(run.kwh_left, 2),
        "cost_done": _money(run.cost_done),
        "cost_left": _money(run.cost_left),
    }


def _money(cost: Cost | None) -> Json | None:
    return None if cost is None else tell_cost(cost).model_dump(mode="json")


def _three(value: Interval, digits: int) -> Json:
    return asdict(near_interval(value, digits))


def render(measured: Measurement, language: str) -> str:
    """The same as lines of text."""
    w = wording(language)
    return "\n".join([*_read(w, measured), *_taught(w, measured), *_standing(w, measured.progress)]) + "\n"


def _read(w: Wording, measured: Measurement) -> list[str]:
    own, log = measured.run, measured.log
    device = measured.gpu.name if own.gpu_count == 1 else f"{own.gpu_count} x {measured.gpu.name}"
    speed = w.rounded(own.tokens_per_s or 0)
    if log is None:
        return [w.say("Measured: {speed} tokens/s on {device}.", speed=speed, device=device)]
    lines = [
        w.counted(
            "Measured: {speed} tokens/s on {device}, from {count} step of a log of {project}.",
            "Measured: {speed} tokens/s on {device}, from {count} steps of a log of {project}.",
            log.steps or log.last_step,
            speed=speed,
            device=device,
            project=log.project,
        )
    ]
    lines.append(w.say("Speed: {source}.", source=speed_sentence(w, log)))
    lines += _printed_beside(w, log)
    lines += [w.say("Note: {note}.", note=remark) for remark in _remarks(w, log)]
    if log.dropped_count:
        named = "; ".join(f"{d.line}: {dropped_sentence(w, d)}" for d in log.dropped[:3])
        lines.append(
            w.say("Dropped lines: {count} ({lines}).", count=w.number(log.dropped_count), lines=named)
        )
    return lines


def _printed_beside(w: Wording, log: TrainingLog) -> list[str]:
    """Memory and watts, where the log has them."""
    shown = (
        (log.peak_memory_gib, "GiB", w.say("peak memory")),
        (log.reserved_memory_gib, "GiB", w.say("reserved memory")),
        (log.gpu_watts, "W", w.say("per board")),
    )
    parts = [f"{what} {w.rounded(value)} {unit}" for value, unit, what in shown if value]
    return [w.say("Also read: {parts}.", parts="; ".join(parts))] if parts else []


def _taught(w: Wording, measured: Measurement) -> list[str]:
    lines = [
        w.say(
            "For this run we believed {before} tokens/s; with your measurement {after}.",
            before=w.around(measured.before),
            after=w.around(measured.after),
        )
    ]
    if measured.plan:
        lines.insert(0, plan_sentence(w, measured.plan))
    if measured.doubt:
        lines.append(w.say("Doubtful: {doubt}", doubt=doubt_sentence(w, measured.doubt)))
        if not measured.kept:
            lines.append(w.say("If it is right, say so with --yes (field yes)."))
    if measured.kept:
        lines.append(
            w.say("Kept as {name}: every estimate on this card learns from it.", name=measured.run.slug)
        )
    else:
        lines.append(w.say("Not kept: leave out --dry-run and every estimate learns from it."))
    return lines


def _standing(w: Wording, run: RunInProgress | None) -> list[str]:
    if run is None:
        return []
    where = run.progress
    left = where.hours_left
    lines = [
        w.counted(
            "Done: {done} of {count} step ({share}), {hours}.",
            "Done: {done} of {count} steps ({share}), {hours}.",
            where.steps_total,
            done=w.number(where.steps_done),
            share=w.percent(where.share),
            hours=duration(w, where.hours_done) if where.hours_done else w.say("nothing yet"),
        )
    ]
    if run.steps_by_workload:
        lines.append(
            w.say(
                "The log does not say how many steps: they follow from the workload's tokens; "
                "--total-steps counts."
            )
        )
    if not left.p50:
        return [*lines, *_took(w, run)]
    lines.append(
        w.say(
            "To go: {left} (80 % range {low} to {high}).",
            left=duration(w, left.p50),
            low=duration(w, left.p10),
            high=duration(w, left.p90),
        )
    )
    lines.append(
        w.say(
            "Energy at {watts} W: {done} kWh so far, {left} kWh to go.",
            watts=w.rounded(run.power.watts.p50),
            done=w.rounded(run.kwh_done.p50),
            left=w.around(run.kwh_left),
        )
    )
    if run.cost_done and run.cost_left:
        currency = run.cost_done.currency
        lines.append(
            w.say(
                "Money: {done} so far, {left} to go.",
                done=w.about(run.cost_done.total.p50, currency),
                left=w.about(run.cost_left.total.p50, currency),
            )
        )
    return lines


def _took(w: Wording, run: RunInProgress) -> list[str]:
    """Energy and money of a run that is over."""
    lines = [
        w.say(
            "Energy at {watts} W: {done} kWh.",
            watts=w.rounded(run.power.watts.p50),
            done=w.rounded(run.kwh_done.p50),
        )
    ]
    if run.cost_done:
        lines.append(w.say("Money: {done}.", done=w.about(run.cost_done.total.p50, run.cost_done.currency)))
    return lines
