"""What a bought card brings when it is sold, by the years it was kept."""

import math
from collections.abc import Mapping
from dataclasses import replace

from service.errors import InvalidValue
from service.facts import Figure

USUAL = "home_run.resale_share"
CURVE = "home_run.ask_after_{}_years"
LONGEST_YEARS = 4
"""As far as the price histories reach."""


def resale_share(figures: Mapping[str, Figure], years: float) -> Figure:
    """Share of its price that a card brings after so many years [of the price].

    What a seller gets after one year, times what shops ask after `years` over what they ask after one:
    medians over cards of the same shops' monthly prices, years apart, between whole years as if they fell by
    the same share every day. Leaves out that a seller of an old card may get a smaller part of what shops
    ask. Raises InvalidValue beyond what the histories reach.
    """
    if not 0 <= years <= LONGEST_YEARS:
        raise InvalidValue(
            "years_kept", years, f"must be from 0 to {LONGEST_YEARS}, as far as prices are known"
        )
    usual = figures[USUAL]
    if years == 1:
        return usual
    asked, one = _asked(figures, years), _asked(figures, 1)

    def share(name: str) -> float:
        return min(float(getattr(usual, name)) * asked[name] / one["value"], 1.0)

    return replace(
        usual, value=share("value"), low=share("low"), high=share("high"), basis="derived",
        source=figures[CURVE.format(1)].source,
    )  # fmt: skip


def _asked(figures: Mapping[str, Figure], years: float) -> dict[str, float]:
    """What shops ask after so many years over what they asked: the median over cards, and 80 % of them."""
    before, after = math.floor(years), math.ceil(years)
    found = {}
    for name in ("value", "low", "high"):
        ends = [1.0 if n == 0 else float(getattr(figures[CURVE.format(n)], name)) for n in (before, after)]
        found[name] = ends[0] * (ends[1] / ends[0]) ** (years - before)
    return found
