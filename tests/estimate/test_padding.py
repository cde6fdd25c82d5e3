"""What is not known of the lengths of examples is in the intervals: of tokens, hours, energy and money."""

import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from service.answers.question import AskedComparison, AskedDecision
from service.estimate.padding import LENGTH_SPREAD, computed_spread, expected_longest
from service.estimate.quantile import QUANTILE_90
from service.estimate.rent_moves import RentMoves
from service.usecases.comparing import compare_home_with_cloud
from service.usecases.deciding import decide

NOW = datetime(2026, 11, 28)
DATA = {"method": "qlora", "examples": 20_000, "mean_tokens": 700, "epochs": 3}


def test_single_examples_that_nothing_cuts_off_leave_no_doubt():
    assert computed_spread(100, 10**6, 1) == (pytest.approx(0, abs=1e-4), pytest.approx(0, abs=1e-4))


def test_where_nothing_is_cut_off_wider_lengths_pad_more():
    """Of two log-normal lengths the longer is 1 + erf(s/2) = 2 Phi(s/sqrt 2) means long: 1.379 at 0.7, 1.168
    at 0.3 and 1.563 at 1.1, 15 % less and 13 % more."""
    assert expected_longest(700, 10**6, 2) == pytest.approx(700 * (1 + math.erf(LENGTH_SPREAD / 2)), rel=1e-3)
    down, up = computed_spread(700, 10**6, 2)
    assert math.exp(-QUANTILE_90 * down) == pytest.approx(1.168 / 1.379, abs=0.005)
    assert math.exp(QUANTILE_90 * up) == pytest.approx(1.563 / 1.379, abs=0.005)


def test_where_much_is_cut_off_wider_lengths_are_fewer_tokens():
    """Means just below the maximum: all that spreads is cut off, so that even narrow lengths make more."""
    down, up = computed_spread(1900, 2048, 1)
    assert math.exp(-QUANTILE_90 * down) < 0.85 and math.exp(QUANTILE_90 * up) > 1.1


@pytest.mark.parametrize(
    ("mean", "longest", "count"),
    [(700, 2048, 1), (700, 2048, 2), (700, 2048, 8), (300, 4096, 4), (1900, 2048, 2)],
)
def test_four_data_sets_of_five_are_computed_within_the_interval(mean, longest, count):
    rng = np.random.default_rng(7)
    spreads = rng.normal(LENGTH_SPREAD, 0.4 / QUANTILE_90, 400).clip(min=0.02)
    drawn = np.array([
        rng.lognormal(math.log(mean) - s**2 / 2, s, (4000, count)).clip(max=longest).max(axis=1).mean()
        for s in spreads
    ])  # fmt: skip
    middle = expected_longest(mean, longest, count)
    down, up = computed_spread(mean, longest, count)
    low, high = middle * math.exp(-QUANTILE_90 * down), middle * math.exp(QUANTILE_90 * up)
    assert 0.75 < np.mean((low * 0.995 < drawn) & (drawn < high * 1.005)) < 0.95


def options(snapshot, **said):
    model = {"run": "qwen3-8b", "finetune": {**DATA, **said}}
    asked = AskedComparison.of(workload=model, home="rtx-4090", cloud="1xh100-sxm")
    return compare_home_with_cloud(snapshot, asked, asked_at=NOW).options


def certain_lengths(monkeypatch):
    monkeypatch.setattr("service.usecases.fine_tuning.computed_spread", lambda *_: (0.0, 0.0))


def test_hours_energy_and_money_of_both_sides_are_as_much_less_certain(snapshot, monkeypatch):
    said = {"per_device_batch": 2, "max_length": 32_768}
    # Beside the doubt of a rent half a year old hardly any other shows.
    snapshot = replace(snapshot, rent_moves=RentMoves())
    doubted = options(snapshot, **said)
    certain_lengths(monkeypatch)
    down, up = computed_spread(700, 32_768, 2)
    for with_it, without in zip(doubted, options(snapshot, **said), strict=True):
        before, now = without.hours.spread(), with_it.hours.spread()
        assert now == (pytest.approx(math.hypot(before[0], down)), pytest.approx(math.hypot(before[1], up)))
        assert with_it.hours.p50 == without.hours.p50
        for wider, narrow in (
            (with_it.energy_kwh, without.energy_kwh), (with_it.cost.total, without.cost.total),
        ):  # fmt: skip
            assert wider.p10 < 0.99 * narrow.p10 and wider.p90 > 1.01 * narrow.p90


@pytest.mark.parametrize("said", [{"pack": True}, {"pad_to_max": True}])
def test_packed_and_evenly_padded_examples_leave_the_interval_as_it_is(snapshot, monkeypatch, said):
    doubted = options(snapshot, **said)
    certain_lengths(monkeypatch)
    for with_it, without in zip(doubted, options(snapshot, **said), strict=True):
        assert (with_it.hours, with_it.energy_kwh) == (without.hours, without.energy_kwh)


def test_a_decision_counts_it_too(snapshot, monkeypatch):
    asked = AskedDecision.of(workload={"run": "qwen3-8b", "finetune": {**DATA, "per_device_batch": 8}})
    doubted = decide(snapshot, asked, asked_at=NOW).best.option
    certain_lengths(monkeypatch)
    certain = decide(snapshot, asked, asked_at=NOW).best.option
    assert doubted.hours.p10 < 0.95 * certain.hours.p10
    assert doubted.cost.total.p10 < certain.cost.total.p10
