"""The currency an answer is asked in."""

from decimal import Decimal

from service.errors import InvalidValue
from service.estimate.cost import Conversion, conversion
from service.store.snapshot import Snapshot


def converter(snapshot: Snapshot, source: str, target: str | None) -> Conversion:
    """The dated conversion into the currency asked for; into itself when none was."""
    if target is None:
        return Conversion(Decimal(1), ())
    target = target.upper()
    known = {"EUR", *snapshot.exchange}
    if target not in known:
        raise InvalidValue("currency", target, "no exchange rate is known", sorted(known))
    return conversion(source, target, tuple(snapshot.exchange.values()))
