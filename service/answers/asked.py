"""What every question is made of: strict, frozen models whose money is exact, refused in our own words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from service.errors import InvalidValue, UnknownName, Worded, foreign, nearest_first, worded
from service.estimate.believable import doubt_of, share_in_percent

BOUNDS = ("ge", "gt", "le", "lt")
LARGE = 100_000
SHORT_NAME = "constrained-str"
"""What pydantic calls a name where an object is allowed as well."""
FIELDS_OF: dict[str, tuple[str, ...]] = {}
"""The fields of every question, for one who misspelt one."""
AS_KEPT = {"kept": True}
"""What a question is read with that was asked when more was believed."""
KINDS: dict[str, type[BaseModel]] = {}
"""Every question by the name of its class."""


def _written_as_a_day(value: Any) -> Any:
    # pydantic takes numbers for seconds since 1970.
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)):
        return value
    raise PydanticCustomError("day", "must be a day like 2026-11-24")


Day = Annotated[date, BeforeValidator(_written_as_a_day)]
"""A day as it is asked for, written as one."""


@dataclass(frozen=True, slots=True)
class Flag:
    """How an option is called on the command line, where not by its name, and what its value looks like."""

    name: str = ""
    metavar: str | None = None
    is_choice: bool = False
    """Its few values are listed in the usage, and others refused before anything is opened."""


def flag_of(field: FieldInfo) -> Flag | None:
    """How a field is asked on the command line; None where it is not."""
    return next((mark for mark in field.metadata if isinstance(mark, Flag)), None)


def option_called(name: str, field: FieldInfo) -> str:
    """What the command line calls a field: --hours-per-day."""
    flag = flag_of(field)
    return (flag and flag.name) or "--" + name.replace("_", "-")


class Question(BaseModel):
    """A part of a question: a field that is not known is refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **extra: Any) -> None:
        """Note the fields' names for those who misspell one."""
        super().__pydantic_init_subclass__(**extra)
        KINDS[cls.__name__] = cls
        FIELDS_OF[cls.__name__] = tuple(f.alias or name for name, f in cls.model_fields.items())

    @field_validator("*", mode="before")
    @classmethod
    def _by_its_digits(cls, value: Any, info: ValidationInfo) -> Any:
        """Money is exact: a JSON number is read by its digits. A share in percent is asked back."""
        assert info.field_name
        if slip := share_in_percent(info.field_name, value):
            raise PydanticCustomError("untold", "{reason}", {"reason": slip})
        if isinstance(value, float) and "Decimal" in str(cls.model_fields[info.field_name].annotation):
            return str(value)
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _is_believable(cls, value: Any, info: ValidationInfo) -> Any:
        """What is beyond belief is asked back, but in a question that was kept."""
        if info.context is not AS_KEPT and (doubt := doubt_of(info.field_name or "", value)):
            raise PydanticCustomError("untold", "{reason}", {"reason": doubt})
        return value

    @classmethod
    def of(cls, **values: Any) -> Self:
        """The question with these values. Raises InvalidValue or UnknownName for the first that cannot be."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise refusal(cls, error) from None

    @classmethod
    def read(cls, content: str | bytes) -> Self:
        """The question as it was kept. Raises like `of` for what this version cannot ask any more."""
        try:
            return cls.model_validate_json(content, context=AS_KEPT)
        except ValidationError as error:
            raise refusal(cls, error) from None

    def kept(self) -> bytes:
        """The question as JSON in a stable order: all of it, so that it can be asked again."""
        return self.model_dump_json().encode()


def refusal(kind: type[BaseModel], error: ValidationError) -> InvalidValue:
    """The first thing that pydantic found wrong, as the house says it: field, value, what would be valid."""
    items = error.errors(include_url=False, include_context=True)
    item = next(
        (i for i in items if not (SHORT_NAME in i["loc"] and isinstance(i.get("input"), dict))), items[0]
    )
    parts = [str(part) for part in item["loc"] if part != SHORT_NAME and part not in FIELDS_OF]
    field, value, context = ".".join(parts) or "question", item.get("input"), item.get("ctx", {})
    if item["type"] == "extra_forbidden":
        return UnknownName(".".join(parts[:-1]) or "question", parts[-1], _names_beside(kind, parts[:-1]))
    if item["type"] == "missing":
        return InvalidValue(field, None, worded("is missing"))
    if item["type"] == "literal_error":
        valid = re.findall(r"'([^']*)'", str(context["expected"]))
        return InvalidValue(field, value, worded("unknown"), nearest_first(str(value), valid, in_order=True))
    if item["type"] == "greater_than_equal" and not context["ge"]:
        return InvalidValue(field, _plain(value), worded("must not be negative"))
    if "greater_than" in item["type"] or "less_than" in item["type"]:
        return InvalidValue(field, _plain(value), _bounds_of(kind, parts, context))
    if item["type"] == "too_long":
        found = worded(
            "must have at most {max_length} entries, not {actual_length}",
            max_length=context["max_length"],
            actual_length=context["actual_length"],
        )
        return InvalidValue(field, _plain(value), found)
    return InvalidValue(field, _plain(value), _pydantic_said(item))


PYDANTIC: Mapping[str, str] = {
    "int_parsing": "input should be a valid integer, unable to parse string as an integer",
    "int_type": "input should be a valid integer",
    "int_from_float": "input should be a valid integer, got a number with a fractional part",
    "float_parsing": "input should be a valid number, unable to parse string as a number",
    "float_type": "input should be a valid number",
    "finite_number": "input should be a finite number",
    "decimal_parsing": "input should be a valid decimal",
    "decimal_max_places": "decimal input should have no more than {decimal_places} decimal places",
    "string_type": "input should be a valid string",
    "string_too_long": "string should have at most {max_length} characters",
    "bool_parsing": "input should be a valid boolean, unable to interpret input",
}
"""What pydantic says, by the kind of error, that a person can be told."""


def _pydantic_said(item: Any) -> Worded:
    text = item["msg"][:1].lower() + item["msg"][1:]
    if template := PYDANTIC.get(item["type"]):
        sentence = worded(template, **item.get("ctx", {}))
        if sentence == text:
            return sentence
    return item.get("ctx", {}).get("reason") if item["type"] == "untold" else foreign(text)


def names_beside(question: str, path: list[str]) -> tuple[str, ...]:
    """The fields that one may say at a path of a question, which goes by the name of its class."""
    kind = KINDS.get(question)
    return tuple(_names_beside(kind, path)) if kind else ()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value


def _at(kind: type[BaseModel], parts: list[str]) -> type[BaseModel] | None:
    """The model that a path of field names leads into."""
    for part in parts:
        if part.isdigit():
            continue
        field = kind.model_fields.get(part)
        inside = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        found = [x for x in inside if isinstance(x, type) and issubclass(x, BaseModel)]
        if not found:
            return None
        kind = found[0]
    return kind


def _names_beside(kind: type[BaseModel], parts: list[str]) -> list[str]:
    model = _at(kind, parts)
    return list(model.model_fields) if model else []


def _marks_inside(annotation: object) -> Iterator[object]:
    """What a type that stands within another is marked with: of PerKwh in PerKwh | None its range."""
    for mark in getattr(annotation, "__metadata__", ()):
        yield from getattr(mark, "metadata", (mark,))
    for inside in get_args(annotation):
        yield from _marks_inside(inside)


def _bounds_of(kind: type[BaseModel], parts: list[str], passed: Mapping[str, Any]) -> Worded:
    """The range of a field in words: must be between 1 and 500, must be above 0 and at most 24.

    Of one among several values, of weights or terms, only the bound that it `passed` is known.
    """
    model = _at(kind, [part for part in parts[:-1]]) if parts else None
    field = model.model_fields.get(parts[-1]) if model and parts else None
    marks = [*field.metadata, *_marks_inside(field.annotation)] if field else []
    limits = {
        name: _limit(getattr(mark, name))
        for mark in marks
        for name in BOUNDS
        if getattr(mark, name, None) is not None
    } or {name: _limit(limit) for name, limit in passed.items() if name in BOUNDS}
    if {"ge", "le"} <= limits.keys():
        return worded("must be between {least} and {most}", least=limits["ge"], most=limits["le"])
    bounds = [_bound(name, limit) for name, limit in limits.items()]
    if len(bounds) == 1:
        return worded("must be {bound}", bound=bounds[0])
    return worded("must be {one} and {other}", one=bounds[0], other=bounds[1])


def _bound(name: str, limit: Worded) -> Worded:
    if name == "ge":
        return worded("at least {limit}", limit=limit)
    if name == "gt":
        return worded("above {limit}", limit=limit)
    return worded("at most {limit}", limit=limit) if name == "le" else worded("below {limit}", limit=limit)


def _limit(limit: Any) -> Worded:
    """A bound as one reads it: 1,000,000,000 for 1e9."""
    if limit >= LARGE:
        return worded("{limit:,}", limit=int(limit))
    return worded("{limit}", limit=limit)
