"""A trainer's settings as the fine-tuning and the recipe that a question asks for."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from service.errors import InvalidValue, worded
from service.estimate.padding import expected_longest
from service.estimate.trainer_files.readers import MODULES
from service.estimate.trainer_files.settings import FIELD, Settings, Taken, TrainerFile
from service.facts import Optimizer

METHODS: Mapping[tuple[int, bool], str] = {
    (16, False): "lora", (16, True): "dora", (8, False): "lora-8bit", (4, False): "qlora",
}  # fmt: skip
"""By the bits of the frozen base, and whether adapters are DoRA's."""
OPTIMIZERS: Mapping[Optimizer, str] = {
    "adamw": "adamw", "adafactor": "adafactor", "lion": "lion", "sgd": "sgd", "muon+adamw": "muon",
}  # fmt: skip
CODE_BASES = {name: name for name in ("torchtune", "llama-factory", "unsloth")}
"""Whose habits are known."""
FIELD_OF: Mapping[str, str] = {
    "adapter": "method", "base_bits": "method", "dora": "method", "lora_modules": "lora_targets",
    "trained_beside": "modules_to_save", "packing": "pack", "seq_len": "max_length",
    "pads_to_seq_len": "pad_to_max", "micro_batch": "per_device_batch",
    "accumulation": "accumulate", "batch_sequences": "accumulate", "optimizer_bits": "optimizer",
    "optimizer_paged": "optimizer", "max_steps": "epochs", "steps_per_epoch": "epochs", "compiled": "engine",
    "chunked_loss": "chunked_cross_entropy", "weight_bits": "weight_bytes",
}  # fmt: skip
"""Where a fine-tuning or a recipe calls a setting by another name."""
NOISE = frozenset({
    "instruct", "it", "pt", "base", "chat", "hf", "bnb", "4bit", "8bit", "unsloth", "gptq", "awq", "gguf",
    "fp16", "bf16", "dynamic", "meta", "thinking", "int4",
})  # fmt: skip
"""Words of a checkpoint's name that leave its model's shape as it is."""
DATED = re.compile(r"2[3-9](0[1-9]|1[0-2])|v\d(\.\d)?")


def fine_tuning_of(said: Settings, examples: int | None, mean_tokens: float | None) -> dict[str, object]:
    """Fields of a fine-tuning that the file says, by name; the data set's as far as a person told them.

    A number of steps becomes epochs of the examples; without a number of examples, as many as the steps need.
    """
    fields: dict[str, object] = {
        "method": method_of(said),
        "lora_rank": said.lora_rank,
        "lora_targets": targets_of(said.lora_modules) if said.lora_modules else None,
        "modules_to_save": ",".join(said.trained_beside) if said.trained_beside else None,
        "pack": said.packing,
        "max_length": said.seq_len,
        "pad_to_max": said.pads_to_seq_len,
        "per_device_batch": said.micro_batch,
        "accumulate": _accumulate(said),
        "optimizer": _optimizer(said),
        "checkpointing": said.checkpointing,
        "epochs": said.epochs,
        "examples": min(filter(None, (examples, said.examples)), default=None) if examples else None,
        "mean_tokens": mean_tokens,
    }
    if said.adapter is False:
        fields |= {"lora_rank": None, "lora_targets": None, "modules_to_save": None}
    fields |= _as_epochs(said, fields)
    return {name: value for name, value in fields.items() if value is not None}


def recipe_of_file(file: TrainerFile) -> dict[str, object]:
    """Fields of a recipe that the file says and a fine-tuning does not."""
    said = file.settings
    width = {32: 4, 16: 2}.get(said.weight_bits or 0) if said.adapter is False else None
    deepspeed = any(one.key.startswith("deepspeed") for one in file.taken)
    loop = "loop" if file.trainer == "torchtune" else "hf-trainer"
    place = {(True, None): "host", (True, True): "host+parameters", (None, True): "host+parameters"}.get(
        (said.optimizer_on_host or None, said.parameters_on_host or None)
    )
    fields: dict[str, object] = {
        "precision": said.precision,
        "attention": said.attention,
        "sharding": said.sharding,
        "chunked_cross_entropy": said.chunked_loss,
        "engine": None if said.compiled is None else ("torch-compile" if said.compiled else "torch-eager"),
        "activations_on_host": said.activations_on_host,
        "gradient_release": said.gradient_release,
        "weight_bytes": width,
        "embedding_bytes": width,
        "state_bytes": 1 if (said.optimizer, said.optimizer_bits) == ("lion", 8) else width,
        "optimizer_placement": place,
        "trainer": "deepspeed" if deepspeed else loop,
        "code_base": CODE_BASES.get(file.trainer),
    }
    return {name: value for name, value in fields.items() if value is not None}


def supplied_by_trainer(file: TrainerFile, examples: int | None, mean_tokens: float | None) -> frozenset[str]:
    """Fields of the fine-tuning and the recipe that are so because the trainer has it so, not the file.

    A number of steps in the file says how long is trained, whatever it comes to in epochs.
    """
    alone = replace(file, settings=file.said)
    whole = fine_tuning_of(file.settings, examples, mean_tokens) | recipe_of_file(file)
    by_keys = fine_tuning_of(file.said, examples, mean_tokens) | recipe_of_file(alone)
    supplied = {name for name, value in whole.items() if by_keys.get(name) != value}
    said = file.said
    if any(one is not None for one in (said.epochs, said.max_steps, said.steps_per_epoch)):
        supplied.discard("epochs")
    return frozenset(supplied - {"examples", "mean_tokens"})


def method_of(said: Settings) -> str | None:
    """What is trained; None where neither the file nor its trainer says."""
    if said.adapter is None:
        return None
    return METHODS[said.base_bits or 16, bool(said.dora)] if said.adapter else "full"


def targets_of(modules: tuple[str, ...]) -> str:
    """The names as they are asked for; a word where it means the same matrices of Llama's block."""
    words = {frozenset(MODULES[:4]): "attention", frozenset(MODULES[:3:2]): "query-value"}
    return words.get(frozenset(modules)) or ",".join(modules)


def accounted(file: TrainerFile) -> TrainerFile:
    """The file with what our estimate makes of its settings: targets as counted."""
    said = file.settings
    return replace(
        file,
        taken=tuple(_as_counted(one, said) for one in file.taken),
        usual=tuple(_as_counted(one, said) for one in file.usual),
    )


def names_of_base(name: str) -> Iterator[str]:
    """What a catalog may call a checkpoint's model, the surest first.

    "unsloth/Qwen3-8B-unsloth-bnb-4bit" -> "Qwen3-8B-unsloth-bnb-4bit", then "Qwen3-8B".
    """
    last = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1]
    yield last
    words = [word for word in re.split(r"[-_ ]", last) if word.lower() not in NOISE]
    yield "-".join(words)
    yield "-".join(word for word in words if not DATED.fullmatch(word.lower()))


def _as_counted(one: Taken, said: Settings) -> Taken:
    """Targets as the set that is counted; a key that only adds to them keeps its own word."""
    if one.meaning != "lora_modules" or not said.lora_modules or one.taken_as in ("true", "false"):
        return one
    return replace(one, taken_as=targets_of(said.lora_modules))


def _accumulate(said: Settings) -> int | None:
    """Forward passes of one GPU per step; of a batch over all GPUs as many as one GPU needs."""
    if said.accumulation is not None or said.batch_sequences is None:
        return said.accumulation
    if said.micro_batch is None:
        return None
    if said.batch_sequences % said.micro_batch:
        reason = worded("is no multiple of {micro_batch} sequences per GPU", micro_batch=said.micro_batch)
        raise InvalidValue(f"{FIELD}.batch_size", said.batch_sequences, reason)
    return said.batch_sequences // said.micro_batch


def _optimizer(said: Settings) -> str | None:
    if said.optimizer == "adamw" and said.optimizer_bits == 8:
        return "paged-adamw-8bit" if said.optimizer_paged else "adamw-8bit"
    return OPTIMIZERS[said.optimizer] if said.optimizer else None


def _as_epochs(said: Settings, fields: Mapping[str, object]) -> dict[str, object]:
    """Epochs and examples of a run that is said by its steps, with the sequences of one GPU's step."""
    steps = said.max_steps
    examples, mean, length = fields["examples"], fields["mean_tokens"], said.seq_len
    sequences = (said.micro_batch or 1) * (_accumulate(said) or 1)
    per_row = 1.0
    if said.packing and length and isinstance(mean, int | float):
        per_row = length / expected_longest(float(mean), length, 1)
    in_epoch = math.ceil(examples / per_row / sequences) if isinstance(examples, int) else None
    if steps is None and said.steps_per_epoch is not None:
        if in_epoch is not None and in_epoch <= said.steps_per_epoch:
            return {}
        steps = max(1, math.floor(said.steps_per_epoch * (said.epochs or 1)))
    if steps is None:
        return {}
    if in_epoch is None:
        return {"epochs": 1.0, "examples": math.ceil(steps * sequences * per_row)}
    return {"epochs": steps / in_epoch}
