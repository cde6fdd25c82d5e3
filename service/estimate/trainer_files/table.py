"""How a trainer's file is read by the table of its keys: what each means, what they say together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from service.errors import Worded, worded
from service.estimate.trainer_files.readers import Reader, refused
from service.estimate.trainer_files.settings import Settings, Taken, TrainerFile
from service.facts import Source

LONGEST_SHOWN = 60
EXPERTS_PART = "lora_modules.experts"
"""Tensors of experts that carry adapters beside the matrices (PEFT's target_parameters)."""
FIELDS = frozenset(f.name for f in fields(Settings))
Found = dict[str, object]
"""Values by field of `Settings`."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a file, dotted where it is nested, and the field that it sets."""

    name: str
    sets: str
    """A field of `Settings`, or a part of one that the table's check puts together: lora_modules.mlp."""
    read: Reader
    yields: bool = False
    """It speaks only where no other key does: tf32 beside bf16."""


@dataclass(frozen=True, slots=True)
class TrainerTable:
    """A trainer: what its files are recognised by, its keys, and what it does without them."""

    slug: str
    name: str
    marks: frozenset[str]
    """Keys that it alone has, or hardly any other."""
    keys: tuple[Key, ...]
    usual: Mapping[str, object]
    """Its defaults, by field of `Settings`."""
    defaults_from: Source
    """Where they were read."""
    check: Callable[[Mapping[str, object], Found], None] = lambda flat, found: None
    """Raises InvalidValue for what its keys say together and cannot be."""
    usual_beside: Callable[[Mapping[str, object], Found], Found] = lambda flat, found: {}
    """Further defaults that hang on what was said."""
    refused: Mapping[str, tuple[frozenset[str], Worded]] = field(default_factory=dict)
    """Keys that ask for another kind of training: the values that do not, and what the others ask for."""
    uncounted: frozenset[str] = frozenset()
    """Keys that bear on time or memory, and that the estimate leaves out."""
    groups: frozenset[str] = frozenset()
    """Names under which people gather its keys: {"peft_config": {"r": 16}} says r."""


def flattened(mapping: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every value under its dotted key; empty ones say nothing and are left out."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        elif value is not None and value != "":
            yield f"{prefix}{key}", value


def _ungrouped(mapping: Mapping[str, object], groups: frozenset[str]) -> dict[str, object]:
    """The keys of named groups beside the others. Raises InvalidValue for one that is said twice."""
    plain: dict[str, object] = {}
    for key, value in mapping.items():
        inside = value if key in groups and isinstance(value, Mapping) else {key: value}
        for name, said in inside.items():
            if name in plain and plain[name] != said:
                raise refused(
                    name,
                    said,
                    worded(
                        "contradicts another {name} = {said}; keep one of the two",
                        name=name,
                        said=shown(plain[name]),
                    ),
                )
            plain[name] = said
    return plain


def read(table: TrainerTable, mapping: Mapping[str, object]) -> TrainerFile:
    """The file as its table understands it.

    Raises InvalidValue for a value that cannot be, and for two keys that contradict each other.
    """
    flat = dict(flattened(_ungrouped(mapping, table.groups)))
    _refuse_other_kinds(table, flat)
    found, taken = _found(table, flat)
    table.check(flat, found)
    if experts := found.pop(EXPERTS_PART, None):
        found["lora_modules"] = (*_names(found.get("lora_modules")), *_names(experts))
    _check_base(found, taken)
    taken = _without_overridden(found, taken)
    usual = {
        k: v for k, v in {**table.usual, **table.usual_beside(flat, found)}.items() if found.get(k) is None
    }
    said = {k: v for k, v in found.items() if v is not None}
    settings = Settings(**{**usual, **said})  # type: ignore[arg-type]
    _check_dora(settings, taken)
    named = {one.key for one in taken}
    rest = [key for key in flat if key not in named]
    return TrainerFile(
        trainer=table.slug,
        name=table.name,
        settings=settings,
        said=Settings(**said),  # type: ignore[arg-type]
        defaults_from=table.defaults_from,
        taken=tuple(taken),
        usual=tuple(Taken("", "", key, shown(value)) for key, value in usual.items() if value is not None),
        left=_left([key for key in rest if key not in table.uncounted], named),
        uncounted=tuple(
            k for k in rest if k in table.uncounted and flat[k] not in (False, [], 0, 1, "none", "no")
        ),
    )


def _names(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def shown(value: object) -> str:
    """A value as an answer repeats it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _found(table: TrainerTable, flat: Mapping[str, object]) -> tuple[Found, list[Taken]]:
    """What the keys say, and which of them were understood."""
    found: Found = {}
    said_by: dict[str, str] = {}
    taken: list[Taken] = []
    silent: dict[str, Taken] = {}
    for key in sorted(table.keys, key=lambda k: k.yields):
        if key.name not in flat:
            continue
        value = flat[key.name]
        meaning = key.read(key.name, value)
        earlier = found.get(key.sets)
        if earlier is not None and meaning is not None and meaning != earlier and not key.yields:
            other = said_by[key.sets]
            raise refused(
                key.name,
                value,
                worded(
                    "contradicts {other} = {said}; keep one of the two", other=other, said=shown(flat[other])
                ),
            )
        speaks = meaning is not None and earlier is None
        if speaks:
            found[key.sets], said_by[key.sets] = meaning, key.name
        if speaks or (meaning is not None and meaning == earlier):
            taken.append(Taken(key.name, shown(value), key.sets.partition(".")[0], shown(meaning)))
        else:
            silent.setdefault(key.name, Taken(key.name, shown(value), "", ""))
    told = {one.key for one in taken}
    return found, [*taken, *(one for key, one in silent.items() if key not in told)]


def _refuse_other_kinds(table: TrainerTable, flat: Mapping[str, object]) -> None:
    for key, (ours, what) in table.refused.items():
        if key in flat and str(flat[key]).lower() not in ours:
            reason = worded(
                "asks for {what}, which no published run that we know is there to hold "
                "against; nearest: supervised training, with both answers of a pair counted as "
                "examples",
                what=what,
            )
            raise refused(key, flat[key], reason, tuple(sorted(ours)))


def _check_base(found: Found, taken: list[Taken]) -> None:
    bits = found.get("base_bits")
    if bits in (4, 8) and found.get("adapter") is False:
        key = next(one for one in taken if one.meaning == "base_bits")
        raise refused(
            key.key,
            key.value,
            worded("a quantised base cannot be trained in full; add an adapter, or load 16 bits"),
        )


def _check_dora(settings: Settings, taken: list[Taken]) -> None:
    said = next((one for one in taken if one.meaning == "dora"), None)
    if said and settings.adapter and settings.dora and settings.base_bits in (4, 8):
        reason = worded(
            "beside weights of {base_bits} bits nobody we know has measured it; load 16 "
            "bits, or leave it out",
            base_bits=settings.base_bits,
        )
        raise refused(said.key, said.value, reason)


def _without_overridden(found: Found, taken: list[Taken]) -> list[Taken]:
    """Without the meaning of keys that others overrule: epochs beside steps, what a check took back."""
    if found.get("max_steps") is not None:
        found.pop("epochs", None)
    kept = {*found, EXPERTS_PART}
    return [t if t.meaning in kept else Taken(t.key, t.value, "", "") for t in taken]


def _left(rest: list[str], named: set[str]) -> tuple[str, ...]:
    """Keys that were not used; of a group none of whose keys was, its name alone."""
    used = {key.partition(".")[0] for key in named}
    names = (key if key.partition(".")[0] in used else key.partition(".")[0] for key in rest)
    return tuple(dict.fromkeys(names))
