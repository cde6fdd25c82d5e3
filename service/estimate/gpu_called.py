"""GPUs as people call them: "4070ti super", "rtx4090", "8xh100 sxm"; a name of several cards is asked back.

A slug, name or alias is the card's own. What is written otherwise is read as family, memory, form, edition
and whether it is a laptop's; one card that fits all that was said is meant, several are told with what tells
them apart. Nothing is ever left aside: a memory that no card of the family has makes a name unknown.
A log or a table of runs is read less strictly (run_records/gpu_as_printed.py), a price list in its own way
(pricing/gpu_names.py).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from service.errors import SeveralMeant, UnknownCard
from service.estimate.alias_key import alias_key
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.run_records.gpu_as_printed import FORMS, LAPTOP, MEMORY, core
from service.facts import Gpu

EDITIONS = (
    ("max-q", re.compile(r"max[\s-]{0,3}q", re.I)),
    ("server", re.compile(r"server", re.I)),
    ("workstation", re.compile(r"workstation", re.I)),
    ("sff", re.compile(r"\bsff\b", re.I)),
)
GENERATION = re.compile(r"\bblackwell\b|\bedition\b", re.I)
SAME_NAME: Mapping[str, tuple[str, ...]] = {
    "rtx4000": ("quadro-rtx-4000", "rtx-4000-ada", "rtx-pro-4000-blackwell"),
    "rtx5000": ("quadro-rtx-5000", "rtx-5000-ada", "rtx-pro-5000-blackwell"),
    "rtx6000": ("quadro-rtx-6000", "rtx-6000-ada", "rtx-pro-6000-blackwell"),
    "rtx8000": ("quadro-rtx-8000",),
    "titanx": ("gtx-titan-x", "titan-x-pascal"),
    "titan": ("gtx-titan-x", "titan-x-pascal", "titan-xp", "titan-v", "titan-rtx"),
}
"""What makers named alike across generations."""
MODIFIED = frozenset({"rtx-4090-48gb", "rtx-2080-ti-22gb", "rtx-3080-20gb"})
"""Cards that their maker never made: meant where their memory is said."""
ONCE_MEANT: Mapping[str, str] = {
    "H100": "h100-sxm",
    "H200": "h200-sxm",
    "P100": "p100-sxm",
    "A100 40GB": "a100-sxm-40gb",
    "A100 80GB": "a100-sxm-80gb",
    "A2000": "rtx-a2000-12gb",
    **dict.fromkeys(("3060", "RTX 3060"), "rtx-3060-12gb"),
    **dict.fromkeys(("3080", "RTX 3080", "GeForce RTX 3080", "NVIDIA GeForce RTX 3080"), "rtx-3080-10gb"),
    "RTX 4060 Ti": "rtx-4060-ti-8gb",
    "RTX 5060 Ti": "rtx-5060-ti-16gb",
    **{f"RTX PRO {n}": f"rtx-pro-{n}-blackwell" for n in (4000, 5000, 6000)},
}
"""Names that were one card's until they were asked back (2026-11-28): questions that were kept before mean
that card still (usecases/kept_questions.py)."""
MEMORY_TOLERANCE = 0.03
LONGEST_NAME = 80
NUMBER = re.compile(r"\d{2,4}")
FAR_GENERATION = 50
"""As far as one generation is from the next, 4090 from 5090, and from any other: half of its places."""
NO_NUMBER = 10_000
"""How far a name without a number is from one with it."""


def called(gpus: Iterable[Gpu], field: str, name: str) -> Gpu:
    """The card of that name.

    Raises SeveralMeant with what tells them apart, UnknownCard with the slugs nearest first.
    """
    cards = {gpu.slug: gpu for gpu in gpus}
    key = alias_key(name)
    for gpu in cards.values():
        if any(alias_key(own) == key for own in (gpu.slug, gpu.name, *gpu.aliases)):
            return gpu
    fitting = _fitting(cards, name) if len(name) <= LONGEST_NAME else []
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SeveralMeant(field, name, differences(fitting))
    raise UnknownCard(field, name, nearest_names(name, cards))


def _family(name: str) -> str:
    bare = GENERATION.sub(" ", name)
    for _, edition in EDITIONS:
        bare = edition.sub(" ", bare)
    return core(bare)


def _fitting(cards: Mapping[str, Gpu], name: str) -> list[Gpu]:
    family = _family(name)
    if not family:
        return []
    same = SAME_NAME.get(alias_key(MEMORY.sub(" ", re.sub(r"\b(nvidia|geforce)\b", " ", name, flags=re.I))))
    if same:
        found = [cards[slug] for slug in same if slug in cards]
    else:
        found = [c for c in cards.values() if family in {_family(n) for n in (c.slug, c.name, *c.aliases)}]
        laptop = bool(LAPTOP.search(name))
        found = [card for card in found if card.category.endswith("laptop") == laptop]
    memory = MEMORY.search(name)
    if memory:
        size = float(memory[1])
        found = [c for c in found if abs(c.memory_gib - size) <= MEMORY_TOLERANCE * c.memory_gib]
    elif any(card.slug not in MODIFIED for card in found):
        made = [card for card in found if card.slug not in MODIFIED]
        found = made if len(made) == 1 else found
    for form, pattern in FORMS:
        if pattern.search(name):
            found = [card for card in found if form in card.slug.split("-")] or found
    return _of_edition(found, name)


def _of_edition(found: list[Gpu], name: str) -> list[Gpu]:
    """The cards of the edition that was said; "workstation" is the one without a word of its own."""
    said = next((word for word, pattern in EDITIONS if pattern.search(name)), None)
    if said is None:
        return found
    others = [word for word, _ in EDITIONS if word != said]
    if said == "workstation":
        return [card for card in found if not any(word in card.slug for word in others)]
    return [card for card in found if said in card.slug]


def differences(cards: Sequence[Gpu]) -> dict[str, str]:
    """Of each card by slug what not all of them have alike: memory, speed, bandwidth, board power."""
    told = [
        (
            f"{card.memory_gib:g} GiB",
            f"{dense_tensor_tflops(card):.0f} TFLOP/s",
            f"{card.memory_bandwidth_gb_per_s:g} GB/s",
            f"{card.board_watts:g} W",
            f"NVLink {card.gpu_link_gb_per_s:g} GB/s" if card.gpu_link_gb_per_s else "PCIe",
        )
        for card in cards
    ]
    apart = [i for i in range(len(told[0])) if len({row[i] for row in told}) > 1]
    modified = [" modified," if card.slug in MODIFIED else "" for card in cards]
    return {
        card.slug: f"{word} {', '.join(row[i] for i in apart)}".strip()
        for card, word, row in zip(cards, modified, told, strict=True)
    }


def nearest_names(name: str, cards: Iterable[str]) -> tuple[str, ...]:
    """All slugs, those first whose number is nearest to the name's, then those written most alike."""
    wanted, letters = _number(name), _letters(name)

    def far(slug: str) -> tuple[float, float, float, str]:
        apart, by_value = _apart(_number(slug), wanted)
        kind = 0 if not letters or not wanted or letters == _letters(slug) else 25
        alike = SequenceMatcher(None, alias_key(slug), alias_key(name)).ratio()
        return apart + kind, by_value, -round(alike, 6), slug

    return tuple(sorted(cards, key=far))


def _apart(number: str, wanted: str) -> tuple[int, int]:
    """How far two numbers of cards are, and by their values alone; one that is the other cut off is near: 407
    to 4070. Of four digits the last two, 90 of 4090, tell a card's place in its generation: one of another
    generation is nearer than one of another place."""
    if not number or not wanted:
        return (0, 0) if number == wanted else (NO_NUMBER, 0)
    short, long = sorted((number, wanted), key=len)
    if len(short) > 2 and long.startswith(short):
        return 0, 0
    by_value = abs(int(number) - int(wanted))
    if len(short) < 4:
        return by_value, by_value
    generations = abs(int(number[:2]) - int(wanted[:2]))
    return min(5 * generations, FAR_GENERATION) + abs(int(number[2:]) - int(wanted[2:])), by_value


def _number(name: str) -> str:
    found = NUMBER.search(MEMORY.sub(" ", name.replace("-", " ")))
    return found[0] if found else ""


def _letters(name: str) -> str:
    return alias_key(re.split(r"\d", name, maxsplit=1)[0])
