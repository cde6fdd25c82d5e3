"""Numbers as command-line options, as people write them: exact amounts, others, whole ones."""

import re
from decimal import Decimal
from typing import Any

import click

from service.answers.as_written import Unwritten, currency_written, number_written, units_of
from service.errors import worded
from service.reports.words.spoken import ENGLISH, language

BILLION = re.compile(r"\bbillion\b", re.IGNORECASE)
CURRENCIES_WRITTEN = "currencies_written"
"""In a context: the currencies that amounts were written with, and of each an option and what it says."""
NO_NUMBERS = ("nan", "inf", "infinity")
"""The question says what it may be instead."""
DECIMAL_PLACES = 9
"""What is kept of an amount; a spreadsheet gives more."""


class Amount(click.ParamType[Decimal]):
    """An exact decimal amount."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount, or click's usage error naming the option."""
        if isinstance(value, Decimal):
            return value
        return in_places(_read(self, value, param, ctx))


class WrittenFloat(click.ParamType[float]):
    """A number."""

    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or click's usage error naming the option."""
        if isinstance(value, int | float) or str(value).strip().lower().lstrip("+-") in NO_NUMBERS:
            return float(value)
        return float(_read(self, value, param, ctx))


class WrittenInt(click.ParamType[int]):
    """A whole number."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or click's usage error naming the option."""
        if isinstance(value, int):
            return value
        number = _read(self, value, param, ctx)
        if number != int(number):
            self.fail(worded("{value!r} is not a whole number", value=value), param, ctx)
        return int(number)


def note_currency(ctx: click.Context | None, option: str, said: str) -> None:
    """Remember the currency that an amount is written with."""
    if ctx is not None and (written := currency_written(said)):
        ctx.meta.setdefault(CURRENCIES_WRITTEN, {})[written] = (option, said)


def _read(
    kind: click.ParamType[Any], value: Any, param: click.Parameter | None, ctx: click.Context | None
) -> Decimal:
    note_currency(ctx, param.opts[0] if param else "", str(value))
    field = (param.name or "") if param else ""
    is_count = "billion" in units_of(field)[1]
    if is_count and language() != ENGLISH and BILLION.search(re.sub(r"\d", " ", str(value))):
        number = re.sub(r"\s*billion.*", "", str(value), flags=re.IGNORECASE)
        both = worded("means two things: write {small} or {large}", small=f"{number}B", large=f"{number}T")
        kind.fail(worded("{value!r} {reason}", value=str(value), reason=both), param, ctx)
    try:
        return number_written(str(value), field)
    except Unwritten as error:
        kind.fail(worded("{value!r} {reason}", value=str(value), reason=error.reason), param, ctx)


def in_places(amount: Decimal) -> Decimal:
    """The amount as it was given, or rounded where it has more places than are kept."""
    places = -int(amount.as_tuple().exponent)
    return round(amount, DECIMAL_PLACES) if places > DECIMAL_PLACES else amount
