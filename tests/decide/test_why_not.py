"""Why a plan was not chosen: the first thing that would have to go for it to win."""

import numpy as np
import pytest

from service.decide.candidates import LONGEST_HOURS, SET_ASIDE
from service.decide.choice import choose
from service.decide.frontier import Limits
from service.decide.why_not import reason_of
from tests.decide.test_choice import plans

NAN = float("nan")
HOME, NODE, CARD = (313, 3000, 288), (566, 33, 61), (400, 300, 90)


def reasons(candidates, limits=Limits(), weights=None):  # noqa: B008
    choice = choose(candidates, limits, weights)
    return [reason_of(candidates, choice, limits, i) for i in range(len(candidates))]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(), [None, "dearer", "dearer"]),
        (Limits(deadline_hours=500), ["too_late", "dearer", None]),
        (Limits(budget=700), ["slower", None, "slower"]),
        (Limits(budget=450), ["slower", "over_budget", None]),
        (Limits(450, 500), ["too_late", "over_budget", None]),
        (Limits(100, 10), ["too_late", "over_budget", "too_late"]),
    ],
)
def test_a_limit_that_is_broken_goes_before_what_is_beaten(limits, said):
    assert reasons(plans(HOME, NODE, CARD), limits) == said


def test_weights_have_a_reason_of_their_own():
    assert reasons(plans(HOME, NODE), weights=(0, 1, 0)) == ["weighs_more", None]


def test_what_is_not_known_or_not_recommended_is_said_before_its_price():
    waiting = (1, 2 * LONGEST_HOURS, 1)
    assert reasons(plans(HOME, (NAN, 33, 61), (500, NAN, 1), waiting)) == [
        None, "no_price", "does_not_fit", "too_long",
    ]  # fmt: skip
    candidates = plans(HOME, CARD)
    candidates.set_aside[0] = 1 + SET_ASIDE.index("host_memory")
    assert reasons(candidates) == ["host_memory", None]


def test_of_plans_that_cost_the_same_the_one_that_asks_less_wins():
    twins = plans((100, 10, 1), (100, 10, 1), effort=[50, 10])
    assert reasons(twins) == ["asks_more", None]
    hybrid = plans((213, 512, 1), (223, 504, 1), effort=[430, 130])
    assert reasons(hybrid) == ["asks_more", None]


def test_a_budget_is_held_against_what_has_to_be_paid():
    bought = plans((250, 300, 90), (400, 300, 90), cash=[1900, 400])
    assert reasons(bought, Limits(budget=800)) == ["over_budget", None]
    assert np.isfinite(bought.cost).all()
