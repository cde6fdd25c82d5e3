"""What people hand to Unsloth, as JSON: from_pretrained, get_peft_model and the trainer's arguments, in one
object or one for each.

unslothai/unsloth unsloth/models/: @00060af llama.py: the fused loss in pieces (unsloth_fused_ce_loss); rank
16, every linear matrix, its own checkpointing, which keeps what layers pass on in host memory. @0050c73
loader.py: 4 bits and 2,048 tokens unless told otherwise; rl.py: what it makes of TRL's SFTConfig, 4 sequences
at a time, 2 passes a step, 8-bit AdamW (transformers' own TrainingArguments keep theirs). Read 2026-11-28.
"""

from collections.abc import Mapping

from service.errors import worded
from service.estimate.trainer_files.hugging_face import (
    ADAPTER_KEYS,
    GROUPS,
    SEQUENCE_KEYS,
    SHARED_KEYS,
    UNCOUNTED,
    USUAL,
)  # fmt: skip
from service.estimate.trainer_files.readers import ALL_LINEAR, name, refused, when, word_of
from service.estimate.trainer_files.settings import defaults_of
from service.estimate.trainer_files.table import Found, Key, TrainerTable

OWN = "use_gradient_checkpointing"
CHECKPOINTED = {"unsloth": "full", "true": "full", "false": "none"}
ON_HOST = {"unsloth": True, "true": False, "false": False}


def _check(flat: Mapping[str, object], found: Found) -> None:
    if found.get("adapter") is False and found.get("base_bits") in (4, 8):
        key = "load_in_4bit" if found["base_bits"] == 4 else "load_in_8bit"
        raise refused(key, True, worded("contradicts full_finetuning = true; keep one of the two"))


def _usual_beside(flat: Mapping[str, object], found: Found) -> Found:
    usual: Found = {"epochs": None} if found.get("max_steps") else {}
    if found.get("adapter") is False:
        return usual
    return usual | {
        "adapter": True,
        "base_bits": 4,
        "lora_rank": 16,
        "lora_modules": ALL_LINEAR,
        "dora": False,
    }


UNSLOTH = TrainerTable(
    slug="unsloth",
    name="Unsloth",
    marks=frozenset({
        OWN, "full_finetuning", "model_name", "fast_inference", "max_lora_rank", "loftq_config",
        "random_state", "use_rslora", "gpu_memory_utilization", "finetune_language_layers", "max_seq_length",
    }),
    keys=(
        Key("model_name", "base_model", name),
        Key("full_finetuning", "adapter", when(False)),
        Key("load_in_4bit", "base_bits", when(None, 16), yields=True),
        Key("load_in_16bit", "base_bits", when(16)),
        Key(OWN, "checkpointing", word_of(CHECKPOINTED)),
        Key(OWN, "activations_on_host", word_of(ON_HOST)),
        *SHARED_KEYS,
        *(key for key in (*ADAPTER_KEYS, *SEQUENCE_KEYS) if key.name != "gradient_checkpointing"),
    ),
    usual={
        **USUAL, "checkpointing": "full", "activations_on_host": True, "chunked_loss": True, "compiled": True,
        "packing": False, "seq_len": 2048, "micro_batch": 4, "accumulation": 2, "optimizer_bits": 8,
    },
    defaults_from=defaults_of(
        "unsloth", "Unsloth", "https://github.com/unslothai/unsloth/tree/0050c73/unsloth/models"
    ),
    check=_check,
    usual_beside=_usual_beside,
    uncounted=UNCOUNTED | {"fast_inference", "finetune_vision_layers"},
    groups=GROUPS | {"model", "peft", "lora", "training", "trainer"},
)  # fmt: skip
