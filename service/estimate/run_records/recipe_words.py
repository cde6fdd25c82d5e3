"""Words that people use for how a run was trained, and ours for the same thing.

A table of published runs says "bf16-mixed", "FSDP2", "ZeRO-3 + offload" or "tp=8 pp=4". The first pattern
found in the word, as `plain` writes it, wins; a word that none fits is as good as no word.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from service.facts import AdapterTargets, Trainer

Patterns = Sequence[tuple[str, str]]

INT8 = "int8"
"""As a precision: frozen weights beside adapters, or products of integers (run_table.py tells)."""
FP4 = "fp4"
"""As a precision: frozen weights of 4 bits beside adapters, else products that are taken for FP8."""
PRECISIONS: Patterns = (
    (r"nf4|qlora|int4|^4[ -]?bit|bnb", "nf4"),
    (r"^(?:bnb-)?fp4\b", FP4),
    (r"int8|w8a8|^8-?bit", INT8),
    (r"fp8|e4m3|e5m2|float8|mxfp|nvfp4|fp4", "fp8"),
    (r"bf16|bfloat|^bf", "bf16"),
    (r"fp16|float16|half|^16", "fp16"),
    (r"mixed|^amp$|autocast", "bf16"),
    (r"tf32|tensorfloat", "tf32"),
    (r"fp32|float32|float|single|full|^32", "fp32"),
)
"""4-bit training is taken as FP8, the nearest there are measurements of. What keeps master weights in FP32
but multiplies in 16 bits counts by its products: "fp32/bf16 mixed" is bf16."""
ENGINES: Patterns = (
    (r"eager|no[ -]?(torch\.)?compile|uncompiled|without (torch\.)?compil|compile:? ?(no|off|false)\b",
     "torch-eager"),
    (r"compile|inductor|dynamo|unsloth|\bxla\b|\bjax\b|maxtext|\bpax\b|thunder", "torch-compile"),
    (r"native|cuda|c\+\+|^c$|rust|triton|llm\.[cq]", "native"),
    (r"torch|trainer|deepspeed|megatron|accelerate|lightning|fsdp|hugging|nemo|transformers|fabric|peft",
     "torch-eager"),
)  # fmt: skip
ATTENTION: Patterns = (
    (r"unfused|not fused|(no|without) (flash|sdpa|fused)|flash[a-z -]{0,20}:? ?(no|off|false)\b", "naive"),
    (r"flash|sdpa|\bfa-?[234]|flex|xformers|mem.{0,40}eff|cudnn|fused|triton|scaled|ring|sage", "flash"),
    (r"naive|math|eager|manual|hand|standard|vanilla|\bno\b|\boff\b|false", "naive"),
)
CHECKPOINTED = r"(?:checkpoint\w{0,12}|ckpt|recompute|recomputation|remat\w{0,20})"
LAYERS = r"(?:transformer |decoder )?(?:layers?|blocks?)\b"
ORDINALS = {"second": 2, "other": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8}
PARTS = {"half": 2, "third": 3, "quarter": 4}
PART_OF_LAYERS = re.compile(rf"(\d{{1,4}}) ?(?:/|of|out of) ?(?:the |its |all )?(\d{{1,4}}) {LAYERS}")
PART_IN_BRACKETS = re.compile(
    rf"{CHECKPOINTED}[ (:]+(?:on |of |in )?(\d{{1,4}}) ?(?:/|of|out of) ?(\d{{1,4}})\b"
)
BARE_PART = re.compile(r"(?:a |one )?(?:half|third|quarter)|\d{1,4} ?(?:/|of|out of) ?\d{1,4}|\d{1,2} ?%")
"""A cell that leaves out what it is a part of."""
EVERY_SO_MANY = re.compile(rf"\bevery[ -](?:(\d{{1,3}})(?:nd|rd|th)?|({'|'.join(ORDINALS)})) {LAYERS}")
FRACTION_OF_LAYERS = re.compile(
    rf"\b(?:a |one )?({'|'.join(PARTS)}) (?:of )?(?:the |its |all )?{LAYERS}|"
    rf"(\d{{1,2}}) ?% (?:of )?(?:the |its )?{LAYERS}"
)
SO_MANY_LAYERS = re.compile(
    rf"(?:{CHECKPOINTED}|\bac)(?: only| on| of| for| in| the| first| last){{0,4}} (\d{{1,4}}) {LAYERS}|"
    rf"(?<![\d/] )\b(\d{{1,4}}) {LAYERS}(?: are| were| use| with)?(?: gradient| activation)? {CHECKPOINTED}"
)
CHECKPOINTING: Patterns = (
    (rf"^no|^false|^off|^0|without|disabled|\b(no|not)\b|\boff$|{CHECKPOINTED}[:=]? ?(off|false|none|0)\b",
     "none"),
    (r"select|partial|\bsac\b|per-?op|minimal|every[ -](2|3|4|5|6|8|second|third|other)", "selective"),
    (r"full|yes|true|^on|^1$|every|block|layer|recompute|checkpoint|ckpt|remat|\bac\b", "full"),
)  # fmt: skip
ZERO_STAGE = r"zero[ -]?(?:stage)?[ :=-]*"
"""Of DeepSpeed, before its number; a stage that is named wins over the framework's name."""
PARALLELISM: Patterns = (
    (r"\bno[ -]shard", "ddp"),
    (r"\b[tpc]p\b|\b[tpc]p ?[=:x-]? ?\d|tensor|pipeline|context|3d|\bep\b", "fsdp"),
    (rf"shard[ -]grad[ -]op|{ZERO_STAGE}2\b|stage[ :=-]*2\b", "zero-2"),
    (rf"{ZERO_STAGE}3\b|stage[ :=-]*3\b|zero[ -]?inf", "fsdp"),
    (rf"{ZERO_STAGE}1\b|stage[ :=-]*1\b|distributed[ -]?opt", "zero-1"),
    (rf"{ZERO_STAGE}0\b|stage[ :=-]*0\b", "ddp"),
    (r"zero[ -]?offload", "zero-2"),
    (r"fsdp|hsdp|full(y)?[ -]?shard|sharded|gemini|megatron", "fsdp"),
    (r"\bddp\b", "ddp"),
    (r"deepspeed", "zero-2"),
    (r"zero", "zero-1"),
    (r"ddp|data|replicat|^dp|nccl|mpi|horovod", "ddp"),
    (r"single|none|^no|1 ?gpu|^1$", "single"),
)
PARALLELISM_IN_TEXT: Patterns = (
    (r"\bno[ -]shard", "ddp"),
    (rf"shard[ -]grad[ -]op|{ZERO_STAGE}2\b", "zero-2"),
    (rf"{ZERO_STAGE}3\b|zero[ -]?inf", "fsdp"),
    (rf"{ZERO_STAGE}1\b|distributed optimizer", "zero-1"),
    (rf"{ZERO_STAGE}0\b", "ddp"),
    (r"zero[ -]?offload", "zero-2"),
    (r"fsdp|\bhsdp|full[ -]shard", "fsdp"),
    (r"\bddp\b|data[ -]parallel", "ddp"),
)
WORKLOADS: Patterns = (
    (r"qlora|q-lora|4[ -]?bit", "qlora"),
    (r"lora|adapter|peft", "lora"),
    (r"full.{0,60}tun|^sft|fine-?tun|dpo|instruct", "full-finetune"),
    (r"pre-?train|scratch|continued", "pretrain"),
)
ADAPTERS_IN_TEXT: Patterns = ((r"\bq-?lora\b", "qlora"), (r"\blora\b", "lora"))
TRAINERS: tuple[tuple[str, Trainer], ...] = (
    (r"megatron|\bnemo\b", "megatron"),
    (r"deepspeed", "deepspeed"),
    (r"plain pytorch|own (trainer|loop)|torchtune|torchtitan|lit-?gpt", "loop"),
    (r"\bhf (peft )?trainer|hugging ?face trainer|transformers trainer|\btrainer api|\btrl\b|sft-?trainer|"
     r"accelerate|llama-?factory|axolotl|fastchat|alpaca", "hf-trainer"),
)  # fmt: skip
DEGREES = tuple(
    re.compile(rf"\b(?:{short}|{long}[ -](?:model[ -])?parallel(?:ism)?(?:[ -]size)?)(?: of)?[ =:x-]*(\d+)")
    for short, long in (("tp", "tensor"), ("pp", "pipeline"), ("cp", "context"))
)
WAYS = tuple(re.compile(rf"\b(\d+)[ -]way[ -]{long}") for long in ("tensor", "pipeline", "context"))
RANK = re.compile(
    r"\brank(?:-|(?:[ =:]| of | is )*)(\d{1,9})\b|\b(?:lora-)?r ?[ =:] ?(\d{1,9})\b|"
    r"\blora[ -]r(?:ank)?[ =:]*(\d{1,9})\b|(?<![\w-])r(?!1\b)(\d{1,4})\b"
)
MLP_MATRICES = re.compile(
    r"\b(gate|up|down|gate-proj|up-proj|down-proj|w1|w2|w3|fc1|fc2|c-fc|mlp|dense-h-to-4h)\b"
)
QUERY_VALUE = re.compile(
    r"\bq(-proj)?(,| and|/|&|\+| &)? ?v(-proj)?\b|\bquery(,| and|-) ?value\b|\bwq(,| and) ?wv\b"
)


def plain(text: str) -> str:
    """A text as the patterns expect it: in lower case, hyphens for underscores."""
    return text.lower().replace("_", "-")


def meaning(patterns: Patterns, word: str) -> str | None:
    """Our word for somebody's; None where it fits none."""
    lowered = plain(word)
    return next((ours for pattern, ours in patterns if re.search(pattern, lowered)), None)


def model_parallel(said: str) -> int:
    """Into how many pieces tensor, pipeline and context parallelism cut a micro-batch's work.

    "FSDP 8 x TP 8 x PP 8" -> 64; of a kind that is named twice ("TP4, tensor parallel 4") the largest
    degree counts once.
    """
    pieces, text = 1, plain(said)
    for degree, ways in zip(DEGREES, WAYS, strict=True):
        found = (*degree.findall(text), *ways.findall(text))
        pieces *= max((int(digits[:5]) for digits in found), default=1) or 1
    return pieces


class Part(NamedTuple):
    """Some of a model's layers."""

    words: str
    share: str | None
    """As a fraction, "17/32"; full or none where it is all or none; None where it cannot be."""


def checkpointed_part(text: str, n_layers: int | None, *, in_cell: bool = False) -> Part | None:
    """Which part of the layers is checkpointed, where a text, as `plain` writes it, says a part.

    A free text says so only beside a word for checkpointing, or in a clause of nothing else in a text
    that has such a word. The cell of its column needs none.
    """
    about = re.compile(rf"{CHECKPOINTED}|\bac\b")
    if in_cell and BARE_PART.fullmatch(text):
        text += " layers"
    elif in_cell:
        text = re.sub(rf"^(\d{{1,4}} {LAYERS})$", r"checkpointing \1", text)
    for clause in re.split(r"[;.](?!\d)", text):
        alone = PART_OF_LAYERS.fullmatch(clause.strip()) and about.search(text)
        if not (in_cell or alone or about.search(clause)):
            continue
        if found := PART_OF_LAYERS.search(clause) or PART_IN_BRACKETS.search(clause):
            return Part(found[0], _share(int(found[1]), int(found[2]), n_layers))
        if found := EVERY_SO_MANY.search(clause):
            every = int(found[1] or ORDINALS[found[2]])
            return Part(found[0], _share(1, every, None))
        if found := FRACTION_OF_LAYERS.search(clause):
            parts = (1, PARTS[found[1]]) if found[1] else (int(found[2]), 100)
            return Part(found[0], _share(*parts, None))
        if found := SO_MANY_LAYERS.search(clause):
            count = int(next(filter(None, found.groups())))
            return Part(found[0], _share(count, n_layers, n_layers) if n_layers else None)
    return None


def _share(part: int, whole: int, n_layers: int | None) -> str | None:
    if part == 0:
        return "none"
    if part > whole or (n_layers and whole != n_layers):
        return None
    return "full" if part == whole else f"{part}/{whole}"


def denies_adapters(text: str) -> str | None:
    """The words that say there are no adapters."""
    found = re.search(r"\b(?:no|without|not) (?:q-?)?lora\b", text)
    return found[0] if found else None


def trainer_of(*texts: str) -> Trainer | None:
    """What runs the training loop, by the first text that says it."""
    return next(
        (ours for text in texts for pattern, ours in TRAINERS if re.search(pattern, plain(text))), None
    )


def adapter_rank_in(text: str) -> int | None:
    """The rank of low-rank adapters: "rank 64", "r=16"."""
    found = RANK.search(plain(text))
    rank = int(next(filter(None, found.groups()))) if found else 0
    return rank or None


def adapter_targets_in(text: str) -> AdapterTargets | None:
    """Which matrices adapters stand beside: "all linear layers", "q and v", "c_attn, c_proj, w1, w2"."""
    lowered = plain(text)
    if re.search(r"all[ -]linear|all (the )?(linear )?(layers|targets|modules|projections)", lowered):
        return "all-linear"
    if MLP_MATRICES.search(lowered) and re.search(
        r"\b(q|q-proj|wq|c-attn|c-proj|attn|attention|w2)\b", lowered
    ):
        return "all-linear"
    if re.search(
        r"\bw?qkvo?\b|query-key-value|q-proj, ?k-proj|q, ?k, ?v|attention (layers|matrices|projections|only)",
        lowered,
    ):
        return "attention"
    if QUERY_VALUE.search(lowered) or "default targets" in lowered:
        return "query-value"
    return "attention" if re.search(r"\bc-attn\b", lowered) else None
