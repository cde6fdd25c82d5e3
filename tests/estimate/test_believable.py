"""What is believed of numbers that are asked with: nothing that exists is refused, no slip answered."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answers.question import AskedComparison, AskedDecision
from service.errors import InvalidValue
from service.estimate.believable import (
    BELIEVED,
    BELIEVED_MONEY,
    refuse_unbelievable_plug,
    refuse_unbelievable_price,
    refuse_unbelievable_rest,
)

FIELDS = {name for kind in (AskedComparison, AskedDecision) for name in kind.model_fields}
NOT_PLAUSIBLE = "is not plausible"


@pytest.mark.parametrize(
    "exists",
    [
        {"kwh_price": "0"}, {"kwh_price": "0.03"}, {"kwh_price": "1.05"},
        {"currency": "JPY", "kwh_price": "31"}, {"currency": "HUF", "kwh_price": "70"},
        {"currency": "IDR", "kwh_price": "1700"}, {"yearly_kwh": 0}, {"yearly_kwh": 1500},
        {"hours_per_day": 0.5}, {"paused_watts": 800, "hours_per_day": 8}, {"host_memory_gib": 4096},
        {"capital_cost": 0.45, "buy": ("rtx-4090",)}, {"rent_terms": {"set_up_hours": 48, "tax_share": 0.27}},
        {"tariff": {"kind": "dynamic", "vat_share": "0.27", "surcharges_per_kwh": "0.19"}},
        {"tariff": {"solar_share": 1, "feed_in_per_kwh": "0.57"}}, {"wear_per_hour": "9"},
        {"rest_of_pc_price": "0", "buy": ("rtx-4090",)}, {"base_fee_per_month": "250"},
        {"tokens": 36 * 10**12},
    ],
)  # fmt: skip
def test_what_exists_is_believed(exists):
    assert AskedComparison.of(**exists)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kwh_price": "4"}, "would be 4 EUR per kWh; for cents write 4ct or 0.04"),
        ({"kwh_price": 37}, "would be 37 EUR per kWh; for cents write 37ct or 0.37"),
        ({"kwh_price": 99999}, "is not plausible; 0 to 3 EUR per kWh would be"),
        ({"kwh_price": "3100", "currency": "JPY"}, "is not plausible; 0 to 600 JPY per kWh would be"),
        ({"yearly_kwh": 3}, "is not plausible; 100 to 1,000,000 kWh would be"),
        ({"tariff": {"solar_share": 30}}, "must be between 0 and 1; for percent write 30% or 0.3"),
        ({"tariff": {"vat_share": "0.9"}}, NOT_PLAUSIBLE),
        ({"tariff": {"kind": "dynamic", "surcharges_per_kwh": "17"}}, "write 17ct or 0.17"),
        ({"tariff": {"windows": [{"from_hour": 0, "until_hour": 24, "per_kwh": 29}]}}, "29ct or 0.29"),
        ({"rent_terms": {"idle_share": 30}}, "for percent write 30% or 0.3"),
        ({"rent_terms": {"set_up_hours": 1e6}}, NOT_PLAUSIBLE),
        ({"max_age_days": 30_000}, "0 to 3,650 days"),
        ({"hours_per_day": 0.01}, NOT_PLAUSIBLE),
        ({"tokens": 10**15}, "1 to 200T tokens"),
        ({"what_if": ({"kwh_price": 37},)}, "what_if.0.kwh_price = '37': would be"),
        ({"kwh_price": float("nan")}, "kwh_price"),
        ({"yearly_kwh": float("inf")}, "yearly_kwh"),
        ({"paused_watts": -1}, "must not be negative"),
    ],
)
def test_a_slip_is_asked_back_with_what_would_be_believed(asked, said):
    with pytest.raises(InvalidValue) as caught:
        AskedComparison.of(**asked)
    assert said in str(caught.value)


def test_a_deadline_and_a_probability_are_asked_back():
    for asked, said in (
        ({"deadline_hours": 900_000}, "0.1 to 87,700 h"),
        ({"least_probability": 80}, "for percent write 80% or 0.8"),
    ):
        with pytest.raises(InvalidValue) as caught:
            AskedDecision.of(**asked)
        assert said in str(caught.value)


def test_a_kept_question_is_read_as_it_was_asked():
    kept = AskedDecision.of(kwh_price=Decimal("0.37")).kept().replace(b'"0.37"', b'"37"')
    assert AskedDecision.read(kept).kwh_price == 37


@pytest.mark.parametrize(
    ("watts", "boards", "count", "said"),
    [
        (292, (180, 210), 1, None), (3000, (1500, 1800), 4, None), (65, (100, 130), 1, None),
        (9500, (5000, 5600), 8, None),
        (3, (180, 210), 1, "18 to 1,900 W would be; for kilowatts write 3000") ,
        (0.3, (180, 210), 1, "for kilowatts write 300"),
        (99_999, (180, 210), 1, "18 to 1,900 W would be"),
        (99_999, (1500, 1800), 4, "would be"),
    ],
)  # fmt: skip
def test_the_plug_is_held_against_the_cards(watts, boards, count, said):
    if said is None:
        refuse_unbelievable_plug(watts, *boards, count)
        return
    with pytest.raises(InvalidValue) as caught:
        refuse_unbelievable_plug(watts, *boards, count)
    assert "plug_watts" in str(caught.value)
    if watts != 3:
        assert said in str(caught.value)


def test_the_rest_of_a_pc_is_held_against_its_cards():
    refuse_unbelievable_rest(60, 1)
    refuse_unbelievable_rest(2000, 8)
    for watts in (0, 1, 9000):
        with pytest.raises(InvalidValue, match="rest_of_pc_watts"):
            refuse_unbelievable_rest(watts, 1)


@pytest.mark.parametrize(
    ("price", "listed", "currency", "believed"),
    [
        ("50", None, "EUR", True), ("50", 300.0, "EUR", True), ("1900", 1800.0, "EUR", True),
        ("30000", None, "EUR", True), ("300000", 280_000.0, "JPY", True),
        ("1", None, "EUR", False), ("1", 1800.0, "EUR", False), ("50", 1800.0, "EUR", False),
        ("19000", 1800.0, "EUR", False), ("1900", 280_000.0, "JPY", False),
    ],
)  # fmt: skip
def test_the_price_of_a_card_is_held_against_its_dated_one(price, listed, currency, believed):
    asked = {"currency": currency, "listed": listed}
    if believed:
        refuse_unbelievable_price("buy", "x", Decimal(price), **asked)
    else:
        with pytest.raises(InvalidValue, match=NOT_PLAUSIBLE):
            refuse_unbelievable_price("buy", "x", Decimal(price), **asked)


def test_every_bound_is_of_a_field_and_says_why():
    inside = {"vat_share", "markup_share", "solar_share"}
    for field, bound in (BELIEVED | BELIEVED_MONEY).items():
        assert field.split(".")[0] in FIELDS | inside, field
        assert bound.why and bound.least < bound.most


@given(
    st.sampled_from(["paused_watts", "yearly_kwh", "hours_per_day", "capital_cost", "host_memory_gib"]),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_number_is_answered_that_is_not_believed(field, number):
    try:
        asked = getattr(AskedComparison.of(**{field: number, "buy": ("rtx-4090",)}), field)
    except InvalidValue as error:
        assert field in str(error)
    else:
        assert BELIEVED[field].holds(asked)
