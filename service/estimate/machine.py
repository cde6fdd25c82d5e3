"""A machine as the formulas see it: GPUs, how many, and how they are connected."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from service.estimate.duration import Machine
from service.estimate.hardware import (
    dense_tensor_tflops,
    host_link_gb_per_s,
    peak_tflops,
    precision_used,
)
from service.facts import Gpu

GPUS_PER_NODE = 8
UNKNOWN_LINK_GB_PER_S = 15.75
"""PCIe 3.0 x16, assumed where the catalog does not know a card's host link."""
UNCAPPED_WATTS_PER_TFLOPS = 1.5
"""Cards with more board power per peak TFLOP/s than this are not slowed by their power limit."""


def matmul_efficiency(gpu: Gpu, precision: str, terms: Mapping[str, float]) -> float:
    """Share of the dense peak that matrix products of this card are expected to reach.

    A calibrated term per architecture, times (watts per peak TFLOP/s / 1.5)^e for cards whose power
    limit holds their clock down (RTX PRO, L4, Max-Q), times the calibrated FP8 gain. GeForce cards
    can exceed 1: real clocks are above the rated boost that the peak is derived from.
    """
    efficiency = terms[f"efficiency_{gpu.architecture}"]
    watts_per_tflops = gpu.board_watts / dense_tensor_tflops(gpu)
    efficiency *= math.pow(min(1.0, watts_per_tflops / UNCAPPED_WATTS_PER_TFLOPS), terms["power_exponent"])
    if precision == "fp8":
        kind = "datacenter" if gpu.category == "datacenter" else "consumer"
        efficiency *= terms[f"fp8_gain_{kind}"]
    return efficiency


def machines(hardware: Sequence[tuple[Gpu, int]], precision: str, terms: Mapping[str, float]) -> Machine:
    """All machines at once, as arrays in the order given; GPUs fall back to a precision they run.

    `terms` are the calibrated ones plus `pcie_efficiency` and `host_memory_gb_per_s`.
    """
    used = [precision_used(gpu, precision) for gpu, _ in hardware]
    counts = np.array([float(count) for _, count in hardware])

    def per_machine(values: Sequence[float]) -> np.ndarray:
        return np.array(values, dtype=float)

    return Machine(
        peak_tflops=per_machine([peak_tflops(g, p) for (g, _), p in zip(hardware, used, strict=True)]),
        efficiency=per_machine(
            [matmul_efficiency(g, p, terms) for (g, _), p in zip(hardware, used, strict=True)]
        ),
        flash_attention_cost=per_machine(
            [
                terms["attention_flash_half_rate" if g.tensor_rate == "half" else "attention_flash_full_rate"]
                for g, _ in hardware
            ]
        ),
        bandwidth_gb_per_s=per_machine([g.memory_bandwidth_gb_per_s for g, _ in hardware]),
        gpu_count=counts,
        nodes=np.maximum(1.0, counts / GPUS_PER_NODE),
        host_link_gb_per_s=terms["pcie_efficiency"]
        * per_machine([host_link_gb_per_s(g) or UNKNOWN_LINK_GB_PER_S for g, _ in hardware]),
        gpu_link=np.array([g.gpu_link_gb_per_s is not None for g, _ in hardware]),
        host_memory_gb_per_s=np.full(len(hardware), terms["host_memory_gb_per_s"]),
    )
