"""Words that people use for how a run was trained, and ours for the same thing.

A table of published runs says "bf16-mixed", "FSDP2", "ZeRO-3 + offload" or "tp=8 pp=4". The first pattern
found in the word, in lower case, wins; a word that none fits is as good as no word.
"""

import re
from collections.abc import Sequence

Patterns = Sequence[tuple[str, str]]

PRECISIONS: Patterns = (
    (r"nf4|qlora", "nf4"),
    (r"fp8|e4m3|e5m2|float8|mxfp|nvfp4|fp4|int8|w8a8", "fp8"),
    (r"bf16|bfloat|^bf", "bf16"),
    (r"fp16|float16|half|^16", "fp16"),
    (r"mixed|^amp$", "bf16"),
    (r"tf32|tensorfloat", "tf32"),
    (r"fp32|float32|float|single|full|^32", "fp32"),
)
"""4-bit and 8-bit training is taken as FP8, the nearest there are measurements of. What keeps master
weights in FP32 but multiplies in 16 bits counts by its products: "fp32/bf16 mixed" is bf16."""
ENGINES: Patterns = (
    (r"eager|no[ -]?compile|uncompiled|without compil", "torch-eager"),
    (r"compile|inductor|dynamo|unsloth|\bxla\b|\bjax\b|maxtext|thunder", "torch-compile"),
    (r"native|cuda|c\+\+|^c$|rust|triton|llm\.[cq]", "native"),
    (r"torch|trainer|deepspeed|megatron|accelerate|lightning|fsdp|hugging|nemo|transformers|fabric|peft",
     "torch-eager"),
)  # fmt: skip
ATTENTION: Patterns = (
    (r"flash|sdpa|\bfa-?[234]|flex|xformers|mem.*eff|cudnn|fused|triton|scaled|ring|sage", "flash"),
    (r"naive|math|eager|manual|hand|standard|vanilla|no|unfused", "naive"),
)
CHECKPOINTING: Patterns = (
    (r"select|partial|\bsac\b|per-?op", "selective"),
    (r"^no|^false|^off|^0|without|disabled", "none"),
    (r"full|yes|true|^on|^1$|every|block|layer|recompute|checkpoint|ckpt|\bac\b", "full"),
)
PARALLELISM: Patterns = (
    (r"fsdp|hsdp|zero[ -]?(stage[ -]?)?3|stage[ -]?3|full(y)?[ _-]?shard|sharded", "fsdp"),
    (r"\b[tpc]p\b|\b[tp]p ?[=:x-]? ?\d|tensor|pipeline|3d|megatron|\bep\b", "fsdp"),
    (r"zero[ -]?(stage[ -]?)?2|stage[ -]?2|shard_grad_op|deepspeed", "zero-2"),
    (r"zero|stage[ -]?1|distributed[ _-]?opt", "zero-1"),
    (r"ddp|data|replicat|^dp|no_shard|nccl|mpi|horovod", "ddp"),
    (r"single|none|^no|1 ?gpu|^1$", "single"),
)
WORKLOADS: Patterns = (
    (r"qlora|4-?bit", "qlora"),
    (r"lora|adapter|peft", "lora"),
    (r"full.*tun|^sft|fine-?tun|dpo|instruct", "full-finetune"),
    (r"pre-?train|scratch|continued", "pretrain"),
)
MODEL_PARALLEL = re.compile(
    r"\b(?:tp|pp|tensor[ -]parallel(?:ism)?|pipeline[ -]parallel(?:ism)?)[ =:x-]*(\d+)"
)


def meaning(patterns: Patterns, word: str) -> str | None:
    """Our word for somebody's; None where it fits none."""
    lowered = word.lower().replace("_", "-")
    return next((ours for pattern, ours in patterns if re.search(pattern, lowered)), None)


def model_parallel(said: str) -> int:
    """Into how many pieces tensor and pipeline parallelism cut the layers: "FSDP 8 x TP 8 x PP 8" -> 64."""
    pieces = 1
    for degree in MODEL_PARALLEL.findall(said.lower()):
        pieces *= max(1, int(degree[:5]))
    return pieces
