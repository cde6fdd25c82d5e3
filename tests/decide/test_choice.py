"""Choices among a handful of plans, by hand; what must hold for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide.choice import Candidates, choose, fewer_tokens, gentlest_first, nearest_changes
from service.decide.frontier import Limits
from service.decide.sensitivity import HomeSide, RentedSide, break_even_line, saved_per_day, tornado
from service.errors import InvalidValue, MissingFact

NAN = float("nan")


def plans(*rows, sigma=0.05):
    """Candidates from (cost, hours, co2), each with the same spread."""
    cost, hours, co2 = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    factors = np.exp(np.array([-1.2816, 0, 1.2816]) * sigma)[:, None]
    return Candidates(hours * factors, cost * factors, co2)


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
        assert (choice.probability < 0.8).all()
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
    within = np.flatnonzero(choice.probability >= 0.8)
    assert candidates.cost[1][choice.best] == candidates.cost[1][within].min()


AT_HOME = HomeSide((2500, 3000, 3600), (230, 283, 318), (0.22, 0.372, 0.52))
RENTED = RentedSide((30, 33, 36), (17.2, 17.2, 32.0), factor=1.1, factor_range=(1.0, 1.3))


def test_what_moves_the_verdict_most():
    assert AT_HOME.cost() == pytest.approx(3000 * 0.283 * 0.372)
    swings = tornado(AT_HOME, RENTED)
    assert [s.code for s in swings[:2]] == ["cloud_price", "home_price"]
    dearest = swings[0]
    assert dearest.difference_high == pytest.approx(33 * 1.1 * 32 - AT_HOME.cost())
    assert not dearest.turns and len(swings) == 5
    cheap = RentedSide((30, 33, 36), (5, 9, 17))
    assert tornado(AT_HOME, cheap)[0].turns


def test_what_moves_with_the_hours_and_what_does_not():
    """Wear 2 ct an hour, 20 W of pauses per running hour, a fifth of 10 ct saved of heating, a card's 100."""
    home = HomeSide((2000, 3000, 4000), (200, 300, 400), (0.2, 0.4, 0.6), 20, 0.02, 0.02, 100)
    assert home.cost() == pytest.approx(3000 * (0.32 * 0.4 - 0.3 * 0.02 + 0.02) + 100)
    assert home.cost(hours=2000) == pytest.approx(2000 * (0.32 * 0.4 - 0.3 * 0.02 + 0.02) + 100)
    assert home.cost(watts=200) == pytest.approx(3000 * (0.22 * 0.4 - 0.2 * 0.02 + 0.02) + 100)
    # An hour of set-up, 5 ct of storage an hour, 9 of traffic, 20 % tax, 3 of electricity at home.
    rented = RentedSide((20, 30, 40), (10, 20, 30), 34 / 30, None, 1, 0.05, 0, 9, 1.2, 3)
    assert rented.cost() == pytest.approx((34 * 20.05 + 9) * 1.2 + 3)
    assert rented.cost(hours=20) == pytest.approx((23 * 20.05 + 9) * 1.2 + 3)
    (_, turn), *_ = break_even_line(home, rented, [0.4])
    assert rented.cost(rent=turn) == pytest.approx(home.cost())


def test_a_term_is_paid_to_its_end_however_short_the_run():
    term = RentedSide((20, 30, 1000), (10, 20, 30), term_hours=730)
    assert term.cost() == term.cost(hours=20) == 730 * 20
    assert term.cost(hours=1000) == 1460 * 20


def test_where_it_turns_for_every_price_of_electricity():
    line = break_even_line(AT_HOME, RENTED, [0, 0.372])
    assert line[0] == (0, 0)
    assert line[1][1] * 33 * 1.1 == pytest.approx(AT_HOME.cost())


def test_waiting_is_paid_by_the_day():
    assert saved_per_day((313, 3000), (566, 600)) == pytest.approx(253 / 100)
    assert saved_per_day((313, 20), (566, 33)) is None
