"""The same question with other options: changes that are asked for beside it, checked as its options are."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from service.answers.asked import Flag, Question
from service.errors import InvalidValue, UnknownName, worded

MOST_ALTERNATIVES, MOST_CHANGES = 10, 10
UNCHANGEABLE = ("currency", "lang", "what_if")
"""Amounts in another currency have no difference, and words none at all."""


def one_or_several(said: Any) -> Any:
    """A name alone is a list of one."""
    return (said,) if isinstance(said, str) else said


Changes = Annotated[dict[str, Any], Field(min_length=1, max_length=MOST_CHANGES)]


class WithAlternatives(Question):
    """A question that may be asked again with some of its options changed."""

    what_if: Annotated[tuple[Changes, ...], Flag(metavar="OPTION=VALUE")] = Field(
        (),
        max_length=MOST_ALTERNATIVES,
        description="The same question again with these options changed, each told by its difference",
        examples=[[{"kwh_price": 0.25}, {"hours_per_day": 8}]],
    )

    @model_validator(mode="after")
    def _each_can_be_asked(self) -> Self:
        """Every alternative is a question itself. Raises InvalidValue with its place."""
        self.alternatives()
        return self

    def changed(self, change: Mapping[str, Any]) -> Self:
        """The question with these options changed, and without its alternatives. Raises InvalidValue."""
        asked = {name: getattr(self, name) for name in self.model_fields_set if name != "what_if"}
        return type(self).of(**asked | dict(change))

    def alternatives(self) -> tuple[Self, ...]:
        """The questions with their changes. Raises InvalidValue or UnknownName, nearest first."""
        fields = [name for name in type(self).model_fields if name not in UNCHANGEABLE]
        found = []
        for place, change in enumerate(self.what_if):
            for name in change:
                if name in UNCHANGEABLE:
                    raise InvalidValue(
                        at(place, name), change[name], worded("cannot be another in a what-if")
                    )
                if name not in fields:
                    raise UnknownName(f"what_if.{place}", name, fields)
            try:
                other = self.changed(change)
            except InvalidValue as error:
                raise placed(error, place) from None
            if other == self.changed({}):
                raise InvalidValue(
                    f"what_if.{place}", as_told(change), worded("is as the question has it already")
                )
            found.append(other)
        return tuple(found)


def at(place: int, field: str) -> str:
    """Where a field of an alternative stands in the question."""
    return f"what_if.{place}.{field}"


def placed(error: InvalidValue, place: int) -> InvalidValue:
    """The same of an alternative, with its place."""
    if isinstance(error, UnknownName):
        return UnknownName(at(place, error.field), str(error.value), error.choices)
    return InvalidValue(at(place, error.field), error.value, error.reason, error.choices)


def as_told(change: Mapping[str, Any]) -> str:
    """kwh-price 0.25, hours-per-day 8"""
    return ", ".join(f"{name.replace('_', '-')} {_value(value)}" for name, value in change.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_value(inside)}" for name, inside in value.items() if inside != "")
    if isinstance(value, list | tuple):
        return " + ".join(_value(one) for one in value) or "none"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "none" if value is None else str(value)
