"""Axolotl's YAML.

Keys, defaults and what contradicts what: axolotl-ai-cloud/axolotl src/axolotl/utils/schemas/: @002a637
training.py, config.py, @00564c8 peft.py, @70be546 config.py (sequence_len 512, bf16 auto, no checkpointing);
@1c14c4a examples/llama-3/qlora-fsdp-70b.yaml. Attention flags: enums.py. Rank and targets have no default:
without them @01883e3 loaders/adapter.py hands PEFT none (all read 2026-11-28).
Where no attention is asked for, transformers takes PyTorch's fused kernel.
"""

from collections.abc import Mapping

from service.errors import worded
from service.estimate.trainer_files.deepspeed import KEYS as DEEPSPEED_KEYS
from service.estimate.trainer_files.hugging_face import FSDP_KEYS, MOST_EPOCHS
from service.estimate.trainer_files.readers import (
    ALL_LINEAR,
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

FUSED_FLAGS = (
    "flash_attention", "sdp_attention", "flex_attention", "xformers_attention", "sage_attention",
)  # fmt: skip
CHECKPOINTED = {"true": "full", "unsloth": "full", "offload": "full", "false": "none"}
ON_HOST = {"true": None, "unsloth": True, "offload": True, "false": None}


def _check(flat: Mapping[str, object], found: Found) -> None:
    """Axolotl's own refusals of what cannot be together."""
    adapter = str(flat.get("adapter", "")).lower()
    if adapter == "qlora" and found.get("base_bits") != 4:
        raise refused("adapter", "qlora", worded("needs load_in_4bit: true"))
    if not found.get("adapter") and found.get("base_bits") in (4, 8):
        raise refused("load_in_4bit" if found["base_bits"] == 4 else "load_in_8bit", True,
                      worded("needs an adapter"),
                      ("adapter: qlora", "adapter: lora"))  # fmt: skip
    if "batch_size" in flat and "gradient_accumulation_steps" in flat:
        raise refused(
            "batch_size",
            flat["batch_size"],
            worded("contradicts gradient_accumulation_steps; keep one of the two"),
        )
    if found.get("packing") and found.get("attention") == "naive":
        raise refused(
            "sample_packing", True, worded("needs a fused attention"), ("flash_attention", "sdp_attention")
        )
    if found.get("precision") == "tf32" and _is_bf16(flat):
        del found["precision"]


def _is_bf16(flat: Mapping[str, object]) -> bool:
    """Whether BF16 is on where nothing else is asked for: it is auto, unless it is said to be off."""
    return str(flat.get("bf16", "auto")).strip().lower() not in ("false", "no", "off")


def _usual_beside(flat: Mapping[str, object], found: Found) -> Found:
    precision = found.get("precision") or ("bf16" if _is_bf16(flat) else "fp32")
    usual: Found = {"precision": precision} | ({"epochs": None} if found.get("max_steps") else {})
    if found.get("adapter"):
        return usual | {"base_bits": 16, "dora": False}
    return usual | {"adapter": False} | ({"weight_bits": 16} if precision in ("bf16", "fp16") else {})


AXOLOTL = TrainerTable(
    slug="axolotl",
    name="Axolotl",
    marks=frozenset({
        "base_model", "sequence_len", "micro_batch_size", "sample_packing", "lora_target_linear",
        "num_epochs", "pad_to_sequence_len", "val_set_size", "flash_attention", "adapter",
        "dataset_prepared_path", "datasets", "train_on_inputs", "special_tokens", "lora_model_dir",
    }),
    keys=(
        Key("base_model", "base_model", name),
        Key("adapter", "adapter", word_of({"lora": True, "qlora": True})),
        Key("load_in_4bit", "base_bits", when(4)),
        Key("load_in_8bit", "base_bits", when(8)),
        Key("gptq", "base_bits", when(4)),
        Key("peft.weight_dtype", "base_bits", word_of({"nf4": 4, "int4": 4, "int8": 8})),
        Key("lora_r", "lora_rank", whole(high=100_000)),
        Key("lora_target_modules", "lora_modules", modules, yields=True),
        Key("lora_target_linear", "lora_modules", when(ALL_LINEAR)),
        Key("lora_target_parameters", EXPERTS_PART, expert_tensors),
        Key("lora_modules_to_save", "trained_beside", beside),
        Key("peft_use_dora", "dora", truth),
        Key("sequence_len", "seq_len", whole(high=10_000_000)),
        Key("sample_packing", "packing", truth),
        Key("pad_to_sequence_len", "pads_to_seq_len", truth),
        Key("micro_batch_size", "micro_batch", whole(high=100_000)),
        Key("gradient_accumulation_steps", "accumulation", whole(high=1_000_000)),
        Key("batch_size", "batch_sequences", whole(high=10**9)),
        Key("num_epochs", "epochs", positive(MOST_EPOCHS)),
        Key("max_steps", "max_steps", whole(nothing=-1)),
        Key("optimizer", "optimizer", optimizer),
        Key("optimizer", "optimizer_bits", optimizer_bits),
        Key("optimizer", "optimizer_paged", optimizer_paged),
        Key("bf16", "precision", auto_is_yes("bf16")),
        Key("bfloat16", "precision", when("bf16")),
        Key("fp16", "precision", when("fp16")),
        Key("float16", "precision", when("fp16")),
        Key("fp8", "precision", when("fp8"), yields=True),
        Key("tf32", "precision", when("tf32"), yields=True),
        Key("gradient_checkpointing", "checkpointing", word_of(CHECKPOINTED)),
        Key("gradient_checkpointing", "activations_on_host", word_of(ON_HOST)),
        Key("activation_offloading", "activations_on_host", truth),
        Key("attn_implementation", "attention", attention),
        Key("attention", "attention", attention),
        *(
            Key(flag, "attention", when("flash"))
            for flag in FUSED_FLAGS
        ),
        Key("eager_attention", "attention", when("naive"), yields=True),
        *(
            Key(flag, "chunked_loss", when(True))
            for flag in ("liger_fused_linear_cross_entropy", "cut_cross_entropy", "chunked_cross_entropy")
        ),
        Key("torch_compile", "compiled", auto_is_yes(True)),
        Key("fsdp_version", "sharding", word_of({"1": "fsdp", "2": "fsdp"}), yields=True),
        *FSDP_KEYS,
        *DEEPSPEED_KEYS,
    ),
    usual={
        "seq_len": 512, "packing": False, "micro_batch": 1, "accumulation": 1, "epochs": 1.0,
        "optimizer": "adamw", "optimizer_bits": 32, "checkpointing": "none", "attention": "flash",
        "sharding": "ddp", "compiled": False, "chunked_loss": False,
    },
    defaults_from=defaults_of(
        "axolotl",
        "Axolotl",
        "https://github.com/axolotl-ai-cloud/axolotl/tree/002a637/src/axolotl/utils/schemas",
    ),
    check=_check,
    usual_beside=_usual_beside,
    refused={
        "rl": (frozenset({"false", "none"}), worded("preference training or reinforcement learning")),
        "reward_model": (frozenset({"false"}), worded("a reward model")),
        "process_reward_model": (frozenset({"false"}), worded("a reward model")),
    },
    uncounted=frozenset({
        "sequence_parallel_degree", "tensor_parallel_size", "context_parallel_size", "unfrozen_parameters",
        "relora", "relora_steps", "peft_layers_to_transform", "lisa_n_layers", "val_set_size",
        "evals_per_epoch", "eval_steps", "auto_find_batch_size", "s2_attention",
    }),
)  # fmt: skip
