"""How old a price may be to answer for today: pure."""

from dataclasses import dataclass

USUAL_MAX_AGE_DAYS = 30
"""What rules on prices and recommendations rest on, once any offer has been refreshed."""


@dataclass(frozen=True, slots=True)
class PricesUsed:
    """Which of the stored offers an answer rests on."""

    max_age_days: int | None
    """Offers last known longer ago were left out; None for none."""
    left_out: int
    is_refreshed: bool
    """Whether any offer was read from a price source; else they came with the product or from oneself."""
    too_cheap: int = 0
    """Of the recent ones those far below what others ask (usual_price.py): left out too."""


def age_limit_days(asked: int | None, *, is_refreshed: bool) -> int | None:
    """The greatest age that counts: as asked, else the usual one; any while only shipped prices are known."""
    return asked if asked is not None or not is_refreshed else USUAL_MAX_AGE_DAYS
