"""What a computer has, as options to paste, as JSON and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from service.estimate.own_machine import OwnCards, ThisComputer
from service.estimate.run_records.driver_report import FoundCard
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]
FLAGS = {
    "home": "--home",
    "home_count": "--home-count",
    "own": "--own",
    "power_limit_watts": "--power-limit",
    "pcie_lanes": "--pcie-lanes",
    "host_memory_gib": "--host-memory",
    "display_gib": "--display-gib",
}


def as_words(options: Mapping[str, Any]) -> str:
    """Options as they are typed: `--home rtx-4070 --pcie-lanes 8`."""
    words = []
    for name, value in options.items():
        for one in value if isinstance(value, tuple) else (value,):
            words.append(f"{FLAGS[name]} {one:g}" if isinstance(one, float) else f"{FLAGS[name]} {one}")
    return " ".join(words)


def options_of(kind: OwnCards) -> Json:
    """The options of `compare` for these cards; empty where they are not known."""
    return {} if kind.gpu is None else {"home": kind.gpu.slug, **(kind.options or {})}


def as_json(computer: ThisComputer, kinds: Sequence[OwnCards]) -> Json:
    """What was found; null is what nothing tells."""
    return {
        "processor": computer.processor,
        "logical_cores": computer.logical_cores,
        "host_memory_gib": computer.host_memory_gib,
        "free_host_memory_gib": computer.free_host_memory_gib,
        "system": computer.system,
        "cards": [asdict(card) for card in computer.cards],
        "kinds": [
            {
                "gpu": kind.gpu.slug if kind.gpu else None,
                "count": kind.count,
                "nearest": list(kind.nearest),
                "options": options_of(kind),
                "words": as_words(options_of(kind)),
            }
            for kind in kinds
        ],
        "problems": [{"program": program, "problem": problem} for program, problem in computer.problems],
    }


def render(computer: ThisComputer, kinds: Sequence[OwnCards], language: str) -> str:
    """The same as lines of text."""
    w = wording(language)
    lines = [_computer(w, computer)]
    for kind in kinds:
        lines += _kind(w, kind)
    if not kinds:
        lines += [f"{program}: {_problem(w, problem)}" for program, problem in computer.problems]
        lines.append(w.say("No card found: name yours with --home NAME; heimvorteil gpus lists the names."))
    elif sum(kind.gpu is not None for kind in kinds) == 1:
        lines.append(w.say("compare and report take this with --home here, decide with --own here."))
    return "\n".join(lines) + "\n"


def _computer(w: Wording, computer: ThisComputer) -> str:
    parts = [computer.processor or w.say("processor not told")]
    if computer.logical_cores:
        parts.append(w.say("{count} logical cores", count=w.number(computer.logical_cores)))
    if computer.host_memory_gib and computer.free_host_memory_gib:
        whole, free = w.rounded(computer.host_memory_gib), w.rounded(computer.free_host_memory_gib)
        parts.append(w.say("{whole} GiB of memory, {free} of them free", whole=whole, free=free))
    elif computer.host_memory_gib:
        parts.append(w.say("{whole} GiB of memory", whole=w.rounded(computer.host_memory_gib)))
    return ", ".join([*parts, computer.system])


def _problem(w: Wording, problem: str) -> str:
    """What kept a driver's program from telling; its own words stay as they are."""
    ours = {
        "is not installed": w.say("is not installed"),
        "names no card": w.say("names no card"),
        "printed no JSON": w.say("printed no JSON"),
    }
    return ours.get(problem, problem)


def _kind(w: Wording, kind: OwnCards) -> list[str]:
    lines = [_card(w, card) for card in kind.cards]
    if kind.gpu is not None:
        return [*lines, f"  {as_words(options_of(kind))}"]
    nearest = ", ".join(kind.nearest)
    if kind.cards[0].is_divided:
        return [
            *lines,
            w.say(
                "It is divided (MIG): parts of a card are in no catalog; whole it is {name}.", name=nearest
            ),
        ]
    return [*lines, w.say("It is in no catalog; most like it by name: {names}.", names=nearest)]


def _card(w: Wording, card: FoundCard) -> str:
    parts = []
    if card.memory_gib:
        parts.append(f"{w.rounded(card.memory_gib)} GiB")
    if (
        card.power_limit_watts
        and card.default_limit_watts
        and card.power_limit_watts < card.default_limit_watts
    ):
        limit, usual = w.rounded(card.power_limit_watts), w.rounded(card.default_limit_watts)
        parts.append(w.say("limited to {limit} of {usual} W", limit=limit, usual=usual))
    elif card.power_limit_watts:
        parts.append(f"{w.rounded(card.power_limit_watts)} W")
    if card.pcie_generation and card.pcie_lanes:
        parts.append(f"PCIe {card.pcie_generation}.0 x{card.pcie_lanes}")
    if card.driver:
        parts.append(w.say("driver {version}", version=card.driver))
    return f"{card.name}: {', '.join(parts)}" if parts else card.name
