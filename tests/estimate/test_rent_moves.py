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


def move(tier, days, offers):
    return RentMove(tier, days, STILL, offers, 100, SOURCE)


def most_sure(moves, tier, *days):
    return RentMoves(moves).most_sure(tier, np.array(days, dtype=float)).tolist()


def test_after_looks_at_18_offers_one_in_20_may_break_it():
    """Laplace's rule: 1 - 1 / (18 + 2); on the day itself nothing is in doubt, between two gaps in
    proportion, and beyond the last nothing is surer than at it."""
    seen = [move("spot", 7, 18), move("spot", 30, 8)]
    assert most_sure(seen, "spot", 0, 7, 30, 400) == pytest.approx([1.0, 0.95, 0.9, 0.9])
    assert most_sure(seen, "spot", 3.5, 18.5) == pytest.approx([0.975, 0.925])


def test_an_older_rent_is_never_surer_than_a_younger_one():
    seen = [move("spot", 7, 8), move("spot", 30, 998)]
    assert most_sure(seen, "spot", 7, 30) == pytest.approx([0.9, 0.9])


def test_a_tier_that_nobody_looked_at_is_no_surer_than_the_least_known():
    seen = [move("spot", 7, 18), move("on_demand", 7, 8)]
    assert most_sure(seen, "reserved", 7) == pytest.approx([0.9])
    assert most_sure([], "reserved", 7) == [1.0]


def test_hosts_prices_seen_for_less_than_a_week_are_as_sure_as_those_of_the_marketplace():
    seen = [move("community", 3, 998), move("marketplace", 7, 8)]
    assert most_sure(seen, "community", 7) == pytest.approx([0.9])
    assert most_sure([*seen, move("community", 7, 998)], "community", 7) == pytest.approx([0.999])


def test_a_plan_is_as_sure_as_its_rent_and_if_it_holds_as_sure_as_its_hours():
    """100 EUR at the stated rent, twice that in a quarter of all futures; 100 hours, 200 in another
    tenth. Within 150 EUR and 150 hours: in 65 of 100 futures as priced, in 90 if the rent holds."""
    lot = np.arange(FUTURES) / FUTURES
    hours = np.where(lot < 0.1, 2.0, 1.0)[:, None].astype(np.float32)
    rises = np.where(lot >= 0.75, 2.0, 1.0)[:, None].astype(np.float32)
    still, one = np.ones_like(hours), np.full((3, 1), 100.0)
    futures = Futures(hours, rises, still, np.array([1.0]))
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
