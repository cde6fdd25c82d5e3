"""Reading single values of the catalog's files; a wrong one names its file, its field and itself."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin, get_type_hints

from service.errors import InvalidValue, foreign
from service.facts import Source
from service.store.sources import stated

Sources = Mapping[str, Source]


def wrong(where: str, field: str, value: object, reason: str, choices: Iterable[str] = ()) -> InvalidValue:
    """The error for a value of a catalog file."""
    return InvalidValue(f"{where}: {field}", value, foreign(reason), choices)


def source_of(where: str, field: str, slug: object, sources: Sources) -> Source:
    """The source a slug names, or the error that it is missing or unknown."""
    if not slug:
        raise wrong(where, field, slug, "a number needs a source")
    if slug not in sources:
        raise wrong(where, field, slug, "unknown source", sorted(sources))
    return sources[str(slug)]


class TomlTable:
    """A table of a TOML file whose keys are taken one by one; `done()` refuses what is left over.

    A number is either an inline table { value, source, read_on, ... } or, where the file has a default
    source, plain. `sources` collects who said which field.
    """

    def __init__(
        self,
        where: str,
        values: Mapping[str, Any],
        sources: Sources,
        default: Source | None = None,
        prefix: str = "",
    ) -> None:
        self.where = where
        self.known = sources
        self.default = default
        self.prefix = prefix
        self.sources: dict[str, Source] = {}
        self._values = dict(values)

    def plain(self, field: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """A value without a source of its own, such as a name."""
        value = self._values.pop(field, default)
        if value is ...:
            raise wrong(self.where, self.prefix + field, None, "missing")
        if value is not default and not _is(value, kind):
            raise wrong(self.where, self.prefix + field, value, f"must be {_said(kind)}")
        return value

    def word(self, field: str, words: Any, default: Any = ...) -> Any:
        """One of the words of a Literal."""
        word = self.plain(field, str, default)
        if word not in get_args(words):
            raise wrong(self.where, self.prefix + field, word, "unknown", get_args(words))
        return word

    def number(
        self, field: str, kind: type, default: Any = ..., extra: Mapping[str, type] | None = None
    ) -> Any:
        """A number of a type (int, float or Decimal) with its source; with `extra` keys: (number, extras)."""
        name = self.prefix + field
        if field not in self._values:
            if default is ...:
                raise wrong(self.where, name, None, "missing")
            return (default, {}) if extra is not None else default
        given = self._values.pop(field)
        source, extras = self.default, {}
        if isinstance(given, dict):
            inline = TomlTable(self.where, given, self.known, prefix=f"{name}.")
            given = inline.plain("value", (int, float))
            slug, read_on = inline.plain("source", str), inline.plain("read_on", date)
            source = stated(source_of(self.where, name, slug, self.known), self.known[slug].as_of, read_on)
            extras = {key: inline.plain(key, wanted) for key, wanted in (extra or {}).items()}
            inline.done()
        if source is None:
            raise wrong(self.where, name, given, "a number needs a source and the day it was read")
        self.sources[name] = source
        value = as_number(self.where, name, given, kind)
        return (value, extras) if extra is not None else value

    def stated(self, field: str, *keys: str) -> dict[str, Any]:
        """The values of an inline table { KEY, ..., source, read_on } by key, None where one is left out;
        each that is given has the table's source, under the field's name or, of several, FIELD_KEY."""
        given = self._values.pop(field, None)
        if given is None:
            return dict.fromkeys(keys)
        name = self.prefix + field
        if not isinstance(given, dict):
            raise wrong(self.where, name, given, "needs a source and the day it was read")
        inline = TomlTable(self.where, given, self.known, prefix=f"{name}.")
        values = {key: inline.plain(key, (str, bool), None) for key in keys}
        slug, read_on = inline.plain("source", str), inline.plain("read_on", date)
        inline.done()
        source = stated(source_of(self.where, name, slug, self.known), self.known[slug].as_of, read_on)
        for key, value in values.items():
            if value is not None:
                self.sources[name if len(keys) == 1 else f"{name}_{key}"] = source
        return values

    def inner(self, field: str, default: Any = ...) -> "TomlTable":
        """A table inside this one, with the same default source."""
        return TomlTable(
            self.where, self.plain(field, dict, default), self.known, self.default, f"{self.prefix}{field}."
        )

    def record(self, kind: type[Any]) -> Any:
        """The frozen dataclass whose fields are the keys of this table; its numbers have sources."""
        hints = get_type_hints(kind)
        values = {}
        for field in fields(kind):
            wanted = hints[field.name]
            if field.name not in self._values and field.default is not MISSING:
                continue
            if wanted in (int, float):
                values[field.name] = self.number(field.name, wanted)
            elif get_origin(wanted) is Literal:
                values[field.name] = self.word(field.name, wanted)
            else:
                values[field.name] = self.plain(field.name, wanted)
        self.done()
        return kind(**values)

    def done(self) -> None:
        """Refuse keys nobody has asked for: most are misspelt."""
        for field, value in self._values.items():
            raise wrong(self.where, self.prefix + field, value, "unknown key")


def as_number(where: str, field: str, value: object, kind: type) -> Any:
    """The value as int, float or Decimal; an int must be whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise wrong(where, field, value, "must be a number")
    if kind is int and value != int(value):
        raise wrong(where, field, value, "must be a whole number")
    return Decimal(str(value)) if kind is Decimal else kind(value)


class CsvRow:
    """A row of a CSV file; an empty cell is an unknown value."""

    def __init__(self, where: str, cells: Mapping[str, str]) -> None:
        self.where = where
        self._cells = cells

    def text(self, field: str) -> str:
        """The cell as it is, "" where it is empty."""
        return self._cells[field].strip()

    def known(self, field: str) -> str:
        """The cell, which must not be empty."""
        return self.text(field) or self._missing(field)

    def word(self, field: str, words: Any) -> Any:
        """The cell, which must be one of the words of a Literal."""
        word = self.known(field)
        if word not in get_args(words):
            raise wrong(self.where, field, word, "unknown", get_args(words))
        return word

    def number(self, field: str, kind: type) -> Any:
        """The cell as int, float or Decimal, or None where it is empty."""
        text = self.text(field)
        if not text:
            return None
        try:
            value = Decimal(text)
            if not value.is_finite():
                raise InvalidOperation
        except InvalidOperation:
            raise wrong(self.where, field, text, "must be a number") from None
        return as_number(self.where, field, value, kind)

    def known_number(self, field: str, kind: type) -> Any:
        """The cell as int, float or Decimal; it must not be empty."""
        value = self.number(field, kind)
        return self._missing(field) if value is None else value

    def day(self, field: str) -> date | None:
        """The cell as a day, or None where it is empty."""
        text = self.text(field)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise wrong(self.where, field, text, "must be a day like 2026-11-24") from None

    def known_day(self, field: str) -> date:
        """The cell as a day; it must not be empty."""
        return self.day(field) or self._missing(field)

    def flag(self, field: str) -> bool | None:
        """The cell as yes or no (true, false, 1, 0), or None where it is empty."""
        text = self.text(field).lower()
        if text not in _FLAGS:
            raise wrong(self.where, field, text, "must be true or false")
        return _FLAGS[text]

    def optional(self, field: str, hint: Any) -> Any:
        """The cell as the type of a dataclass field, or None where it is empty."""
        if get_origin(hint) is Literal:
            return self.word(field, hint) if self.text(field) else None
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
        if kinds[0] is bool:
            return self.flag(field)
        if get_origin(kinds[0]) is Literal:
            return self.word(field, kinds[0]) if self.text(field) else None
        return self.number(field, kinds[0]) if kinds[0] in (int, float, Decimal) else self.text(field) or None

    def _missing(self, field: str) -> Any:
        raise wrong(self.where, field, "", "missing")


_FLAGS = {"": None, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def rows(where: str, lines: Iterable[str], columns: Iterable[str]) -> list[CsvRow]:
    """The rows of a CSV file that must have exactly these columns, in any order."""
    reader = csv.DictReader(lines, strict=True)
    wanted, given = set(columns), set(reader.fieldnames or ())
    for column in sorted(wanted ^ given):
        raise wrong(where, column, None, "missing column" if column in wanted else "unknown column")
    found = []
    for cells in reader:
        line = f"{where} line {reader.line_num}"
        if None in cells or None in cells.values():
            raise wrong(line, "row", list(cells.values()), f"must have {len(wanted)} cells")
        found.append(CsvRow(line, cells))
    return found


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _said(kind: type | tuple[type, ...]) -> str:
    return " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
