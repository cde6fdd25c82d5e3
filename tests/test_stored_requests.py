"""A question that is kept can be asked again, years later, or says why it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.errors import InvalidValue, UnknownName
from service.usecases.requests import DecisionRequest, decision_request_from_json, request_as_json
from service.usecases.stored_requests import as_plain, from_plain

PLAIN = {
    bool: st.booleans(),
    int: st.integers(1, 2**53),
    float: st.floats(0.001, 1.0),
    str: st.text(max_size=8),
    Decimal: st.decimals(0, 1, places=9),
    date: st.dates(),
    NoneType: st.none(),
}


def any_of(kind):
    """Any value of a type, whatever fields a later version gives it."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(any_of, inside))
    if origin is Literal:
        return st.sampled_from(inside)
    if origin is tuple and inside[-1] is Ellipsis:
        return st.lists(any_of(inside[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, inside))
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(st.text(max_size=4), any_of(inside[1]), max_size=2)
    return built(kind) if is_dataclass(kind) else PLAIN[kind]


@st.composite
def built(draw, kind):
    hints = get_type_hints(kind)
    given_ = {field.name: draw(any_of(hints[field.name])) for field in fields(kind)}
    try:
        return kind(**given_)
    except InvalidValue:
        assume(False)


@settings(max_examples=150)
@given(built(DecisionRequest))
def test_a_question_comes_back_as_it_was_and_is_written_the_same_again(request):
    written = orjson.dumps(request_as_json(request))
    again = decision_request_from_json(orjson.loads(written))
    assert again == request
    assert orjson.dumps(request_as_json(again)) == written


def test_whole_numbers_stay_whole_so_that_the_answers_name_stays_the_same():
    plain = request_as_json(DecisionRequest(budget=700, weights=(1, 2, 0.5)))
    assert request_as_json(decision_request_from_json(plain)) == plain
    assert type(decision_request_from_json(plain).budget) is int


def test_a_field_that_came_later_takes_its_usual_value():
    plain = request_as_json(DecisionRequest(budget=5.0))
    del plain["display_gib"], plain["home_terms"]["hours_per_day"]
    assert decision_request_from_json(plain) == DecisionRequest(budget=5.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "request = 'colour': unknown; valid: "),
        ({"home_terms": {"hours_per_dya": 5.0}}, "'hours_per_dya': unknown; valid: hours_per_day"),
        ({"home_terms": {"hours_per_day": 25.0}}, "hours_per_day = 25.0: must be above 0"),
        (
            {"workload": {"architecture": {}, "recipe": {}, "tokens": 5}},
            "request.workload.slug = None: was not",
        ),
        ({"workload": 5}, "request.workload = 5"),
        ({"own": "rtx-4070"}, "request.own = 'rtx-4070': must be a list"),
        ({"runs": True}, "request.runs = True: must be a whole number"),
        ({"runs": 1.5}, "request.runs = 1.5: must be a whole number"),
        ({"kwh_price": "cheap"}, "request.kwh_price = 'cheap': cannot be read"),
        ({"kwh_price": 0.3}, "request.kwh_price = 0.3: must be text"),
        ({"weights": [1, 2]}, "must be a list of 3"),
        ({"cloud_terms": [["idle_share", "much"]]}, "request.cloud_terms.0.1 = 'much': must be a number"),
    ],
)
def test_what_this_version_cannot_ask_is_refused_with_the_place(change, said):
    with pytest.raises(InvalidValue) as caught:
        decision_request_from_json(request_as_json(DecisionRequest()) | change)
    assert said in str(caught.value)


def test_a_kind_that_could_not_be_read_back_is_not_written():
    with pytest.raises(TypeError):
        as_plain({1, 2})


def test_of_several_shapes_the_fitting_one_is_built():
    @dataclass(frozen=True)
    class Flat:
        price: Decimal

    @dataclass(frozen=True)
    class Windows:
        kind: Literal["day", "night"]
        hours: tuple[int, ...]

    kind = Flat | Windows | str | None
    for value in (Flat(Decimal("0.30")), Windows("day", (6, 22)), "by name", None):
        assert from_plain(kind, as_plain(value), "tariff") == value
    with pytest.raises(UnknownName):
        from_plain(Windows, {"kind": "dya", "hours": []}, "tariff")
