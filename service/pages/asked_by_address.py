"""A question in an address: fields by their names, values as people write them; a link is an answer.

`/?workload=gpt2-124m&own=2xrtx-3090&kwh_price=29ct&deadline_hours=30d`. Which fields there are, and what each
may be, is the question's own description.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import urlencode

from pydantic.fields import FieldInfo

from service.answers.as_written import NOTHING, Unwritten, another_currency, as_digits, number_written
from service.answers.asked import Question
from service.answers.times_written import hours_of, time_written
from service.errors import InvalidValue, UnknownName, worded

Kind = TypeVar("Kind", bound=Question)
LONGEST = 2000
"""Letters of one value; an address is no place for a model of one's own."""
NOT_BY_ADDRESS = ("tariff", "rent_terms", "what_if")
"""Objects, which the command line and the API take."""


def fields_by_address(kind: type[Question]) -> dict[str, FieldInfo]:
    """The fields of a question that an address can say."""
    return {name: field for name, field in kind.model_fields.items() if name not in NOT_BY_ADDRESS}


def asked_by_address(kind: type[Kind], said: Mapping[str, Sequence[str]], language: str) -> Kind:
    """The question; a field that is empty is not said.

    Raises UnknownName for a field that is none (nearest first), InvalidValue for a value that cannot be.
    """
    fields = fields_by_address(kind)
    values: dict[str, Any] = {}
    for name, written in said.items():
        if name not in fields:
            raise UnknownName("address", name, fields)
        filled = [one.strip() for one in written if one.strip()]
        if any(len(one) > LONGEST for one in filled):
            raise InvalidValue(
                name, filled[0], worded("must have at most {longest} characters", longest=LONGEST)
            )
        if filled:
            values[name] = _read(name, kind, filled, _last(said, "currency"))
    return kind.of(**values | {"lang": language})


def _last(said: Mapping[str, Sequence[str]], name: str) -> str:
    return next((one for one in reversed(said.get(name, ())) if one.strip()), "EUR")


def _read(name: str, kind: type[Question], written: list[str], currency: str) -> Any:
    if name == "deadline_hours":
        return hours_of(written[-1])
    makes = _makes(kind, name)
    if makes == "names":
        names = [part.strip() for one in written for part in one.split(",") if part.strip()]
        return () if len(names) == 1 and names[0].lower() in NOTHING else tuple(names)
    if makes == "numbers":
        return tuple(written[-1].split(","))
    if makes == "text":
        return written[-1]
    return _number(name, written[-1], currency, makes)


def _number(name: str, written: str, currency: str, makes: str) -> Decimal | float | int | str:
    if reason := another_currency(written, currency):
        raise InvalidValue(name, written, reason)
    try:
        number = number_written(written, name)
    except Unwritten as error:
        raise InvalidValue(name, written, error.reason) from None
    if makes == "int":
        if number != int(number):
            raise InvalidValue(name, written, worded("must be a whole number"))
        return int(number)
    return number if makes == "amount" else float(number)


@cache
def _makes(kind: type[Question], name: str) -> str:
    """What a field is made of: names, numbers, amount, int, float or text."""
    kinds = list(_inside(kind.model_fields[name].annotation))
    if any(get_origin(one) is tuple for one in kinds):
        return "numbers" if float in kinds else "names"
    if Decimal in kinds:
        return "amount"
    if float in kinds:
        return "float"
    return "int" if int in kinds else "text"


def _inside(annotation: Any) -> list[Any]:
    return [annotation, *(found for one in get_args(annotation) for found in _inside(one))]


def said_by(asked: Question) -> dict[str, tuple[str, ...]]:
    """What an address says of a question: what is not as usual."""
    said = asked.model_dump(exclude_defaults=True, exclude={"lang", *NOT_BY_ADDRESS})
    return {
        name: tuple(str(one) for one in value)
        if isinstance(value, list | tuple)
        else (_written(name, value),)
        for name, value in said.items()
    }


def _written(name: str, value: object) -> str:
    if name == "deadline_hours" and isinstance(value, float):
        return time_written(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return as_digits(value)
    return str(value)


def address_of(said: Mapping[str, Sequence[str]]) -> str:
    """What was said as the query of an address."""
    return urlencode([(name, one) for name, values in said.items() for one in values])
