"""The front by hand and by brute force; probabilities one knows without computing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide.frontier import (
    CERTAIN,
    Limits,
    futures_of,
    non_dominated,
    probability_within,
    spread_of,
    weighed,
)
from service.estimate.quantile import QUANTILE_90

NAN = float("nan")


def arrays(*rows):
    return tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))


def test_the_front_holds_what_nothing_beats():
    options = arrays(
        (300, 3000, 288), (566, 33, 61), (600, 33, 61), (566, 33, 61), (900, 20, 50), (NAN, 1, 1)
    )
    assert list(non_dominated(*options)) == [0, 1, 4]


def test_unknown_co2_is_the_dirtiest_and_unknown_cost_no_bargain():
    assert list(non_dominated(*arrays((1, 1, NAN), (1, 1, 5), (2, 2, 6)))) == [1]
    assert list(non_dominated(*arrays((NAN, 1, 1)))) == []


POINT = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6) | st.just(math.inf))
"""Unknown CO2 stands as infinity."""


@given(st.lists(POINT, min_size=1, max_size=40))
def test_the_front_is_what_brute_force_finds(points):
    def beaten(i):
        a = points[i]
        return any(
            all(x <= y for x, y in zip(b, a, strict=True)) and (b != a or j < i)
            for j, b in enumerate(points)
            if j != i
        )

    expected = {i for i in range(len(points)) if not beaten(i)}
    cost, hours, co2 = arrays(*points)
    assert set(map(int, non_dominated(cost, hours, np.where(np.isinf(co2), NAN, co2)))) == expected


def spread(p50, sigma):
    p50, sigma = np.array(p50, dtype=float), np.array(sigma, dtype=float)
    return spread_of(p50 * np.exp(-QUANTILE_90 * sigma), p50, p50 * np.exp(QUANTILE_90 * sigma))


def within(hours, cost, limits):
    return probability_within(hours.median, cost.median, futures_of(hours, cost), limits)


def test_a_limit_at_the_median_is_kept_half_the_time_and_one_at_p90_nine_times_in_ten():
    hours = spread([100, 100], [0.2, 0.2])
    free = spread([1, 1], [0, 0])
    for z, share in ((0, 0.5), (QUANTILE_90, 0.9), (-QUANTILE_90, 0.1)):
        limits = Limits(deadline_hours=100 * math.exp(0.2 * z))
        assert within(hours, free, limits) == pytest.approx(share, abs=0.015)
    assert within(hours, free, Limits()) == pytest.approx(CERTAIN)


def test_rented_by_the_hour_budget_and_deadline_are_one_limit():
    """10 a hour: 100 h and 1,000 fail in the same cases, so the joint probability is that of one."""
    hours, cost = spread([100], [0.2]), spread([1000], [0.2])
    joint = within(hours, cost, Limits(1000, 100))
    assert joint == pytest.approx(0.5, abs=0.015)
    independent = spread([1000], [math.hypot(0.2, 0.2)])
    looser = within(hours, independent, Limits(1000, 100))
    assert 0.25 < looser[0] < 0.5


def test_what_costs_nothing_fits_every_budget_and_what_has_no_price_none():
    hours = spread([10, 10], [0.1, 0.1])
    cost = spread_of(np.array([0.0, NAN]), np.array([0.0, NAN]), np.array([0.0, NAN]))
    assert within(hours, cost, Limits(budget=1)) == pytest.approx([CERTAIN, 0])


def test_a_cost_that_moves_less_than_the_hours_is_as_sure_as_its_own_spread():
    """A card to buy: the hours spread 20 %, the bill 4 %; at its p90 it is kept nine times in ten."""
    hours, cost = spread([3000], [0.2]), spread([800], [0.04])
    for z, share in ((0, 0.5), (QUANTILE_90, 0.9)):
        limits = Limits(800 * math.exp(0.04 * z))
        assert within(hours, cost, limits) == pytest.approx(share, abs=0.015)


def test_a_certain_cost_is_within_a_budget_or_it_is_not_whatever_its_rounding():
    """A reserved term: the same at every percentile but for the last digit, up or down."""
    hours = spread([100, 100, 100], [0.1, 0.1, 0.1])
    for last_digit in (-1e-10, 0.0, 1e-10):
        price = np.array([50.0, 200.0, 1e6])
        cost = spread_of(price * (1 + last_digit), price, price * (1 - last_digit))
        assert within(hours, cost, Limits(budget=100)) == pytest.approx([CERTAIN, 0, 0])
        assert within(hours, cost, Limits(100, 100)) == pytest.approx([0.5, 0, 0], abs=0.015)


def test_a_gain_is_within_every_budget_and_the_best_by_cost():
    hours = spread([10], [0.1])
    gain = spread_of(np.array([-3.0]), np.array([-2.0]), np.array([-1.0]))
    assert within(hours, gain, Limits(budget=1)) == pytest.approx([CERTAIN])
    scores = weighed(np.array([-2.0, 1.0]), np.array([10.0, 1.0]), np.array([1.0, 1.0]), (1, 1, 1))
    assert np.argmin(scores) == 0 and not np.isnan(scores).any()


@given(st.floats(0.05, 0.5), st.floats(0, 0.5), st.floats(0.3, 3), st.floats(0.3, 3))
def test_the_joint_probability_is_what_drawing_finds(of_hours, of_cost, budget, deadline):
    hours, cost, limits = (
        spread([100], [of_hours]),
        spread([300], [of_cost]),
        Limits(300 * budget, 100 * deadline),
    )
    z, own = np.random.default_rng(5).standard_normal((2, 20_000))
    shared = min(of_hours, of_cost)
    paid = 300 * np.exp(shared * z + math.sqrt(of_cost**2 - shared**2) * own)
    drawn = ((100 * np.exp(of_hours * z) <= limits.deadline_hours) & (paid <= limits.budget)).mean()
    assert within(hours, cost, limits)[0] == pytest.approx(min(drawn, CERTAIN), abs=0.025)


@given(st.floats(1, 1e4), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(1, 1e5), st.floats(1, 1e5))
def test_more_room_never_makes_a_plan_less_probable(median, sigma, more, budget, deadline):
    hours, cost = spread([median], [sigma]), spread([3 * median], [math.hypot(sigma, more)])
    tight = within(hours, cost, Limits(budget, deadline))[0]
    assert 0 <= tight <= CERTAIN
    assert within(hours, cost, Limits(2 * budget, deadline))[0] >= tight
    assert within(hours, cost, Limits(budget, 2 * deadline))[0] >= tight
    assert within(hours, cost, Limits(budget))[0] >= tight


def test_weights_trade_ratios():
    cost, hours, co2 = arrays((100, 40, NAN), (200, 20, 5), (400, 5, 5))
    assert list(np.argsort(weighed(cost, hours, co2, (1, 0, 0)))) == [0, 1, 2]
    assert list(np.argsort(weighed(cost, hours, co2, (0, 1, 0)))) == [2, 1, 0]
    both = weighed(cost, hours, co2, (1, 1, 0))
    assert both[0] == pytest.approx(both[1]) and both[2] < both[1]
    assert weighed(cost, hours, co2, (0, 0, 1))[0] == np.inf
