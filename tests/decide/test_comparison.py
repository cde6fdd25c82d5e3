"""Home against cloud on small facts: what is compared, what is missing, where the verdict turns."""

from dataclasses import replace
from decimal import Decimal

import pytest

from service.decide.comparison import break_even_of, compare, verdict_of
from service.decide.frontier import CERTAIN
from service.decide.household import Household
from service.decide.options import Rental, cloud_option, home_option
from service.errors import InvalidValue, MissingFact
from tests.facts_for_tests import (
    ASKED_AT,
    D32,
    GERMANY,
    H100_SXM,
    KNOWLEDGE,
    LAMBDA,
    RATIO,
    RENTAL,
    RTX_4070,
    RTX_4090,
)


def home(gpu=RTX_4070, household=GERMANY, count=1):
    return home_option(D32, gpu, count, household, currency="EUR", knowledge=KNOWLEDGE)


def cloud(rental=RENTAL):
    return cloud_option(D32, H100_SXM, 8, rental, currency="EUR", knowledge=KNOWLEDGE)


def comparison(*options):
    return compare(
        D32,
        options,
        asked_at=ASKED_AT,
        currency="EUR",
        zone="DE",
        knowledge=KNOWLEDGE,
        data_version=1,
        reference_ratio=RATIO,
        reference_card=RTX_4070,
    )


def test_the_headline_has_the_right_order_of_magnitude():
    """ESTIMATION 0: 115-140 days at home, 31.3 h pretraining and about 33 h in all on the node."""
    c = comparison(home(), cloud())
    at_home, rented = c.options
    assert 105 < at_home.hours.p50 / 24 < 145
    assert 30 < rented.hours.p50 < 37
    assert 750 < at_home.energy_kwh.p50 < 1100
    assert at_home.planned.verdict == "fits_with_adjustments"
    assert rented.planned.verdict == "fits"
    assert c.verdict.faster == "cloud"


def test_cost_and_co2_are_products_one_can_check():
    option = home()
    assert option.cost.total.p50 == pytest.approx(option.energy_kwh.p50 * 0.372)
    assert option.co2_kg.p50 == pytest.approx(option.energy_kwh.p50 * 0.34206)
    rented = cloud()
    assert rented.cost.total.p50 == pytest.approx(rented.hours.p50 * 31.92 / 1.1172, rel=1e-3)


def test_the_verdict_turns_at_the_break_even_prices():
    at_home, rented = home(), cloud()
    turning = break_even_of(at_home, rented)
    same_rent = replace(RENTAL.offer, hourly_price=turning.rent_per_hour, currency="EUR")
    assert cloud(replace(RENTAL, offer=same_rent)).cost.total.p50 == pytest.approx(
        at_home.cost.total.p50, rel=1e-3
    )
    same_rate = replace(GERMANY.rate, per_kwh=turning.per_kwh)
    assert home(household=replace(GERMANY, rate=same_rate)).cost.total.p50 == pytest.approx(
        rented.cost.total.p50, rel=1e-9
    )


def test_a_rented_pc_draws_what_a_pc_draws_and_a_superchip_no_host():
    """A busy 4090 and 53 W beside it, 1.2 times, at its plug; no share of a data centre's node."""

    def drawn(gpu, provider=None):
        run = cloud_option(D32, gpu, 1, Rental(None, provider), currency="EUR", knowledge=KNOWLEDGE)
        return run.power

    own, rented = home(RTX_4090).power, drawn(RTX_4090)
    pue = KNOWLEDGE.figures["cloud.pue_unpublished"].value
    assert rented.watts.p50 == pytest.approx(own.watts.p50 * pue)
    assert (rented.gpu_watts, rented.overhead_watts) == (own.gpu_watts, own.overhead_watts)
    room = replace(LAMBDA, kind="marketplace", pue=None)
    assert drawn(RTX_4090, room).watts.p50 == pytest.approx(own.watts.p50)
    assert drawn(H100_SXM, room).loss_factor == pytest.approx(pue)
    superchip = drawn(replace(H100_SXM, slug="gh200-96gb", board_watts=1000.0))
    assert superchip.overhead_watts == 0 < drawn(H100_SXM).overhead_watts


def test_probability_is_certain_for_points_and_a_coin_toss_for_equals():
    at_home, rented = home(), cloud()
    verdict = verdict_of(at_home, rented)
    assert 0.5 <= verdict.cheaper_probability <= 1
    dear = replace(RENTAL.offer, hourly_price=Decimal(10_000))
    assert verdict_of(at_home, cloud(replace(RENTAL, offer=dear))).cheaper_probability == CERTAIN
    turns_at = break_even_of(at_home, rented).rent_per_hour
    thrice, five_times = (
        replace(
            RENTAL,
            offer=replace(RENTAL.offer, hourly_price=turns_at * times, currency="EUR"),
            unseen_share=0.1,
        )
        for times in (3, 5)
    )
    assert verdict_of(at_home, cloud(thrice)).cheaper_probability == 0.9
    assert verdict_of(at_home, cloud(five_times)).cheaper_probability == CERTAIN
    turning = replace(RENTAL.offer, hourly_price=turns_at, currency="EUR")
    assert verdict_of(at_home, cloud(replace(RENTAL, offer=turning))).cheaper_probability == pytest.approx(
        0.5, abs=0.01
    )


def test_a_missing_price_is_none_never_zero():
    rented = cloud(Rental(None))
    assert rented.cost is None
    assert rented.hours is not None
    assert rented.co2_kg is None
    at_home = home(household=Household("XX", None, None))
    assert at_home.cost is None and at_home.co2_kg is None
    c = comparison(at_home, rented)
    assert c.verdict.cheaper is None and c.verdict.faster == "cloud"
    assert c.break_even.rent_per_hour is None and c.break_even.per_kwh is None


def test_what_does_not_fit_has_no_hours_and_no_cost():
    option = home(replace(RTX_4070, memory_gib=1.5))
    assert option.planned.verdict == "does_not_fit"
    assert option.hours is None and option.cost is None and option.energy_kwh is None


def test_two_cards_at_home_are_faster_and_draw_more():
    one, two = home(RTX_4090), home(RTX_4090, count=2)
    assert two.hours.p50 < one.hours.p50
    assert two.power.watts.p50 > one.power.watts.p50


def test_the_note_stands_beside_ours_and_scales_to_other_cards():
    note = comparison(home(), cloud()).reference
    assert (note.hours_low, note.hours_high) == pytest.approx((2112, 2376))
    other = comparison(home(RTX_4090), cloud()).reference
    assert other.hours_low == pytest.approx(2112 * 58.29 / 165.15, rel=0.01)
    unpublished = replace(D32, reference_hours=None)
    without = compare(
        unpublished,
        [home(), cloud()],
        asked_at=ASKED_AT,
        currency="EUR",
        zone="DE",
        knowledge=KNOWLEDGE,
        data_version=1,
        reference_ratio=RATIO,
        reference_card=RTX_4070,
    )
    assert without.reference is None


def test_every_input_number_has_unit_source_and_date():
    c = comparison(home(), cloud())
    inputs = [*c.inputs, *(i for o in c.options for i in o.inputs)]
    assert len(inputs) > 40
    for i in inputs:
        assert i.figure.unit and i.figure.source.title and i.figure.source.as_of, i


def test_both_kinds_are_needed_and_gpus_must_have_work():
    with pytest.raises(MissingFact):
        comparison(home())
    with pytest.raises(InvalidValue, match="gpu_count"):
        home_option(D32, RTX_4070, 1000, GERMANY, currency="EUR", knowledge=KNOWLEDGE)
