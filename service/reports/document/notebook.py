"""While a document is written: its language, the sources it has cited and the footnotes it has set."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from service.facts import Source
from service.reports.document.document import Cited, Missing, SourceLine
from service.reports.words.sentences import age
from service.reports.words.source_notes import source_title
from service.reports.words.wording import Wording

LICENCE = re.compile(r"(CC|MIT|Apache|BSD|ODbL|DL-DE)\b")
"""Licences by name; remarks in a source's own language are left to the JSON answer."""


class Notebook:
    """Numbers sources and footnotes in the order in which they are first needed."""

    def __init__(self, w: Wording, asked_at: datetime) -> None:
        self.w = w
        self.asked_on = asked_at.date()
        self._sources: dict[tuple[str, str], list[Source]] = {}
        self._notes: dict[str, int] = {}

    def cite(self, *sources: Source) -> Cited:
        """The sources by number; one that was read on several days is one source."""
        numbers = []
        for source in sources:
            key = (source.title, source.url)
            self._sources.setdefault(key, []).append(source)
            numbers.append(list(self._sources).index(key) + 1)
        return Cited(tuple(dict.fromkeys(numbers)))

    def missing(self, why: str) -> Missing:
        """A dash with the footnote that says why."""
        return Missing(self._notes.setdefault(why, len(self._notes) + 1))

    def age_days(self, day: date) -> int:
        """Days from a date to the question; one's own figures are of the day itself."""
        return max(0, (self.asked_on - day).days)

    @property
    def notes(self) -> tuple[str, ...]:
        """The footnotes in order."""
        return tuple(self._notes)

    @property
    def sources(self) -> tuple[SourceLine, ...]:
        """The sources in order."""
        return tuple(self._line(number, cited) for number, cited in enumerate(self._sources.values(), 1))

    def _line(self, number: int, cited: Sequence[Source]) -> SourceLine:
        """A source, as its newest number has it, and from when to when its numbers are."""
        w = self.w
        source, first = max(cited, key=lambda s: s.as_of), min(s.as_of for s in cited)
        old = age(w, self.age_days(source.as_of))
        if first == source.as_of:
            provenance = w.say("as of {day}, {age}", day=w.day(source.as_of), age=old)
        else:
            provenance = w.say(
                "as of {first} to {last} ({count} numbers), the newest {age}",
                first=w.day(first), last=w.day(source.as_of), count=w.number(len(cited)), age=old,
            )  # fmt: skip
        if source.read_on:
            provenance += w.say(", read {day}", day=w.day(source.read_on))
        if LICENCE.match(source.licence):
            provenance += f"; {source.licence}"
        return SourceLine(number, source_title(w, source.title), source.url, source.as_of, provenance)
