"""What is told of a fine-tuning and of trials: the title of the run, padding, batches, what is assumed."""

from service.answers.answer import AnsweredFineTuning, AnsweredWorkload
from service.estimate.duration import DORA_TIME
from service.reports.words.wording import Wording


def titled(w: Wording, workload: AnsweredWorkload) -> AnsweredWorkload:
    """The run by what was asked: its name, the data set, how often."""
    data = workload.fine_tuning
    name = workload.name
    if data is not None and data.method == "full":
        name = name.replace("full fine-tuning", w.say("full fine-tuning"))
    if data is not None:
        examples = w.counted("{count} example", "{count} examples", data.examples)
        told = float(f"{data.epochs:.3g}")
        epochs = w.say("1 epoch") if told == 1 else w.say("{n} epochs", n=w.exact(told))
        name += f", {examples} × {epochs}"
    if workload.trials > 1:
        name += ", " + w.say("{n} runs", n=w.number(workload.trials))
    if workload.failed_runs:
        name += ", " + w.say("{share} of runs fail", share=w.percent(workload.failed_runs))
    return workload.model_copy(update={"name": name})


def fine_tuning_sentences(w: Wording, workload: AnsweredWorkload) -> list[str]:
    """What became of the data set, and what of it is assumed; how many runs are counted."""
    lines = [] if workload.fine_tuning is None else _data(w, workload, workload.fine_tuning)
    if workload.trials > 1:
        lines.append(
            w.say(
                "Hours, energy and money are those of all {trials} runs, one after another.",
                trials=w.number(workload.trials),
            )
        )
    if workload.failed_runs:
        lines.append(
            w.say(
                "Of all runs started {share} break off, on average halfway: their hours, energy and money "
                "are counted too.",
                share=w.percent(workload.failed_runs),
            )
        )
    return lines


def _adapters(w: Wording, data: AnsweredFineTuning) -> list[str]:
    """How much is trained, what of it in full, and whether experts are reached."""
    if data.adapter_targets is None or data.trained_parameters is None:
        return []
    said = [
        w.say(
            "{parameters} parameters are trained: adapters of rank {rank} on {targets}.",
            parameters=w.compact(data.trained_parameters),
            rank=w.number(data.adapter_rank or 0),
            targets=data.adapter_targets.replace(",", ", "),
        )
    ]
    if data.modules_to_save:
        said.append(
            w.say(
                "Trained in full beside them, each as a copy of its own: {names}.",
                names=data.modules_to_save.replace(",", ", "),
            )
        )
    if data.expert_adapters == "none":
        said.append(
            w.say(
                "Experts carry no adapter: since transformers 5 they are fused tensors, which PEFT adapts "
                "for names it knows of this kind of model or as target_parameters (--lora-targets "
                "experts.gate_up_proj,experts.down_proj)."
            )
        )
    if data.expert_adapters == "fused":
        said.append(
            w.say(
                "Every expert carries adapters, in the fused tensors of transformers 5; PEFT adds them up "
                "with the weights in every pass, which is left out of hours and memory."
            )
        )
    return said


def _data(w: Wording, workload: AnsweredWorkload, data: AnsweredFineTuning) -> list[str]:
    said = [
        w.counted(
            "{tokens} tokens of examples in {count} step of {sequences} sequences, {micro_batch} at a time.",
            "{tokens} tokens of examples in {count} steps of {sequences} sequences, {micro_batch} at a time.",
            workload.steps,
            tokens=w.compact(data.trained_tokens),
            sequences=w.number(data.sequences_per_step),
            micro_batch=w.number(data.micro_batch),
        )
    ]
    said += _adapters(w, data)
    if data.packed:
        said.append(
            w.say("Examples are packed into sequences of {length} tokens.", length=w.number(data.max_length))
        )
    elif data.padding_share:
        said.append(
            w.say(
                "{padding} of what is computed is padding: a micro-batch is as long as its longest example. "
                "The spread of lengths is assumed; with your data it may be {low} to {high}, which is part "
                "of the intervals of hours, energy and money. Packing (--pack) spares it. Memory is held for "
                "{length} tokens a sequence.",
                padding=w.percent(data.padding_share),
                low=w.percent(data.padding_share_low),
                high=w.percent(data.padding_share_high),
                length=w.number(data.longest_tokens),
            )
        )
    if data.cut_share >= 0.01:
        said.append(
            w.say(
                "About {share} of the tokens are cut off at {length} (--max-length).",
                share=w.percent(data.cut_share),
                length=w.number(data.max_length),
            )
        )
    if data.upcast_gib:
        said.append(
            w.say(
                "PEFT keeps embeddings and head in FP32 beside weights of few bits; a trainer that leaves "
                "them in 16 bits needs {gib} GiB less: --recipe code_base=unsloth (or torchtune).",
                gib=w.number(data.upcast_gib, 1),
            )
        )
    if data.method == "dora":
        said.append(
            w.say(
                "DoRA is counted as {factor} times LoRA's time, which was measured once (an 8B on an H200); "
                "the interval is wider for it.",
                factor=w.number(DORA_TIME, 2),
            )
        )
    return said
