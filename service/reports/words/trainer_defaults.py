"""What a trainer does where its file says nothing, in words: a phrase for each field of `Settings`."""

from service.reports.words.wording import Wording


def in_words(w: Wording, meaning: str, value: str) -> str:
    """One default as a person says it: whole logits, no torch.compile, DDP."""
    if value in ("true", "false") and meaning in (said := _either_way(w)):
        return said[meaning][value == "false"]
    if meaning == "attention":
        return w.say("fused attention") if value == "flash" else w.say("attention that stores its scores")
    if meaning == "checkpointing":
        return {
            "none": w.say("no activation checkpointing"),
            "selective": w.say("selective activation checkpointing"),
        }.get(value, w.say("full activation checkpointing"))
    if meaning in ("sharding", "precision"):
        return value.upper()
    phrase = _amounts(w).get(meaning)
    return value if phrase is None else phrase.replace("#", value)


def _either_way(w: Wording) -> dict[str, tuple[str, str]]:
    """Of what is on or off: the phrase for on, the phrase for off."""
    return {
        "adapter": (w.say("adapters"), w.say("every weight trained")),
        "dora": ("DoRA", w.say("no DoRA")),
        "packing": (w.say("packed"), w.say("not packed")),
        "pads_to_seq_len": (w.say("padded to the full length"), w.say("padded to the longest example")),
        "optimizer_paged": (w.say("paged states"), w.say("states not paged")),
        "gradient_release": (w.say("step within the backward pass"), w.say("gradients kept until the step")),
        "activations_on_host": (w.say("activations in host memory"), w.say("activations on the GPU")),
        "optimizer_on_host": (w.say("optimizer in host memory"), w.say("optimizer on the GPU")),
        "parameters_on_host": (w.say("parameters in host memory"), w.say("parameters on the GPU")),
        "chunked_loss": (w.say("cross entropy in chunks"), w.say("whole logits stored")),
        "compiled": ("torch.compile", w.say("no torch.compile")),
    }


def _amounts(w: Wording) -> dict[str, str]:
    """Of what has a number or a name, which stands for #."""
    return {
        "base_bits": w.say("frozen weights of # bits"),
        "lora_rank": w.say("rank #"),
        "lora_modules": w.say("adapters on #"),
        "trained_beside": w.say("trained in full beside: #"),
        "seq_len": w.say("at most # tokens a sequence"),
        "micro_batch": w.say("micro-batch #"),
        "accumulation": w.say("gradient accumulation #"),
        "batch_sequences": w.say("# sequences a step"),
        "examples": w.say("examples: #"),
        "epochs": w.say("epochs: #"),
        "max_steps": w.say("steps: #"),
        "steps_per_epoch": w.say("steps an epoch: #"),
        "weight_bits": w.say("trained weights of # bits"),
        "optimizer": w.say("optimizer #"),
        "optimizer_bits": w.say("optimizer states of # bits"),
    }
