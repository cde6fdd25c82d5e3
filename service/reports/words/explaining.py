"""An estimate in words: the ladder of memory, where time and doubt come from, which runs it rests on."""

from collections.abc import Iterable
from functools import lru_cache

from service.answers.option import AnsweredExplanation, AnsweredOption, AnsweredTold
from service.estimate.ladder import RungCode
from service.estimate.training_time import StageCode
from service.reports.words.wording import Wording

NOTICED = 0.005
"""Change of a step's time from which on it is told."""


@lru_cache(maxsize=64)
def rung_sentence(w: Wording, code: RungCode, is_as_asked: bool) -> str:
    """What a rung allows beyond the one above it; the first is the recipe, as published or as asked."""
    return {
        "as_published": w.say("as asked") if is_as_asked else w.say("as published"),
        "micro_batch": w.say("smaller micro-batches"),
        "chunked_cross_entropy": w.say("cross entropy in chunks"),
        "checkpointing": w.say("activation checkpointing"),
        "optimizer_8bit": w.say("8-bit optimizer states"),
        "optimizer_host": w.say("optimizer and master weights in host memory"),
        "gradients_host": w.say("gradients streamed to host memory"),
        "parameters_host": w.say("weights streamed from host memory layer by layer"),
        "fsdp": w.say("weights divided among the GPUs (fully sharded)"),
    }[code]


def stage_name(w: Wording, code: StageCode) -> str:
    """A part of the run's hours."""
    return {
        "pretraining": w.say("training steps"),
        "later_stages": w.say("evaluation and later stages"),
        "warm_up": w.say("compilation"),
        "checkpoints": w.say("checkpoints"),
        "restarts": w.say("restarts"),
        "fleet": w.say("failures of a large fleet"),
    }[code]


def stages_sentence(w: Wording, option: AnsweredOption) -> str:
    """What the hours consist of."""
    known = sorted(((s.hours, s.code) for s in option.stages if s.hours), reverse=True)
    parts = ", ".join(f"{stage_name(w, code)} {_time(w, hours)}" for hours, code in known)
    return w.say("The hours: {parts}.", parts=parts)


def _time(w: Wording, hours: float) -> str:
    """As precise as it is known: 2,790 h, 3 h, 2 min."""
    if hours >= 1:
        return f"{w.few(hours)} h"
    minutes = hours * 60
    return w.say("under a minute") if minutes < 1 else f"{w.few(minutes)} min"


def told_sentence(w: Wording, told: AnsweredTold) -> str:
    """What the asker said of the cards, and what it does to the time of a step."""
    number = w.number(told.value, 0 if told.value.is_integer() else 1)
    if told.code == "power_limit":
        line = w.say("every card limited to {watts} W, as you say", watts=number)
    elif told.code == "pcie_lanes":
        line = w.counted(
            "a slot of {count} PCIe lane, as you say",
            "a slot of {count} PCIe lanes, as you say",
            int(told.value),
        )
    elif told.value:
        line = w.say("{count} cards joined by NVLink, as you say", count=number)
    else:
        line = w.say("no NVLink between the cards, as you say")
    if abs(told.time_factor - 1) < NOTICED:
        return line + w.say(" [no effect on the time]")
    return line + w.say(" [time ×{factor}]", factor=w.number(told.time_factor, 2))


def told_sentences(w: Wording, options: Iterable[AnsweredOption]) -> list[str]:
    """How the cards of each machine at home are built in, where the asker says."""
    return [
        f"{option.label}: " + "; ".join(told_sentence(w, told) for told in option.as_told) + "."
        for option in options
        if option.as_told
    ]


def part_name(w: Wording, code: str) -> str:
    """A part of the step."""
    return {
        "matmul_s": w.say("matrix products"),
        "attention_s": w.say("attention"),
        "memory_s": w.say("memory traffic"),
        "micro_batch_s": w.say("launches and weights per micro-batch"),
        "optimizer_s": w.say("optimizer"),
        "sharding_s": w.say("exchange between GPUs"),
        "offload_s": w.say("waiting for host memory"),
    }[code]


def doubt_name(w: Wording, code: str) -> str:
    """A source of doubt."""
    return {
        "terms": w.say("the general terms of the formula"),
        "code_base": w.say("habits of the training code"),
        "gpu": w.say("this kind of card"),
        "code_base_on_gpu": w.say("this code on this card"),
        "reporter": w.say("differences between machines"),
        "size": w.say("the size of the model"),
        "single_run": w.say("scatter of a single run"),
    }[code]


def explanation_sentences(w: Wording, e: AnsweredExplanation) -> list[str]:
    """The estimate explained in a few sentences."""
    time = ", ".join(f"{part_name(w, c.code)} ({w.percent(c.share)})" for c in e.time)
    doubt = ", ".join(f"{doubt_name(w, c.code)} ({w.percent(c.share)})" for c in e.doubt)
    runs = ", ".join(f"{x.id} ({w.number(x.weight, 2)})" for x in e.runs)
    lines = [
        w.say("A step spends its time on {parts}.", parts=time),
        w.say("What makes it uncertain: {parts}.", parts=doubt),
        w.say("These measured runs count most (weight): {runs}.", runs=runs),
        w.say(
            "{all} measured runs are known: {code} with this code, {gpu} on this card, {both} with this code "
            "on this card.",
            all=w.number(e.runs_in_all),
            both=w.number(e.same_code_base_and_gpu),
            gpu=w.number(e.same_gpu),
            code=w.number(e.same_code_base),
        ),
    ]
    if e.size_ratio is not None and not 0.9 < e.size_ratio < 1.12:
        lines.append(
            w.say(
                "The nearest run of this code has a model {ratio} times as wide.",
                ratio=w.number(1 / e.size_ratio, 2),
            )
        )
    return lines
