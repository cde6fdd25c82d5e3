"""A computer that was looked at, as the options of a question."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.errors import UnknownName
from service.estimate.hardware import PCIE_GB_PER_S_PER_LANE
from service.estimate.run_records.driver_report import FoundCard
from service.estimate.run_records.gpu_as_printed import PrintedGpus
from service.facts import Gpu

SAME_MEMORY = 0.12
"""By how much the driver's memory may differ from the catalog's: it keeps some for itself."""
AT_ITS_LIMIT = 0.99
MOST_OF_A_SCREEN_GIB = 2.0
"""What a desktop takes of a card at most; more is a program at work."""
MOST_NAMED = 3
DEFAULT_LANES = 16
SLOT_WIDTHS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class ThisComputer:
    """What was found on a computer; None is what nothing tells."""

    cards: tuple[FoundCard, ...]
    problems: tuple[tuple[str, str], ...]
    """Programs that did not tell of any card, and why."""
    processor: str | None
    logical_cores: int | None
    host_memory_gib: float | None
    free_host_memory_gib: float | None
    """What programs could have at the moment."""
    system: str


@dataclass(frozen=True, slots=True)
class OwnCards:
    """Cards of one kind in a computer."""

    cards: tuple[FoundCard, ...]
    gpu: Gpu | None
    """None for one that is in no catalog, or in another size, or divided."""
    nearest: tuple[str, ...] = ()
    """Slugs like it, where it is not known."""
    options: Mapping[str, int | float] | None = None
    """What a question has to say beside the card's name."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.cards)


def own_cards(
    gpus: Mapping[str, Gpu], cards: Sequence[FoundCard], free_host_gib: float | None
) -> list[OwnCards]:
    """The cards by kind, as options; a kind whose cards differ is told by its slowest one."""
    printed = PrintedGpus(gpus.values())
    kinds: dict[str, list[FoundCard]] = {}
    for card in cards:
        kinds.setdefault(_named(card), []).append(card)
    return [_kind(printed, alike, free_host_gib) for alike in kinds.values()]


def _named(card: FoundCard) -> str:
    """The name with the memory, which tells cards of one name apart; " MIG" where it is divided."""
    size = f" {card.memory_gib:.0f}GB" if card.memory_gib else ""
    return card.name + size + (" MIG" if card.is_divided else "")


def _kind(printed: PrintedGpus, cards: Sequence[FoundCard], free_host_gib: float | None) -> OwnCards:
    first = cards[0]
    try:
        gpu = printed.gpu(first.name, _named(first))
    except UnknownName as error:
        return OwnCards(tuple(cards), None, error.choices[:MOST_NAMED])
    other_size = first.memory_gib and abs(first.memory_gib / gpu.memory_gib - 1) > SAME_MEMORY
    if first.is_divided or other_size:
        return OwnCards(tuple(cards), None, (gpu.slug,))
    return OwnCards(tuple(cards), gpu, options=_options(gpu, cards, free_host_gib))


def _options(gpu: Gpu, cards: Sequence[FoundCard], free_host_gib: float | None) -> dict[str, int | float]:
    options: dict[str, int | float] = {}
    if len(cards) > 1:
        options["home_count"] = len(cards)
    limit = min((card.power_limit_watts for card in cards if card.power_limit_watts), default=None)
    if limit is not None and limit < AT_ITS_LIMIT * gpu.board_watts:
        options["power_limit_watts"] = math.floor(limit)
    lanes = min((lanes for card in cards if (lanes := lanes_as_fast(gpu, card))), default=None)
    if lanes is not None and lanes < (gpu.pcie_lanes or DEFAULT_LANES):
        options["pcie_lanes"] = lanes
    if free_host_gib is not None and free_host_gib >= 1:
        options["host_memory_gib"] = math.floor(free_host_gib)
    used = max((card.used_memory_gib or 0.0 for card in cards if card.has_display), default=0.0)
    if 0 < used <= MOST_OF_A_SCREEN_GIB:
        options["display_gib"] = math.ceil(10 * used) / 10
    return options


def lanes_as_fast(gpu: Gpu, card: FoundCard) -> int | None:
    """How many lanes of the card's own PCIe generation its slot is worth; None where that is not told.

    A card of PCIe 4 in a slot of PCIe 3 with 16 lanes is fed as by 8 of its own.
    """
    if card.pcie_lanes is None:
        return None
    own = PCIE_GB_PER_S_PER_LANE.get(gpu.pcie_generation or 0)
    slot = PCIE_GB_PER_S_PER_LANE.get(card.pcie_generation or 0)
    share = min(1.0, slot / own) if own and slot else 1.0
    return max(width for width in SLOT_WIDTHS if width <= max(1, round(card.pcie_lanes * share)))
