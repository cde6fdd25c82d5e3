"""The card that torch computes on."""

from __future__ import annotations

import os
import platform
from typing import Any

from service.here.script.drivers import (
    GIB,
    NVIDIA_FIELDS,
    chosen_row,
    number,
    nvidia_reader,
    nvidia_rows,
    operating_system,
    processor,
    rocm_reader,
    rocm_values,
    rocm_watts,
)

BF16_ROCM = ("gfx908", "gfx90a", "gfx94", "gfx95", "gfx11", "gfx12")
"""AMD's architectures that multiply BF16 in hardware."""
LIMITS = (
    "power_limit_w", "power_default_limit_w", "power_max_limit_w", "pcie_gen_max", "pcie_width_max",
    "busy_before_percent",
)  # fmt: skip
"""What NVIDIA_FIELDS ask for after the memory, in order."""


def software(torch: Any) -> dict[str, Any]:
    """Versions of what a step is made of; null where it is not there."""
    try:
        import triton

        compiler = str(triton.__version__)
    except Exception:
        compiler = None
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda,
        "rocm": getattr(torch.version, "hip", None),
        "triton": compiler,
        "driver": None,
        "os": operating_system(),
    }


def kind_of(torch: Any) -> str:
    """What torch computes on: cuda, rocm, mps or cpu."""
    if torch.cuda.is_available():
        return "rocm" if getattr(torch.version, "hip", None) else "cuda"
    mps = getattr(torch.backends, "mps", None)
    return "mps" if mps is not None and mps.is_available() else "cpu"


def precision_of(torch: Any, kind: str) -> str:
    """Of the products, as one would train on this card: BF16, before Ampere FP16, before Volta FP32."""
    if kind == "cuda":
        major = torch.cuda.get_device_capability(0)[0]
        return "bf16" if major >= 8 else "fp16" if major == 7 else "fp32"
    if kind == "rocm":
        named = str(getattr(torch.cuda.get_device_properties(0), "gcnArchName", ""))
        return "bf16" if named.startswith(BF16_ROCM) else "fp16"
    return "fp32"


def card(torch: Any, kind: str, versions: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Facts of the card, and what reads its watts (None: nothing does); adds the driver to `versions`."""
    if kind == "cpu":
        return {"kind": kind, "name": processor()}, None
    if kind == "mps":
        total = getattr(torch.mps, "recommended_max_memory", lambda: None)()
        return {"kind": kind, "name": processor(), "memory_total_gib": total / GIB if total else None}, None
    p = torch.cuda.get_device_properties(0)
    free, total = torch.cuda.mem_get_info(0)
    architecture = getattr(p, "gcnArchName", None) if kind == "rocm" else f"{p.major}.{p.minor}"
    facts = {
        "kind": kind,
        "name": p.name,
        "count": torch.cuda.device_count(),
        "architecture": architecture,
        "sm_count": p.multi_processor_count,
        "memory_total_gib": total / GIB,
        "memory_free_gib": free / GIB,
    }
    if kind == "rocm":
        values = rocm_values()
        versions["driver"] = values.get("Driver version")
        facts["power_limit_w"] = rocm_watts(values, most=True)
        return facts, rocm_reader if rocm_watts(values, most=False) is not None else None
    if " MIG " in p.name:
        return facts, None  # the board's watts are not those of a part of it
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    row = chosen_row(nvidia_rows(NVIDIA_FIELDS), getattr(p, "uuid", None), p.name, visible)
    if row is None:
        return facts, None
    versions["driver"] = row[3]
    mebibytes = number(row[4])
    facts["memory_driver_gib"] = None if mebibytes is None else mebibytes / 1024
    facts.update(zip(LIMITS, [number(cell) for cell in row[5:]]))
    return facts, nvidia_reader(row[1])
