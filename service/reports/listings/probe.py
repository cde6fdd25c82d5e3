"""What a probe of one's own card taught, as JSON and as text."""

from dataclasses import asdict
from typing import Any

from service.answers.rounding import near_interval
from service.estimate.probed_runs import ProbedCard, ProbedRun
from service.estimate.run_records.probe_result import Probe, ProbeStep
from service.reports.words.doubts import steps_doubted
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]


def what_next(file: str, language: str) -> str:
    """What to do with the script that was written."""
    w = wording(language)
    return "\n".join([
        w.say("Written: {file}. With the card idle, run it with the Python that you train with:", file=file),
        f"  python {file} > probe.json",
        w.say("It takes 90 seconds at most. Then, here:"),
        "  heimvorteil measure probe.json",
    ]) + "\n"  # fmt: skip


def as_json(learnt: ProbedCard) -> Json:
    """What was tried, what it changes; null where the script could not tell."""
    probe = learnt.probe
    return {
        "id": learnt.name,
        "kept": learnt.kept,
        "gpu": learnt.gpu.slug,
        "card": probe.card,
        "torch": probe.torch,
        "driver": probe.driver,
        "memory_gib": probe.memory_total_gib,
        "power_limit_watts": probe.power_limit_watts,
        "matmul_tflops": probe.matmul_tflops,
        "device_copy_gb_per_s": probe.device_copy_gb_per_s,
        "to_card_gb_per_s": probe.to_card_gb_per_s,
        "from_card_gb_per_s": probe.from_card_gb_per_s,
        "as_of": probe.read_on.isoformat(),
        "steps": [_step(one) for one in learnt.runs],
        "left_out": [{"what": what, "why": why} for what, why in probe.left_out],
    }


def _step(one: ProbedRun) -> Json:
    return {
        "id": one.run.slug,
        "size": one.step.size,
        "model": one.run.model,
        "project": one.run.project,
        "engine": one.run.engine,
        "step_s": one.step.step_s,
        "tokens_per_s": {
            "measured": one.run.tokens_per_s,
            "believed_before": asdict(near_interval(one.before, 1)),
            "believed_after": asdict(near_interval(one.after, 1)),
            "unit": "tokens/s",
        },
        "gpu_watts": one.step.gpu_watts,
        "peak_memory_gib": one.step.peak_memory_gib,
        "steady": one.step.is_steady,
        "doubt": None
        if one.doubt is None
        else {"low": round(one.doubt.low, 1), "high": round(one.doubt.high, 1)},
    }


def render(learnt: ProbedCard, language: str) -> str:
    """The same as lines of text."""
    w = wording(language)
    lines = [_tried(w, learnt.probe), *_rates(w, learnt.probe)]
    lines += [_line(w, one) for one in learnt.runs]
    lines += [
        w.say("Its steps took unequally long: {model} from {fast} to {slow} ms. Was the card used otherwise?",
              model=_model(w, one.step), fast=w.rounded(1000 * (one.step.fast_step_s or 0)),
              slow=w.rounded(1000 * (one.step.slow_step_s or 0)))
        for one in learnt.runs if not one.step.is_steady
    ]  # fmt: skip
    doubts = [one.doubt for one in learnt.runs if one.doubt]
    if doubts:
        worst = max(doubts, key=lambda doubt: doubt.log_distance)
        sentence = steps_doubted(w, worst, len(doubts), len(learnt.runs))
        lines.append(w.say("Doubtful: {doubt}", doubt=sentence))
    lines += [w.say("Left out: {what} ({why}).", what=what, why=why) for what, why in learnt.probe.left_out]
    if learnt.kept:
        lines.append(w.say("Kept as {name}: every estimate on this card learns from it.", name=learnt.name))
    else:
        lines.append(w.say("Not kept: leave out --dry-run and every estimate learns from it."))
    return "\n".join(lines) + "\n"


def _tried(w: Wording, probe: Probe) -> str:
    return w.say(
        "Tried: {card} with PyTorch {torch}, on {day}.",
        card=probe.card,
        torch=probe.torch,
        day=w.day(probe.read_on),
    )


def _rates(w: Wording, probe: Probe) -> list[str]:
    lines = []
    if probe.matmul_tflops:
        lines.append(w.say("Large matrix products: {rate} TFLOP/s.", rate=w.rounded(probe.matmul_tflops)))
    if probe.device_copy_gb_per_s:
        rate = w.rounded(probe.device_copy_gb_per_s)
        lines.append(w.say("Its memory: {rate} GB/s, read and written.", rate=rate))
    if probe.to_card_gb_per_s and probe.from_card_gb_per_s:
        to, back = w.rounded(probe.to_card_gb_per_s), w.rounded(probe.from_card_gb_per_s)
        lines.append(w.say("Link to the PC: {to} GB/s to the card, {back} GB/s back.", to=to, back=back))
    if probe.lowered_limit_watts:
        limit = w.rounded(probe.lowered_limit_watts)
        lines.append(w.say("Its power was limited to {watts} W; it is learnt as that.", watts=limit))
    return lines


def _model(w: Wording, step: ProbeStep) -> str:
    engine = w.say("compiled") if step.compiled else w.say("eager")
    size = {
        "compute-bound": w.say("bound by arithmetic"),
        "launch-bound": w.say("bound by launching"),
    }.get(step.size, w.say("between"))
    names = {"llama": "Llama", "nanochat": "nanochat", "gpt2": "GPT-2"}
    return f"{names[step.style]}, {engine}, {step.precision.upper()}, {size}"


def _line(w: Wording, one: ProbedRun) -> str:
    """A model's steps; the weights are named where they are not FP32."""
    parts = [
        w.say(
            "{model}: {speed} tokens/s; believed {before}, now {after}",
            model=_model(w, one.step)
            + ("" if one.step.weights == "fp32" else f", {w.say('weights in 16 bits')}"),
            speed=w.rounded(one.run.tokens_per_s or 0),
            before=w.around(one.before),
            after=w.around(one.after),
        )
    ]
    if one.step.peak_memory_gib:
        parts.append(f"{w.rounded(one.step.peak_memory_gib)} GiB")
    if one.step.gpu_watts:
        parts.append(f"{w.rounded(one.step.gpu_watts)} W")
    return "; ".join(parts)
