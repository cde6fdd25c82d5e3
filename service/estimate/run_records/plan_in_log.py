"""What a log says of how its run held a training step: recomputation, offload, optimizer, precision.

Lines that programs print by themselves, and their settings as they dump them. Time proportional to the text:
each line is looked through for a few words before any pattern is tried.
"""

import re
from collections.abc import Mapping

from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of

LONGEST_LINE = 2_000
ON = r"(?:true|1|yes|full)\b"
SEPARATED = r"[\"']?\s{0,3}[:=.]{1,60}\s{0,3}[\"']?"
Pattern = tuple[str, re.Pattern[str], str, str]
"""A word of the line in lower case, what it must fit, the field, its value ("" what the pattern caught)."""


def _pattern(word: str, pattern: str, field: str, value: str = "") -> Pattern:
    return word, re.compile(pattern), field, value


PATTERNS = (
    # transformers, when a model is trained with gradient checkpointing
    _pattern("use_cache", r"incompatible with gradient checkpointing", "checkpointing", "full"),
    # LLaMA-Factory model_utils/checkpointing.py
    _pattern("gradient checkpointing enabled", "", "checkpointing", "full"),
    # torchtitan models/llama3/infra/parallelize.py
    _pattern(
        "activation checkpointing to the model",
        r"applied (full|selective) activation checkpointing",
        "checkpointing",
    ),
    # dumps of Axolotl's, the Trainer's and torchtune's settings
    _pattern("gradient_checkpointing", rf"gradient_checkpointing{SEPARATED}{ON}", "checkpointing", "full"),
    _pattern("gradient_checkpointing", rf"gradient_checkpointing{SEPARATED}false\b", "checkpointing", "none"),
    _pattern(
        "enable_activation_checkpointing",
        rf"enable_activation_checkpointing{SEPARATED}{ON}",
        "checkpointing",
        "full",
    ),
    _pattern(
        "enable_activation_checkpointing",
        rf"enable_activation_checkpointing{SEPARATED}false\b",
        "checkpointing",
        "none",
    ),
    # Megatron's arguments
    _pattern(
        "recompute_granularity",
        rf"recompute_granularity\s{{0,3}}{SEPARATED}(full|selective|none)\b",
        "checkpointing",
    ),
    # DeepSpeed: its optimizer on the processor, and where it says what else waits there
    _pattern("adam optimizer #0 is created with", r"is created with (?:avx|scalar)", "offload", "optimizer"),
    _pattern(
        "offload_param", rf"offload_param{SEPARATED}\{{?\W{{0,4}}device\W{{1,6}}cpu", "offload", "parameters"
    ),
    _pattern(
        "offload_optimizer",
        rf"offload_optimizer{SEPARATED}\{{?\W{{0,4}}device\W{{1,6}}cpu",
        "offload",
        "optimizer",
    ),
    _pattern(
        "optim",
        rf"\boptim(?:izer)?{SEPARATED}((?:paged_)?[a-z]{{3,12}}(?:_[a-z0-9]{{1,12}}){{0,3}})",
        "optimizer",
    ),
    _pattern("precision", rf"\b(?:mixed_)?precision{SEPARATED}(bf16|fp16|fp32|tf32|fp8)\b", "precision"),
)


def plan_in_log(text: str) -> Mapping[str, str]:
    """Fields of a run's row that the log's own lines say: checkpointing, offload, optimizer, precision.

    Of several lines for the same the first counts, for settings are printed before the run.
    """
    said: dict[str, str] = {}
    lowered = text.lower()
    wanted = [one for one in PATTERNS if one[0] in lowered]
    if not wanted:
        return said
    for line in lowered.splitlines():
        for word, pattern, field, value in wanted:
            if field in said or word not in line[:LONGEST_LINE]:
                continue
            found = pattern.search(line[:LONGEST_LINE])
            if found and (meant := _meant(field, value or found[1])):
                said[field] = meant
    return said


def _meant(field: str, value: str) -> str | None:
    """The value in our words; None for an optimizer that nobody has told us of."""
    if field != "optimizer":
        return value
    ours = optimizer_of(value)
    if ours is None:
        return None
    bits = optimizer_bits_of(value)
    return ("paged " if "paged" in value else "") + ours + (f" {bits}-bit" if bits else "")
