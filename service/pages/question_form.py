"""The question as a sentence of controls, and everything else one may say, from its own description."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from service.answers.question import AskedDecision
from service.countries import name_of
from service.pages.asked_by_address import fields_by_address
from service.reports.words.prices import tier_name
from service.reports.words.wording import Wording
from service.store.snapshot import Snapshot

ASKED_FIRST: Mapping[str, Sequence[str]] = {"budget": ("700",), "deadline_hours": ("30d",)}
"""What the first page asks beside the usual values, so that there is something to decide."""
MARK = "\N{INFORMATION SEPARATOR ONE}"
THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
"""Left out of what stands in a field: 1.000 would be asked back when it is sent again."""
LISTS = {"workload": "workloads", "own": "gpus", "buy": "gpus", "country": "countries"}
WIDTHS = {"workload": 12, "own": 9, "country": 9, "kwh_price": 7, "hours_per_day": 2, "budget": 6,
          "deadline_hours": 7}  # fmt: skip
"""Letters that the controls of the sentence show."""


@dataclass(frozen=True, slots=True)
class Control:
    """One field to fill in: what it is called, what stands in it, what it would be if it is left empty."""

    name: str
    label: str
    hint: str
    value: str
    usual: str
    choices: tuple[tuple[str, str], ...]
    """Value and word of each; empty for free text."""
    list: str
    """Id of the list of names to pick from; empty where there is none."""
    width: int
    is_refused: bool


Part = str | Control


@dataclass(frozen=True, slots=True)
class Form:
    """The sentence, the other controls, and the lists that they offer."""

    sentence: tuple[Part, ...]
    others: tuple[Control, ...]
    lists: Mapping[str, tuple[tuple[str, str], ...]]


def form(
    w: Wording, snapshot: Snapshot, said: Mapping[str, Sequence[str]], usual: Mapping[str, str], refused: str
) -> Form:
    """The form with what was said; `usual` are the values that stand where nothing is."""
    fields = fields_by_address(AskedDecision)
    currency = next(iter(said.get("currency", ())), "") or "EUR"

    def control(name: str) -> Control:
        written = ", ".join(one for one in said.get(name, ()) if one.strip())
        other = usual.get(name) or _usual(fields[name])
        if name in WIDTHS and name != "kwh_price" and name != refused:
            written = _as_called(w, snapshot, name, written or other, currency)
        return Control(
            name=name,
            label=labels(w).get(name, name.replace("_", " ")),
            hint=_hint(w, fields[name]),
            value=written,
            usual=other,
            choices=tuple((value, _called(w, value)) for value in _choices(fields[name])),
            list=LISTS.get(name, ""),
            width=WIDTHS.get(name, 12),
            is_refused=name == refused,
        )

    named = {name: f"{MARK}{name}{MARK}" for name in WIDTHS}
    sentence = w.say(
        "I want to train {workload}. I have {own} in {country} at {kwh_price} per kWh, which may run "
        "{hours_per_day} hours a day. It may cost at most {budget} and take at most {deadline_hours}.",
        **named,
    )
    parts = tuple(_parts(sentence, control))
    others = tuple(control(name) for name in fields if name not in (*WIDTHS, "lang"))
    return Form(parts, others, _lists(w, snapshot))


def _as_called(w: Wording, snapshot: Snapshot, name: str, written: str, currency: str) -> str:
    """The same value as people call it: names for slugs and codes, amounts with their unit."""
    if name == "workload" and written in snapshot.workloads:
        return snapshot.workloads[written].name
    if name == "country":
        return name_of(written, w.language) or written
    if name == "own":
        return ", ".join(_machine(snapshot, one.strip()) for one in written.split(","))
    if name == "budget" and re.fullmatch(r"\d+(\.\d+)?", written):
        shown = w.stated_money(float(written), currency).replace("\N{NO-BREAK SPACE}", " ")
        return THOUSANDS.sub("", shown)
    if name == "deadline_hours" and (days := re.fullmatch(r"(\d+)d", written)):
        return w.counted("{count} day", "{count} days", int(days[1]))
    return written


def _machine(snapshot: Snapshot, written: str) -> str:
    count, _, gpu = written.rpartition("x") if re.match(r"\d+x", written) else ("", "", written)
    if gpu not in snapshot.gpus:
        return written
    name = snapshot.gpus[gpu].name.removeprefix("GeForce ")
    return f"{count} x {name}" if count else name


def _parts(sentence: str, control: object) -> Iterator[Part]:
    assert callable(control)
    for i, part in enumerate(re.split(MARK, sentence)):
        if part:
            yield control(part) if i % 2 else part


def labels(w: Wording) -> Mapping[str, str]:
    """What the fields are called."""
    return {
        "workload": w.say("Model"), "own": w.say("Your GPUs"), "country": w.say("Country"),
        "kwh_price": w.say("Price per kWh"), "hours_per_day": w.say("Hours a day"),
        "budget": w.say("Budget"), "deadline_hours": w.say("Deadline"), "tier": w.say("Kind of rent"),
        "buy": w.say("GPUs you could buy"), "buyer": w.say("Who pays"), "currency": w.say("Currency"),
        "plug_watts": w.say("Watts at the plug"),
        "yearly_kwh": w.say("Household's kWh a year"),
        "base_fee_per_month": w.say("Base fee per month"),
        "paused_watts": w.say("Watts while waiting"),
        "wear_per_hour": w.say("Wear of your card per hour"),
        "heating_share": w.say("Share that heats"),
        "heat_per_kwh": w.say("Heat, price per kWh"),
        "host_memory_gib": w.say("Main memory, GiB"),
        "display_gib": w.say("Screen's memory, GiB"),
        "rest_of_pc_watts": w.say("Watts of the rest of the PC"),
        "power_limit_watts": w.say("Power limit per card"),
        "pcie_lanes": w.say("PCIe lanes"),
        "nvlink": w.say("NVLink bridge"),
        "tokens": w.say("Training tokens"),
        "trials": w.say("Runs one after another"),
        "failed_runs": w.say("Share of runs that break off"),
        "max_age_days": w.say("Oldest rent, days"),
        "runs": w.say("Runs a bought card is used for"),
        "years_kept": w.say("Years until it is sold"),
        "rest_of_pc_price": w.say("Price of the rest of the PC"),
        "capital_cost": w.say("Return of money elsewhere"),
        "weights": w.say("Weights of cost, time, CO₂e"),
        "least_probability": w.say("How surely within the limits"),
    }  # fmt: skip


def _hint(w: Wording, field: FieldInfo) -> str:
    """What the question says of a field, as the command line's help has it in the language of the page."""
    said = field.description or ""
    choices = " | ".join(_choices(field))
    for help in (f"{said}.", f"{said}: {choices}."):
        if (in_words := w.text(help)) != help:
            return in_words.removesuffix(".").removesuffix(f": {choices}")
    return said


def _usual(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value in (None, (), 0, 0.0):
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choices(field: FieldInfo) -> tuple[str, ...]:
    found: list[str] = []
    kinds = [field.annotation]
    while kinds:
        kind = kinds.pop(0)
        if get_origin(kind) is Literal:
            found += [str(value) for value in get_args(kind)]
        else:
            kinds += get_args(kind)
    return tuple(dict.fromkeys(found))


def _called(w: Wording, choice: str) -> str:
    """A choice in words; one that we have no word for by its code."""
    words = {"yes": w.say("yes"), "no": w.say("no"), "private": w.say("a private person"),
             "business": w.say("a business"), "none": w.say("no rent")}  # fmt: skip
    return words.get(choice) or tier_name(w, choice)


def _lists(w: Wording, snapshot: Snapshot) -> Mapping[str, tuple[tuple[str, str], ...]]:
    zones = {zone.split("-")[0] for zone in snapshot.electricity}
    countries = sorted((name_of(code, w.language) or code, code) for code in zones)
    return {
        "workloads": tuple(
            (x.slug, x.name) for x in sorted(snapshot.workloads.values(), key=lambda x: x.name)
        ),
        "gpus": tuple((x.slug, f"{x.name}, {x.memory_gib:g} GiB") for x in snapshot.gpus.values()),
        "countries": tuple((name, code) for name, code in countries),
    }
