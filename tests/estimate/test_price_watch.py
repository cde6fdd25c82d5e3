"""A rule fires once per crossing, whatever the prices do."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.estimate.price_watch import PriceWatch, look

PRICES = st.lists(st.none() | st.integers(1, 20).map(Decimal), max_size=40)


def fired(watch, prices):
    """At which of the prices it fires."""
    at = []
    for number, price in enumerate(prices):
        watch, fires = look(watch, None if price is None else Decimal(str(price)))
        if fires:
            at.append(number)
    return at


def test_back_and_forth_over_a_threshold():
    watch = PriceWatch(threshold=Decimal(10))
    assert fired(watch, [12, 10, 9, 11, 10, 10, None, 10, 12, 3]) == [1, 4, 9]
    assert fired(watch, [8, 8]) == [0], "what is there already is news once"


def test_a_fall_counts_from_the_dearest_since_it_last_fired():
    watch = PriceWatch(fall_percent=20)
    assert fired(watch, [10, 9, 8, 8, 7, 6.4, 6.4]) == [2, 5]
    assert fired(watch, [10, 12, 9.6]) == [2]
    assert fired(watch, [10, 8, 10, 8, None, 8]) == [1, 3]


@given(PRICES, st.integers(1, 20).map(Decimal))
def test_between_two_firings_the_price_was_above(prices, threshold):
    at = fired(PriceWatch(threshold=threshold), prices)
    known = [(n, p) for n, p in enumerate(prices) if p is not None]
    crossings = [
        n for i, (n, p) in enumerate(known) if p <= threshold and (i == 0 or known[i - 1][1] > threshold)
    ]
    assert at == crossings


@given(PRICES, st.floats(1, 90))
def test_every_fall_is_as_deep_as_asked(prices, percent):
    at = fired(PriceWatch(fall_percent=percent), prices)
    start = 0
    for number in at:
        dearest = max(p for p in prices[start : number + 1] if p is not None)
        assert prices[number] <= dearest * (1 - Decimal(str(percent)) / 100)
        start = number
