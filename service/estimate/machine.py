"""A machine as the formulas see it: GPUs, how many, and how they are connected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class Machines:
    """What duration needs of the hardware; every number an array over machines."""

    peak_tflops: NDArray[np.float64]
    """Dense peak of matrix products in the precision used; for FP8 runs the BF16 peak."""
    fp8: NDArray[np.bool_]
    power_ratio: NDArray[np.float64]
    """Board power per peak TFLOP/s over what a card needs to hold its clock, at most 1."""
    geforce: NDArray[np.bool_]
    """Half-rate GeForce cards, whose clock exceeds the rated boost."""
    bandwidth_gb_per_s: NDArray[np.float64]
    gpu_count: NDArray[np.float64]
    nodes: NDArray[np.float64]
    host_link_gb_per_s: NDArray[np.float64]
    """Line rate between GPU and host per direction."""
    sm_count: NDArray[np.float64]
    gpu_link_gb_per_s: NDArray[np.float64]
    """NVLink or alike between the GPUs of a node, both directions together; 0 where there is none, so that
    what they exchange crosses the host link."""
    efficiency_term: tuple[str, ...]
    fp8_term: tuple[str, ...]
    flash_term: tuple[str, ...]
    narrow_term: tuple[str, ...]

    def picked(self, rows: Sequence[int]) -> "Machines":
        """Some of the machines, in the order of `rows`."""
        index = np.asarray(rows, dtype=np.intp)

        def of(value: Any) -> Any:
            return value[index] if isinstance(value, np.ndarray) else tuple(value[i] for i in index)

        return Machines(**{field.name: of(getattr(self, field.name)) for field in fields(Machines)})


def flash_term(gpu: Gpu) -> str:
    """Name of the calibrated term for this card's flash attention kernels."""
    if gpu.tensor_rate == "half":
        return "flash_half_rate"
    return "flash_hopper" if gpu.architecture in ("hopper", "blackwell-dc") else "flash_full_rate"


def narrow_term(gpu: Gpu) -> str:
    """Name of the term for what those kernels lose with heads of 64."""
    return flash_term(gpu).replace("flash_", "flash_narrow_")


EFFICIENCY_OF: Mapping[str, str] = MappingProxyType(
    {"turing-gtx16": "pascal-gp100", "gcn5": "pascal-gp100", "cdna1": "cdna2", "rdna3.5": "rdna3"}
)
"""Architectures of which no run is known, by the one whose efficiency they take: GTX 16 and GCN 5 run FP16
on their shaders at twice the FP32 rate as the P100 does, MI100 has the matrix units of CDNA 2 and Strix Halo
those of RDNA 3. None of the four has a run of its own, so that each keeps its wide prior."""


def efficiency_term(gpu: Gpu, precision: str) -> str:
    """Name of the calibrated term for this card's large products; FP32 on the shaders has its own."""
    if precision == "fp32":
        return "efficiency_fp32"
    return f"efficiency_{EFFICIENCY_OF.get(gpu.architecture, gpu.architecture)}"


def linked(gpu: Gpu, nvlink: bool | None) -> Gpu:
    """The card with NVLink or alike between it and its like, or without; None leaves it as it is counted.

    Yes says nothing of a card that can have no link.
    """
    if nvlink is None:
        return gpu
    if not nvlink:
        return replace(gpu, gpu_link_gb_per_s=None)
    if gpu.gpu_link_gb_per_s is not None or gpu.bridge_gb_per_s is None:
        return gpu
    sources = {**gpu.sources, "gpu_link_gb_per_s": gpu.sources["bridge_gb_per_s"]}
    return replace(gpu, gpu_link_gb_per_s=gpu.bridge_gb_per_s, sources=sources)


def machines(
    hardware: Sequence[tuple[Gpu, int]],
    precision: str | Sequence[str],
    power_limits: Sequence[float | None] | None = None,
) -> Machines:
    """All machines at once, as arrays in the order given; GPUs fall back to a precision they run.

    `precision` is one for all or one per machine; of the `power_limits` per card [W] only those below the
    board's own matter.
    """
    asked = [precision] * len(hardware) if isinstance(precision, str) else precision
    used = [precision_used(gpu, p) for (gpu, _), p in zip(hardware, asked, strict=True)]
    gpus = [gpu for gpu, _ in hardware]
    limits = power_limits or [None] * len(gpus)
    watts = [min(g.board_watts, limit or g.board_watts) for g, limit in zip(gpus, limits, strict=True)]
    tensor = np.array([dense_tensor_tflops(g) for g in gpus])
    counts = np.array([float(count) for _, count in hardware])
    return Machines(
        peak_tflops=np.array(
            [peak_tflops(g, "bf16" if p == "fp8" else p) for g, p in zip(gpus, used, strict=True)]
        ),
        fp8=np.array([p == "fp8" for p in used]),
        power_ratio=np.where(
            np.array([p == "fp32" for p in used]),
            1.0,
            np.minimum(1.0, np.array(watts) / tensor / UNCAPPED_WATTS_PER_TFLOPS),
        ),
        geforce=np.array([g.tensor_rate == "half" and g.category.startswith("geforce") for g in gpus]),
        bandwidth_gb_per_s=np.array([g.memory_bandwidth_gb_per_s for g in gpus]),
        gpu_count=counts,
        nodes=np.maximum(1.0, counts / GPUS_PER_NODE),
        host_link_gb_per_s=np.array([host_link_gb_per_s(g) or UNKNOWN_LINK_GB_PER_S for g in gpus]),
        sm_count=np.array([float(g.sm_count) for g in gpus]),
        gpu_link_gb_per_s=np.array([g.gpu_link_gb_per_s or 0.0 for g in gpus]),
        efficiency_term=tuple(efficiency_term(g, p) for g, p in zip(gpus, used, strict=True)),
        fp8_term=tuple("fp8_datacenter" if g.category == "datacenter" else "fp8_consumer" for g in gpus),
        flash_term=tuple(flash_term(g) for g in gpus),
        narrow_term=tuple(narrow_term(g) for g in gpus),
    )
