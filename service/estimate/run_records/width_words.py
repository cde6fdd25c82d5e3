"""What weights are kept in: "fp32 model", "no fp32 master weights", "bf16-mixed", "LoRA; 4-bit base"."""

import re

from service.estimate.run_records.optimizer_words import BITS_OF_OPTIMIZER
from service.estimate.run_records.recipe_words import plain
from service.facts import WeightsIn

HALF = r"(?:bf16|fp16|bfloat16|float16|16[ -]?bits?|half[ -]precision)"
SINGLE = r"(?:fp32|float32|32[ -]?bits?|full[ -]precision|single[ -]precision)"
WEIGHTS = r"(?:weights?|params?|parameters|model(?! (?:parallel|flop|size|shard)))"
KEPT = r"(?:,? (?:is|are|was|were|kept|held|stored|loaded|cast)){0,3}(?: in| as| to|:|=| =)? ?"
MASTERS = r"master(?:[ -](?:weights?|cop(?:y|ies)|params?|parameters))?"
NO_MASTERS = re.compile(
    rf"\b(?:no|not|without|w/o|never)(?: using| keeping| an?| any| the| separate| extra){{0,4}}"
    rf" (?:{SINGLE} )?{MASTERS}|"
    rf"\b(?:no|without|w/o) (?:an? )?{SINGLE} cop(?:y|ies)|"
    rf"(?:{SINGLE} )?\b{MASTERS}[ :=]*(?:no|none|off|false|disabled)\b"
)
WITH_MASTERS = (
    rf"{HALF} (?:model )?(?:weights|params|parameters)[^;.]{{0,80}}{SINGLE} master|\bo2\b|"
    rf"{HALF}[^;.,]{{0,80}} with {SINGLE} master"
)
NOT_PURE = rf"pure {HALF} not set|\b(?:not|no) (?:pure|full) {HALF}"
IN_SINGLE = (
    rf"{SINGLE} (?:master )?(?:base )?{WEIGHTS}|autocast over {SINGLE}|\b{WEIGHTS}{KEPT}{SINGLE}|"
    rf"torch-dtype[ =:]*(?:torch\.)?{SINGLE}"
)
PURE = (
    rf"(?:pure|full|fully|entirely|all|everything|only|all in|everything in|entirely in|fully in) {HALF}|"
    rf"{HALF} (?:only|throughout|everywhere)\b|"
    rf"{HALF}[ -]true|model\.(?:bfloat16|half)\(|"
    rf"weights(?: and|,)[^;.]{{0,80}}states (?:in )?{HALF}|"
    rf"weights(?:,| and) gradients[^;.]{{0,80}} {HALF}|"
    rf"{HALF} weights(?:,| and) (?:gradients|states|optimizer)"
)
IN_HALF = (
    rf"{HALF} (?:model )?{WEIGHTS}|(?<!gather )\b{WEIGHTS}{KEPT}{HALF}|torch-dtype[ =:]*(?:torch\.)?{HALF}"
)
AUTOCAST = (
    rf"{HALF} autocast|autocast (?:to |in )?{HALF}|\bamp\b|\bautocast\b|"
    rf"(?:{HALF}|\b16)[ -]mixed|\bmixed (?:{HALF}|precision)|\bmixed-precision|(?:^|; ?)mixed(?:$|;)"
)
FOUR = r"4[ -]?bits?"
NOT_QUANTIZED = re.compile(
    r"\b(?:no|not|without|w/o)(?: an?| any)? (?:nf4|load-in-[48]-?bit|(?:[48][ -]?bit)(?: quant\w*| base)?)|"
    r"load-in-[48]-?bit[ :=]*(?:false|no|off|0)\b"
)
SIXTEEN_OR_32 = r"(bf16|fp16|float16|bfloat16|fp32|float32|32[ -]?bits?|16[ -]?bits?)"
FROZEN = re.compile(
    rf"(?:\bon|beside|frozen|base)(?: frozen| base| model| weights?){{0,3}}"
    rf"(?: (?:is|are|kept|held|loaded|stays?)){{0,3}}"
    rf"(?: in|:|=)? ?{SIXTEEN_OR_32}\b|"
    rf"{SIXTEEN_OR_32} (?:frozen|base|weights, adapters)|"
    rf"(?<!lora )(?<!adapter )(?<!adapters )(?<!trainable )"
    rf"\b(?:weights|model|params|parameters){KEPT}{SIXTEEN_OR_32}\b|"
    rf"{SIXTEEN_OR_32} (?:weights|model|params|parameters)\b"
)


def weights_in(text: str, adapters: bool = False, autocast: bool = True) -> WeightsIn | None:
    """What the trained weights, or adapters, are kept in, where a text says so.

    `autocast`: whether "mixed precision" alone means FP32 weights under autocast, as PyTorch has it.
    """
    lowered = plain(text)
    denied = NO_MASTERS.search(lowered)
    lowered = NO_MASTERS.sub(" ", lowered)
    if re.search(WITH_MASTERS, lowered):
        return "16-bit+master"
    if adapters and re.search(rf"adapters (?:kept |held )?in {SINGLE}", lowered):
        return "fp32"
    if re.search(rf"{NOT_PURE}|{IN_SINGLE}", lowered):
        return "fp32"
    if re.search(PURE, lowered) or (not adapters and re.search(IN_HALF, lowered)):
        return "16-bit"
    if denied:
        return None if re.search(SINGLE, lowered) else "16-bit"
    return "fp32" if autocast and re.search(AUTOCAST, lowered) else None


def frozen_bits_in(text: str) -> int | None:
    """Bits of the frozen weights beside adapters: "LLM.int8 weights" 8, "LoRA on bf16 weights" 16."""
    lowered = NOT_QUANTIZED.sub(" ", BITS_OF_OPTIMIZER.sub(" ", plain(text)))
    if re.search(rf"\bq-?lora\b|\bnf4\b|\bint4\b|(?<![a-z])fp4\b|(?<!\d)\b{FOUR}\b|load-in-4-?bit", lowered):
        return 4
    if re.search(r"int8|\b8[ -]?bits? (base|weights|model|quant)|base in 8[ -]?bit|load-in-8-?bit", lowered):
        return 8
    beside = FROZEN.search(lowered)
    return None if not beside else 32 if "32" in next(filter(None, beside.groups())) else 16
