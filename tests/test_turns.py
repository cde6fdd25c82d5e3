"""What a decision over the shipped offers hangs on: asked anew beyond a turning point it is as told."""

from datetime import UTC, datetime

import numpy as np
import pytest

from service.answers.question import AskedDecision
from service.decide.choice import choose
from service.usecases import levers
from service.usecases.deciding import decide

NOW = datetime(2026, 11, 28, tzinfo=UTC)
DAY = 24.0
ASKED = {
    "only if the rent holds beyond": ("gpt2-1558m", {"budget": 400, "deadline_hours": 30 * DAY}),
    "only if the rent holds": ("nanochat-d32", {"budget": 700, "deadline_hours": 30 * DAY}),
    "every tier": ("nanochat-d32", {"budget": 400, "deadline_hours": 30 * DAY, "tier": "any"}),
    "a budget alone": ("nanochat-d20", {"budget": 60}),
    "no limits": ("nanochat-d32", {}),
    "weighed": ("nanochat-d32", {"weights": (1, 1, 0), "tier": "any", "deadline_hours": 40 * DAY}),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_turning_point_is_where_the_choice_over_all_plans_changes(snapshot, monkeypatch, name):
    found = []

    def spy(contest, inputs):
        hangs = levers_hang(contest, inputs)
        found.append((contest, {lever.code: lever for lever in inputs}, *hangs))
        return hangs

    levers_hang = levers.hangs_on
    monkeypatch.setattr(levers, "hangs_on", spy)
    workload, options = ASKED[name]
    decide(snapshot, AskedDecision(workload=workload, **options), NOW)
    ((contest, inputs, swings, turns),) = found
    asked, plans = contest.question, contest.candidates

    def chosen(code, value):
        moved = inputs[code].moved(plans, value)
        return choose(moved, asked.limits, asked.weights, asked.least_probability).best

    assert turns
    for turn in turns:
        assert chosen(turn.code, turn.at) == turn.then and contest.is_another(turn.then)
        before = turn.at * np.exp(-3e-5 * np.sign(turn.at - turn.now))
        if min(turn.at, turn.now) < before < max(turn.at, turn.now):
            assert not contest.is_another(chosen(turn.code, before))
    for swing in swings:
        ends = (chosen(swing.code, value) for value in (swing.low, swing.high))
        assert swing.turns == any(contest.is_another(end) for end in ends)


def test_what_only_plans_of_unknown_carbon_could_win_is_no_error_where_carbon_weighs(snapshot):
    asked = AskedDecision(weights=(1, 1, 1), budget=700)
    assert decide(snapshot, asked, NOW).best


def test_a_rent_that_both_plans_pay_is_moved_once(snapshot, monkeypatch):
    """Two and four nodes of one offer: were the rent of the next plan told apart, it would seem to win by
    getting dearer."""
    found = []
    levers_hang = levers.hangs_on

    def spy(contest, inputs):
        found.append([lever.code for lever in inputs])
        return levers_hang(contest, inputs)

    monkeypatch.setattr(levers, "hangs_on", spy)
    d = decide(snapshot, AskedDecision(own=(), budget=3500), NOW)
    one, other = (plan.option.rental for plan in (d.best, d.rival))
    assert one.offer == other.offer and one.instances != other.instances
    assert "rent" in found[0] and "rival_rent" not in found[0]
