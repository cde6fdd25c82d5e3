"""When does a saved rule on a price fire? Once per crossing; pure."""

from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PriceWatch:
    """A rule and what it remembers of the prices it saw; exactly one of the two conditions is set."""

    threshold: Decimal | None = None
    """Fires when the price falls to it or below, also when it is there already at the first look."""
    fall_percent: float | None = None
    """Fires when the price is so far below the dearest one seen since it last fired."""
    is_armed: bool = True
    """False from firing until the condition has been false again."""
    reference: Decimal | None = None
    """The dearest price since the last firing, or the price of that firing."""


def look(watch: PriceWatch, price: Decimal | None) -> tuple[PriceWatch, bool]:
    """The rule after a look at the price, and whether it fires now.

    No price is no news: it neither fires nor arms, for what nobody offers is not known to be dear.
    """
    if price is None:
        return watch, False
    dearest = price if watch.reference is None else max(price, watch.reference)
    if watch.threshold is not None:
        fires = watch.is_armed and price <= watch.threshold
        return replace(watch, is_armed=price > watch.threshold, reference=dearest), fires
    assert watch.fall_percent is not None
    # Counted from this firing on: a further fall as large is a new crossing.
    fires = price <= dearest * (1 - Decimal(str(watch.fall_percent)) / 100)
    return replace(watch, reference=price if fires else dearest), fires
