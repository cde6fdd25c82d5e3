"""From the share of spot machines taken away within a month to interruptions a day."""

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from service.estimate.cloud_bill import cloud_bill
from service.estimate.interruptions import interruptions_per_day
from service.estimate.rental import rented_columns, terms_inputs
from service.facts import CloudOffer, Source, SpotInterruption
from tests.estimate.test_cloud_bill import NOTHING
from tests.facts_for_tests import shipped_catalog

SAID = Source("advisor", "The advisor", "https://advisor.example/", date(2026, 11, 27), "free")
SPOT = CloudOffer(
    "aws", "p4d", "us-east-1", "US", "a100-sxm-40gb", "A100", 8, 40.0, "spot", Decimal(10), "EUR",
    date(2026, 11, 27), SAID,
)  # fmt: skip


def told(low, high):
    return interruptions_per_day(SpotInterruption("aws", "p4d", "us-east-1", low, high, SAID.as_of, SAID))


def test_half_of_them_in_a_month_is_one_in_44_days():
    """ln 2 / 30.44 days: what is still there halves every month."""
    found = told(0.4, 0.6)
    assert found.value == pytest.approx(math.log(2) / 30.44) == pytest.approx(1 / 43.9, rel=0.01)
    assert found.low < found.value < found.high and found.source == SAID


def test_more_than_a_fifth_says_nothing_of_how_often():
    assert told(0.2, None) is None and told(0.2, 1.0) is None


def test_what_is_known_of_an_offer_counts_and_what_the_asker_says_counts_more():
    terms = replace(NOTHING, interruptions_per_day=1, restart_hours=1)
    known = replace(SPOT, interruptions=told(0.0, 0.05))
    hours = np.full((3, 1), 1000.0)

    def lost(offer, terms):
        return float(cloud_bill(hours, rented_columns([(offer, None)], "EUR", ()), terms).interruptions[1, 0])

    assert lost(known, terms) == pytest.approx(lost(SPOT, terms) * known.interruptions.value)
    assert lost(known, replace(terms, interruptions_as_told=True)) == lost(SPOT, terms)


def test_the_answer_names_who_told_it():
    figures = {figure.name: figure for figure in shipped_catalog().figures}
    named = {
        i.figure.name: i.figure
        for i in terms_inputs(NOTHING, figures, replace(SPOT, interruptions=told(0, 0.05)))
    }
    assert named["cloud_run.interruptions_per_day"].source == SAID
    as_told = replace(NOTHING, interruptions_as_told=True)
    named = {
        i.figure.name: i.figure
        for i in terms_inputs(as_told, figures, replace(SPOT, interruptions=told(0, 0.05)))
    }
    assert named["cloud_run.interruptions_per_day"].source != SAID
