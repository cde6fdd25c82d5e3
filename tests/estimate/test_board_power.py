"""Watts of a board from what its step is spent on: in the head, and as measured on an H200."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.board_power import (
    HELD_AT_HOME,
    HELD_IN_DATACENTER,
    activity,
    board_watts,
    held_watts,
    unknown_step_watts,
)
from service.estimate.duration import PARTS, StepSeconds
from service.estimate.judging import judge, measured_board_watts
from service.estimate.validation import validation
from tests.facts_for_tests import GPUS, H100_SXM, RTX_4070, RUNS, TERMS

H200 = replace(H100_SXM, slug="h200-sxm", board_watts=700)


def step(**shares: float) -> StepSeconds:
    """Ten seconds, spent by these shares."""
    return StepSeconds(step_s=10.0, accumulation=1.0, **{p: 10 * shares.get(p[:-2], 0.0) for p in PARTS})


def test_matrix_products_meet_the_limit():
    assert board_watts(H200, step(matmul=0.8, attention=0.2)).p50 == pytest.approx(0.98 * 700)
    assert board_watts(RTX_4070, step(matmul=1.0)).p50 == pytest.approx(0.95 * 200)
    assert activity(RTX_4070, step(matmul=1.0)) == 1


def test_moving_memory_draws_less_at_home():
    """0.5 x 1.0 + 0.5 x 0.7 = 0.85 of 200 W; a data centre's board meets its limit all the same."""
    shares = step(matmul=0.5, memory=0.4, optimizer=0.1)
    assert board_watts(RTX_4070, shares).p50 == pytest.approx(170)
    assert board_watts(H200, shares).p50 == pytest.approx(686)


@pytest.mark.parametrize(
    ("name", "working_s", "step_s", "watts"),
    [
        # Seconds of work are the formula's for these runs, seconds of the step and watts as measured.
        ("tinyllama-bf16-mb1", 0.050, 0.102, 372.6),
        ("tinyllama-fp32amp-mb1", 0.055, 0.112, 395.8),
        ("llama1b-bf16-mb1-ckpt", 0.065, 0.135, 358.3),
        ("tinyllama-bf16-mb8", 0.300, 0.309, 689.4),
        ("gpt2-124m-mb12-eager", 0.033, 0.035, 643.3),
        ("head-d20-mb32", 0.410, 0.427, 686.6),
    ],
)
def test_an_h200_that_waits_for_launches_draws_what_was_measured(name, working_s, step_s, watts):
    busy = working_s / step_s
    found = board_watts(H200, step(matmul=0.75 * busy, memory=0.25 * busy, micro_batch=1 - busy))
    assert found.p50 == pytest.approx(watts, rel=0.17), name
    assert found.p10 <= watts <= found.p90


def test_gpus_that_wait_for_each_other_draw_less():
    """0.66 x 1.1 + 0.34 x 0.3 = 0.828: 106 W less than 0.98 of 700 W; 8 H100 drew 169 W less each."""
    busy, waiting = (board_watts(H200, step(matmul=1 - share, sharding=share)) for share in (0.0, 0.34))
    assert busy.p50 - waiting.p50 == pytest.approx(106.4)
    assert waiting.p10 <= 686 - 1354 / 8 <= waiting.p90


def test_a_power_limit_caps_what_the_work_would_take():
    assert board_watts(RTX_4070, step(matmul=1.0), limit_watts=150).p50 == pytest.approx(0.95 * 150)
    waiting = step(offload=1.0)
    assert board_watts(RTX_4070, waiting, limit_watts=150) == board_watts(RTX_4070, waiting)


def test_a_step_longer_than_thought_waits_longer():
    sure, unsure = (board_watts(H200, step(matmul=0.9, micro_batch=0.1), spread) for spread in (0.0, 0.3))
    assert unsure.p10 < sure.p10
    assert (unsure.p50, unsure.p90) == (sure.p50, sure.p90)


@given(
    st.lists(st.floats(0, 1), min_size=len(PARTS), max_size=len(PARTS)).filter(lambda s: sum(s) > 0.01),
    st.floats(0, 1),
    st.sampled_from([H200, RTX_4070]),
)
def test_no_board_draws_more_than_its_limit(shares, spread, gpu):
    whole = sum(shares)
    found = board_watts(gpu, step(**{p[:-2]: s / whole for p, s in zip(PARTS, shares, strict=True)}), spread)
    assert 0.079 * gpu.board_watts < found.p10 <= found.p50 <= found.p90 <= gpu.board_watts
    assert found.p50 <= held_watts(gpu).p50


def test_what_a_busy_board_holds_depends_on_where_it_stands():
    assert held_watts(H200).p50 == 700 * HELD_IN_DATACENTER.p50
    assert held_watts(RTX_4070).p50 == 200 * HELD_AT_HOME.p50


def test_a_reading_is_judged_and_a_limit_is_not():
    read = replace(RUNS[2], gpu_watts=190.0)
    (judged,) = judge([read], RUNS, GPUS, TERMS)
    assert judged.measured_board_watts == 190
    assert judged.board_error == abs(judged.board_watts.p50 / 190 - 1)
    assert judged.board_watts.p10 <= 190 <= judged.board_watts.p90
    assert validation([judged]).board_power.rows == 1
    assert measured_board_watts(replace(read, use_for=frozenset({"power_limit"}))) is None
    assert measured_board_watts(replace(read, use_for=frozenset({"none"}))) is None
    assert measured_board_watts(replace(read, use_for=frozenset({"power"}))) == 190


def test_a_run_without_a_speed_is_still_predicted_in_watts():
    silent = replace(RUNS[2], tokens_per_s=None, gpu_watts=185.0, use_for=frozenset({"power"}))
    (judged,) = judge([silent], RUNS, GPUS, TERMS)
    assert judged.error is None and judged.board_error < 0.10


def test_of_an_unknown_model_only_the_card_tells():
    """Six whole jobs of fine-tuning drew 31 to 85 % of the limit."""
    unknown = replace(RUNS[2], n_layers=None, d_model=None, gpu_watts=125.0, use_for=frozenset({"power"}))
    (judged,) = judge([unknown], RUNS, GPUS, TERMS)
    assert judged.problem and judged.board_watts == unknown_step_watts(RTX_4070)
    assert judged.board_watts.p50 == pytest.approx(126)
