"""What a card brings by the years it was kept."""

import pytest

from service.errors import InvalidValue
from service.estimate.resale import resale_share
from tests.facts_for_tests import shipped_catalog

FIGURES = {figure.name: figure for figure in shipped_catalog().figures}


def test_after_a_year_it_brings_what_is_usual():
    assert resale_share(FIGURES, 1) == FIGURES["home_run.resale_share"]


def test_it_falls_as_what_shops_ask_falls():
    """0.65 of the price after a year, when shops ask 0.916 of it; after three years they ask 0.536."""
    after = resale_share(FIGURES, 3)
    assert after.value == pytest.approx(0.65 * 0.536 / 0.916)
    assert after.low < after.value < after.high <= 1 and "31 cards" in after.source.title
    shares = [resale_share(FIGURES, years).value for years in (0, 0.5, 1, 2, 2.5, 3, 4)]
    assert shares == sorted(shares, reverse=True) and shares[0] < 1
    between = resale_share(FIGURES, 2.5).value
    assert between**2 == pytest.approx(resale_share(FIGURES, 2).value * after.value)


@pytest.mark.parametrize("years", [-1, 4.5, float("nan")])
def test_no_further_than_prices_are_known(years):
    with pytest.raises(InvalidValue, match="years_kept"):
        resale_share(FIGURES, years)
