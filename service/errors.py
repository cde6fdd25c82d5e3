"""Every error the product raises on purpose; it knows no HTTP and no exit codes.

HeimvorteilError
├── InvalidValue        a value that cannot be used: field, value, what would be valid
│   ├── UnknownName     a name that is in no catalog, with the nearest names first
│   │   ├── UnknownPlace    the name of a country; one that is clearly meant is told alone
│   │   ├── UnknownCard the name of a GPU; says what to do without it
│   │   └── UnknownProvider  who asks an imported price; says how a new one is named
│   ├── SeveralMeant    a name that several cards have, with what tells them apart
│   └── CardNotTold     a card that is known and of whose training time nothing honest can be said
└── Sentence            all that is to be said is one sentence
    ├── NotFound        a stored thing that is not there
    │   └── Expired     it was there: an answer that nobody kept, whose days are over
    ├── MissingFact     a number the answer needs and nobody has told us
    └── DatabaseNotReady  the database cannot be used, or its schema is not ours
        ├── DatabaseAway  it cannot be reached, hangs or is out of order: it may be back in a moment
        └── NotKept     it can be read but not be written: what was worked out is told once

What they say is Worded: its English, and what it takes to say the same in another language.
"""

import errno
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=str)
LONGEST_VALUE = 200
"""Letters of a value in the line that refuses it: a whole config.json tells nobody anything."""
CHOICES_TOLD = 8
CLEAR, CLEARLY_NEARER = 0.75, 0.1
"""How much alike a name must be to be meant, and how much more than the next [share of letters in order]."""


class Worded(str):
    """An English sentence that remembers its template and values, so that it can be said in other languages.

    A value may be Worded itself, or the name of a Field.
    """

    template: str
    values: Mapping[str, object]


class Field(str):
    """The name of a field of a question within a sentence; the command line says its option."""


class Verbatim(str):
    """What another program says, a driver or a parser, in its own words; in other languages it is quoted."""


class Several(tuple[str, ...]):
    """A few words one after another; each may be Worded."""

    def __format__(self, format_spec: str) -> str:
        return ", ".join(self)


def worded(template: str, /, **values: object) -> Worded:
    """The sentence with its {placeholders} filled; its German is in service/translations/errors.de.po."""
    sentence = Worded(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence


def each_text(text: str, change: Callable[[str], str]) -> str:
    """A text, or every text within a sentence that remembers itself, changed."""
    if isinstance(text, Worded):
        changed = {n: each_text(v, change) if isinstance(v, str) else v for n, v in text.values.items()}
        return worded(text.template, **changed)
    return Verbatim(change(text)) if isinstance(text, Verbatim) else change(text)


def foreign(text: object) -> Worded:
    """What others say, a parser or an operating system: repeated as it is in every language.

    A sentence that knows its words stays one.
    """
    return text if isinstance(text, Worded) else worded("{text}", text=str(text))


def on_record(text: str) -> Worded:
    """A sentence that a file of the catalog keeps; it is translated like those of the code."""
    return worded(text.replace("{", "{{").replace("}", "}}"))


UNKNOWN = worded("unknown")
OF_THE_SYSTEM = {
    errno.ENOENT: worded("No such file or directory"), errno.EACCES: worded("Permission denied"),
    errno.EPERM: worded("Operation not permitted"), errno.EISDIR: worded("Is a directory"),
    errno.ENOTDIR: worded("Not a directory"), errno.EEXIST: worded("File exists"),
    errno.ENOSPC: worded("No space left on device"), errno.EROFS: worded("Read-only file system"),
    errno.ENAMETOOLONG: worded("File name too long"), errno.EADDRINUSE: worded("Address already in use"),
    errno.EADDRNOTAVAIL: worded("Cannot assign requested address"),
}  # fmt: skip
"""What the operating system says when a file or an address cannot be had."""


def system_reason(error: OSError) -> str:
    """Why the operating system refused: one of its usual reasons, else its own words."""
    return OF_THE_SYSTEM.get(error.errno or 0) or Verbatim(error.strerror or error)


class HeimvorteilError(Exception):
    """Base of all errors raised on purpose; `str()` is one line fit for a person."""


class InvalidValue(HeimvorteilError):
    """A value that cannot be used: names the field, the value and the valid choices."""

    def __init__(self, field: str, value: object, reason: Worded, choices: Iterable[str] = ()) -> None:
        self.field = field
        self.value = value
        self.reason = reason
        self.choices = tuple(choices)
        super().__init__(self._line())

    advice: Worded | None = None
    """What its line ends with: what to do about it."""

    def _line(self) -> str:
        value = repr(self.value)
        if len(value) > LONGEST_VALUE:
            value = value[: LONGEST_VALUE - 1] + "…"
        return f"{self.field} = {value}: {self.reason}{self.told_choices()}{self.advice or ''}"

    def told_choices(self) -> Worded:
        """The first of the valid choices, as its line ends."""
        shown, more = Several(self.choices[:CHOICES_TOLD]), len(self.choices) - CHOICES_TOLD
        if not self.choices:
            return foreign("")
        if more > 0:
            return worded("; valid: {shown} and {more} more", shown=shown, more=more)
        return worded("; valid: {shown}", shown=shown)


class UnknownName(InvalidValue):
    """A name that is in no catalog; `choices` holds all names, the nearest ones first."""

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        super().__init__(field, value, UNKNOWN, nearest_first(value, known))


class UnknownPlace(UnknownName):
    """The name of a country that is in no catalog; where one is meant clearly, it is the only choice."""

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        names = nearest_first(value, known)
        likeness = [SequenceMatcher(None, value.casefold(), name.casefold()).ratio() for name in names[:2]]
        is_clear = (
            len(likeness) > 1
            and value[:1].casefold() == names[0][:1].casefold()
            and likeness[0] >= CLEAR
            and likeness[0] - likeness[1] >= CLEARLY_NEARER
        )
        InvalidValue.__init__(self, field, value, UNKNOWN, names[:1] if is_clear else names)


class UnknownCard(UnknownName):
    """The name of a GPU that is in no catalog; `choices` as they are given, the nearest first."""

    advice = worded(" (cards of NVIDIA and AMD; for one that is missing take the nearest)")

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        InvalidValue.__init__(self, field, value, UNKNOWN, known)


class UnknownProvider(UnknownName):
    """Whose prices a table has, in no list yet; says how to bring a provider along."""

    advice = worded("; one in no list comes with its name: --new-provider (field new_provider)")


class SeveralMeant(InvalidValue):
    """A name that several cards have; `differences` says of each choice what tells it apart."""

    def __init__(self, field: str, value: str, differences: Mapping[str, str]) -> None:
        self.differences = dict(differences)
        super().__init__(field, value, worded("means several cards, say which"), self.differences)

    def told_choices(self) -> Worded:
        """All of them, each with what tells it apart."""
        told = ", ".join(f"{slug} ({difference})" for slug, difference in self.differences.items())
        return worded(": {told}", told=told)


class CardNotTold(InvalidValue):
    """A card of which no training time can be told; `choices` are the nearest that can, the nearest first."""


class Sentence(HeimvorteilError):
    """An error that is one sentence."""

    def __init__(self, sentence: Worded) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class NotFound(Sentence):
    """A stored thing that is not there."""

    def __init__(self, what: Worded, key: object) -> None:
        self.what = what
        self.key = key
        super().__init__(worded("there is no {what} {key!r}", what=what, key=key))


class Expired(NotFound):
    """An answer that was there and was not kept for good; `day` is the one it was asked on."""

    def __init__(self, what: Worded, key: object, day: str) -> None:
        self.what = what
        self.key = key
        Sentence.__init__(
            self,
            worded(
                "the {what} {key!r} of {day} has expired: an answer that was asked without a token is kept "
                "for a while only; ask the question again",
                what=what,
                key=key,
                day=day,
            ),
        )


class MissingFact(Sentence):
    """A number the answer needs and nobody has told us; says how to supply it."""

    def __init__(self, what: Worded, remedy: Worded) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(worded("{what} is not known; {remedy}", what=what, remedy=remedy))


class DatabaseNotReady(Sentence):
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

    def __init__(self, sentence: Worded, *, may_pass: bool = False) -> None:
        super().__init__(sentence)
        self.may_pass = may_pass


def choice_of(field: str, value: object, choices: Iterable[Choice]) -> Choice:
    """The one of the choices that the value is: where a word comes in from outside, this is its check.

    Raises InvalidValue with all of them.
    """
    among = tuple(choices)
    for choice in among:
        if choice == value:
            return choice
    raise InvalidValue(field, value, UNKNOWN, among)


def nearest_first(value: str, known: Iterable[str], *, in_order: bool = False) -> tuple[str, ...]:
    """All `known` names, those most like `value` first, the rest in alphabetical order, or as they come."""
    names = list(dict.fromkeys(known)) if in_order else sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    near = [lowered[n] for n in get_close_matches(value.lower(), lowered, n=8, cutoff=0.4)]
    return (*near, *(name for name in names if name not in near))
