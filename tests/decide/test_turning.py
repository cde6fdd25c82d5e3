"""What would change a choice: just beyond a turning point another plan is chosen, just before it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decide.choice import choose
from service.decide.frontier import Limits
from service.decide.near_ties import near_ties
from service.decide.turning import Contest, Lever, Question, swings, turning_points
from tests.decide.test_choice import plans



def lever(code, now, cost, hours=None, low=None, high=None):
    cost = np.array(cost, dtype=float)
    hours = np.zeros(len(cost)) if hours is None else np.array(hours, dtype=float)
    return Lever(code, low or now, now, high or now, cost, cost, hours)


def asked(limits, weights=None):
    return Question(limits, weights, 0.8)


def test_the_rent_turns_at_what_the_next_plan_costs():
    """400 at 2 an hour against 500: at 2.5 both cost the same."""
    two = plans((400, 300, 90), (500, 200, 90), sigma=0)
    rent = lever("rent", 2.0, [400, 0])
    (turn,) = turning_points(Contest.of(two, choose(two, Limits()), asked(Limits())), [rent])
    assert (turn.at, turn.then) == (pytest.approx(2.5, rel=1e-4), 1)


def test_a_price_that_moves_only_what_cannot_be_chosen_turns_nothing():
    """Home takes too long for the deadline, whatever a kilowatt-hour costs: the rent turns it, not that."""
    three = plans((300, 3000, 90), (400, 300, 90), (470, 200, 90), sigma=0)
    limits = Limits(700, 24 * 30)
    choice = choose(three, limits)
    assert (choice.best, choice.rival) == (1, 2)
    current, rent = lever("kwh_price", 0.37, [300, 0, 0]), lever("rent", 2.0, [0, 400, 0])
    turns = turning_points(Contest.of(three, choice, asked(limits)), [current, rent])
    assert [(t.code, t.then) for t in turns] == [("rent", 2)]
    assert turns[0].at == pytest.approx(2.35, rel=1e-4)


def test_a_rent_that_breaks_the_budget_leaves_nothing():
    one = plans((400, 300, 90), sigma=0)
    limits = Limits(500, 24 * 30)
    (turn,) = turning_points(
        Contest.of(one, choose(one, limits), asked(limits)), [lever("rent", 2.0, [400])]
    )
    assert (turn.at, turn.then) == (pytest.approx(2.5, rel=1e-4), None)


def test_no_machine_is_idle_longer_than_it_trains():
    """40 of idle hours at a tenth: 100 more at 35 %; where 4 of them are, only at 260 %."""
    two = plans((400, 300, 90), (500, 200, 90), sigma=0)
    contest = Contest.of(two, choose(two, Limits()), asked(Limits()))
    (turn,) = turning_points(contest, [lever("idle_hours", 0.1, [40, 0])])
    assert turn.at == pytest.approx(0.35, rel=1e-4)
    assert turning_points(contest, [lever("idle_hours", 0.1, [4, 0])]) == ()
    assert turning_points(contest, [lever("rent", 0.1, [6, 0])])


def test_a_range_moves_the_difference_to_the_next_plan():
    two = plans((400, 300, 90), (500, 200, 90), sigma=0)
    rent = lever("rent", 2.0, [400, 0], low=1.0, high=3.0)
    idle = lever("idle_hours", 0.1, [10, 10], low=0.0001, high=0.3)
    (swing,) = swings(Contest.of(two, choose(two, Limits()), asked(Limits())), [rent, idle])
    assert (swing.difference_low, swing.difference_high, swing.turns) == (300, -100, True)


ROW = st.tuples(st.floats(50, 2000), st.floats(5, 4000), st.floats(1, 100))


@settings(deadline=None)
@given(
    st.lists(ROW, min_size=2, max_size=25),
    st.data(),
    st.sampled_from(["cost", "hours"]),
    st.one_of(st.none(), st.floats(100, 3000)),
    st.one_of(st.none(), st.floats(50, 5000)),
)
def test_beyond_a_turning_point_the_choice_is_another_and_before_it_is_not(rows, data, of, budget, deadline):
    candidates, limits = plans(*rows), Limits(budget, deadline)
    choice = choose(candidates, limits)
    if choice.best is None:
        return
    moved = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=float)
    cost = candidates.cost[1] * moved * (0.8 if of == "hours" else 1.0)
    hours = candidates.calendar_hours[1] * moved if of == "hours" else None
    one = lever("hours" if of == "hours" else "rent", 2.0, cost, hours)
    for turn in turning_points(Contest.of(candidates, choice, asked(limits)), [one]):
        assert choose(one.moved(candidates, turn.at), limits).best == turn.then != choice.best
        ratio = np.log(turn.at / 2)
        if abs(ratio) < 1e-4:
            continue
        before = choose(one.moved(candidates, 2 * np.exp(ratio - np.sign(ratio) * 2e-5)), limits).best
        assert before == choice.best


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=25), st.one_of(st.none(), st.floats(100, 3000)))
def test_what_turns_within_its_range_is_told_to(rows, budget):
    candidates, limits = plans(*rows), Limits(budget)
    choice = choose(candidates, limits)
    if choice.best is None or choice.rival is None:
        return
    part = np.where(np.arange(len(rows)) == choice.best, candidates.cost[1], 0.0)
    rent = lever("rent", 2.0, part, low=1.0, high=4.0)
    for swing in swings(Contest.of(candidates, choice, asked(limits)), [rent]):
        chosen = {choose(rent.moved(candidates, value), limits).best for value in (1.0, 4.0)}
        assert swing.turns == (chosen != {choice.best})


def test_a_little_more_money_that_saves_much_time_is_told():
    """191 and 12.2 days win over 193 and 5.8 days: that is told."""
    both = plans((191, 12.2 * 24, 1), (193, 5.8 * 24, 1), (400, 24, 1), sigma=0.05)
    choice = choose(both, Limits())
    (tie,) = near_ties(both, choice)
    assert (choice.best, tie.position) == (0, 1)
    assert tie.extra_cost == pytest.approx(2) and tie.saved_hours == pytest.approx(6.4 * 24)


def test_more_certainty_for_a_little_is_told():
    limits = Limits(deadline_hours=100)
    both = plans((200, 95, 1), (206, 90, 1), sigma=0.05)
    choice = choose(both, limits)
    (tie,) = near_ties(both, choice)
    assert tie.position == 1 and tie.gained_probability > 0.1


def test_a_little_more_time_that_saves_much_money_is_told_of_the_fastest():
    both = plans((1000, 100, 1), (500, 104, 1), sigma=0.02)
    choice = choose(both, Limits(budget=5000))
    (tie,) = near_ties(both, choice)
    assert (choice.best, tie.position, tie.extra_cost) == (0, 1, -500)


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=25), st.one_of(st.none(), st.floats(50, 5000)))
def test_near_ties_keep_the_limits_and_are_not_missed(rows, deadline):
    candidates, limits = plans(*rows), Limits(deadline_hours=deadline)
    choice = choose(candidates, limits)
    told = near_ties(candidates, choice)
    assert all(choice.within[tie.position] for tie in told)
    if choice.best is None:
        return
    cost, hours = candidates.cost[1], candidates.calendar_hours[1]
    cheap = choice.within & (cost <= 1.05 * cost[choice.best]) & (hours <= 0.7 * hours[choice.best])
    assert bool(told) >= bool(cheap.any())
