"""The sentence of an error in the language of the line: its numbers, dates and quotation marks too."""

import string
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from service.errors import Field, Several, Verbatim, Worded
from service.reports.words.spoken import ENGLISH
from service.reports.words.spoken import language as of_the_line

NO_BREAK = "\N{NO-BREAK SPACE}"
SEPARATORS = str.maketrans(",.", ".,")


def said(sentence: Worded, option: Callable[[str], str] = str, language: str = "") -> str:
    """A sentence in a language, else in that of the line; `option` is what its reader calls a field."""
    return _InWords(language or of_the_line(), option).filled(sentence)


def in_words(text: str) -> str:
    """A text in the language of the line where it is a sentence that remembers itself; another as it is."""
    return said(text) if isinstance(text, Worded) else text


def on_file(text: str, language: str) -> str:
    """An error's English as it was stored, in a language where it is a sentence without values."""
    return _translated(text, language) if text else text


def _translated(template: str, language: str) -> str:
    if language == ENGLISH:
        return template
    from service.reports.words.wording import catalog

    return catalog(f"errors.{language}").gettext(template)


def as_written(number: object) -> str:
    """A number with the separators of German."""
    return str(number).translate(SEPARATORS)


class _InWords(string.Formatter):
    """Fills a sentence's template in a language."""

    def __init__(self, language: str, option: Callable[[str], str]) -> None:
        self._language, self._option = language, option

    def filled(self, sentence: Worded) -> str:
        """The sentence with its values."""
        return self.vformat(_translated(sentence.template, self._language), (), sentence.values)

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """!r is a quotation."""
        if conversion == "r" and isinstance(value, str) and self._language != ENGLISH:
            return f"„{value}“"
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value as the language writes it."""
        if isinstance(value, Several):
            return ", ".join(self.format_field(one, "") for one in value)
        if isinstance(value, Worded):
            return self.filled(value)
        if isinstance(value, Field):
            return self._option(value)
        text = format(value, format_spec)
        if self._language != ENGLISH and isinstance(value, Verbatim | BaseException):
            return f"„{text}“"
        if self._language == ENGLISH or isinstance(value, bool):
            return text
        if isinstance(value, date):
            return f"{value.day}.{value.month}.{value.year}"
        if isinstance(value, int | float | Decimal):
            return as_written(text).replace("%", f"{NO_BREAK}%")
        return text
