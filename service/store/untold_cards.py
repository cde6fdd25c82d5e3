"""Cards whose training time cannot be told, read from the catalog's file: why, and the nearest that can.

Chips of Apple, cards of Intel, boards for inference, NPUs, TPUs: no run on them is among the evidence, and a
time without any would be invented. What is known of them, memory and bandwidth, says which card comes
nearest.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from service.errors import CardNotTold, on_record, worded
from service.estimate.alias_key import alias_key
from service.estimate.gpu_called import LONGEST_NAME
from service.estimate.hardware import WITHOUT_BF16
from service.estimate.run_records.gpu_as_printed import MEMORY
from service.facts import Gpu, Source
from service.store.catalog_fields import TomlTable
from service.store.versions import CATALOG

FILE = "untold_cards.toml"
NOISE = re.compile(
    r"\b(apple|intel|nvidia|silicon|chip|gpu|macbook(?: pro| air)?|imac)\b"
    r"|\b(mac (?:studio|mini|pro)|graphics|\d{1,2}[ -]?cores?)\b|\(r\)|\(tm\)",
    re.I,
)
NEAREST = 3


@dataclass(frozen=True, slots=True)
class UntoldKind:
    """Why cards of a kind are not told, and the words that such a card is known by."""

    reason: str
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class UntoldCard:
    """What is known of such a card."""

    name: str
    kind: UntoldKind
    aliases: tuple[str, ...]
    memory_gib: float
    """The largest that it is sold with."""
    memory_bandwidth_gb_per_s: float | None
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Untold:
    """Every kind and card of the file."""

    kinds: tuple[UntoldKind, ...]
    cards: tuple[UntoldCard, ...]

    def card(self, name: str) -> UntoldCard | None:
        """The card of that name, with or without the memory it has."""
        written = (name, MEMORY.sub(" ", name))
        keys = [key for said in written for key in (alias_key(said), _bare(said)) if key]
        for key in keys:
            for card in self.cards:
                if key in {alias_key(own) for own in (card.name, *card.aliases)}:
                    return card
        return None

    def kind(self, name: str) -> UntoldKind | None:
        """The kind that a name's words are of."""
        return next((kind for kind in self.kinds if kind.words.search(name)), None)


def _bare(name: str) -> str:
    return alias_key(NOISE.sub(" ", name))


@lru_cache(maxsize=1)
def untold(catalog: Path = CATALOG) -> Untold:
    """The file, read once. Raises InvalidValue naming the value that is missing or without a source."""
    from service.store.catalog_files import sources_of_catalog

    values = tomllib.loads((catalog / FILE).read_text(encoding="utf-8"))
    known = sources_of_catalog(catalog)
    kinds = {}
    for slug, inner in values["kinds"].items():
        table = TomlTable(f"{FILE} [kinds.{slug}]", inner, known)
        words = re.compile(rf"(?<![a-z0-9])(?:{table.plain('words', str)})(?![a-z0-9])", re.I)
        kinds[slug] = UntoldKind(table.plain("reason", str), words)
        table.done()
    cards = []
    for slug, inner in values["cards"].items():
        table = TomlTable(f"{FILE} [cards.{slug}]", inner, known)
        cards.append(
            UntoldCard(
                name=table.plain("name", str),
                kind=kinds[table.plain("kind", str)],
                aliases=tuple(table.plain("aliases", list)),
                memory_gib=table.number("memory_gib", float),
                memory_bandwidth_gb_per_s=table.number("memory_bandwidth_gb_per_s", float, None),
                sources=table.sources,
            )
        )
        table.done()
    return Untold(tuple(kinds.values()), tuple(cards))


def refuse_untold(gpus: Iterable[Gpu], field: str, name: str) -> None:
    """Raises CardNotTold for a card or a kind of cards that is not told, with the nearest that are."""
    if len(name) > LONGEST_NAME:
        return
    card = untold().card(name)
    kind = card.kind if card else untold().kind(name)
    if kind is None:
        return
    said = MEMORY.search(name)
    memory = float(said[1]) if said else card.memory_gib if card else None
    bandwidth = card.memory_bandwidth_gb_per_s if card else None
    reason = worded("{card} {why}", card=card.name if card else worded("it"), why=on_record(kind.reason))
    if memory is None:
        raise CardNotTold(
            field,
            name,
            worded("is not told: {reason}; name a card of its memory, in GB, instead", reason=reason),
        )
    nearest = _nearest(gpus, memory, bandwidth)
    facts = worded("{memory:g} GB", memory=memory)
    if bandwidth:
        facts = worded("{facts}, {bandwidth:g} GB/s", facts=facts, bandwidth=bandwidth)
    if not nearest:
        raise CardNotTold(
            field,
            name,
            worded("is not told: {reason}; no single card has its {facts}", reason=reason, facts=facts),
        )
    first, by = nearest[0], worded("memory and bandwidth") if bandwidth else worded("memory")
    why = worded(
        "{memory:g} GiB, {bandwidth:g} GB/s against {facts}",
        memory=first.memory_gib,
        bandwidth=first.memory_bandwidth_gb_per_s,
        facts=facts,
    )
    raise CardNotTold(
        field,
        name,
        worded(
            "is not told: {reason}; nearest in {by} is {first} ({why})",
            reason=reason,
            by=by,
            first=first.slug,
            why=why,
        ),
        [gpu.slug for gpu in nearest],
    )


def _nearest(gpus: Iterable[Gpu], memory_gib: float, bandwidth: float | None) -> list[Gpu]:
    """The cards one can put in that hold as much, the most alike first; without a bandwidth the slowest.

    Cards that cannot count in BF16 are older than the untold ones and stand for none.
    """

    def far(gpu: Gpu) -> tuple[float, float, str]:
        memory = math.log(gpu.memory_gib / memory_gib)
        speed = math.log(gpu.memory_bandwidth_gb_per_s / bandwidth) if bandwidth else 0.0
        return math.hypot(memory, speed), gpu.memory_bandwidth_gb_per_s, gpu.slug

    cards = [gpu for gpu in gpus if gpu.memory_gib >= memory_gib and not gpu.category.endswith("laptop")]
    cards = [gpu for gpu in cards if gpu.architecture not in WITHOUT_BF16]
    return sorted(cards, key=far)[:NEAREST]
