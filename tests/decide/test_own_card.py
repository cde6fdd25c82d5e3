"""One's own cards as they are built in: power limit, slot, bridge."""

from dataclasses import replace
from datetime import date

import pytest

from service.decide.options import home_option
from service.decide.own_card import OwnCard
from service.errors import InvalidValue
from service.estimate.planned_step import plan_steps
from service.estimate.power_limit import PowerCurve
from service.facts import given_by_user
from tests.facts_for_tests import (
    D32,
    GERMANY,
    H100_SXM,
    KNOWLEDGE,
    KNOWN,
    RTX_4070,
    RTX_4090,
    SOURCE,
    shipped_catalog,
)

TODAY = given_by_user(date(2026, 11, 28))
RTX_3090 = replace(
    RTX_4090,
    slug="rtx-3090",
    name="GeForce RTX 3090",
    architecture="ampere",
    bridge_gb_per_s=112.5,
    bridged_cards=2,
    sources={**RTX_4090.sources, "bridge_gb_per_s": SOURCE},
)

UNLIKE_ANY = replace(RTX_4090, architecture="abacus")
WITHOUT_SLOT = replace(RTX_4090, pcie_generation=None, pcie_lanes=None)


def curve(gpu, speed_at_half):
    return PowerCurve(gpu, (0.5, 1.0), (speed_at_half, 1.0), (0.55, 1.0), TODAY)


CURVES = [curve("a40", 0.8), curve("v100-pcie-16gb", 0.9)]


def planned(gpu, count=1):
    return plan_steps(D32, [(gpu, count)], KNOWN, [64.0])[0]


def test_a_limit_slows_as_the_measured_curve_says_and_the_curves_doubt_widens():
    step = planned(RTX_4070)
    half = OwnCard(TODAY, power_limit_watts=RTX_4070.board_watts / 2)
    slowed = half.slowed(step, RTX_4070, CURVES)
    assert slowed.step.step_s == pytest.approx(step.step.step_s / 0.8)
    assert slowed.time_factor == pytest.approx(step.time_factor)
    assert slowed.log_spread > step.log_spread
    assert half.slowed(step, RTX_4070, []) == step
    assert OwnCard(TODAY).slowed(step, RTX_4070, CURVES) == step


def test_a_slot_is_a_fact_of_the_card_with_the_asker_as_source():
    card = OwnCard(TODAY, pcie_lanes=4).mounted(RTX_4090, 1, CURVES)
    assert (card.pcie_lanes, card.sources["pcie_lanes"]) == (4, TODAY)
    assert card.sources["boost_clock_mhz"] == RTX_4090.sources["boost_clock_mhz"]


def test_a_bridge_is_as_fast_as_the_catalog_says():
    bridged = OwnCard(TODAY, nvlink=True).mounted(RTX_3090, 2, CURVES)
    assert (bridged.gpu_link_gb_per_s, bridged.sources["gpu_link_gb_per_s"]) == (112.5, SOURCE)
    assert OwnCard(TODAY, nvlink=False).mounted(bridged, 2, CURVES).gpu_link_gb_per_s is None
    assert OwnCard(TODAY, nvlink=True).mounted(H100_SXM, 8, CURVES) == H100_SXM
    assert OwnCard(TODAY, nvlink=False).mounted(RTX_4090, 2, CURVES) == RTX_4090


@pytest.mark.parametrize(
    ("gpu", "count", "told", "line"),
    [
        (RTX_4090, 1, {"power_limit_watts": 5e3}, "is more than .* takes, 450 W; valid: 225 to 450 W"),
        (RTX_4090, 1, {"power_limit_watts": 224.0}, "= 224.0: .* below 225 W: .* not been measured"),
        (UNLIKE_ANY, 1, {"power_limit_watts": 300.0}, "not been measured, nor what it costs a card like it"),
        (RTX_4090, 1, {"pcie_lanes": 32}, "pcie_lanes = 32: GeForce RTX 4090 has 16; valid: 16, 8, 4, 2, 1"),
        (RTX_4090, 1, {"pcie_lanes": 3}, "pcie_lanes = 3: no slot has so many; valid: 4, 2, "),
        (replace(RTX_4090, pcie_lanes=8), 1, {"pcie_lanes": 12}, "has 8; valid: 8, 4, 2, 1"),
        (WITHOUT_SLOT, 1, {"pcie_lanes": 4}, "the PCIe generation of .* is not known"),
        (RTX_4090, 2, {"nvlink": True}, "nvlink = 'yes': GeForce RTX 4090 has no connector .*; valid: no"),
        (RTX_3090, 1, {"nvlink": True}, "one GeForce RTX 3090 has none to be joined with; valid: no"),
        (H100_SXM, 1, {"nvlink": True}, "none to be joined with"),
        (RTX_3090, 4, {"nvlink": True}, "joins 2 GeForce RTX 3090; among 4 .* crosses PCIe; valid: no"),
        (H100_SXM, 8, {"nvlink": False}, "nvlink = 'no': H100 SXM is never without its own link; valid: yes"),
    ],
)  # fmt: skip
def test_what_no_such_card_has_is_refused(gpu, count, told, line):
    with pytest.raises(InvalidValue, match=line):
        OwnCard(TODAY, **told).mounted(gpu, count, CURVES)


def test_the_lowest_measured_limit_is_taken():
    assert OwnCard(TODAY, power_limit_watts=225.0).mounted(RTX_4090, 1, CURVES) == RTX_4090


def test_what_was_told_is_a_number_of_the_answer():
    (told,) = OwnCard(TODAY, power_limit_watts=150.0).inputs(RTX_4070, [], {})
    assert (told.figure.value, told.figure.unit, told.figure.basis) == (150.0, "W", "user")
    assert OwnCard(TODAY, pcie_lanes=4).inputs(RTX_4070, [], {}) == ()
    (bridged,) = OwnCard(TODAY, nvlink=False).inputs(RTX_4070, [], {})
    assert (bridged.figure.name, bridged.figure.value, bridged.figure.basis) == ("nvlink", 0.0, "user")


def test_each_thing_told_is_told_with_what_it_does_to_the_time():
    step = planned(RTX_3090, 2)
    card = OwnCard(TODAY, 225.0, 4, True)
    limit, lanes, link = card.told(D32, RTX_3090, 2, step, curves=CURVES, terms=KNOWN.terms)
    assert (limit.code, limit.value, limit.time_factor) == ("power_limit", 225.0, pytest.approx(1 / 0.8))
    assert (lanes.code, lanes.value, link.code, link.value) == ("pcie_lanes", 4, "nvlink", 2)
    assert lanes.time_factor > 1.01 > 1 > link.time_factor
    (denied,) = OwnCard(TODAY, nvlink=False).told(D32, RTX_3090, 2, step, curves=CURVES, terms=KNOWN.terms)
    assert (denied.value, denied.time_factor) == (0, 1.0)


def test_an_option_says_what_was_told_among_its_numbers():
    household = replace(GERMANY, own_card=OwnCard(TODAY, pcie_lanes=4, nvlink=True))
    option = home_option(D32, RTX_3090, 2, household, currency="EUR", knowledge=KNOWLEDGE)
    said = {i.figure.name: i.figure for i in option.inputs if i.figure.basis == "user"}
    assert (said["pcie_lanes"].value, said["nvlink"].value) == (4, 1)
    assert [told.code for told in option.told] == ["pcie_lanes", "nvlink"]
    assert home_option(D32, RTX_3090, 2, GERMANY, currency="EUR", knowledge=KNOWLEDGE).told == ()


def test_the_catalog_knows_which_cards_can_be_bridged():
    bridged = {gpu.slug: gpu for gpu in shipped_catalog().gpus if gpu.bridged_cards}
    speeds = {slug: gpu.bridge_gb_per_s for slug, gpu in bridged.items()}
    assert speeds["rtx-2080-ti"] == 2 * speeds["rtx-2080"] == 100
    assert {speeds[s] for s in ("rtx-3090", "rtx-3090-ti", "rtx-a4500", "rtx-a6000", "a40")} == {112.5}
    assert (speeds["a30"], speeds["a100-pcie-80gb"], bridged["h200-nvl"].bridged_cards) == (200, 600, 4)
    never = ("rtx-4090", "rtx-4070", "rtx-5090", "rtx-3080-10gb", "rtx-2070", "rtx-a4000", "rtx-6000-ada")
    assert not {*never, "v100-pcie-16gb", "a10", "l40s", "titan-v", "h100-sxm"} & set(bridged)
    assert not [slug for slug in bridged if slug.endswith("laptop")]
    assert all(gpu.sources["bridge_gb_per_s"].url for gpu in bridged.values())
