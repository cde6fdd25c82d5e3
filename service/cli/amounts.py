"""Exact amounts as command-line options."""

from decimal import Decimal, InvalidOperation
from typing import Any

import click


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
        return amount
