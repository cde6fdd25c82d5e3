"""Foreign GPU names become ours: "NVIDIA H100 80GB HBM3" -> h100-sxm; what is not certain stays unknown.

A user's own names come first. Then a name is looked up as it is among slugs and names. Otherwise family,
variant and memory are read from it, from the instance type and from the memory the source states. Names
are compared whole, never by substring: an A10 is no A100, an L40S no L40, a GB200 no B200. A bare "H100"
of 80 GB may be SXM or PCIe, a bare "RTX PRO 6000" any of three editions: unless the instance type tells,
they stay unmapped.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pricing.instances import fitted
from service.estimate.alias_key import alias_key
from service.facts import Gpu
from service.store.own_gpu_names import OwnGpuName

KNOWN_MEMORY_GIB = (
    4, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 72, 80, 94, 96, 128, 141, 180, 186, 192, 256, 270, 279,
    288,
)  # fmt: skip
MEMORY_TOLERANCE = 0.07
"""Two sizes as near as this are one: the same card is written with 186 and with 192."""
SHOWN_LESS, SLIGHTLY_MORE = 0.085, 1.01
"""What a driver shows lies up to 8.5 % below what is fitted (22 of 24 GB on an L4), rounding 1 % above."""
NOISE = re.compile(
    r"\b(nvidia|amd|geforce|tesla|quadro|instinct|hgx|dgx|gpu|hbm\d?e?|gddr\d\w?|edition|bare ?metal|mega)\b"
    r"|\bradeon\b(?! pro)|^\s*\d+\s*x\s+",
    re.I,
)
MEMORY = re.compile(r"(?<![\da-z.])(\d{1,3})\s{0,9}-?\s{0,9}(gib|gb|g)\b", re.I)
LINK = re.compile(r"sxm\d?|pci[\s-]?e?(\s?x\d+)?(?![a-z])|nvlink|nvl(?!ink|\d)", re.I)
VARIANTS = (
    ("nvl", re.compile(r"nvl(?!ink|\d)", re.I)),
    ("pcie", re.compile(r"pci", re.I)),
    ("sxm", re.compile(r"sxm|\bhbm3\b", re.I)),
)
EDITIONS = (
    ("max-q", re.compile(r"max-?\s?q", re.I)),
    ("server", re.compile(r"server|pro\W?a?\d{4}\W{0,9}(blackwell)?\W{0,9}se?\b|bse", re.I)),
    ("workstation", re.compile(r"workstation|pro\W?a?\d{4}\W{0,9}(blackwell)?\W{0,9}w[ske]?\b", re.I)),
)
SEVERAL_GENERATIONS = frozenset({"rtx4000", "rtx5000", "rtx6000", "rtx8000"})
"""Names of Quadros that are also written for their successors: only the memory tells."""
BESIDE_THE_USUAL = frozenset(
    {
        "rtx-4090-48gb",
        "rtx-2080-ti-22gb",
        "rtx-3080-20gb",
        "rtx-2060-6gb",
        "rtx-3050-6gb",
        "rtx-a2000-6gb",
        "p100-pcie-12gb",
    }
)
"""Cards that share their name with the one which clouds rent out: meant where a name says their memory."""


@dataclass(frozen=True, slots=True)
class NamedGpu:
    """What a foreign name was understood as."""

    slug: str | None
    """Our slug; None while nobody can tell."""
    memory_gib: float | None
    """Per GPU, as the source states it, rounded to a size that exists."""
    note: str = ""


def real_memory_gib(stated: float | None) -> float | None:
    """The size that exists at or a little above what a source states [GiB]; else what it states."""
    if stated is None or stated <= 0:
        return None
    fits = [size for size in KNOWN_MEMORY_GIB if stated / SLIGHTLY_MORE <= size]
    if fits and fits[0] - stated <= SHOWN_LESS * fits[0]:
        return float(fits[0])
    return stated


class GpuNames:
    """All names we know, for one refresh."""

    def __init__(self, gpus: Iterable[Gpu], own: Iterable[OwnGpuName] = ()) -> None:
        self.gpus: Mapping[str, Gpu] = {gpu.slug: gpu for gpu in gpus}
        self._own: dict[str, list[OwnGpuName]] = {}
        for name in own:
            self._own.setdefault(alias_key(name.name), []).append(name)
        self._canonical: dict[str, set[str]] = {}
        self._family: dict[str, set[str]] = {}
        for gpu in self.gpus.values():
            self._canonical.setdefault(_bare_key(gpu.name), set()).add(gpu.slug)
            for called in (gpu.slug, gpu.name, *gpu.aliases):
                self._family.setdefault(family_key(called), set()).add(gpu.slug)

    def family(self, raw: str) -> list[Gpu]:
        """The cards that a name may mean: one, several, or none that we know."""
        return [self.gpus[slug] for slug in sorted(self._family.get(family_key(raw), ()))]

    def may_mean(self, raw: str) -> tuple[str, ...]:
        """The cards that a name alone may stand for: one, several, or none that we know."""
        slug = self.named(raw).slug
        if slug is not None:
            return (slug,)
        family = self._family.get(family_key(raw), set()) - BESIDE_THE_USUAL
        return tuple(sorted(self._narrowed(self._canonical.get(_bare_key(raw)) or family, raw, "", None)))

    def named(self, raw: str, memory_gib: float | None = None, instance: str = "") -> NamedGpu:
        """What a source's name stands for, with the memory it states per GPU and its instance's type."""
        memory = real_memory_gib(memory_gib)
        in_name = _memory_in(raw)
        if memory is None:
            memory = real_memory_gib(in_name)
        if (told := self._told_by_user(raw, memory)) is not None:
            return NamedGpu(told, memory)
        family = self._family.get(family_key(raw), set())
        for slug in family & BESIDE_THE_USUAL:
            if self.gpus[slug].memory_gib == in_name:
                return NamedGpu(slug, in_name)
        family = family - BESIDE_THE_USUAL
        card = fitted(instance)
        if card is not None and card.slug in family and self._has_memory(card.slug, memory):
            return NamedGpu(card.slug, memory)
        if raw.strip().lower() in self.gpus:
            family = {raw.strip().lower()}
        found = self._narrowed(self._canonical.get(_bare_key(raw)) or family, raw, instance, memory)
        is_told = memory is not None or "quadro" in raw.lower() or family_key(raw) not in SEVERAL_GENERATIONS
        if len(found) != 1 or not is_told:
            return NamedGpu(None, memory)
        slug = next(iter(found))
        if self._has_memory(slug, memory):
            return NamedGpu(slug, memory)
        own = self.gpus[slug].memory_gib
        more = "twice" if memory is not None and abs(memory - 2 * own) < 0.1 * own else "another"
        return NamedGpu(None, memory, f"a {self.gpus[slug].name} with {more} memory: {memory:g} GiB")

    def _told_by_user(self, raw: str, memory: float | None) -> str | None:
        told = self._own.get(alias_key(raw), [])
        exact = [n for n in told if n.is_for(memory) and n.memory_gib is not None]
        any_memory = [n for n in told if n.memory_gib is None]
        return next((name.gpu for name in (*exact, *any_memory)), None)

    def _has_memory(self, slug: str, memory: float | None) -> bool:
        own = self.gpus[slug].memory_gib
        return memory is None or abs(own - memory) <= MEMORY_TOLERANCE * own

    def _narrowed(self, found: set[str], raw: str, instance: str, memory: float | None) -> set[str]:
        if memory is not None:
            found = {slug for slug in found if self._has_memory(slug, memory)} or found
        edition = _variant(raw, EDITIONS) or _variant(instance, EDITIONS)
        if edition is not None and len(found) > 1:
            named = {slug for slug in found if slug.endswith(("-server", "-max-q"))}
            # An A100 in "server 41001" has no editions: the word is the machine's.
            if named:
                found = (
                    found - named if edition == "workstation" else {s for s in named if s.endswith(edition)}
                )
        variant = _variant(raw, VARIANTS) or _variant(instance, VARIANTS)
        if variant is None:
            return found
        told_apart = {slug for slug in found if any(v in slug.split("-") for v, _ in VARIANTS)}
        same = {slug for slug in found if variant in slug.split("-")}
        return same if same or told_apart == found else found


@lru_cache(maxsize=8192)
def family_key(name: str) -> str:
    """A name without vendor, variant and memory: "A100-SXM4-80GB" and "A100 80G PCIe" -> "a100"."""
    plain = re.sub(r"\([^)]{0,200}\)", " ", name.replace("_", " "))
    key = alias_key(LINK.sub(" ", MEMORY.sub(" ", NOISE.sub(" ", plain))))
    key = re.sub(r"^(rtx)?(a?\d{4})pro", r"rtxpro\2", key).replace("rtxproa", "rtxpro")
    key = key.replace("adasff", "sffada")
    if pro := re.match(r"(rtxpro\d{4})(.*)", key):
        kind = next((kind for kind in ("laptop", "sff") if kind in pro[2]), "")
        return pro[1] + kind
    return key.removeprefix("rtx") if re.fullmatch(r"rtxa\d{4}", key) else key


@lru_cache(maxsize=8192)
def tells_more(name: str, other: str) -> bool:
    """Whether a name means the same family as another one and tells its variant where that one does not."""
    same = bool(name) and family_key(name) == family_key(other)
    return same and _variant(name, VARIANTS) is not None and _variant(other, VARIANTS) is None


@lru_cache(maxsize=8192)
def _bare_key(name: str) -> str:
    return alias_key(NOISE.sub(" ", name.replace("_", " ")))


def _memory_in(raw: str) -> float | None:
    match = MEMORY.search(raw.replace("_", " "))
    return float(match[1]) if match else None


def _variant(text: str, patterns: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    text = text.replace("_", " ")
    return next((name for name, pattern in patterns if pattern.search(text)), None)
