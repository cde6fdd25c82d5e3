"""Bills one can add up on paper, and what must hold for every bill."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.cloud_bill import (
    LINES,
    CloudTerms,
    Rented,
    cloud_bill,
    interruption_spread,
    spot_overhead,
)

NOTHING = CloudTerms(0, 0, 1000, 0, 0, 0, 0, 0, 1, 0)


def rented(price=24.0, **fields):
    usual = {
        "price_per_hour": price, "is_spot": False, "term_months": 0.0, "billing_increment_s": 0.0,
        "minimum_billing_s": 0.0, "egress_per_gb": 0.09, "storage_per_gb_month": 0.10,
    } | fields  # fmt: skip
    return Rented(**{name: np.atleast_1d(np.array(value)) for name, value in usual.items()})


def bill(hours, offer=None, terms=NOTHING):
    return cloud_bill(np.full((3, 1), float(hours)), offer or rented(), terms)


def line(found, name):
    return pytest.approx(float(getattr(found, name)[1, 0]))


def test_hours_times_price_is_the_bill_of_a_run_that_needs_nothing_else():
    found = bill(33)
    assert float(found.total[1, 0]) == pytest.approx(792)
    assert all(line(found, name) == 0 for name in LINES if name != "rent")


def test_every_line_by_hand():
    """33 h at $24: 450 GB over 1 Gbit/s take 1 h, half an hour of set-up, a tenth idle, 730 GB-months
    at 10 ct for 36.8 of 730 h, 100 GB home at 9 ct, 20 % tax."""
    terms = CloudTerms(0.5, 450, 1000, 730, 100, 0.1, 0, 0, 1, 0, tax_share=0.2)
    found = bill(33, terms=terms)
    assert line(found, "rent") == 792 and line(found, "set_up") == 36 and line(found, "idle") == 79.2
    assert line(found, "storage") == pytest.approx(0.1 * 730 * 37.8 / 730)
    assert line(found, "egress") == 9
    assert line(found, "tax") == pytest.approx(0.2 * (792 + 36 + 79.2 + 3.78 + 9))
    assert float(found.machine_hours[1, 0]) == pytest.approx(37.8)
    assert float(found.calendar_hours[1, 0]) == pytest.approx(34.5)


def test_increment_and_minimum():
    assert line(bill(1.01, rented(billing_increment_s=3600)), "rent") == 48
    assert line(bill(1, rented(billing_increment_s=3600)), "rent") == 24
    assert line(bill(0.001, rented(minimum_billing_s=60, billing_increment_s=1)), "rent") == 0.4


def test_a_spot_machine_costs_what_its_interruptions_lose():
    """One interruption a day, a checkpoint an hour that takes 36 s, 15 minutes to restart."""
    terms = replace(NOTHING, interruptions_per_day=1, restart_hours=0.25, checkpoint_seconds=36)
    assert spot_overhead(terms) == pytest.approx(0.01 + 0.75 / 24)
    found = bill(100, rented(is_spot=True), terms)
    assert line(found, "interruptions") == pytest.approx(2400 * (0.01 + 0.03125))
    assert line(bill(100, rented(), terms), "interruptions") == 0
    assert interruption_spread(terms, np.array([24.0])) == pytest.approx([0.75 / 24])


def test_a_spot_run_is_as_uncertain_as_its_hours_and_its_interruptions():
    """400 h, four interruptions a day that lose 45 minutes each: 66.7 +- 8.2 of them, 50 +- 6.1 h."""
    terms = replace(NOTHING, interruptions_per_day=4, restart_hours=0.25)
    z, sigma = 1.2815515594, 0.02
    hours = np.array([[400 * np.exp(-z * sigma)], [400.0], [400 * np.exp(z * sigma)]])
    found = cloud_bill(hours, rented(is_spot=True), terms)
    together = np.hypot(sigma, np.sqrt(400 / 6) * 0.75 / 450)
    assert found.calendar_hours[:, 0] == pytest.approx(450 * np.exp(z * together * np.array([-1, 0, 1])))
    assert found.total[2, 0] == pytest.approx(24 * found.calendar_hours[2, 0])
    short = cloud_bill(np.full((3, 1), 1.0), rented(is_spot=True), terms)
    assert 0 == short.interruptions[0, 0] < short.interruptions[1, 0] < short.interruptions[2, 0]


def test_a_reserved_term_is_paid_to_its_end():
    found = bill(33, rented(10.0, term_months=12.0))
    assert line(found, "commitment") == pytest.approx(10 * (12 * 730 - 33))
    assert float(found.total[1, 0]) == pytest.approx(10 * 12 * 730)
    two = bill(9000, rented(10.0, term_months=12.0))
    assert float(two.total[1, 0]) == pytest.approx(10 * 24 * 730)


def test_what_is_unknown_adds_nothing_and_stays_unknown():
    found = bill(10, rented(egress_per_gb=np.nan), replace(NOTHING, egress_gb=100))
    assert np.isnan(found.egress[1, 0]) and float(found.total[1, 0]) == pytest.approx(240)
    assert line(bill(10, rented(egress_per_gb=np.nan)), "egress") == 0


def test_impossible_terms_are_refused():
    for change in ({"idle_share": -0.1}, {"tax_share": float("nan")}, {"download_mbit_per_s": 0}):
        with pytest.raises(InvalidValue, match=next(iter(change))):
            replace(NOTHING, **change)


@given(
    st.floats(0.01, 5000), st.floats(0.01, 500), st.booleans(), st.sampled_from([0.0, 1.0, 60.0, 3600.0]),
    st.floats(0, 1), st.floats(0, 0.3),
)  # fmt: skip
def test_the_lines_add_up_and_nothing_makes_a_bill_smaller(hours, price, spot, step, idle, tax):
    offer = rented(price, is_spot=spot, billing_increment_s=step)
    terms = CloudTerms(0.2, 10, 500, 50, 5, idle, 2, 0.2, 1, 30, tax)
    found = bill(hours, offer, terms)
    total = float(found.total[1, 0])
    assert total == pytest.approx(sum(float(getattr(found, name)[1, 0]) for name in LINES))
    assert total >= hours * price * (1 - 1e-9)
    assert float(bill(hours * 1.1, offer, terms).total[1, 0]) >= total - 1e-9
    assert float(bill(hours, offer, replace(terms, idle_share=idle + 0.1)).total[1, 0]) >= total - 1e-9
