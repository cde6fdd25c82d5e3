"""What the name of a published model says of it: how large it is, and whether experts share its work."""

import re

from service.facts import MeasuredRun

SIZE = re.compile(r"(?<![a-z\d.])(\d+(?:\.\d+)?)\s*-?(b|m)(?:illion|n)?(?![a-z\d])", re.I)
EXPERTS = re.compile(r"(?<!\d)(\d{1,9})\s{0,9}x\s{0,9}(\d{1,9}(?:\.\d{1,9})?)\s{0,9}b", re.I)
"""Mixtral 8x7B: eight experts beside shared attention."""
ACTIVE = re.compile(
    r"(?<![a-z\d])a(\d{1,9}(?:\.\d{1,9})?)b\b|(?<![\d.])(\d{1,9}(?:\.\d{1,9})?)\s{0,9}b active", re.I
)
"""Qwen3 30B-A3B: three billion parameters take part in a token."""
UNITS = {"b": 1e9, "m": 1e6}
EXPERTS_PER_TOKEN = 2
"""Where the name does not say (Mixtral, arXiv:2401.04088)."""
SHARED_BY_EXPERTS = 0.82
"""Parameters of Mixtral 8x7B over 8 x 7: attention and embeddings exist once."""


def size_in(name: str) -> float | None:
    """Parameters that a model's name states [count]: "Llama 3.1 8B" -> 8e9, "GPT-2 124M" -> 1.24e8."""
    experts = EXPERTS.search(name)
    if experts:
        return float(experts[1]) * float(experts[2]) * 1e9 * SHARED_BY_EXPERTS
    size = SIZE.search(name)
    return float(size[1]) * UNITS[size[2].lower()] if size else None


def active_in(name: str) -> float | None:
    """Parameters that take part in one token, where the name states them [count]."""
    active = ACTIVE.search(name)
    return float(active[1] or active[2]) * 1e9 if active else None


def experts_of(run: MeasuredRun, gated: bool) -> tuple[int, int]:
    """Experts per layer and experts per token; (1, 1) for a model whose name says nothing of experts.

    With a stated MLP width they follow from the printed parameters, all and active: what is beside the
    MLPs is counted, the rest divided by one expert's size. Leaves out experts that every token meets.
    """
    named, active = EXPERTS.search(run.model), active_in(run.model)
    if named:
        return max(1, int(named[1])), min(EXPERTS_PER_TOKEN, max(1, int(named[1])))
    size = run.n_params or size_in(run.model)
    if not (active and size and run.n_layers and run.d_model and active < size):
        return 1, 1
    width = run.d_ff or 4 * run.d_model
    one = run.n_layers * (3 if gated else 2) * run.d_model * width
    beside = 4 * run.n_layers * run.d_model**2 + 2 * (run.vocab_size or 0) * run.d_model
    per_token = max(1, round((active - beside) / one))
    return max(per_token, round((size - beside) / one)), per_token
