"""Energy, carbon and money: cases done in the head and vectors published by other tools."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue, MissingFact
from service.estimate.board_power import held_watts
from service.estimate.cloud_bill import CloudTerms
from service.estimate.cost import conversion, rate_day
from service.estimate.energy import (
    WallPower,
    cloud_power,
    co2_kg,
    energy_kwh,
    home_power,
    household_power,
    measured_power,
)
from service.estimate.home_bill import home_cost
from service.estimate.interval import Interval, around, certain
from service.estimate.power_limit import power_curves, power_limit_advice
from service.estimate.rental import rented_cost
from service.estimate.tariff import flat
from service.facts import ExchangeRate
from tests.facts_for_tests import FIGURES, GERMANY, H100_SXM, LAMBDA, OFFER, RATES, RTX_4070, SOURCE, figure

NOTHING_ELSE = CloudTerms(0, 0, 1000, 0, 0, 0, 0, 0, 1, 0)
"""A rented run that needs nothing but its hours."""


def test_a_busy_4070_pc_draws_about_290_watts_at_the_wall():
    """190 W of the card, 53 W of the PC, 1.2 at the plug per watt inside: 291.6 W."""
    power = household_power(held_watts(RTX_4070), 1, None, FIGURES)
    assert power.watts.p50 == pytest.approx(1.2 * (200 * 0.95 + 53))
    assert power.watts.p50 == pytest.approx(291.6)
    assert 230 < power.watts.p10 < power.watts.p50 < power.watts.p90 < 335


def test_the_wall_model_is_the_fit_of_a_desktop_with_a_4090():
    """16 W + 1.20 x (350 + 50 + 10) = 508 W; here the 16 W are 13.3 W of the rest of the PC."""
    rest = figure("rest", 50 + 10 + 16 / 1.2, "W")
    power = home_power(certain(350.0), 1, rest_of_pc=rest, plug_factor=figure("factor", 1.2, "W/W"))
    assert power.watts.p50 == power.watts.p10 == pytest.approx(508)
    assert (power.gpu_watts, power.loss_factor) == (350, 1.2)
    two = home_power(certain(350.0), 2, rest_of_pc=rest, plug_factor=figure("factor", 1.2, "W/W"))
    assert two.watts.p50 == pytest.approx(508 + 350 * 1.2)


def test_an_hgx_h100_node_draws_76_percent_of_10_2_kw():
    host = figure("host", 575 / 700, "W/W")
    share = FIGURES["cloud.node_power_share_of_tdp"]
    power = cloud_power(
        H100_SXM, 8, node_share=share, host_watts_per_gpu_watt=host, pue=figure("pue", 1.0, "")
    )
    assert power.watts.p50 == pytest.approx(10_200 * 0.76)


def test_vectors_other_tools_print():
    """450 kWh at 380.95 g (codecarbon, Germany 2023) = 171.4275 kg; 100 USD at 1.1172 = 89.51 EUR."""
    assert co2_kg(certain(450), 380.95).p50 == pytest.approx(171.4275)
    assert round(100 * float(conversion("USD", "EUR", RATES).factor), 2) == 89.51
    assert energy_kwh(
        certain(2250),
        home_power(certain(200.0), 1, rest_of_pc=figure("rest", 0, ""), plug_factor=figure("plug", 1, "")),
    ).p50 == pytest.approx(450)


def test_450_kwh_at_37_2_cents_cost_167_40_euros():
    cost = home_cost(certain(2250), certain(450), flat(GERMANY.rate), "EUR", RATES)
    assert cost.total.p50 == pytest.approx(167.40)
    assert cost.conversion.factor == 1
    assert rate_day(cost.conversion) is None


def test_264_gpu_hours_at_2_dollars_are_472_61_euros():
    """33 node-hours at 16 USD: 528 USD at the ECB rate of 2026-10-30."""
    offer = replace(OFFER, hourly_price=Decimal("16"))
    run = rented_cost(certain(33), offer, None, currency="EUR", rates=RATES, terms=NOTHING_ELSE)
    cost, calendar = run.cost, run.calendar_hours
    assert calendar == certain(33)
    assert round(cost.total.p50, 2) == 472.61
    assert rate_day(cost.conversion) == date(2026, 10, 30)


def test_an_unknown_currency_is_missing_never_one_to_one():
    with pytest.raises(MissingFact, match="XYZ"):
        conversion("USD", "XYZ", RATES)


def test_conversion_crosses_over_the_euro():
    rates = (*RATES, ExchangeRate("EUR", "GBP", Decimal("0.8338"), date(2026, 10, 30), SOURCE))
    assert float(conversion("USD", "GBP", rates).factor) == pytest.approx(0.8338 / 1.1172)


def test_billing_rounds_up_to_the_increment_and_the_minimum():
    def billed(hours, provider):
        run = rented_cost(certain(hours), OFFER, provider, currency="USD", rates=RATES, terms=NOTHING_ELSE)
        return run.cost.items[0].quantity.p50

    assert billed(1.001, LAMBDA) == pytest.approx(61 / 60)
    assert billed(1.0, LAMBDA) == pytest.approx(1.0)
    assert billed(0.001, replace(LAMBDA, minimum_billing_s=3600.0)) == pytest.approx(1.0)
    assert billed(0.001, None) == pytest.approx(0.001)


@given(st.floats(0.01, 1e6), st.floats(0, 1.0), st.floats(0, 1.0))
def test_widening_multiplies_medians_and_never_narrows(median, spread, other):
    a, b = around(median, spread), around(2.0, other)
    product = a.widened(b)
    assert product.p50 == pytest.approx(2 * median)
    assert product.p10 <= product.p50 * (1 + 1e-12) and product.p50 <= product.p90 * (1 + 1e-12)
    assert product.p90 / product.p50 >= max(a.p90 / a.p50, b.p90 / b.p50) * (1 - 1e-9)


def test_an_interval_without_spread_stays_a_point():
    assert certain(5.0).widened(certain(2.0)) == Interval(10.0, 10.0, 10.0)


CURVES = power_curves(
    {
        f"power_limit.{card}.{kind}_at_{at}": replace(
            figure("x", value, "of the full limit"), name=f"power_limit.{card}.{kind}_at_{at}"
        )
        for card, points in {
            "a40": {"100": (1.0, 1.0), "75": (0.96, 0.79), "66_7": (0.906, 0.714), "50": (0.608, 0.547)},
            "v100-pcie-16gb": {"100": (1.0, 1.0), "70": (0.904, 0.745), "50": (0.70, 0.545)},
        }.items()
        for at, values in points.items()
        for kind, value in zip(("speed", "power"), values, strict=True)
    }
)
PC = WallPower(certain(300.0), gpu_watts=200.0, overhead_watts=70.0, loss_factor=1 / 0.9)


def test_the_cheapest_limit_is_the_whole_machines():
    """200 W GPU + 70 W PC, 0.9 supply, 1,000 h: 300 kWh. At 75 %: 158 + 70 W for 1,041.7 h = 263.9 kWh."""
    advice = power_limit_advice(RTX_4070, 1000.0, PC, CURVES)
    at_75 = next(step for step in advice.steps if step.share == 0.75)
    assert advice.full.kwh == pytest.approx(300)
    assert at_75.hours == pytest.approx(1000 / 0.96)
    assert at_75.kwh == pytest.approx((200 * 0.79 + 70) / 0.9 / 0.96)
    assert advice.stand_in and advice.curve.gpu == "a40" and advice.worth_while
    assert 0.6 < advice.best.share < 0.8
    assert all(advice.least.kwh <= step.kwh for step in advice.steps)
    assert advice.kwh_saved.p10 <= advice.kwh_saved.p50 <= advice.kwh_saved.p90
    gpu_alone = power_limit_advice(RTX_4070, 1000.0, replace(PC, overhead_watts=1e-9), CURVES)
    assert gpu_alone.least.share <= advice.least.share


def test_the_limit_told_is_the_knee_and_not_the_end():
    """What saves most takes far longer than what saves nearly as much."""
    advice = power_limit_advice(RTX_4070, 1000.0, PC, CURVES)
    full, best, least = advice.full, advice.best, advice.least
    assert best.share > least.share
    saved = (full.kwh - best.kwh) / (full.kwh - least.kwh)
    waited = advice.hours_added / (least.hours - full.hours)
    assert saved > 0.9
    assert waited < 0.6
    ahead = [
        (full.kwh - s.kwh) / (full.kwh - least.kwh) - (s.hours - full.hours) / (least.hours - full.hours)
        for s in advice.steps
    ]
    assert saved - waited == pytest.approx(max(ahead))
    assert advice.kwh_saved.p50 == pytest.approx(full.kwh - best.kwh)


def test_a_limit_is_not_advised_where_nothing_is_known():
    assert power_limit_advice(RTX_4070, 1000.0, PC, ()) is None
    assert power_limit_advice(replace(RTX_4070, architecture="abacus"), 1000.0, PC, CURVES) is None
    assert power_limit_advice(RTX_4070, 1000.0, measured_power(280.0), CURVES) is None
    own = power_limit_advice(replace(RTX_4070, slug="a40"), 1000.0, PC, CURVES)
    assert not own.stand_in


def test_a_reading_at_the_plug_replaces_every_assumption():
    power = measured_power(263.0)
    assert power.watts.p50 == 263.0
    assert power.watts.p90 / power.watts.p10 < 1.1
    for nonsense in (0.0, -5.0, float("nan"), 1e9):
        with pytest.raises(InvalidValue, match="plug_watts"):
            measured_power(nonsense)
