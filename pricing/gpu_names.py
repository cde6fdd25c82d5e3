"""Foreign GPU names become ours: "NVIDIA H100 80GB HBM3" -> h100-sxm; what is not certain stays unknown.

A name is first looked up as it is among slugs, names and aliases, with its memory where the catalog
keeps cards of one name apart. Otherwise family, variant and memory are read from it, from the name of
the instance and from the memory the source states. Names are compared whole, never by substring: an
A10 is no A100, an L40S no L40, a GB200 no B200. A bare "H100" of 80 GB may be SXM or PCIe: unless the
instance tells, it stays unmapped.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from service.facts import Gpu
from service.store.aliases import alias_key

KNOWN_MEMORY_GIB = (
    8,
    10,
    11,
    12,
    16,
    20,
    24,
    32,
    40,
    48,
    64,
    72,
    80,
    94,
    96,
    128,
    141,
    180,
    186,
    192,
    256,
    288,
)
MEMORY_TOLERANCE = 0.07
"""Sources state 46,068 MiB for a 48 GB L40S and 23,028 for a 24 GB A10G."""
NOISE = re.compile(
    r"\b(nvidia|amd|geforce|tesla|instinct|radeon|hgx|dgx|gpu|hbm\d?e?|gddr\d\w?|edition)\b", re.I
)
VARIANTS = (
    ("nvl", re.compile(r"\bnvl\b", re.I)),
    ("pcie", re.compile(r"pci", re.I)),
    ("sxm", re.compile(r"sxm|nvlink|\bhbm3\b", re.I)),
)
INSTANCE_VARIANTS = (
    # AWS p4/p5/p6, Google a2/a3/a4, Azure ND, DigitalOcean: boards with NVLink; Azure NC: PCIe cards.
    ("sxm", re.compile(r"^(p4d|p4de|p5|p5e|p5en|p6|a2-|a3-|a4-|gpu-h[12]00x)|_nd\d|sxm", re.I)),
    ("nvl", re.compile(r"_nc\d+\w*_h100", re.I)),
    ("pcie", re.compile(r"_nc\d+\w*_a100|pcie", re.I)),
)


@dataclass(frozen=True, slots=True)
class NamedGpu:
    """What a foreign name was understood as."""

    slug: str | None
    """Our slug; None while nobody can tell."""
    memory_gib: float | None
    """Per GPU, as the source states it, rounded to a size that exists."""
    note: str = ""


def real_memory_gib(stated: float | None) -> float | None:
    """The size that exists within 7 % of what a source states [GiB]; else what it states."""
    if stated is None or stated <= 0:
        return None
    nearest = min(KNOWN_MEMORY_GIB, key=lambda size: abs(size - stated))
    return float(nearest) if abs(nearest - stated) <= MEMORY_TOLERANCE * nearest else stated


class GpuNames:
    """All names we know, for one refresh."""

    def __init__(self, gpus: Iterable[Gpu]) -> None:
        self._gpus: Mapping[str, Gpu] = {gpu.slug: gpu for gpu in gpus}
        self._exact: dict[str, set[str]] = {}
        self._family: dict[str, set[str]] = {}
        for gpu in self._gpus.values():
            for name in (gpu.slug, gpu.name, *gpu.aliases):
                self._exact.setdefault(alias_key(name), set()).add(gpu.slug)
                self._family.setdefault(family_key(name), set()).add(gpu.slug)

    def named(self, raw: str, memory_gib: float | None = None, instance: str = "") -> NamedGpu:
        """What a source's name stands for, with the memory it states per GPU and its instance's name."""
        memory = real_memory_gib(memory_gib)
        if memory is None:
            memory = real_memory_gib(_memory_in(raw))
        family = self._family.get(family_key(raw), set())
        bare = alias_key(NOISE.sub(" ", raw))
        found = self._exact.get(alias_key(raw)) or self._exact.get(bare) or family
        if bare == family_key(raw):
            # "H100" alone is an alias of one card, and the name of a whole family.
            found = found | family
        variant = _variant(raw, VARIANTS) or _variant(instance, INSTANCE_VARIANTS)
        found = self._narrowed(found, variant, memory)
        if len(found) != 1:
            return NamedGpu(None, memory)
        slug = next(iter(found))
        own = self._gpus[slug].memory_gib
        if memory is not None and abs(own - memory) > MEMORY_TOLERANCE * own:
            more = "twice" if abs(memory - 2 * own) < 0.1 * own else "another"
            return NamedGpu(None, memory, f"a {self._gpus[slug].name} with {more} memory: {memory:g} GiB")
        return NamedGpu(slug, memory)

    def _narrowed(self, found: set[str], variant: str | None, memory: float | None) -> set[str]:
        if memory is not None:
            right = {s for s in found if abs(self._gpus[s].memory_gib - memory) <= MEMORY_TOLERANCE * memory}
            found = right or found
        if variant is None:
            return found
        told_apart = {s for s in found if any(v in s.split("-") for v, _ in VARIANTS)}
        same = {s for s in found if variant in s.split("-")}
        return same if same or told_apart == found else found


@lru_cache(maxsize=8192)
def family_key(name: str) -> str:
    """A name without vendor, variant and memory: "A100-SXM4-80GB" and "A100 80G PCIe" -> "a100"."""
    bare = NOISE.sub(" ", name.replace("_", " "))
    bare = re.sub(r"\b\d+\s*(gib|gb|g)\b|-\d+g\b", " ", bare, flags=re.I)
    bare = re.sub(r"\b(sxm\d?|pcie?x?\d*|nvlink|nvl)\b", " ", bare, flags=re.I)
    key = alias_key(re.sub(r"[-\s]+", " ", bare))
    return key.removeprefix("rtx") if re.fullmatch(r"rtxa\d{4}", key) else key


def _memory_in(raw: str) -> float | None:
    match = re.search(r"(\d{1,3})\s*-?\s*(?:gib|gb|g)\b", raw, re.I)
    return float(match[1]) if match else None


def _variant(text: str, patterns: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    return next((name for name, pattern in patterns if pattern.search(text)), None)
