"""Exact amounts as command-line options."""

from decimal import Decimal, InvalidOperation
from typing import Any

import click

DECIMAL_PLACES = 9
"""What is kept of an amount; a spreadsheet gives more."""


class Amount(click.ParamType[Decimal]):
    """An exact decimal amount."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount, or click's usage error naming the option."""
        if isinstance(value, Decimal):
            return value
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not amount.is_finite():
            self.fail(f"{value!r} is not a number", param, ctx)
        return in_places(amount)


def in_places(amount: Decimal) -> Decimal:
    """The amount as it was given, or rounded where it has more places than are kept."""
    places = -int(amount.as_tuple().exponent)
    return round(amount, DECIMAL_PLACES) if places > DECIMAL_PLACES else amount
