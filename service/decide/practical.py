"""A run that takes longer than anybody waits: what would be practical instead."""

import math
from dataclasses import dataclass

from service.decide.candidates import LONGEST_HOURS
from service.estimate.interval import Interval
from service.facts import Workload

MOST_GPUS = 1024
"""As many as a question may name."""


@dataclass(frozen=True, slots=True)
class Practical:
    """What would take two years at most, each alone; None where that does not help."""

    tokens: int | None
    """As many at most, on the same machine."""
    gpu_count: int | None
    """As many such GPUs at least, if hours shrink as they grow in number: fewer never do."""
    smaller: Workload | None = None
    """The largest smaller model of the family that the machine trains in time."""


def is_too_long(elapsed: Interval | None) -> bool:
    """Whether a run takes more than two years from start to end, at its median."""
    return elapsed is not None and elapsed.p50 > LONGEST_HOURS


def practical_of(workload: Workload, gpu_count: int, elapsed: Interval | None) -> Practical | None:
    """Fewer tokens, or more GPUs, for a run that takes too long; None for one that does not."""
    if elapsed is None or not is_too_long(elapsed):
        return None
    recipe = workload.recipe
    times = elapsed.p50 / LONGEST_HOURS
    tokens, gpus = _two_digits(workload.tokens / times), math.ceil(gpu_count * times)
    most = min(MOST_GPUS, recipe.global_batch_tokens // recipe.seq_len)
    return Practical(tokens if tokens >= recipe.global_batch_tokens else None, gpus if gpus <= most else None)


def _two_digits(tokens: float) -> int:
    """Rounded down, so that as many as are said are few enough."""
    step = 10 ** max(0, math.floor(math.log10(tokens)) - 1) if tokens >= 1 else 1
    return int(tokens // step * step)
