"""Choices among a handful of plans, by hand; what must hold for any."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide.candidates import LONGEST_HOURS, Candidates, too_long
from service.decide.choice import choose
from service.decide.frontier import Limits
from service.decide.nearest_change import fewer_tokens, gentlest_first, nearest_changes
from service.decide.sensitivity import break_even_line, saved_per_day
from service.decide.ties import AS_SURE, SHORT_TIME_HOURS, SMALL_SUM
from service.errors import InvalidValue, MissingFact

NAN = float("nan")


def plans(*rows, sigma=0.05, cash=None, effort=None, rests_on=None):
    """Candidates from (cost, hours, co2), each with the same spread and on a machine of its own."""
    cost, hours, co2 = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    factors = np.exp(np.array([-1.2816, 0, 1.2816]) * sigma)[:, None]
    n, hours = len(rows), hours * factors
    return Candidates(
        hours,
        cost * factors,
        cost * factors if cash is None else np.array(cash, dtype=float) * np.ones((3, 1)),
        co2,
        np.zeros(n, dtype=np.int64) if effort is None else np.array(effort),
        np.arange(n) if rests_on is None else np.array(rests_on),
        too_long(hours, np.zeros(n, dtype=np.int8)),
    )


HOME, NODE, CARD, DEAR = (313, 3000, 288), (566, 33, 61), (400, 300, 90), (900, 20, 50)
FOUR = plans(HOME, NODE, CARD, DEAR)


def test_the_rule_follows_the_question():
    assert choose(FOUR, Limits()).best == 0
    assert choose(FOUR, Limits(deadline_hours=24 * 30)).best == 2
    assert choose(FOUR, Limits(deadline_hours=48)).best == 1
    fastest = choose(FOUR, Limits(budget=700))
    assert (fastest.best, fastest.rule) == (1, "fastest")
    assert choose(FOUR, Limits(700, 24 * 30)).best == 2
    assert choose(FOUR, Limits(), (0, 0, 1)).best == 3
    assert choose(FOUR, Limits(), (1, 1, 0)).best == 3
    assert choose(FOUR, Limits()).front == (0, 2, 1, 3) and choose(FOUR, Limits()).dominated_count == 0


def test_a_beaten_plan_is_counted_and_an_unpriced_one_is_neither():
    choice = choose(plans(HOME, NODE, (600, 40, 70), (NAN, 10, 1)), Limits())
    assert choice.front == (0, 1) and choice.dominated_count == 1
    assert choice.probability[3] < 1 and choose(plans((NAN, 10, 1)), Limits()).best is None


def test_when_nothing_fits_the_smallest_change_is_named():
    assert choose(FOUR, Limits(300, 24 * 30)).best is None
    limits = Limits(300, 24 * 30)
    by_code = {change.code: change for change in nearest_changes(FOUR, limits)}
    assert by_code["budget"].position == 2 and by_code["budget"].value == pytest.approx(418, rel=0.03)
    # 30 days would not help a budget of 300: at home it costs 313 and its p80 more.
    assert "deadline" not in by_code
    half = plans(*((cost / 2, hours / 2, co2) for cost, hours, co2 in (HOME, NODE, CARD, DEAR)))
    fewer = fewer_tokens(FOUR, half, 0.5, limits)
    assert fewer.value == pytest.approx(300 / 418, rel=0.03)
    assert gentlest_first([*by_code.values(), fewer], limits)[0].code in ("budget", "tokens")
    later = nearest_changes(FOUR, Limits(350, 24 * 30))
    deadline = {change.code: change for change in later}["deadline"]
    assert deadline.position == 0 and deadline.value > 3000


def test_what_does_not_shrink_with_the_tokens_is_not_taken_to():
    """A card loses 200 however long it trains: 300 hours at 1 an hour go into a budget of 250 a sixth."""
    whole, half = plans((500, 300, 90), sigma=0), plans((350, 150, 45), sigma=0)
    assert fewer_tokens(whole, half, 0.5, Limits(250)).value == pytest.approx(1 / 6)
    assert fewer_tokens(whole, half, 0.5, Limits(199)) is None


def test_a_plan_whose_price_nobody_knows_is_never_the_nearest():
    unpriced = plans((NAN, 100, 1), (400, 300, 90))
    (later,) = nearest_changes(unpriced, Limits(deadline_hours=50))
    assert later.position == 1 and later.value > 300


def test_weights_that_no_known_number_answers_are_refused():
    with pytest.raises(MissingFact, match="CO2"):
        choose(plans((313, 3000, NAN)), Limits(), (0, 0, 1))
    assert choose(plans((313, 3000, NAN), (900, 20, 50)), Limits(), (0, 0, 1)).best == 1


def test_no_more_certainty_is_asked_than_an_estimate_can_have():
    assert choose(FOUR, Limits(10_000), None, 0.99).best is not None
    for probability in (0, 0.999, 1, NAN):
        with pytest.raises(InvalidValue, match="least_probability"):
            choose(FOUR, Limits(), None, probability)


def test_impossible_questions_are_refused():
    for limits, weights in ((Limits(0), None), (Limits(deadline_hours=-1), None), (Limits(), (0, 0, 0)),
                            (Limits(), (-1, 1, 1))):  # fmt: skip
        with pytest.raises(InvalidValue):
            choose(FOUR, limits, weights)


ROW = st.tuples(st.floats(10, 1e4), st.floats(1, 5000), st.floats(1, 500))


@given(st.lists(ROW, min_size=1, max_size=30), st.floats(5, 2e4), st.floats(1, 1e4))
def test_the_best_is_within_its_limits_and_nothing_within_them_is_better(rows, budget, deadline):
    candidates, limits = plans(*rows), Limits(budget, deadline)
    choice = choose(candidates, limits)
    if choice.best is None:
        assert ((choice.probability < 0.8) | ~candidates.may_be_chosen).all()
        for change in nearest_changes(candidates, limits):
            moved, less = (
                (Limits(change.value, deadline), Limits(change.value * 0.98, deadline))
                if change.code == "budget"
                else (Limits(budget, change.value), Limits(budget, change.value * 0.98))
            )
            assert choose(candidates, moved).best is not None
            assert choose(candidates, less).best is None
        return
    assert choice.probability[choice.best] >= 0.8
    within = np.flatnonzero((choice.probability >= 0.8) & candidates.may_be_chosen)
    cost, hours, sure = candidates.cost[1], candidates.calendar_hours[1], choice.probability
    best, leader = choice.best, choice.leader
    assert cost[leader] == cost[within].min()
    assert cost[best] <= max(cost[leader] * 1.05, cost[leader] + SMALL_SUM)
    assert hours[best] <= max(hours[leader] * 1.05, hours[leader] + SHORT_TIME_HOURS)
    assert sure[best] >= sure[leader] - AS_SURE


def test_a_budget_is_held_against_what_has_to_be_paid():
    """A card for 1,900 that loses 200: it costs 259 in the end and does not go into 800."""
    bought, rented = (259, 900, 80), (600, 200, 30)
    both = plans(bought, rented, cash=[1959, 600])
    assert choose(both, Limits(800)).best == 1
    assert choose(both, Limits(800, 24 * 60)).best == 1
    assert choose(both, Limits(2000, 24 * 60)).best == 0
    (more,) = nearest_changes(plans(bought, cash=[1959]), Limits(800))
    assert more.value == pytest.approx(1960, rel=1e-3)


def test_what_takes_longer_than_two_years_is_never_recommended():
    endless = plans((10, LONGEST_HOURS * 1.01, 1), (900, 20, 50))
    assert choose(endless, Limits()).best == 1
    assert choose(plans((10, LONGEST_HOURS * 1.01, 1)), Limits()).best is None
    assert choose(plans((10, LONGEST_HOURS * 0.99, 1)), Limits()).best == 0


def test_of_near_ties_the_one_that_asks_least_is_chosen():
    """Five per cent are a tie, in money and in time; six are not."""
    assert choose(plans((100, 50, 1), (104.9, 52, 1), effort=[100, 0]), Limits()).best == 1
    assert choose(plans((100, 50, 1), (106, 50, 1), effort=[100, 0]), Limits()).best == 0
    assert choose(plans((100, 50, 1), (101, 53, 1), effort=[100, 0]), Limits()).best == 0
    assert choose(plans((100, 50, 1), (104.9, 52, 1), effort=[0, 0]), Limits()).best == 0


def test_the_rival_keeps_the_limits_and_rests_on_something_else():
    four = plans(CARD, (420, 290, 90), (430, 280, 90), HOME, rests_on=[1, 1, 2, 3])
    choice = choose(four, Limits(deadline_hours=24 * 30))
    assert (choice.best, choice.rival) == (0, 2)
    assert choose(plans(CARD), Limits()).rival is None


def test_all_plans_are_counted_once():
    choice = choose(FOUR, Limits(700))
    assert len(choice.front) + choice.dominated_count == 4


def test_where_it_turns_for_every_price_of_electricity():
    """At home 300, all of it current at 30 ct; rented 500, of which 400 is rent at 20 an hour."""
    line = break_even_line((300, 300), (500, 400, 0), (0.3, 20), [0.15, 0.3, 0.6])
    assert line == ((0.15, pytest.approx(2.5)), (0.3, pytest.approx(10)), (0.6, pytest.approx(25)))


def test_waiting_is_paid_by_the_day():
    assert saved_per_day((313, 3000), (566, 600)) == pytest.approx(253 / 100)
    assert saved_per_day((313, 20), (566, 33)) is None


CONTENDERS = st.lists(
    st.tuples(st.floats(90, 130), st.floats(18, 30), st.sampled_from([0, 100, 110, 400, 2100])),
    min_size=1, max_size=8,
)  # fmt: skip


@given(CONTENDERS, st.sampled_from(["budget", "deadline"]), st.floats(90, 200), st.floats(18, 40))
def test_no_plan_is_chosen_over_one_as_good_by_the_rule_and_better_beside(rows, rule, budget, deadline):
    """With a budget up to 5 % slower than the fastest and cheaper; with a deadline up to 5 % dearer."""
    limits = Limits(budget) if rule == "budget" else Limits(None, deadline)
    candidates = plans(*((cost, hours, 1) for cost, hours, _ in rows), effort=[e for _, _, e in rows])
    choice = choose(candidates, limits)
    if choice.best is None:
        return
    first, second = candidates.cost[1], candidates.calendar_hours[1]
    if rule == "budget":
        first, second = second, first
    best, lead, sure = choice.best, choice.leader, choice.probability
    assert first[lead] == first[choice.within].min()
    assert first[best] <= max(first[lead] * 1.05, first[lead] + (0.25 if rule == "budget" else 2))
    near = first <= min(first[lead], first[best]) * 1.05
    for i in np.flatnonzero(choice.within & near & (sure >= sure[lead])):
        no_more_work = candidates.effort[i] // 100 <= candidates.effort[best] // 100
        better = second[i] <= 0.99 * second[best] and sure[i] >= sure[best] + 0.01
        clearly = second[i] <= 0.85 * second[best] and sure[i] >= sure[best]
        if second[i] <= second[lead] * 1.05:
            assert not (no_more_work and (better or clearly))
            is_rented_alone = candidates.effort[i] < 200
            assert not (is_rented_alone and second[i] <= 0.7 * second[best] and sure[i] >= sure[best])


@given(CONTENDERS)
def test_more_work_is_chosen_only_where_it_gains_more_than_a_tie(rows):
    candidates = plans(*((cost, hours, 1) for cost, hours, _ in rows), effort=[e for _, _, e in rows])
    choice = choose(candidates, Limits())
    cost, hours, work = candidates.cost[1], candidates.calendar_hours[1], candidates.effort // 100
    tied = (cost <= 1.05 * cost[choice.leader]) & (hours <= 1.05 * hours[choice.leader])
    for i in np.flatnonzero(tied & (work < work[choice.best])):
        assert hours[tied].min() <= 0.85 * hours[i]


def test_an_hour_that_is_no_tie_is_not_given_for_money():
    """64 B300 in 2.28 hours for 2,560, sure to 83 %; 64 B200 in 2.37 hours for 2,110, sure to 90 %."""
    both = plans((2560, 2.28, 1), (2110, 2.37, 1), sigma=0.3, effort=[806, 806])
    assert choose(both, Limits(3300)).best == 1
    assert choose(plans((2560, 2.28, 1), (2110, 2.6, 1), effort=[806, 806]), Limits(5000)).best == 0


def test_half_the_time_is_worth_renting_but_no_second_machine():
    """Both for 5 % more: one's own card in 124 days, eight H100 in 34 hours instead of sixteen in 18."""
    assert choose(plans((191, 2976, 1), (199, 290, 1), effort=[0, 130]), Limits()).best == 1
    assert choose(plans((761, 34, 1), (796, 18, 1), effort=[133, 634]), Limits()).best == 0


def test_debugging_at_home_must_save_more_than_a_tie():
    """10 of 223 for eight hours of one's own; 20 are another matter."""
    assert choose(plans((213, 512, 1), (223, 504, 1), effort=[430, 130]), Limits()).best == 1
    assert choose(plans((203, 512, 1), (223, 504, 1), effort=[430, 130]), Limits()).best == 0


def test_nobody_rents_to_save_a_small_sum():
    """A card of one's own in 26 hours for 1.31 more than a rented one in 33; and 10 hours of one rented."""
    own, rented, faster = (4.37, 26, 1), (3.06, 33, 1), (4.10, 9, 1)
    assert choose(plans(own, rented, effort=[0, 130]), Limits()).best == 0
    assert choose(plans(own, rented, faster, effort=[0, 130, 130]), Limits()).best == 2
    assert choose(plans((43.7, 26, 1), (30.6, 33, 1), effort=[0, 130]), Limits()).best == 1
    assert choose(plans((2.46, 12, 1), (3.74, 8, 1), effort=[0, 130]), Limits()).best == 0


def test_a_quarter_of_an_hour_is_not_paid_for():
    """16 B200 in 44 minutes for 187; 16 H100 in 50 minutes for 36."""
    assert choose(plans((187, 0.733, 1), (36, 0.833, 1), effort=[634, 634]), Limits(3000)).best == 1
    assert choose(plans((187, 0.733, 1), (36, 1.05, 1), effort=[634, 634]), Limits(3000)).best == 0


def test_one_whose_cost_may_be_far_higher_is_no_tie():
    """7 EUR for 48 hours, to 12; 8.40 for 33 hours, which may become 33 EUR: not for an old rent's sake."""
    hours = np.array([[40, 25], [48, 33], [60, 49]], dtype=float)
    cost = np.array([[5, 5], [7, 8.4], [12, 33]])
    none = np.zeros(2, dtype=np.int64)
    two = Candidates(hours, cost, cost, np.ones(2), none, np.array([0, 1]), none.astype(np.int8))
    assert choose(two, Limits()).best == 0
    alike = np.array([[5, 5], [7, 8.4], [12, 13]])
    assert choose(replace(two, cost=alike, cash=alike), Limits()).best == 1
