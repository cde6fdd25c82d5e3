"""What a bought card brings when it is sold, by the years it was kept."""

from typing import Literal

from service.errors import InvalidValue, worded
from service.estimate.card_prices import LONGEST_MONTHS, CardPrices
from service.estimate.interval import Interval
from service.facts import Figure, Source

LONGEST_YEARS = LONGEST_MONTHS // 12
"""As far as the price histories reach."""
Bought = Literal["new", "used"]


def resale_share(prices: CardPrices, gpu: str, years: float, bought: Bought, source: Source) -> Figure:
    """Share of its price that a card brings after so many years [of the price], with its 80 % interval.

    What prices of the card and of its class did over as many years; of a card that was bought new, times
    what a used one goes for beside a new one. Never more than was paid: histories in which prices rose are
    no promise. Leaves out what a seller pays a market place, and sales tax, which a buyer in Europe pays and
    a seller does not get back. Raises InvalidValue beyond what the histories reach.
    """
    if not 0 <= years <= LONGEST_YEARS:
        raise InvalidValue(
            "years_kept",
            years,
            worded(
                "must be from 0 to {longest_years}, as far as prices are known", longest_years=LONGEST_YEARS
            ),
        )
    share = prices.move(gpu, years * 12)
    if bought == "new":
        share = share.widened(prices.used_of_new())
    kept = Interval(*(min(part, 1.0) for part in (share.p10, share.p50, share.p90)))
    return Figure("resale_share", kept.p50, "of the price", source, kept.p10, kept.p90, "derived")
