"""What nvidia-smi and rocm-smi say of the cards in a computer, read from what they print."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NVIDIA_FIELDS = (
    "name", "memory.total", "memory.used", "power.limit", "power.default_limit", "pcie.link.gen.max",
    "pcie.link.width.current", "display_active", "driver_version", "mig.mode.current",
)  # fmt: skip
"""What nvidia-smi is asked for, in order."""
OLD_NVIDIA_FIELDS = NVIDIA_FIELDS[:-1]
"""The same of drivers that know no MIG."""
ROCM_NAMES = ("Card Series", "Card series", "Device Name", "Card Model", "Card model")
MIB_PER_GIB = 1024.0
BYTES_PER_GIB = 2.0**30


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card as its driver describes it; None is what the driver does not say."""

    name: str
    memory_gib: float | None = None
    used_memory_gib: float | None = None
    power_limit_watts: float | None = None
    default_limit_watts: float | None = None
    pcie_generation: int | None = None
    """The newest that card and slot both have."""
    pcie_lanes: int | None = None
    """As connected at the moment."""
    has_display: bool = False
    driver: str | None = None
    is_divided: bool = False
    """Whether it is divided into parts (MIG)."""


def cards_of_nvidia(printed: str, fields: tuple[str, ...] = NVIDIA_FIELDS) -> list[FoundCard]:
    """The cards in nvidia-smi's CSV without head and units; lines of another length are no cards."""
    rows = [[cell.strip() for cell in line.split(",")] for line in printed.splitlines()]
    return [
        _nvidia(dict(zip(fields, row, strict=True))) for row in rows if len(row) == len(fields) and row[0]
    ]


def _nvidia(told: Mapping[str, str]) -> FoundCard:
    return FoundCard(
        name=told["name"],
        memory_gib=_in(MIB_PER_GIB, told["memory.total"]),
        used_memory_gib=_in(MIB_PER_GIB, told["memory.used"]),
        power_limit_watts=number(told["power.limit"]),
        default_limit_watts=number(told["power.default_limit"]),
        pcie_generation=_whole(told["pcie.link.gen.max"]),
        pcie_lanes=_whole(told["pcie.link.width.current"]),
        has_display=told["display_active"].lower() == "enabled",
        driver=told["driver_version"] or None,
        is_divided=told.get("mig.mode.current", "").lower() == "enabled",
    )


def cards_of_rocm(told: object) -> list[FoundCard]:
    """The cards in rocm-smi's JSON, opened already."""
    if not isinstance(told, Mapping):
        return []
    system = told.get("system")
    driver = system.get("Driver version") if isinstance(system, Mapping) else None
    return [_rocm(card, str(driver) if driver else None) for card in _rocm_cards(told)]


def _rocm_cards(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in sorted(told, key=lambda name: (len(name), name)):
        card = told[name]
        if name.startswith("card") and isinstance(card, Mapping) and any(card.get(n) for n in ROCM_NAMES):
            yield card


def _rocm(card: Mapping[str, Any], driver: str | None) -> FoundCard:
    return FoundCard(
        name=str(next(card[n] for n in ROCM_NAMES if card.get(n))).strip(),
        memory_gib=_in(BYTES_PER_GIB, card.get("VRAM Total Memory (B)")),
        used_memory_gib=_in(BYTES_PER_GIB, card.get("VRAM Total Used Memory (B)")),
        power_limit_watts=number(card.get("Max Graphics Package Power (W)")),
        driver=driver,
    )


def number(printed: object) -> float | None:
    """A number of 0 or more; None for "[N/A]", "[Not Supported]", "[Unknown Error]" and the like."""
    try:
        value = float(str(printed).strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _in(unit: float, printed: object) -> float | None:
    value = number(printed)
    return None if value is None else value / unit


def _whole(printed: object) -> int | None:
    value = number(printed)
    return int(value) if value else None
