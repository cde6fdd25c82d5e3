"""Hugging Face's TrainingArguments as JSON, PEFT's and TRL's keys, and what other trainers share of them.

TrainingArguments: huggingface/transformers@00349ae src/transformers/training_args.py.
SFTConfig, ModelConfig: huggingface/trl@016013e trl/trainer/sft_config.py (the loss in pieces, unless told
otherwise), @13e421b base_config.py (checkpointing, BF16), @040e32d model_config.py (rank 16).
LoraConfig: huggingface/peft@00a4d08 src/peft/tuners/lora/config.py (r 8), @00073fe src/peft/utils/
constants.py (where no targets are named, queries and values of Llama, Mistral, Qwen and Gemma; where one
matrix is queries, keys and values, as in GPT-2, that one; of phi the MLP too). All read 2026-11-28.
"""

from collections.abc import Mapping
from dataclasses import replace

from service.errors import worded
from service.estimate.trainer_files.deepspeed import KEYS as DEEPSPEED_KEYS
from service.estimate.trainer_files.readers import (
    attention,
    auto_is_yes,
    beside,
    expert_tensors,
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
from service.estimate.trainer_files.table import EXPERTS_PART, Found, Key, TrainerTable

MOST_EPOCHS = 100_000
STRATEGIES = {
    "full_shard": "fsdp", "hybrid_shard": "fsdp", "shard_grad_op": "zero-2", "hybrid_shard_zero2": "zero-2",
    "no_shard": "ddp", "1": "fsdp", "2": "zero-2", "3": "ddp", "4": "fsdp", "5": "zero-2",
}  # fmt: skip
LESS = {"auto_wrap", "offload"}
WIDTHS = {"bfloat16": 16, "float16": 16, "bf16": 16, "fp16": 16, "float32": 32, "fp32": 32, "auto": None}
QUERY_VALUE = ("query-value",)
PEFT_RANK = 8
TRL_RANK = 16
"""Of TRL's ModelConfig, whose keys these are."""
OF_MODEL_CONFIG = frozenset(
    {"use_peft", "lora_r", "lora_alpha", "lora_target_modules", "lora_modules_to_save"}
)


def fsdp(key: str, value: object) -> object:
    """How FSDP spreads a run: "full_shard auto_wrap offload", a list of the same words, or true."""
    if isinstance(value, bool):
        return "fsdp" if value else None
    words = [str(w).lower() for w in (value if isinstance(value, list) else str(value).split())]
    for word in words:
        if word not in STRATEGIES and word not in LESS:
            raise refused(key, word, worded("unknown"), (*list(STRATEGIES)[:5], *LESS))
    return next((STRATEGIES[word] for word in words if word in STRATEGIES), None)


def fsdp_offloads(key: str, value: object) -> bool | None:
    """Whether FSDP's words name offload."""
    words = value if isinstance(value, list) else str(value).split()
    return True if "offload" in [str(w).lower() for w in words] else None


FSDP_KEYS = (
    Key("fsdp", "sharding", fsdp),
    Key("fsdp", "optimizer_on_host", fsdp_offloads),
    Key("fsdp", "parameters_on_host", fsdp_offloads),
    *(
        Key(f"fsdp_config.{prefix}{word}", sets, reader)
        for prefix in ("", "fsdp_")
        for word, sets, reader in (
            ("sharding_strategy", "sharding", word_of(STRATEGIES)),
            ("reshard_after_forward", "sharding", when("fsdp", "zero-2")),
            ("offload_params", "parameters_on_host", when(True)),
            ("offload_params", "optimizer_on_host", when(True)),
            ("activation_checkpointing", "checkpointing", when("full")),
        )
    ),
)
SHARED_KEYS = (
    Key("per_device_train_batch_size", "micro_batch", whole(high=100_000)),
    Key("gradient_accumulation_steps", "accumulation", whole(high=1_000_000)),
    Key("num_train_epochs", "epochs", positive(MOST_EPOCHS)),
    Key("max_steps", "max_steps", whole(nothing=-1)),
    Key("optim", "optimizer", optimizer),
    Key("optim", "optimizer_bits", optimizer_bits),
    Key("optim", "optimizer_paged", optimizer_paged),
    Key("bf16", "precision", auto_is_yes("bf16")),
    Key("fp16", "precision", when("fp16")),
    Key("tf32", "precision", when("tf32"), yields=True),
    Key("torch_compile", "compiled", truth),
    Key("use_liger_kernel", "chunked_loss", truth),
    *FSDP_KEYS,
    *DEEPSPEED_KEYS,
)
"""Keys of TrainingArguments that LLaMA-Factory and Unsloth take over."""
ADAPTER_KEYS = (
    Key("model_name_or_path", "base_model", name),
    Key("base_model_name_or_path", "base_model", name),
    Key("use_peft", "adapter", truth),
    Key("peft_type", "adapter", word_of({"lora": True})),
    *(Key(word, "lora_rank", whole(high=100_000)) for word in ("r", "lora_r")),
    *(Key(word, "lora_modules", modules) for word in ("target_modules", "lora_target_modules")),
    Key("target_parameters", EXPERTS_PART, expert_tensors),
    *(Key(word, "trained_beside", beside) for word in ("modules_to_save", "lora_modules_to_save")),
    Key("use_dora", "dora", truth),
    Key("load_in_4bit", "base_bits", when(4)),
    Key("load_in_8bit", "base_bits", when(8)),
    Key("attn_implementation", "attention", attention),
    Key("use_flash_attention_2", "attention", when("flash")),
    *(Key(word, "weight_bits", word_of(WIDTHS)) for word in ("dtype", "torch_dtype")),
    Key("gradient_checkpointing", "checkpointing", when("full", "none")),
    Key("train_batch_size", "batch_sequences", whole(high=10**9)),
)
SEQUENCE_KEYS = (
    Key("max_length", "seq_len", whole(high=10_000_000)),
    Key("max_seq_length", "seq_len", whole(high=10_000_000)),
    Key("packing", "packing", truth),
    Key("loss_type", "chunked_loss", word_of({"chunked_nll": True, "nll": False, "dft": False})),
    Key("activation_offloading", "activations_on_host", truth),
)
USUAL: Mapping[str, object] = {
    "micro_batch": 8,
    "accumulation": 1,
    "epochs": 3.0,
    "optimizer": "adamw",
    "optimizer_bits": 32,
    "checkpointing": "none",
    "attention": "flash",
    "sharding": "ddp",
    "compiled": False,
    "chunked_loss": False,
}
EVALUATION = frozenset({"eval_strategy", "evaluation_strategy", "eval_steps", "val_size"})
UNCOUNTED = EVALUATION | {"auto_find_batch_size", "layers_to_transform", "neftune_noise_alpha"}
GROUPS = frozenset({
    "peft_config", "lora_config", "training_args", "training_arguments", "sft_config", "model_args",
    "args", "model_config", "bnb_config", "quantization_config", "model_init_kwargs", "from_pretrained",
    "get_peft_model",
})  # fmt: skip


def without_epochs(usual: Mapping[str, object], found: Found) -> Found:
    """No number of epochs beside a number of steps."""
    return {"epochs": None} if found.get("max_steps") else {}


def beside_adapters(found: Found) -> Found:
    """What PEFT does where its keys say nothing; a rank or targets speak for adapters."""
    said = found.get("adapter")
    if said is None and (found.get("lora_rank") or found.get("lora_modules")):
        said = True
    if not said:
        return {}
    return {
        "adapter": True,
        "lora_rank": PEFT_RANK,
        "lora_modules": QUERY_VALUE,
        "base_bits": 16,
        "dora": False,
    }


def _usual_beside(flat: Mapping[str, object], found: Found) -> Found:
    return {**beside_adapters(found), **without_epochs(USUAL, found)}


def _usual_beside_sft(flat: Mapping[str, object], found: Found) -> Found:
    usual = _usual_beside(flat, found) | {"precision": "bf16"}
    return usual | ({"lora_rank": TRL_RANK} if usual.get("adapter") and OF_MODEL_CONFIG & flat.keys() else {})


TRANSFORMERS = TrainerTable(
    slug="transformers",
    name="Hugging Face Trainer",
    marks=frozenset({
        "per_device_train_batch_size", "num_train_epochs", "optim", "per_device_eval_batch_size",
        "lr_scheduler_type", "peft_type", "target_modules", "base_model_name_or_path",
        "gradient_accumulation_steps", "output_dir",
    }),
    keys=(*SHARED_KEYS, *ADAPTER_KEYS, *SEQUENCE_KEYS),
    usual=USUAL,
    defaults_from=defaults_of(
        "transformers",
        "Hugging Face Trainer",
        "https://github.com/huggingface/transformers/blob/00349ae/src/transformers/training_args.py",
    ),
    usual_beside=_usual_beside,
    uncounted=UNCOUNTED,
    groups=GROUPS,
)  # fmt: skip
TRL = TrainerTable(
    slug="trl",
    name="TRL SFTTrainer",
    marks=frozenset({
        "max_length", "packing", "loss_type", "dataset_text_field", "completion_only_loss",
        "assistant_only_loss", "padding_free", "packing_strategy", "use_peft", "lora_r",
        "lora_target_modules", "eval_packing", "activation_offloading", "max_seq_length",
    }),
    keys=(
        *(replace(key, read=when(True)) if key.name == "use_liger_kernel" else key for key in SHARED_KEYS),
        *ADAPTER_KEYS,
        *(replace(key, yields=key.name == "loss_type") for key in SEQUENCE_KEYS),
    ),
    usual={**USUAL, "seq_len": 1024, "packing": False, "checkpointing": "full", "chunked_loss": True},
    defaults_from=defaults_of(
        "trl",
        "TRL SFTTrainer",
        "https://github.com/huggingface/trl/blob/016013e/trl/trainer/sft_config.py",
    ),
    usual_beside=_usual_beside_sft,
    uncounted=UNCOUNTED,
    groups=GROUPS,
)  # fmt: skip
