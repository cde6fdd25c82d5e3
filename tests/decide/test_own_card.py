"""One's own cards as they are built in: power limit, slot, bridge."""

from dataclasses import replace
from datetime import date

import pytest

from service.decide.own_card import OwnCard
from service.errors import InvalidValue
from service.estimate.planned_step import plan_steps
from service.estimate.power_limit import PowerCurve
from service.facts import given_by_user
from tests.facts_for_tests import D32, KNOWN, RTX_4070, RTX_4090

TODAY = given_by_user(date(2026, 11, 28))


def curve(gpu, speed_at_half):
    return PowerCurve(gpu, (0.5, 1.0), (speed_at_half, 1.0), (0.55, 1.0), TODAY)


def planned(gpu):
    return plan_steps(D32, [(gpu, 1)], KNOWN, [64.0])[0]


def test_a_limit_slows_as_the_measured_curve_says_and_the_curves_doubt_widens():
    step = planned(RTX_4070)
    half = OwnCard(TODAY, power_limit_watts=RTX_4070.board_watts / 2)
    slowed = half.slowed(step, RTX_4070, [curve("a40", 0.8), curve("v100-pcie-16gb", 0.9)])
    assert slowed.step.step_s == pytest.approx(step.step.step_s / 0.8)
    assert slowed.time_factor == pytest.approx(step.time_factor)
    assert slowed.log_spread > step.log_spread
    assert half.slowed(step, RTX_4070, []) == step
    assert OwnCard(TODAY).slowed(step, RTX_4070, [curve("a40", 0.8)]) == step


def test_slot_and_bridge_are_facts_of_the_card_with_the_asker_as_source():
    card = OwnCard(TODAY, pcie_lanes=4, nvlink=True).mounted(RTX_4090)
    assert (card.pcie_lanes, card.sources["pcie_lanes"]) == (4, TODAY)
    assert card.gpu_link_gb_per_s == 112.5
    assert card.sources["boost_clock_mhz"] == RTX_4090.sources["boost_clock_mhz"]
    linked = replace(RTX_4090, gpu_link_gb_per_s=900.0)
    assert OwnCard(TODAY, nvlink=False).mounted(linked).gpu_link_gb_per_s is None
    assert OwnCard(TODAY, nvlink=True).mounted(linked).gpu_link_gb_per_s == 900.0


@pytest.mark.parametrize(
    ("told", "field"),
    [({"power_limit_watts": 5000.0}, "power_limit_watts"), ({"pcie_lanes": 32}, "pcie_lanes")],
)
def test_what_no_such_card_has_is_refused(told, field):
    with pytest.raises(InvalidValue, match=field):
        OwnCard(TODAY, **told).mounted(RTX_4090)


def test_the_limit_is_a_number_of_the_answer():
    asked = OwnCard(TODAY, power_limit_watts=150.0)
    (told,) = asked.inputs(RTX_4070, [], {})
    assert (told.figure.value, told.figure.unit, told.figure.basis) == (150.0, "W", "user")
    assert OwnCard(TODAY, pcie_lanes=4).inputs(RTX_4070, [], {}) == ()
