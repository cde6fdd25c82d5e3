"""Why a measurement cannot be, or is hard to believe, and which plan it is taken with: in words."""

from service.estimate.hardware import precision_used
from service.estimate.own_plan import PlanTaken
from service.estimate.plausibility import Doubt, Limit, Slip, board_source
from service.facts import Gpu, MeasuredRun
from service.reports.words.wording import Wording


def limit_sentence(w: Wording, limit: Limit, run: MeasuredRun, gpu: Gpu) -> str:
    """The most that a machine can do, with unit and source, beside what was told."""
    count = run.gpu_count or 1
    device = gpu.name if count == 1 else f"{count} x {gpu.name}"
    source = board_source(gpu, limit.field)
    if limit.field == "peak_memory_gib":
        return w.say(
            "more than the {most} GiB of one {device} ({source})",
            most=w.stated(limit.most), device=gpu.name, source=source,
        )  # fmt: skip
    if limit.field == "gpu_watts":
        return w.say(
            "more than {most} W, 1.4 times the board power of one {device} ({source})",
            most=w.whole(limit.most), device=gpu.name, source=source,
        )  # fmt: skip
    return w.say(
        "{device} can do at most {most} tokens/s of this run: {count} x {peak} TFLOP/s dense in {precision}, "
        "from SMs and clock ({source}), over {flops} GFLOP per token; it takes {least} such GPUs at least: "
        "check --gpu-count, --gpu, --workload and the unit",
        least=w.number(limit.least_gpus or 0),
        device=device,
        most=w.number(limit.most),
        count=count,
        peak=w.rounded(limit.peak_tflops or 0.0),
        precision=precision_used(gpu, run.precision or "bf16").upper(),
        source=source,
        flops=w.rounded((limit.flops_per_token or 0.0) / 1e9),
    )


def doubt_sentence(w: Wording, doubt: Doubt) -> str:
    """The interval a measurement is outside of, and what would explain it."""
    outside = _outside(w, doubt)
    if not doubt.slips:
        return outside + " " + w.say("None of the usual slips explains it.")
    named = "; ".join(slip_words(w, slip) for slip in doubt.slips)
    return outside + " " + w.say("It would be explained by: {slips}.", slips=named)


def steps_doubted(w: Wording, doubt: Doubt, count: int, of: int) -> str:
    """The interval that a probe's steps are outside of, how many are, what may be and how to keep them."""
    outside = _outside(w, doubt)
    how_many = w.say("{count} of {of} kinds of steps are.", count=w.number(count), of=w.number(of))
    why = w.say(
        "Was the card used otherwise, its power limited or its driver another? "
        "If it is right, say so with --yes."
    )
    return f"{outside} {how_many} {why}"


def _outside(w: Wording, doubt: Doubt) -> str:
    low, high = w.ends(doubt.low, doubt.high)
    return w.say(
        "outside the 98 % interval of what we believe of this run, {low} to {high} tokens/s.",
        low=low, high=high,
    )  # fmt: skip


def slip_words(w: Wording, slip: Slip) -> str:
    """One thing that would explain a measurement, with the speed it would mean."""
    speed, value = w.rounded(slip.tokens_per_s), slip.value
    one = value == "1"
    return {
        "gpu_count": w.say("1 GPU ({speed} tokens/s foreseen)", speed=speed)
        if one
        else w.say("{count} GPUs ({speed} tokens/s foreseen)", count=value, speed=speed),
        "workload": w.say("another model: {name} ({speed} tokens/s foreseen)", name=value, speed=speed),
        "milliseconds": w.say(
            "seconds taken for milliseconds: it would be {speed} tokens/s", speed=speed
        ),
        "seconds": w.say("milliseconds taken for seconds: it would be {speed} tokens/s", speed=speed),
        "batch_twice": w.say(
            "a batch counted {factor} times: it would be {speed} tokens/s", factor=value, speed=speed
        ),
        "batch_half": w.say(
            "a batch of which 1/{factor} was counted: it would be {speed} tokens/s", factor=value, speed=speed
        ),
        "accumulation": w.say(
            "one of {factor} accumulated micro-batches counted: it would be {speed} tokens/s",
            factor=value, speed=speed,
        ),
        "padding": w.say(
            "padding counted as tokens: {share} of them would be text",
            share=w.percent(float(value)) if slip.code == "padding" else "",
        ),
        "checkpointing": w.say("full activation checkpointing ({speed} tokens/s foreseen)", speed=speed),
        "no_checkpointing": w.say("no activation checkpointing ({speed} tokens/s foreseen)", speed=speed),
        "offload": w.say("weights and optimizer in host memory ({speed} tokens/s foreseen)", speed=speed),
        "no_offload": w.say("nothing in host memory ({speed} tokens/s foreseen)", speed=speed),
        "engine": w.say("another engine: {name} ({speed} tokens/s foreseen)", name=value, speed=speed),
    }[slip.code]  # fmt: skip


def plan_sentence(w: Wording, plan: PlanTaken) -> str:
    """With which plan a run is taken whose published one cannot have fitted."""
    parts = [w.say("micro-batch {count}", count=plan.micro_batch)]
    if plan.checkpointed_layers:
        layers = f"{plan.checkpointed_layers}/{plan.n_layers}"
        parts.append(w.say("activation checkpointing in {after} layers", after=layers))
    if plan.optimizer_bits:
        parts.append(w.say("8-bit optimizer states"))
    if plan.offload != "none":
        placed = {
            "optimizer": w.say("optimizer on the host"),
            "gradients": w.say("optimizer and gradients on the host"),
            "optimizer+parameters": w.say("optimizer, gradients and weights on the host"),
        }
        parts.append(placed[plan.offload])
    if plan.chunked_cross_entropy:
        parts.append(w.say("cross entropy in chunks"))
    return w.say(
        "As published this run does not fit the card; it is taken as a comparison plans it: {parts}. "
        "If yours differs, say so with --checkpointing, --offload, --optimizer or --micro-batch.",
        parts=", ".join(parts),
    )
