"""An error as one line for who typed the command: in its language, of options and not of fields."""

import re
import string
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import click

from service.cli.as_options import Asked, in_options
from service.errors import (
    LONGEST_VALUE,
    HeimvorteilError,
    InvalidValue,
    Sentence,
    Several,
    Worded,
    nearest_first,
    worded,
)
from service.reports.words.error_words import as_written, said
from service.reports.words.spoken import ENGLISH, language

CLICK = (
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Option {name!r} requires an argument.",
    "Option {name!r} does not take a value.",
    "Got unexpected extra argument ({words})",
    "Got unexpected extra arguments ({words})",
    "Missing command.",
    "{value!r} is not a valid integer.",
    "{value!r} is not a valid float.",
    "{value!r} is not a valid integer range.",
    "{value!r} is not a valid float range.",
    "{value!r} is not a valid boolean. Recognized values: {states}",
    "{value} is not in the range {range}.",
    "File {filename!r} does not exist.",
    "File {filename!r} is a directory.",
    "File {filename!r} is not readable.",
    "File {filename!r} is not writable.",
    "Directory {filename!r} does not exist.",
    "Directory {filename!r} is a file.",
    "Path {filename!r} does not exist.",
    "Path {filename!r} is a directory.",
    "Path {filename!r} is a file.",
    "Path {filename!r} is not readable.",
    "Path {filename!r} is not writable.",
    "Directory {filename!r} is not readable.",
    "Directory {filename!r} is not writable.",
    "Could not open file {filename!r}: {reason}",
    "Value must be an iterable.",
    "Missing parameter: {name}",
    "{filename!r}: {reason}",
)
"""What click says of words that it cannot use; its sentences carry no values, so they are read back."""
RANGE = re.compile(
    r"(?P<least>[\d.]+)<=x<=(?P<most>[\d.]+)|x>=(?P<only_least>[\d.]+)|x<=(?P<only_most>[\d.]+)"
)
"""As click writes one."""


def error_line(error: HeimvorteilError, main: click.Command, words: Sequence[str]) -> str:
    """The line for an error that was raised on purpose."""
    asked = Asked(main, words)
    if isinstance(error, InvalidValue):
        return _refusal(error, asked)
    if isinstance(error, Sentence):
        return in_options(said(error.sentence, asked.option))
    return str(error)


def usage_line(error: click.UsageError) -> str:
    """The line for what click finds wrong."""
    if isinstance(error, click.BadParameter) and (told := _of_its_kind(error)):
        return said(worded("Invalid value for {option!r}: {reason}", option=_names(error), reason=told))
    if language() == ENGLISH:
        return " ".join(error.format_message().split())
    if isinstance(error, click.MissingParameter):
        kind = error.param.param_type_name if error.param else ""
        if kind == "argument":
            return said(worded("Missing argument {name}.", name=_names(error)))
        return said(worded("Missing option {name}.", name=_names(error)))
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand) and error.possibilities:
        names = ", ".join(error.possibilities)
        return f"{said(_read_back(error.message))} {said(worded('Did you mean {names}?', names=names))}"
    if isinstance(error, click.BadParameter):
        told = _read_back(error.message)
        return said(worded("Invalid value for {option!r}: {reason}", option=_names(error), reason=told))
    return said(_read_back(error.message))


def _refusal(error: InvalidValue, asked: Asked) -> str:
    option = asked.option(error.field)
    reason = in_options(said(error.reason, asked.option))
    end = said(error.told_choices()) + (in_options(said(error.advice)) if error.advice else "")
    if error.value is None or isinstance(error.value, bool):
        return f"{option}: {reason}{end}"
    if language() == ENGLISH:
        return f"{option} = {_short(repr(error.value))}: {reason}{end}"
    return f"{option} {_short(_value(error.value, asked.typed(option)))}: {reason}{end}"


def _value(value: object, typed: str | None) -> str:
    """A value as it was typed, else as the language writes it."""
    if isinstance(value, str) and not _is_number(value):
        return f"„{value}“"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return typed or as_written(value)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"


def _names(error: click.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param else "")
    return (hint if isinstance(hint, str) else ", ".join(hint)).replace("'", "").split(" / ")[0].strip("[].")


def _of_its_kind(error: click.BadParameter) -> Worded | None:
    """What a value of an option's kind would be; None where click says it well enough."""
    kind = getattr(error.param, "type", None)
    value = error.message.split("'")[1] if "'" in error.message else ""
    if isinstance(kind, click.DateTime) and len(kind.formats) == 1:
        return worded("{value!r} is no day like 2026-11-28", value=value)
    if isinstance(kind, click.DateTime):
        return worded("{value!r} is no time like 2026-11-28 or 2026-11-28T08:30", value=value)
    if isinstance(kind, click.Choice) and language() != ENGLISH:
        choices = Several(nearest_first(value, [str(one) for one in kind.choices], in_order=True))
        return worded("{value!r} is none of the choices; valid: {choices}", value=value, choices=choices)
    return None


def _read_back(message: str) -> Worded:
    """The sentence that a finished line was made from; the line as it is where nobody knows it."""
    if isinstance(message, Worded):
        return message
    for template in CLICK:
        if found := _pattern(template).fullmatch(" ".join(message.split())):
            return worded(template, **{name: _range(text) for name, text in found.groupdict().items()})
    return worded("{text}", text=message)


def _range(text: str) -> object:
    """1<=x<=64 in words; another text as it is."""
    if found := RANGE.fullmatch(text):
        if found["least"]:
            return worded("from {least} to {most}", least=found["least"], most=found["most"])
        if found["only_least"]:
            return worded("from {least} on", least=found["only_least"])
        return worded("up to {most}", most=found["only_most"])
    return text


def _pattern(template: str) -> re.Pattern[str]:
    parts: list[str] = []
    for literal, name, _, conversion in string.Formatter().parse(template):
        parts.append(re.escape(literal))
        if name:
            quote = "['\"]" if conversion else ""
            parts.append(f"{quote}(?P<{name}>.*?){quote}")
    return re.compile("".join(parts))
