"""A fine-tuning as people say it, as a run: tokens, steps, padding and batches from a data set."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from types import MappingProxyType

from service.answers.fine_tuning import AskedFineTune
from service.errors import InvalidValue, worded
from service.estimate.block_matrices import modules_saved
from service.estimate.padding import LEAST_SPREAD, MOST_SPREAD, computed_spread, expected_longest
from service.facts import Architecture, FineTuning, Recipe, Source, Workload, given_by_user
from service.usecases.custom_workload import assumed_recipe, check_adapters, check_positions, recipe_of

SEQUENCES_PER_STEP = 16
USUAL_MICRO_BATCH: Mapping[str, int] = MappingProxyType({"full": 1})
"""Of every other method 2; as in Axolotl's and Unsloth's examples."""
USUAL_LENGTH = 2048
"""Where examples are cut off, as Axolotl's and Unsloth's examples do; twice the mean where that is more."""
LARGEST_TOKENS = 10**15
SPREADS = (LEAST_SPREAD, MOST_SPREAD)
TITLES: Mapping[str, str] = MappingProxyType(
    {"full": "full fine-tuning", "lora": "LoRA", "lora-8bit": "LoRA, 8 bit", "qlora": "QLoRA", "dora": "DoRA"}
)
PLACED = MappingProxyType({"adamw-8bit": "8bit", "paged-adamw-8bit": "8bit-paged"})
NOTHING: Mapping[str, Source] = MappingProxyType({})
PACKED = ("bitsandbytes", "gptq", "awq")
METHOD_OF_BITS = {4: "qlora", 8: "lora-8bit"}
FOLLOWS: Mapping[str, str] = MappingProxyType(
    {
        "seq_len": "mean_tokens", "max_seq_len": "max_length", "global_batch_tokens": "accumulate",
        "micro_batch": "per_device_batch", "trained": "method", "decomposed": "method",
        "adapter_rank": "lora_rank", "adapter_targets": "lora_targets",
        "modules_to_save": "modules_to_save", "optimizer": "optimizer",
        "optimizer_placement": "optimizer", "checkpointing": "checkpointing",
    }
)  # fmt: skip
"""Fields of a recipe that a fine-tuning says itself, by the one that says it."""


def fine_tuned(
    model: str,
    architecture: Architecture,
    asked: AskedFineTune,
    *,
    recipe: Mapping[str, object],
    sources: Mapping[str, Source],
    today: date,
    from_file: Mapping[str, Source] = NOTHING,
) -> Workload:
    """The run that fine-tunes a model of this name; `sources` are those of its shape, `from_file` those of
    what a trainer's file or its trainer says, by field of the fine-tuning or the recipe.

    `recipe` is what is trained otherwise than usual, but for what the fine-tuning says itself (`FOLLOWS`).
    Steps are counted as Hugging Face's Trainer does, an epoch's last batch as a whole one. Raises
    InvalidValue naming the field.
    """
    for name in recipe:
        if name in FOLLOWS and not (name == "optimizer_placement" and str(recipe[name]).startswith("host")):
            raise InvalidValue(
                f"recipe.{name}",
                recipe[name],
                worded("follows from finetune.{follows}", follows=FOLLOWS[name]),
            )
    if asked.optimizer == "muon" and asked.method != "full":
        reason = worded("steps whole matrices, not adapters; with method full")
        raise InvalidValue("finetune.optimizer", asked.optimizer, reason, ["adamw", "adamw-8bit", "lion"])
    for name in ("lora_rank", "lora_targets", "modules_to_save"):
        if asked.method == "full" and getattr(asked, name) != AskedFineTune.model_fields[name].default:
            raise InvalidValue(
                f"finetune.{name}", getattr(asked, name), worded("is of adapters; full has none")
            )
    length = max_length(architecture, asked)
    micro_batch, sequences = batch_of(asked, rows_of(asked, length))
    data, mean_length, longest, steps = batches(asked, length, micro_batch, sequences)
    usual = _usual(asked, micro_batch, mean_length, sequences * mean_length)
    usual = replace(usual, max_seq_len=longest if longest > mean_length else None)
    trained = recipe_of(recipe, usual)
    check_positions(architecture, trained, "finetune.max_length")
    check_adapters(architecture, trained, "finetune.")
    tokens = steps * trained.global_batch_tokens
    if tokens > LARGEST_TOKENS:
        raise InvalidValue(
            "finetune.examples", asked.examples, worded("make more than 10^15 tokens with its epochs")
        )
    by_user = replace(given_by_user(today), read_on=today)
    # A kept question says all of its fields: what differs from the usual was said.
    said = {name for name, f in AskedFineTune.model_fields.items() if getattr(asked, name) != f.default}
    assumed = assumed_recipe(today)
    stated = {**sources, "tokens": by_user}
    stated["finetune.epochs"] = from_file.get("epochs", by_user if "epochs" in said else assumed)
    for field in fields(Recipe):
        name = field.name if field.name in recipe else FOLLOWS.get(field.name, field.name)
        told = field.name in recipe or name in said
        stated[f"recipe.{field.name}"] = from_file.get(name, by_user if told else assumed)
    title = f"{model}, {TITLES[asked.method]}"
    return Workload(
        slug="custom", name=title, family="custom", architecture=architecture, recipe=trained, tokens=tokens,
        sources=stated, kind="finetune", fine_tuning=data,
    )  # fmt: skip


def check_stored_bits(config: Mapping[str, object], method: str) -> None:
    """Raises InvalidValue where a config's weights lie in few bits and the fine-tuning asks for whole ones.

    FP8 and MXFP4 are left: they are unpacked for training.
    """
    stored = config.get("quantization_config")
    if not isinstance(stored, Mapping) or stored.get("quant_method") not in PACKED:
        return
    bits = 4 if stored.get("load_in_4bit") else 8 if stored.get("load_in_8bit") else stored.get("bits")
    needed = METHOD_OF_BITS.get(bits) if isinstance(bits, int) else None
    if needed and method != needed:
        reason = worded(
            "the config's weights are stored in {bits} bits (quantization_config); that is {needed}",
            bits=bits,
            needed=needed,
        )
        raise InvalidValue("finetune.method", method, reason, (needed,))


def max_length(architecture: Architecture, asked: AskedFineTune) -> int:
    """Tokens at which an example is cut off: as said, else as usual, within the model's positions."""
    if asked.max_length is not None:
        return asked.max_length
    usual = max(USUAL_LENGTH, 1 << math.ceil(math.log2(2 * asked.mean_tokens)))
    return min(usual, architecture.learned_positions or usual)


def rows_of(asked: AskedFineTune, length: int) -> int:
    """Sequences of an epoch: packed ones, or one an example."""
    if not asked.pack:
        return asked.examples
    return max(1, math.ceil(asked.examples * expected_longest(asked.mean_tokens, length, 1) / length))


def batch_of(asked: AskedFineTune, rows: int) -> tuple[int, int]:
    """Sequences of a forward pass of one GPU, and of a step; several GPUs share a step, so that what is
    learned stays the same. Neither takes more than an epoch has (`rows`)."""
    usual = USUAL_MICRO_BATCH.get(asked.method, 2)
    micro_batch = min(asked.per_device_batch or min(usual, SEQUENCES_PER_STEP), rows)
    accumulate = asked.accumulate or max(1, SEQUENCES_PER_STEP // micro_batch)
    return micro_batch, micro_batch * min(accumulate, math.ceil(rows / micro_batch))


def batches(
    asked: AskedFineTune, length: int, micro_batch: int, sequences: int
) -> tuple[FineTuning, int, int, int]:
    """The data set in batches: what becomes of it, a sequence's mean and greatest length [tokens], steps."""
    kept = expected_longest(asked.mean_tokens, length, 1)
    examples, rows = asked.examples, rows_of(asked, length)
    if asked.pack:
        mean_length = longest = float(length)
        padding, unlike, doubt = 0.0, [0.0, 0.0], (0.0, 0.0)
    else:
        doubt = computed_spread(asked.mean_tokens, length, min(micro_batch, examples))
        mean_length = expected_longest(asked.mean_tokens, length, min(micro_batch, examples))
        longest = expected_longest(asked.mean_tokens, length, examples)
        if asked.pad_to_max:
            mean_length = longest = float(length)
        padding = 1 - kept / mean_length
        unlike = [1 - _mean(asked, length, 1, s) / _mean(asked, length, micro_batch, s) for s in SPREADS]
        if asked.pad_to_max:
            unlike, doubt = [padding, padding], (0.0, 0.0)
    steps = math.ceil(asked.epochs * math.ceil(rows / sequences) - 1e-9)
    data = FineTuning(
        method=asked.method,
        examples=examples,
        epochs=asked.epochs,
        mean_tokens=asked.mean_tokens,
        max_length=length,
        packed=asked.pack,
        trained_tokens=examples * kept * asked.epochs,
        cut_share=1 - kept / asked.mean_tokens,
        padding_share=padding,
        padding_share_low=unlike[0],
        padding_share_high=unlike[1],
        computed_spread_down=doubt[0],
        computed_spread_up=doubt[1],
    )
    return data, math.ceil(mean_length), math.ceil(longest), max(1, steps)


def _mean(asked: AskedFineTune, length: int, micro_batch: int, spread: float) -> float:
    return expected_longest(asked.mean_tokens, length, min(micro_batch, asked.examples), spread)


def _usual(asked: AskedFineTune, micro_batch: int, seq_len: int, batch_tokens: int) -> Recipe:
    """What transformers' Trainer does where nobody says otherwise: eager PyTorch in BF16, fused attention,
    frozen weights as they are loaded, all of them in 16 bits where all are trained (Axolotl, torchtune)."""
    adapters = asked.method != "full"
    optimizer = {"muon": "muon+adamw"}.get(asked.optimizer, asked.optimizer)
    return Recipe(
        optimizer="adamw" if asked.optimizer in PLACED else optimizer,  # type: ignore[arg-type]
        precision="bf16",
        engine="torch-eager",
        attention="flash",
        seq_len=seq_len,
        global_batch_tokens=batch_tokens,
        micro_batch=micro_batch,
        sharding="ddp",
        checkpointing=asked.checkpointing,
        weight_bytes=2,
        state_bytes=2,
        embedding_bytes=2,
        optimizer_placement=PLACED.get(asked.optimizer, "gpu"),  # type: ignore[arg-type]
        trained="all" if not adapters else "qlora" if asked.method == "qlora" else "lora",
        adapter_rank=asked.lora_rank,
        adapter_targets=asked.lora_targets,
        modules_to_save=modules_saved(asked.modules_to_save, "finetune.modules_to_save"),
        frozen_weight_bytes=1.0 if asked.method == "lora-8bit" else None,
        decomposed=asked.method == "dora",
        trainer="hf-trainer",
    )
