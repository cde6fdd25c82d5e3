"""torchtune's YAML.

pytorch/torchtune recipes/configs/llama3_1/: @0b3e04a 8B_qlora_single_device.yaml, @02d7035
8B_full_single_device.yaml, @0502cc5 70B_lora.yaml; @0097ada recipes/lora_finetune_single_device.py (passes
of a step have no default); @1934adb torchtune/models/llama3_1/_model_builders.py (rank 8, without the MLP).
Read 2026-11-28. Over several GPUs its recipes are FSDP; on one that makes no difference.
"""

import re
from collections.abc import Mapping

from service.errors import worded
from service.estimate.block_matrices import OF_TRAINERS
from service.estimate.trainer_files.hugging_face import MOST_EPOCHS
from service.estimate.trainer_files.readers import (
    ALL_LINEAR,
    MODULES,
    modules,
    name,
    optimizer,
    optimizer_bits,
    optimizer_paged,
    positive,
    refused,
    truth,
    when,
    whole,
    word_of,
)  # fmt: skip
from service.estimate.trainer_files.settings import defaults_of
from service.estimate.trainer_files.table import Found, Key, TrainerTable

ADAPTERS = re.compile(r"^(q?lora|q?dora)_")
ATTENTION, MLP = MODULES[:4], MODULES[4:]
ATTENTION_PART, MLP_PART, OUTPUT_PART = "lora_modules.attention", "lora_modules.mlp", "lora_modules.output"
LOSSES = {
    "linearcrossentropyloss": True,
    "ligerlinearcrossentropy": True,
    "cewithchunkedoutputloss": False,
    "crossentropyloss": False,
}
"""CEWithChunkedOutputLoss raises the logits to FP32 by pieces, and keeps them whole in 16 bits."""


def _builder(key: str, value: object) -> str:
    return name(key, value).rpartition(".")[2]


def _model(key: str, value: object) -> str:
    """torchtune.models.llama3_1.qlora_llama3_1_8b -> llama3.1-8b"""
    plain = ADAPTERS.sub("", _builder(key, value))
    return re.sub(r"(?<=\d)_(?=\d+(?:_|$))", ".", plain).replace("_", "-")


def _adapter(key: str, value: object) -> bool:
    return ADAPTERS.match(_builder(key, value)) is not None


def _base_bits(key: str, value: object) -> int | None:
    return 4 if _builder(key, value).startswith(("qlora_", "qdora_")) else None


def _loss(key: str, value: object) -> object:
    return word_of(LOSSES)(key, _builder(key, value))


def _check(flat: Mapping[str, object], found: Found) -> None:
    """Puts the matrices with adapters together; optimizer_in_bwd asks for a step per pass."""
    attention, mlp, output = (found.pop(part, None) for part in (ATTENTION_PART, MLP_PART, OUTPUT_PART))
    if found.get("adapter") and (attention or mlp or output):
        chosen = {*(MLP if mlp else ()), *(("lm_head",) if output else ())}
        if isinstance(attention, tuple):
            chosen.update(
                ATTENTION if attention == ALL_LINEAR else (OF_TRAINERS.get(m, m) for m in attention)
            )
        linear = ALL_LINEAR if set(MODULES) <= chosen else tuple(m for m in MODULES if m in chosen)
        found["lora_modules"] = (*linear, *(m for m in ("lm_head",) if m in chosen))
    steps = found.get("accumulation")
    if found.get("gradient_release") and steps not in (None, 1):
        raise refused(
            "optimizer_in_bwd",
            True,
            worded("contradicts gradient_accumulation_steps = {steps}; it needs 1", steps=steps),
        )


def _usual_beside(flat: Mapping[str, object], found: Found) -> Found:
    if not found.get("adapter"):
        return {"weight_bits": 16} if found.get("precision") == "bf16" else {}
    return {"base_bits": 16, "lora_rank": 8, "dora": False}


TORCHTUNE = TrainerTable(
    slug="torchtune",
    name="torchtune",
    marks=frozenset({
        "model._component_", "tokenizer._component_", "optimizer._component_", "loss._component_",
        "checkpointer._component_", "dataset._component_", "enable_activation_checkpointing",
        "max_steps_per_epoch",
    }),
    keys=(
        Key("model._component_", "base_model", _model),
        Key("model._component_", "adapter", _adapter),
        Key("model._component_", "base_bits", _base_bits),
        Key("model.quantize_base", "base_bits", when(4)),
        Key("model.lora_attn_modules", ATTENTION_PART, modules),
        Key("model.apply_lora_to_mlp", MLP_PART, truth),
        Key("model.apply_lora_to_output", OUTPUT_PART, truth),
        Key("model.lora_rank", "lora_rank", whole(high=100_000)),
        Key("model.use_dora", "dora", truth),
        Key("tokenizer.max_seq_len", "seq_len", whole(high=10_000_000)),
        Key("dataset.packed", "packing", truth),
        Key("batch_size", "micro_batch", whole(high=100_000)),
        Key("gradient_accumulation_steps", "accumulation", whole(high=1_000_000)),
        Key("epochs", "epochs", positive(MOST_EPOCHS)),
        Key("max_steps_per_epoch", "steps_per_epoch", whole()),
        Key("optimizer._component_", "optimizer", optimizer),
        Key("optimizer._component_", "optimizer_bits", optimizer_bits),
        Key("optimizer._component_", "optimizer_paged", optimizer_paged),
        Key("optimizer_in_bwd", "gradient_release", truth),
        Key("loss._component_", "chunked_loss", _loss),
        Key("dtype", "precision", word_of({"bf16": "bf16", "fp32": "fp32", "fp16": "fp16"})),
        Key("enable_fp8_training", "precision", when("fp8"), yields=True),
        Key("enable_activation_checkpointing", "checkpointing", when("full", "none")),
        Key("ac_mode", "checkpointing", word_of({"full": "full", "selective": "selective"}), yields=True),
        Key("enable_activation_offloading", "activations_on_host", truth),
        Key("fsdp_cpu_offload", "parameters_on_host", truth),
        Key("fsdp_cpu_offload", "optimizer_on_host", truth),
        Key("compile", "compiled", truth),
    ),
    usual={
        "packing": False, "attention": "flash", "sharding": "fsdp", "compiled": False,
        "gradient_release": False, "checkpointing": "none",
    },
    defaults_from=defaults_of(
        "torchtune",
        "torchtune",
        "https://github.com/pytorch/torchtune/blob/1934adb/torchtune/models/llama3_1/_model_builders.py",
    ),
    check=_check,
    usual_beside=_usual_beside,
    uncounted=frozenset({"tensor_parallel_dim", "context_parallel_dim", "data_parallel_replicate_dim",
                         "custom_sharded_layers", "num_output_chunks", "run_val_every_n_steps"}),
)  # fmt: skip
