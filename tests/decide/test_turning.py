"""What would change a choice: just beyond a turning point another plan is chosen, just before it is not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decide.candidates import LONGEST_HOURS
from service.decide.choice import choose
from service.decide.frontier import Futures, Limits
from service.decide.near_ties import near_ties
from service.decide.turning import Contest, Lever, Question, hangs_on
from service.estimate.futures import FUTURES
from tests.decide.test_choice import plans


def lever(code, now, cost, hours=None, low=None, high=None):
    cost = np.array(cost, dtype=float)
    hours = np.zeros(len(cost)) if hours is None else np.array(hours, dtype=float)
    return Lever(code, low or now, now, high or now, cost, cost, hours)


def told_of(candidates, limits):
    return near_ties(candidates, choose(candidates, limits))


def swings(contest, levers):
    return hangs_on(contest, levers)[0]


def turning_points(contest, levers):
    return hangs_on(contest, levers)[1]


def asked(limits, weights=None):
    return Question(limits, weights, 0.8)


def test_the_rent_turns_at_what_the_next_plan_costs():
    """400 at 2 an hour against 500, which is slower: at 2.5 both cost the same."""
    two = plans((400, 300, 90), (500, 320, 90), sigma=0)
    rent = lever("rent", 2.0, [400, 0])
    (turn,) = turning_points(Contest.of(two, choose(two, Limits()), asked(Limits())), [rent])
    assert (turn.at, turn.then) == (pytest.approx(2.5, rel=1e-4), 1)


def test_a_price_that_moves_only_what_cannot_be_chosen_turns_nothing():
    """Home takes too long for the deadline, whatever a kilowatt-hour costs: the rent turns it, not that."""
    three = plans((300, 3000, 90), (400, 300, 90), (470, 310, 90), sigma=0)
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
    (turn,) = turning_points(Contest.of(one, choose(one, limits), asked(limits)), [lever("rent", 2.0, [400])])
    assert (turn.at, turn.then) == (pytest.approx(2.5, rel=1e-4), None)


def test_no_machine_is_idle_longer_than_it_trains():
    """40 of idle hours at a tenth: 100 more at 35 %; where 4 of them are, only at 260 %."""
    two = plans((400, 300, 90), (500, 320, 90), sigma=0)
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


def with_moving_rents(candidates, doubts):
    """The same with rents that rise to so many times what was stated, evenly over the futures, and no other
    doubt: 1.0 where none is in doubt."""
    n = len(candidates)
    still = np.ones((FUTURES, n), dtype=np.float32)
    rise = 1 + np.linspace(0, 1, FUTURES)[:, None] * (np.array(doubts)[None, :] - 1)
    moving = Futures(still, rise.astype(np.float32), still)
    return replace(candidates, drawn=moving)


@settings(deadline=None)
@given(
    st.lists(ROW, min_size=2, max_size=25),
    st.data(),
    st.sampled_from(["cost", "hours"]),
    st.one_of(st.none(), st.floats(100, 3000)),
    st.one_of(st.none(), st.floats(50, 5000)),
    st.booleans(),
)
def test_beyond_a_turning_point_the_choice_is_another_and_before_it_is_not(
    rows, data, of, budget, deadline, rents_move
):
    """Also where today's choice, or the one beyond, is only sure enough if its rent holds."""
    n, limits = len(rows), Limits(budget, deadline)
    candidates = plans(*rows)
    if rents_move:
        doubts = data.draw(st.lists(st.sampled_from([1.0, 1.1, 3.0]), min_size=n, max_size=n))
        candidates = with_moving_rents(candidates, doubts)
    choice = choose(candidates, limits)
    if choice.best is None:
        return
    moved = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=float)
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


def test_beyond_what_is_sure_the_plan_is_told_that_is_sure_if_its_rent_holds():
    """450 at a rent that nobody doubts, 300 at one that may be half as much again by the end, within 500: the
    first at 2 an hour up to 2.2, then the second, as `decide` says at 2.3."""
    two, limits = with_moving_rents(plans((450, 300, 90), (400, 200, 90)), [1.0, 1.5]), Limits(500, 24 * 30)
    choice = choose(two, limits)
    assert (choice.best, choice.needs_stated_rent) == (0, False)
    rent = lever("rent", 2.0, [450, 0])
    (turn,) = turning_points(Contest.of(two, choice, asked(limits)), [rent])
    assert (turn.at, turn.then) == (pytest.approx(2 * 500 / 450, rel=1e-4), 1)
    beyond = choose(rent.moved(two, 2.3), limits)
    assert (beyond.best, beyond.needs_stated_rent) == (1, True)


def test_a_plan_that_becomes_sure_takes_the_place_of_one_that_is_only_if_its_rent_holds():
    """Nothing is sure today; at four fifths of its rent the dearer one is, whatever the cheaper costs."""
    two, limits = with_moving_rents(plans((400, 300, 90), (600, 200, 90)), [1.5, 1.0]), Limits(500, 24 * 30)
    choice = choose(two, limits)
    assert (choice.best, choice.needs_stated_rent) == (0, True)
    rent = lever("rival_rent", 2.0, [0, 600])
    (turn,) = turning_points(Contest.of(two, choice, asked(limits)), [rent])
    assert (turn.at, turn.then) == (pytest.approx(2 * 500 / 600, rel=1e-4), 1)
    assert choose(rent.moved(two, 1.6), limits).best == 1


def test_a_run_of_more_than_two_years_may_be_chosen_once_it_takes_less():
    two = plans((100, 18000, 90), (400, 300, 90), sigma=0)
    choice = choose(two, Limits())
    assert choice.best == 1
    (turn,) = turning_points(
        Contest.of(two, choice, asked(Limits())), [lever("hours", 18000, [0, 0], [18000, 0])]
    )
    assert (turn.at, turn.then) == (pytest.approx(LONGEST_HOURS, rel=1e-4), 0)


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
    """191 and 12.2 days lose to 193 and 5.8 days, and are told of; 220 and 5.8 days are told to buy much."""
    both = plans((191, 12.2 * 24, 1), (193, 5.8 * 24, 1), (400, 24, 1), sigma=0.05)
    choice = choose(both, Limits())
    (tie,) = near_ties(both, choice)
    assert (choice.best, tie.position, tie.drawback) == (1, 0, "slower")
    assert tie.extra_cost == pytest.approx(-2) and tie.saved_hours == pytest.approx(-6.4 * 24)
    dearer = plans((191, 12.2 * 24, 1), (220, 5.8 * 24, 1), sigma=0.15)
    choice = choose(dearer, Limits())
    (tie,) = near_ties(dearer, choice)
    assert (choice.best, tie.position, tie.drawback) == (0, 1, None)
    assert tie.extra_cost == pytest.approx(29) and tie.saved_hours == pytest.approx(6.4 * 24)


def test_more_certainty_for_a_little_is_told():
    limits = Limits(deadline_hours=100)
    both = plans((200, 95, 1), (212, 90, 1), sigma=0.05)
    choice = choose(both, limits)
    (tie,) = near_ties(both, choice)
    assert (choice.best, tie.position, tie.drawback) == (0, 1, None) and tie.gained_probability > 0.1
    as_good = plans((200, 95, 1), (206, 90, 1), sigma=0.05)
    choice = choose(as_good, limits)
    (tie,) = near_ties(as_good, choice)
    assert (choice.best, tie.position, tie.drawback) == (1, 0, "less_sure")


def test_a_little_more_time_that_saves_much_money_is_told_of_the_fastest():
    both = plans((1000, 100, 1), (500, 107, 1), sigma=0.06)
    choice = choose(both, Limits(budget=5000))
    (tie,) = near_ties(both, choice)
    assert (choice.best, tie.position, tie.extra_cost) == (0, 1, -500)
    as_good = plans((1000, 100, 1), (500, 104, 1), sigma=0.02)
    choice = choose(as_good, Limits(budget=5000))
    (tie,) = near_ties(as_good, choice)
    assert (choice.best, tie.position, tie.drawback) == (1, 0, "dearer")


def test_an_hour_of_a_run_of_hours_is_a_little():
    """2.3 hours for 2,560 against 3.2 hours for 1,500: told; not of a run of half an hour."""
    assert [tie.position for tie in told_of(plans((2560, 2.3, 1), (1500, 3.2, 1)), Limits(5000))] == [1]
    assert not told_of(plans((2560, 0.5, 1), (1500, 1.4, 1)), Limits(5000))


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
    cheap = choice.within & (cost <= 1.05 * cost[choice.best]) & (hours <= 0.85 * hours[choice.best])
    assert any(tie.drawback is None for tie in told) >= bool(cheap.any())
    passed_over = [tie.position for tie in told if tie.drawback]
    assert passed_over == ([choice.leader] if cost[choice.leader] * 1.01 < cost[choice.best] else [])


def test_a_run_that_heats_may_keep_both_limits_between_two_lengths_alone():
    """Each hour saves more in heat than it takes: below 630 hours it costs over 520, above 720 it is late."""
    one, limits = plans((500, 700, 90), sigma=0), Limits(520, 24 * 30)
    hours = lever("hours", 700.0, [-200], [700])
    shorter, longer = sorted(
        turning_points(Contest.of(one, choose(one, limits), asked(limits)), [hours]), key=lambda t: t.at
    )
    assert (shorter.at, shorter.then) == (pytest.approx(630, rel=1e-4), None)
    assert (longer.at, longer.then) == (pytest.approx(720, rel=1e-4), None)
