"""How sure one may be of a rent by how many like it were looked at; by hand."""

import numpy as np
import pytest

from service.decide.candidates import Candidates
from service.decide.choice import probability_of
from service.decide.frontier import Futures, Limits
from service.estimate.futures import FUTURES
from service.estimate.rent_moves import SHARES, RentMove, RentMoves
from tests.facts_for_tests import SOURCE

STILL = (1.0,) * len(SHARES)


def move(tier, days, blocks):
    return RentMove(tier, days, STILL, blocks, 2 * blocks, 100, SOURCE)


def unseen(moves, tier, *days):
    return RentMoves(moves).unseen(tier, np.array(days, dtype=float)).tolist()


def test_after_looks_at_18_blocks_the_next_is_one_of_20():
    """Laplace's rule: 1 / (18 + 2); on the day itself nothing is in doubt, between two gaps in proportion.
    Eight blocks of a month are two of four months."""
    seen = [move("spot", 7, 18), move("spot", 30, 8)]
    assert unseen(seen, "spot", 0, 3.5, 7, 18.5, 30, 120) == pytest.approx([0, 0.025, 0.05, 0.075, 0.1, 0.25])


def test_an_older_rent_is_never_surer_than_a_younger_one():
    seen = [move("spot", 7, 8), move("spot", 30, 998)]
    assert unseen(seen, "spot", 7, 30) == pytest.approx([0.1, 0.1])


def test_what_nobody_has_seen_lies_at_the_upper_end_and_the_rest_is_as_seen():
    """8 blocks: in a tenth of cases it may be four times as much; where nothing was seen nothing is known."""
    at_ends = RentMoves([move("spot", 7, 8)]).logs("spot", np.array([7.0]))[:, 0]
    assert at_ends == pytest.approx([0] * 7 + [np.log(4)] * 2)
    assert not RentMoves().logs("spot", np.array([7.0])).any() and unseen([], "spot", 7) == [0]


def test_hosts_prices_seen_for_less_than_a_week_are_as_sure_as_those_of_the_marketplace():
    seen = [move("community", 3, 998), move("marketplace", 7, 8)]
    assert unseen(seen, "community", 7) == pytest.approx([0.1])
    assert unseen([*seen, move("community", 7, 998)], "community", 7) == pytest.approx([0.001])


def test_a_plan_is_as_sure_as_its_rent_and_if_it_holds_as_sure_as_its_hours():
    """100 EUR at the stated rent, twice that in a quarter of all futures; 100 hours, 200 in another
    tenth. Within 150 EUR and 150 hours: in 65 of 100 futures as priced, in 90 if the rent holds."""
    lot = np.arange(FUTURES) / FUTURES
    hours = np.where(lot < 0.1, 2.0, 1.0)[:, None].astype(np.float32)
    rises = np.where(lot >= 0.75, 2.0, 1.0)[:, None].astype(np.float32)
    still, one = np.ones_like(hours), np.full((3, 1), 100.0)
    futures = Futures(hours, rises, still)
    zero = np.zeros(1, dtype=np.int64)
    plan = Candidates(one, one, one, np.array([1.0]), zero, zero, zero.astype(np.int8), futures)
    limits = Limits(150, 150)
    late, dear = int((hours > 1).sum()), int((rises > 1).sum())
    assert (late, dear) == (41, 100)
    assert probability_of(plan, limits)[0] == pytest.approx((FUTURES - late - dear) / (FUTURES + 1))
    assert probability_of(plan.at_stated_rents(), limits)[0] == pytest.approx(
        (FUTURES - late) / (FUTURES + 1)
    )
    assert probability_of(plan.at_stated_rents(), Limits(99, 150))[0] == 0
