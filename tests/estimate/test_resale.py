"""What a card brings by the years it was kept."""

import pytest

from service.errors import InvalidValue
from service.estimate.resale import resale_share
from service.store.card_prices import card_prices, resale_source
from tests.facts_for_tests import shipped_catalog

PRICES = card_prices({gpu.slug: gpu for gpu in shipped_catalog().gpus})
SAID = resale_source()


def test_a_card_bought_new_first_loses_what_a_used_one_is_worth_less():
    """Used goes for 83 % of new (33 cards and months of two tellers)."""
    new, used = (resale_share(PRICES, "rtx-3090", 1, bought, SAID) for bought in ("new", "used"))
    assert new.value == pytest.approx(used.value * PRICES.used_of_new().p50)
    assert 0.75 < PRICES.used_of_new().p50 < 0.9
    assert new.low < new.value <= new.high <= 1 and new.basis == "derived"


def test_it_is_never_more_than_was_paid():
    """Prices of the 4090 rose for years: no promise."""
    assert PRICES.move("rtx-4090", 12).p90 > 1
    assert resale_share(PRICES, "rtx-4090", 1, "used", SAID).high == 1.0


def test_after_four_years_it_brings_less_than_after_one():
    for gpu in ("rtx-3090", "rtx-a4000", "a100-pcie-40gb", "h200-nvl"):
        one, four = (resale_share(PRICES, gpu, years, "new", SAID).value for years in (1, 4))
        assert four < one, gpu


def test_kept_no_day_a_used_card_brings_what_was_paid():
    told = resale_share(PRICES, "rtx-3090", 0, "used", SAID)
    assert (told.low, told.value, told.high) == (1, 1, 1)


def test_a_card_without_a_history_has_the_wider_range():
    own, none = (resale_share(PRICES, gpu, 1, "used", SAID) for gpu in ("rtx-3070", "rtx-5070"))
    assert not PRICES.has_history("rtx-5070", 12) and PRICES.has_history("rtx-3070", 12)
    assert none.low < own.low


@pytest.mark.parametrize("years", [-1, 4.5, float("nan")])
def test_no_further_than_prices_are_known(years):
    with pytest.raises(InvalidValue, match="years_kept"):
        resale_share(PRICES, "rtx-4090", years, "new", SAID)
