"""A question as JSON and back: whatever frozen dataclasses it is made of, by their type hints alone.

A question that was kept years ago must be asked again as it was or be refused with the reason: a field
that this version does not know is never dropped silently, one that it has gained takes its usual value.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from service.errors import InvalidValue, UnknownName


def as_plain(value: Any) -> Any:
    """Plain values of JSON in a stable order; exact decimals and dates as strings.

    Raises TypeError for a kind of value that could not be read back.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [as_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {key: as_plain(part) for key, part in value.items()}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a question cannot hold {value!r}")


def from_plain(kind: Any, plain: Any, field: str) -> Any:
    """The value of that type which `as_plain` wrote; numbers stay as they were written.

    Raises InvalidValue naming the field for what this version cannot read, UnknownName for a field that
    it does not know, and whatever a dataclass raises that refuses its values.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), plain, field)
    if origin is Literal:
        if plain not in get_args(kind):
            raise UnknownName(field, str(plain), map(str, get_args(kind)))
        return plain
    if origin is tuple:
        return _tuple(get_args(kind), plain, field)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(plain, dict), plain, field, "an object")
        of = get_args(kind)[1]
        return MappingProxyType({key: from_plain(of, part, f"{field}.{key}") for key, part in plain.items()})
    if is_dataclass(kind):
        return _dataclass(kind, plain, field)
    return _single(kind, plain, field)


def _dataclass(kind: Any, plain: Any, field: str) -> Any:
    _expect(isinstance(plain, dict), plain, field, "an object")
    hints, known = _hints(kind), {one.name: one for one in fields(kind)}
    for name in plain:
        if name not in known:
            raise UnknownName(field, name, known)
    for name, one in known.items():
        if name not in plain and one.default is MISSING and one.default_factory is MISSING:
            raise InvalidValue(f"{field}.{name}", None, "was not kept with the question; ask it again")
    given = {name: from_plain(hints[name], part, f"{field}.{name}") for name, part in plain.items()}
    return kind(**given)


def _one_of(kinds: tuple[Any, ...], plain: Any, field: str) -> Any:
    if plain is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    # An object can only be a dataclass, and of several kinds of number the first that takes it is meant.
    fitting = [kind for kind in others if is_dataclass(kind) == isinstance(plain, dict)] or others
    for kind in fitting[:-1]:
        try:
            return from_plain(kind, plain, field)
        except InvalidValue:
            continue
    return from_plain(fitting[-1], plain, field)


def _tuple(kinds: tuple[Any, ...], plain: Any, field: str) -> tuple[Any, ...]:
    _expect(isinstance(plain, list), plain, field, "a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(from_plain(kinds[0], part, f"{field}.{i}") for i, part in enumerate(plain))
    _expect(len(plain) == len(kinds), plain, field, f"a list of {len(kinds)}")
    return tuple(
        from_plain(kind, part, f"{field}.{i}")
        for i, (kind, part) in enumerate(zip(kinds, plain, strict=True))
    )


def _single(kind: Any, plain: Any, field: str) -> Any:
    if kind is float:
        _expect(isinstance(plain, int | float) and not isinstance(plain, bool), plain, field, "a number")
        return plain
    if kind in (bool, str):
        _expect(isinstance(plain, kind), plain, field, "text" if kind is str else "true or false")
        return plain
    if kind is int:
        _expect(isinstance(plain, int) and not isinstance(plain, bool), plain, field, "a whole number")
        return plain
    if kind in (Decimal, date, datetime):
        try:
            _expect(isinstance(plain, str), plain, field, "text")
            return Decimal(plain) if kind is Decimal else kind.fromisoformat(plain)
        except (InvalidOperation, ValueError):
            raise InvalidValue(field, plain, "cannot be read") from None
    raise InvalidValue(field, plain, f"this version cannot read a {kind}")


def _expect(is_so: bool, plain: Any, field: str, what: str) -> None:
    if not is_so:
        raise InvalidValue(field, plain, f"must be {what}")


@lru_cache(maxsize=64)
def _hints(kind: Any) -> Mapping[str, Any]:
    return MappingProxyType(get_type_hints(kind))
