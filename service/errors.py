"""Every error the product raises on purpose; it knows no HTTP and no exit codes.

HeimvorteilError
├── InvalidValue        a value that cannot be used: field, value, what would be valid
│   ├── UnknownName     a name that is in no catalog, with the nearest names first
│   │   ├── UnknownCard the name of a GPU; says what to do without it
│   │   └── UnknownProvider  who asks an imported price; says how a new one is named
│   ├── SeveralMeant    a name that several cards have, with what tells them apart
│   └── CardNotTold     a card that is known and of whose training time nothing honest can be said
├── NotFound            a stored thing that is not there
├── MissingFact         a number the answer needs and nobody has told us
└── DatabaseNotReady    the database cannot be used, or its schema is not ours
    ├── DatabaseAway    it cannot be reached, hangs or is out of order: it may be back in a moment
    └── NotKept         it can be read but not be written: what was worked out is told once
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=str)
LONGEST_VALUE = 200
"""Letters of a value in the line that refuses it: a whole config.json tells nobody anything."""


class HeimvorteilError(Exception):
    """Base of all errors raised on purpose; `str()` is one line fit for a person."""


class InvalidValue(HeimvorteilError):
    """A value that cannot be used: names the field, the value and the valid choices."""

    def __init__(self, field: str, value: object, reason: str, choices: Iterable[str] = ()) -> None:
        self.field = field
        self.value = value
        self.reason = reason
        self.choices = tuple(choices)
        super().__init__(self._line())

    def _line(self) -> str:
        value = repr(self.value)
        if len(value) > LONGEST_VALUE:
            value = value[: LONGEST_VALUE - 1] + "…"
        line = f"{self.field} = {value}: {self.reason}"
        if self.choices:
            shown = ", ".join(self.choices[:8])
            more = len(self.choices) - 8
            line += f"; valid: {shown}" + (f" and {more} more" if more > 0 else "")
        return line


class UnknownName(InvalidValue):
    """A name that is in no catalog; `choices` holds all names, the nearest ones first."""

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        super().__init__(field, value, "unknown", nearest_first(value, known))


class UnknownCard(UnknownName):
    """The name of a GPU that is in no catalog; `choices` as they are given, the nearest first."""

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        InvalidValue.__init__(self, field, value, "unknown", known)

    def _line(self) -> str:
        return super()._line() + " (cards of NVIDIA and AMD; for one that is missing take the nearest)"


class UnknownProvider(UnknownName):
    """Whose prices a table has, in no list yet; says how to bring a provider along."""

    def _line(self) -> str:
        return super()._line() + "; one in no list comes with its name: --new-provider (field new_provider)"


class SeveralMeant(InvalidValue):
    """A name that several cards have; `differences` says of each choice what tells it apart."""

    def __init__(self, field: str, value: str, differences: Mapping[str, str]) -> None:
        self.differences = dict(differences)
        super().__init__(field, value, "means several cards, say which", self.differences)

    def _line(self) -> str:
        told = ", ".join(f"{slug} ({difference})" for slug, difference in self.differences.items())
        return f"{self.field} = {self.value!r}: {self.reason}: {told}"


class CardNotTold(InvalidValue):
    """A card of which no training time can be told; `choices` are the nearest that can, the nearest first."""


class NotFound(HeimvorteilError):
    """A stored thing that is not there."""

    def __init__(self, what: str, key: object) -> None:
        self.what = what
        self.key = key
        super().__init__(f"there is no {what} {key!r}")


class MissingFact(HeimvorteilError):
    """A number the answer needs and nobody has told us; says how to supply it."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what} is not known; {remedy}")


class DatabaseNotReady(HeimvorteilError):
    """The database cannot be used, or its schema is not the one this code needs."""

    public = "the database is not ready"
    """What strangers are told: the line itself names the server or the file."""
    may_pass = False
    """Whether the same may work in a moment."""


class DatabaseAway(DatabaseNotReady):
    """The database cannot be reached, hangs or is out of order; it may be back in a moment."""

    public = "the database does not answer; facts are served from memory, try again in a few seconds"
    may_pass = True


class NotKept(DatabaseNotReady):
    """The database cannot be written, by now or at all; `told` is the answer that is not kept."""

    public = "nothing can be written at the moment; what is stored can be read, try again in a few seconds"
    told: Any = None

    def __init__(self, line: str, *, may_pass: bool = False) -> None:
        super().__init__(line)
        self.may_pass = may_pass


def choice_of(field: str, value: object, choices: Iterable[Choice]) -> Choice:
    """The one of the choices that the value is: where a word comes in from outside, this is its check.

    Raises InvalidValue with all of them.
    """
    among = tuple(choices)
    for choice in among:
        if choice == value:
            return choice
    raise InvalidValue(field, value, "unknown", among)


def nearest_first(value: str, known: Iterable[str], *, in_order: bool = False) -> tuple[str, ...]:
    """All `known` names, those most like `value` first, the rest in alphabetical order, or as they come."""
    names = list(dict.fromkeys(known)) if in_order else sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    near = [lowered[n] for n in get_close_matches(value.lower(), lowered, n=8, cutoff=0.4)]
    return (*near, *(name for name in names if name not in near))
