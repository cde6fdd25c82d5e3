"""Which optimizer a name stands for, and the bits of its states: "paged AdamW (8bit)", "SGD momentum=0"."""

import re

from service.estimate.run_records.recipe_words import plain
from service.facts import Optimizer

NO_MOMENTUM = (
    r"(?:\bno|\bwithout|\bw/o|\bzero)[ -](?:any )?(?:nesterov )?momentum|"
    r"momentum(?: of| is)?[ :=]*(?:0(?:\.0*)?(?![\d.])|none\b|off\b|false\b|no\b)|momentum-free"
)
OPTIMIZERS: tuple[tuple[str, Optimizer], ...] = (
    (r"muon", "muon+adamw"),
    (r"\blamb\b", "lamb"),
    (r"\blion", "lion"),
    (r"adafactor", "adafactor"),
    (r"adam(?!ini|-mini|a\b)", "adamw"),
    (NO_MOMENTUM, "sgd"),
    (r"momentum|nesterov|\bsgdm\b", "sgd-momentum"),
    (r"\bsgd|^none$|\bno optimizer", "sgd"),
)
FEW_BITS = r"(?:int)?(8|4)[ -]?bits?\b"
NAME = r"(?:adam|lamb|lion|adafactor|sgd|muon|galore|apollo|sophia|shampoo|soap)"
OF_WEIGHTS = r"(?![ -](?:frozen |quantized )?(?:base|weights?|models?|quant|frozen|load|q?-?lora))"
BITS_OF_OPTIMIZER = re.compile(
    rf"\b{FEW_BITS}[ -]+(?:(?:paged|quantized|fused|bnb)[ -]){{0,3}}(?:{NAME}|optim|states|moments)|"
    rf"{NAME}[a-z]{{0,12}}?(?:[ -](?:bnb|bitsandbytes|torchao))?(?: in |[ ,(-]){{0,2}}"
    rf"(?:bnb )?{FEW_BITS}{OF_WEIGHTS}|"
    rf"\b(?:states|moments|optimizer)(?: (?:are|kept|held))?(?: in|:|=)? ?{FEW_BITS}"
)
"""Bits that a text says of the optimizer and not of the weights."""
OPTIMIZER_IN_TEXT = re.compile(
    r"(?:paged[/ -])?(?:(?:8|4)[ -]?bits?[ -])?(?:paged[/ -])?"
    rf"\b(?:paged)?{NAME}\w*"
    rf"(?:[ -]?\(?(?:bnb[ -])?(?:8|4)[ -]?bit\)?{OF_WEIGHTS})?"
    r"(?:[ ,(]{1,2}(?:with |and |without |no |w/o |zero )?(?:nesterov )?(?:momentum|nesterov)"
    r"(?:[ =:]*(?:\d[\d.]*|none|off|false)\b)?)?|"
    r"(?:paged/)?(?:8|4)-?bit optimizer|no optimizer step"
)


def optimizer_of(text: str) -> Optimizer | None:
    """The optimizer whose states and work a name stands for; None for one nobody has told us of.

    Adam counts as AdamW. A run without an optimizer step is SGD without momentum, which has no states.
    """
    lowered = plain(text)
    return next((ours for pattern, ours in OPTIMIZERS if re.search(pattern, lowered)), None)


def optimizer_bits_of(text: str) -> int | None:
    """Bits of an optimizer's state element, where its name says them: 4, 8, 16 or 32."""
    lowered = plain(text)
    stated = re.search(r"\b(bf16|fp16|fp32|16-?bit|32-?bit) states", lowered)
    if stated:
        return 32 if "32" in stated[1] else 16
    quantized = BITS_OF_OPTIMIZER.search(lowered) or re.match(rf"{FEW_BITS}$", lowered)
    return int(next(filter(None, quantized.groups()))) if quantized else None
