"""The language of a command line: the one of its `--lang`, wherever that stands, else the locale's."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.reports.words.wording import Wording

OPTION = "--lang"
ENGLISH, GERMAN = "en", "de"
SPOKEN = (ENGLISH, GERMAN)
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is set says which language messages are in (POSIX)."""
_line: list[tuple[str | None, str]] = []
"""Of the line that is being answered: what its --lang says, and its language. A command line is a process,
and its threads speak as it does."""


def begin_line(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
    """From now on what is said answers this line."""
    said = said_in(words)
    _line[:] = [(said, said or of_locale(environ))]


def end_line() -> None:
    """The line is answered."""
    _line.clear()


def said_in(words: Sequence[str]) -> str | None:
    """The language that a line asks for with --lang; None without, and for one that we do not speak."""
    found = None
    for place, word in enumerate(words):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name == OPTION:
            found = value if equals else next(iter(words[place + 1 : place + 2]), "")
    return found if found in SPOKEN else None


def of_locale(environ: Mapping[str, str]) -> str:
    """German where the locale is, English in every other."""
    named = next((environ[name] for name in LOCALE if environ.get(name)), "")
    return GERMAN if named.replace("-", "_").split("_")[0].split(".")[0].lower() == GERMAN else ENGLISH


def language() -> str:
    """What is said is in this language; English where no line was begun."""
    return _line[0][1] if _line else ENGLISH


def language_of_json() -> str:
    """The same for what programs read: English unless the line itself asks for another."""
    return (_line[0][0] if _line else None) or ENGLISH


def words() -> "Wording":
    """The wording of the line."""
    from service.reports.words.wording import wording

    return wording(language())
