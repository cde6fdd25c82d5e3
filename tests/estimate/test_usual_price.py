"""What is too good to be true, and what a bargain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.usual_price import far_below_usual


def below(*prices, firm=True, gpu=0):
    """Whose offers are far below the usual, of pairs of seller and price of one card and tier."""
    sellers = [seller for seller, _ in prices]
    n = len(prices)
    found = far_below_usual(
        sellers, np.full(n, gpu, np.int32), np.zeros(n, np.int8), np.array([p for _, p in prices], float),
        np.full(n, firm),
    )  # fmt: skip
    return [seller for seller, is_below in zip(sellers, found, strict=True) if is_below]


@pytest.mark.parametrize(
    ("cheap", "firm", "told"),
    [(0.8, True, ["x"]), (1.1, True, []), (0.8, False, []), (0.5, False, ["x"])],
)
def test_a_third_of_the_usual_list_price_and_a_fifth_of_the_usual_bid(cheap, firm, told):
    assert below(("a", 3), ("b", 3.1), ("c", 2.9), ("x", cheap), firm=firm) == told


def test_a_bargain_that_another_comes_near_to_is_the_markets():
    assert below(("a", 3), ("b", 3.1), ("c", 2.9), ("x", 0.5), ("y", 0.6)) == []
    assert below(("a", 3), ("b", 3.1), ("c", 2.9), ("x", 0.2), ("y", 0.6)) == ["x"]


def test_a_provider_with_many_offers_is_one_voice():
    many = [("x", 0.5)] * 50
    assert below(*many, ("a", 3), ("b", 3.1), ("c", 2.9)) == ["x"] * 50


def test_of_two_providers_nobody_can_tell_and_of_no_known_card_or_rate_neither():
    assert below(("a", 3), ("x", 0.1)) == []
    assert below(("a", 3), ("b", 3), ("c", 3), ("x", 0.1), gpu=-1) == []
    assert below(("a", 3), ("b", 3), ("c", np.inf), ("x", np.inf)) == []


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0.1, 100)), max_size=30))
def test_the_currency_does_not_matter(prices):
    assert below(*prices) == below(*((seller, price * 2) for seller, price in prices))


def test_cards_and_tiers_are_judged_apart():
    n = 8
    gpu, tier = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32), np.array([0, 0, 0, 1, 1, 1, 1, 1], np.int8)
    price = np.array([3, 3, 3, 0.1, 0.1, 9, 9, 9.0])
    found = far_below_usual(list("abcxabcd"), gpu, tier, price, np.ones(n, bool))
    assert list(found) == [False] * 4 + [True] + [False] * 3
