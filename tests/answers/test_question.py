"""A question that is kept can be asked again, years later, or says why it cannot; each option stands once."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from service.answers.asked import Flag
from service.answers.question import (
    AskedComparison,
    AskedDecision,
    AskedEstimate,
    AskedHousehold,
    AskedModel,
    AskedTariff,
)
from service.cli import main
from service.errors import InvalidValue

EXACT = st.decimals(0, 1, places=9)
NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789-=", min_size=1, max_size=12)
SHARE = st.floats(0, 1)
DIMENSIONS = st.fixed_dictionaries({"n_layers": st.integers(1, 9), "tied_embeddings": st.booleans()})
MODELS = st.builds(
    AskedModel.of, architecture=DIMENSIONS, recipe=st.dictionaries(NAME, st.integers(0, 9), max_size=2),
    tokens=st.integers(1, 10**14), name=st.text(min_size=1, max_size=80),
)  # fmt: skip
WINDOWS = st.lists(
    st.fixed_dictionaries(
        {"from_hour": st.integers(0, 23), "until_hour": st.integers(0, 24), "per_kwh": EXACT}
    ),
    max_size=3,
)
TARIFFS = st.builds(
    AskedTariff.of, kind=st.sampled_from(["flat", "time_of_use", "dynamic"]), windows=WINDOWS, zone=NAME,
    surcharges_per_kwh=st.none() | EXACT, markup_share=st.decimals(0, "0.5", places=9),
    vat_share=st.none() | st.decimals(0, "0.35", places=9), solar_share=SHARE,
    feed_in_per_kwh=st.none() | EXACT,
)  # fmt: skip
DECISIONS = st.builds(
    AskedDecision.of,
    workload=NAME | MODELS, own=st.lists(NAME, max_size=3), buy=st.lists(NAME, max_size=3),
    runs=st.integers(1, 10_000), years_kept=st.floats(0, 4), capital_cost=st.floats(0, 0.6),
    rest_of_pc_price=st.none() | st.just(0) | st.decimals(30, 5000, places=2),
    budget=st.none() | st.floats(0.01, 1e9),
    deadline_hours=st.none() | st.floats(0.1, 87_000), weights=st.none() | st.tuples(*[st.floats(0, 9)] * 3),
    least_probability=st.floats(0.01, 0.99), country=st.text(min_size=2, max_size=60), currency=NAME,
    kwh_price=st.none() | EXACT, tariff=st.none() | TARIFFS, yearly_kwh=st.none() | st.floats(100, 1e6),
    base_fee_per_month=EXACT, hours_per_day=st.floats(0.1, 24), paused_watts=st.floats(0, 5000),
    wear_per_hour=EXACT, heating_share=SHARE, heat_per_kwh=EXACT,
    rent_terms=st.dictionaries(NAME, st.floats(0, 1e9), max_size=3), host_memory_gib=st.none() | SHARE,

    power_limit_watts=st.none() | st.floats(10, 1e4), pcie_lanes=st.none() | st.integers(1, 16),
    nvlink=st.sampled_from([None, "yes", "no"]),
    rest_of_pc_watts=st.none() | st.floats(0, 1e5),
    display_gib=SHARE, plug_watts=st.none() | st.floats(1, 1e6), tokens=st.none() | st.integers(1, 10**14),
    lang=st.sampled_from(["en", "de"]), trials=st.integers(1, 1000),
    failed_runs=st.sampled_from([0.0, 0.25]),
    what_if=st.sampled_from([(), ({"failed_runs": 0.5, "own": ["a"]}, {"failed_runs": 0.75})]),
    max_age_days=st.none() | st.integers(0, 3650), buyer=st.sampled_from(["private", "business"]),
    tier=st.sampled_from(["on_demand", "spot", "reserved", "community", "marketplace", "any", "none"]),
)  # fmt: skip


@settings(max_examples=150)
@given(DECISIONS)
def test_a_question_comes_back_as_it_was_and_is_written_the_same_again(asked):
    again = AskedDecision.read(asked.kept())
    assert again == asked and again.kept() == asked.kept()


def test_every_option_of_a_decision_is_tried_above():
    drawn = set(DECISIONS.wrapped_strategy.kwargs) if hasattr(DECISIONS, "wrapped_strategy") else None
    assert drawn is None or drawn == set(AskedDecision.model_fields)


def test_the_same_question_is_written_the_same_however_it_was_put():
    """Whole numbers, the order of terms, lower case: none of them is another question."""
    one = AskedDecision.of(budget=700, rent_terms={"tax_share": 0.19, "egress_gb": 5}, currency="eur ")
    same = AskedDecision.of(budget=700.0, rent_terms={"egress_gb": 5.0, "tax_share": 0.19}, currency="EUR")
    assert one == same and one.kept() == same.kept()


def test_money_is_exact_to_its_last_digit():
    asked = AskedComparison.model_validate_json('{"kwh_price": 0.1, "heat_per_kwh": 0.123456789}')
    assert (asked.kwh_price, asked.heat_per_kwh) == (Decimal("0.1"), Decimal("0.123456789"))


def test_a_field_that_came_later_takes_its_usual_value():
    plain = json.loads(AskedDecision.of(budget=5.0).kept())
    del plain["display_gib"], plain["hours_per_day"]
    assert AskedDecision.read(json.dumps(plain)) == AskedDecision.of(budget=5.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "question = 'colour': unknown; valid: "),
        ({"hours_per_dya": 5.0}, "'hours_per_dya': unknown; valid: hours_per_day"),
        ({"hours_per_day": 25.0}, "hours_per_day = 25.0: must be above 0 and at most 24"),
        ({"workload": {"architecture": {}, "recipe": {}}}, "workload.tokens = None: is missing"),
        ({"workload": {"tokns": 5, "tokens": 5}}, "workload = 'tokns': unknown; valid: tokens"),
        ({"workload": 5}, "workload = 5"),
        ({"own": "rtx-4070"}, "own = 'rtx-4070': input should be a valid array"),
        ({"runs": 1.5}, "runs = 1.5: input should be a valid integer"),
        ({"runs": 10_001}, "runs = 10001: must be between 1 and 10000"),
        ({"kwh_price": "cheap"}, "kwh_price = 'cheap': input should be a valid decimal"),
        ({"kwh_price": 1_000_001}, "kwh_price = 1000001: must be between 0 and 1,000,000"),
        ({"weights": [1, 2]}, "weights.2 = None: is missing"),
        ({"rent_terms": {"idle_share": "much"}}, "rent_terms.idle_share = 'much'"),
        ({"tier": "sopt"}, "tier = 'sopt': unknown; valid: spot"),
        ({"tariff": {"kind": "dynmic"}}, "tariff.kind = 'dynmic': unknown; valid: dynamic"),
        ({"tariff": {"zon": "DE"}}, "tariff = 'zon': unknown; valid: zone"),
        ({"weights": [1, 1, 1001]}, "weights.2 = 1001: must be at most 1000"),
        (
            {"rent_terms": {"idle_share": 1e10}},
            "rent_terms.idle_share = 10000000000.0: must be at most 1,000,000,000",
        ),
        ({"budget": 1e10}, "must be above 0 and at most 1,000,000,000"),
        ({"own": ["rtx-4070"] * 21}, "…: must have at most 20 entries, not 21"),
    ],
)
def test_what_this_version_cannot_ask_is_refused_with_the_place(change, said):
    plain = json.loads(AskedDecision.of().kept()) | change
    with pytest.raises(InvalidValue) as caught:
        AskedDecision.read(json.dumps(plain))
    assert said in str(caught.value)
    with pytest.raises(InvalidValue):
        AskedDecision.of(**change)


def test_a_name_that_is_unknown_comes_with_the_nearest_first():
    with pytest.raises(InvalidValue) as caught:
        AskedComparison.of(tier="on-demnd")
    assert caught.value.choices[0] == "on_demand"


@pytest.mark.parametrize(
    ("command", "question"),
    [(("compare",), AskedComparison), (("report",), AskedComparison), (("decide",), AskedDecision),
     (("reports", "schedule"), AskedDecision)],
)  # fmt: skip
def test_every_option_of_a_question_is_one_of_the_command_line(command, question):
    """With its help and its default, nowhere written a second time."""
    shown = CliRunner().invoke(main, [*command, "--help"], terminal_width=400).output
    flags = 0
    for fields in (question.model_fields, AskedTariff.model_fields):
        for name, field in fields.items():
            flag = next((x for x in field.metadata if isinstance(x, Flag)), None)
            if flag is None:
                continue
            flags += 1
            assert (flag.name or "--" + name.replace("_", "-")) in shown, name
            assert name == "tariff" or field.description in shown, name
    assert flags > 25


def test_only_what_needs_words_of_its_own_has_no_flag():
    unflagged = {
        name
        for question in (AskedHousehold, AskedComparison, AskedDecision, AskedTariff)
        for name, field in question.model_fields.items()
        if not any(isinstance(x, Flag) for x in field.metadata)
    }
    assert unflagged == {"workload", "kind", "windows", "zone"}


def test_an_estimate_names_its_machines():
    with pytest.raises(InvalidValue, match="hardware = None: is missing"):
        AskedEstimate.of()
