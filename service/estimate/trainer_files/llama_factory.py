"""LLaMA-Factory's YAML, or the same as JSON: its own keys beside Hugging Face's TrainingArguments.

hiyouga/LLaMA-Factory src/llamafactory/hparams/: @00577a8 finetuning_args.py, model_args.py, @072bfe2
data_args.py, parser.py (stage pt packs unless told otherwise); trained weights are raised to FP32 under mixed
precision unless pure_bf16 (model/adapter.py). Read 2026-11-28.
"""

from collections.abc import Mapping

from service.errors import worded
from service.estimate.trainer_files.hugging_face import SHARED_KEYS, UNCOUNTED, USUAL
from service.estimate.trainer_files.readers import (
    attention,
    beside,
    modules,
    name,
    refused,
    truth,
    when,
    whole,
    word_of,
)  # fmt: skip
from service.estimate.trainer_files.settings import defaults_of
from service.estimate.trainer_files.table import Found, Key, TrainerTable


def _check(flat: Mapping[str, object], found: Found) -> None:
    """max_samples are those of every data set."""
    if isinstance(most := found.get("examples"), int):
        data_sets = flat.get("dataset")
        found["examples"] = most * (
            len(data_sets) if isinstance(data_sets, list) else str(data_sets).count(",") + 1
        )
    if found.get("weight_bits") == 16 and found.get("precision") == "fp16":
        raise refused("pure_bf16", True, worded("contradicts fp16 = true; keep one of the two"))
    if found.get("base_bits") in (4, 8) and found.get("adapter") is False:
        raise refused(
            "quantization_bit",
            flat.get("quantization_bit"),
            worded("contradicts finetuning_type = full"),
            ("lora",),
        )


def _usual_beside(flat: Mapping[str, object], found: Found) -> Found:
    usual: Found = {"packing": str(flat.get("stage")).lower() == "pt"}
    usual |= {"epochs": None} if found.get("max_steps") else {}
    if found.get("adapter") is False:
        mixed = found.get("precision") and found.get("sharding") != "fsdp"
        return usual | ({"weight_bits": 32} if mixed else {})
    return usual | {
        "adapter": True,
        "lora_rank": 8,
        "lora_modules": ("all-linear",),
        "base_bits": 16,
        "dora": False,
    }


LLAMA_FACTORY = TrainerTable(
    slug="llama-factory",
    name="LLaMA-Factory",
    marks=frozenset({
        "finetuning_type", "cutoff_len", "lora_target", "lora_rank", "stage", "template", "quantization_bit",
        "flash_attn", "dataset_dir", "enable_liger_kernel", "overwrite_cache", "preprocessing_num_workers",
        "disable_gradient_checkpointing", "max_samples", "neat_packing", "plot_loss",
    }),
    keys=(
        Key("model_name_or_path", "base_model", name),
        Key("finetuning_type", "adapter", word_of({"lora": True, "full": False})),
        Key("quantization_bit", "base_bits", word_of({"4": 4, "8": 8})),
        Key("lora_rank", "lora_rank", whole(high=100_000)),
        Key("lora_target", "lora_modules", modules),
        Key("additional_target", "trained_beside", beside),
        Key("use_dora", "dora", truth),
        Key("cutoff_len", "seq_len", whole(high=10_000_000)),
        Key("packing", "packing", truth),
        Key("neat_packing", "packing", when(True)),
        Key("max_samples", "examples", whole()),
        Key("pure_bf16", "precision", when("bf16"), yields=True),
        Key("pure_bf16", "weight_bits", when(16)),
        Key("fp8", "precision", when("fp8"), yields=True),
        Key("disable_gradient_checkpointing", "checkpointing", when("none", "full")),
        Key("use_unsloth_gc", "activations_on_host", when(True)),
        Key("flash_attn", "attention", attention),
        Key("enable_liger_kernel", "chunked_loss", truth),
        Key("use_unsloth", "compiled", when(True)),
        *SHARED_KEYS,
    ),
    usual={**USUAL, "seq_len": 2048, "checkpointing": "full"},
    defaults_from=defaults_of(
        "llama-factory",
        "LLaMA-Factory",
        "https://github.com/hiyouga/LLaMA-Factory/tree/00577a8/src/llamafactory/hparams",
    ),
    check=_check,
    usual_beside=_usual_beside,
    refused={"stage": (frozenset({"sft", "pt"}), worded("preference training or reinforcement learning")),
             "use_galore": (frozenset({"false"}), worded("GaLore")),
             "use_apollo": (frozenset({"false"}), worded("APOLLO")),
             "use_badam": (frozenset({"false"}), worded("BAdam")),
             "mixture_of_depths": (frozenset(), worded("a mixture of depths"))},
    uncounted=UNCOUNTED | {"use_llama_pro", "shift_attn", "interleave_probs", "resize_vocab"},
)  # fmt: skip
