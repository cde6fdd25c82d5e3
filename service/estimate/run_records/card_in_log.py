"""The GPU's name as a training log prints it."""

import re

CARDS = (
    (
        "GPU: ",
        re.compile(r"\bGPU: ((?:NVIDIA |AMD |Tesla |Intel|Apple )[^|>]{2,50}?)(?:\.? Max| \||, | ->|$)"),
    ),
    ("apacity: ", re.compile(r"(?:GPU|CUDA) capacity: (.{3,50}?) with ")),
    ("Num GPUs = ", re.compile(r"\|\s{1,9}([A-Z][\w() -]{3,50})\. Num GPUs = ")),
    ("| device ", re.compile(r"\| device\s{1,60}\| (NVIDIA [^|]{2,50}?)\s{0,60}\|?$")),
)
"""Of nanochat, autoresearch and older Unsloth; OLMo-core and torchtitan; Unsloth; llm.c."""


def card_in(line: str) -> str | None:
    """The card's name, where a line of a banner says it."""
    for word, pattern in CARDS:
        if word in line and (found := pattern.search(line)):
            return found[1].strip()
    return None
