"""The currency an answer is asked in."""

from collections.abc import Mapping
from decimal import Decimal

from service.errors import InvalidValue, worded
from service.estimate.cost import Conversion, conversion
from service.facts import ExchangeRate
from service.store.snapshot import Snapshot


def converter(
    snapshot: Snapshot, source: str, target: str | None, rates: Mapping[str, ExchangeRate] | None = None
) -> Conversion:
    """The dated conversion into the currency asked for; into itself when none was.

    At the newest rates, or at those given for another day.
    """
    if target is None:
        return Conversion(Decimal(1), ())
    target = target.upper()
    quoted = snapshot.exchange if rates is None else rates
    currencies = {"EUR", *quoted}
    if target not in currencies:
        raise InvalidValue("currency", target, worded("no exchange rate is known"), sorted(currencies))
    return conversion(source, target, tuple(quoted.values()))
