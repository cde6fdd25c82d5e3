"""Which GPU is most like another one, by what decides the time of a training step.

Distance is the Euclidean length of the natural logarithms of three ratios: dense BF16 peak (FP16 on
cards without BF16), memory, memory bandwidth. Half as fast and twice as fast are equally far. Leaves out
architecture, interconnect and power; a calibrated estimate of both cards says more of a certain run.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from service.estimate.hardware import dense_tensor_tflops
from service.facts import Gpu


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like `to` a GPU is; each ratio is that GPU's figure over the one of `to`."""

    gpu: str
    to: str
    distance: float
    peak_ratio: float
    memory_ratio: float
    bandwidth_ratio: float


def likeness(gpu: Gpu, to: Gpu) -> Likeness:
    """How like `to` this GPU is; a card and itself: distance 0, ratios 1."""
    ratios = (
        dense_tensor_tflops(gpu) / dense_tensor_tflops(to),
        gpu.memory_gib / to.memory_gib,
        gpu.memory_bandwidth_gb_per_s / to.memory_bandwidth_gb_per_s,
    )
    return Likeness(gpu.slug, to.slug, math.hypot(*(math.log(ratio) for ratio in ratios)), *ratios)


def nearest_gpus(to: Gpu, candidates: Iterable[Gpu], memory_gib: float | None = None) -> list[Likeness]:
    """The candidates with at least `memory_gib` (else as much as `to` has), the most alike first.

    Equal ones by slug.
    """
    least = to.memory_gib if memory_gib is None else memory_gib
    large_enough = [likeness(gpu, to) for gpu in candidates if gpu.memory_gib >= least]
    return sorted(large_enough, key=lambda one: (one.distance, one.gpu))
