"""GPUs as logs and tables of runs name them: "NVIDIA H100 80GB HBM3", "8x A100-40G", "4090 laptop".

A run was done on one certain card, so that the usual kind of a name is taken where the name fits
several: an H100 of no stated form is the SXM module. Prices need certainty instead and have their own
reading (pricing/gpu_names.py).
"""

import re
from collections.abc import Iterable

from service.errors import UnknownName
from service.estimate.alias_key import alias_key
from service.facts import Gpu

COUNT = re.compile(
    r"^\s{0,9}(\d{1,5})\s{0,9}[x\u00d7*](?!tx?\b)\s{0,9}|\s[x\u00d7*]\s{0,9}(\d{1,5})\s{0,9}$", re.I
)
MEMORY = re.compile(r"(\d{1,3})\s{0,9}-?\s{0,9}(?:gib|gb|g)\b", re.I)
NOISE = re.compile(
    r"\b(nvidia|amd|geforce|tesla|instinct|radeon|quadro(?= rtx a)|hgx|dgx|gpus?|graphics( card)?|card|"
    r"edition|gen\d|founders?|generation|series|accelerator|tensor|cores?|hbm\d?e?|gddr\d\w?|oam|single|workstation|"
    r"consumer|desktop|cluster|node|server(?! edition))\b",
    re.I,
)
FORMS = (
    ("nvl", re.compile(r"\bnvl\d*\b", re.I)),
    ("pcie", re.compile(r"\bpci-?e?x?\d*\b", re.I)),
    ("sxm", re.compile(r"sxm\d?|nvlink", re.I)),
)
LAPTOP = re.compile(r"laptop|mobile|notebook", re.I)
MEMORY_TOLERANCE = 0.08
USUAL = (
    "h100-sxm", "h200-sxm", "a100-sxm-80gb", "v100-sxm-32gb", "p100-sxm", "p100-pcie", "rtx-3060-12gb",
    "rtx-3080-10gb", "rtx-3050-8gb", "rtx-4060-ti-16gb", "rtx-5060-ti-16gb", "rx-9060-xt-16gb",
    "gtx-1060-6gb", "rtx-pro-6000-blackwell", "a800-sxm-80gb",
)  # fmt: skip
"""The kind meant where a name fits several."""


def count_in(name: str) -> int | None:
    """How many GPUs a name counts: "8x H100" -> 8."""
    found = COUNT.search(name)
    return int(found[1] or found[2]) if found else None


def core(name: str) -> str:
    """A name without count, vendor, memory, form and brackets: "A100-SXM4-80GB (DGX)" -> "a100"."""
    bare = re.sub(r"\([^()]*\)", " ", COUNT.sub(" ", name)).replace("_", " ").replace("-", " ")
    bare = NOISE.sub(" ", MEMORY.sub(" ", bare))
    for _, form in FORMS:
        bare = form.sub(" ", bare)
    key = alias_key(LAPTOP.sub(" ", bare))
    key = "titanrtx" if key == "rtxtitan" else re.sub(r"^(rtx|gtx|rx)(?=\d{4}|pro)", "", key)
    return re.sub(r"^rtxa(?=\d{4})", "a", key)


class PrintedGpus:
    """Finds the GPU that somebody's name for it stands for."""

    def __init__(self, gpus: Iterable[Gpu]) -> None:
        self._slugs: list[str] = []
        self._by_alias: dict[str, Gpu] = {}
        self._families: dict[str, dict[str, Gpu]] = {}
        for gpu in gpus:
            self._slugs.append(gpu.slug)
            for name in (gpu.slug, gpu.name, *gpu.aliases):
                self._by_alias[alias_key(name)] = gpu
                self._families.setdefault(core(name), {})[gpu.slug] = gpu

    def gpu(self, *names: str) -> Gpu:
        """The GPU of the first of these names that stands for one.

        Raises UnknownName for the first name with the nearest slugs first.
        """
        for name in names:
            exact = self._by_alias.get(alias_key(COUNT.sub(" ", name)))
            # Another name of the same card may say more: "A100", printed as "A100 40GB".
            more = " ".join(other for other in names if core(other) == core(name))
            found = exact or self._of_family(core(name), more)
            if found is not None:
                return found
        raise UnknownName("gpu", names[0], self._slugs)

    def _of_family(self, family: str, name: str) -> Gpu | None:
        cards = list(self._families.get(family, {}).values()) if family else []
        laptop = bool(LAPTOP.search(name))
        cards = [gpu for gpu in cards if ("laptop" in gpu.slug) == laptop]
        memory = MEMORY.search(name)
        if memory:
            size = float(memory[1])
            cards = [
                gpu for gpu in cards if abs(gpu.memory_gib - size) <= MEMORY_TOLERANCE * gpu.memory_gib
            ] or cards
        stated = next((form for form, pattern in FORMS if pattern.search(name)), None)
        cards = [gpu for gpu in cards if stated in gpu.slug.split("-")] or cards
        cards.sort(key=lambda gpu: (gpu.slug not in USUAL, "sxm" not in gpu.slug, gpu.memory_gib, gpu.slug))
        return cards[0] if cards else None
