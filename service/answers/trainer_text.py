"""A trainer's file as text, parsed: YAML or JSON, however it was saved; nothing in it is run or multiplied.

PyYAML's safe loader makes plain values alone; beside it, anchors are refused (ten lines of them can stand for
billions of values), keys that are said twice, and what is longer or deeper than a trainer's file ever is.
"""

import codecs
import json
from collections.abc import Mapping
from typing import Any

import yaml

from service.errors import InvalidValue, Verbatim, Worded, worded
from service.estimate.trainer_files.settings import LARGEST_CHARACTERS, MOST_KEYS

MOST_BYTES = 2 * LARGEST_CHARACTERS
DEEPEST = 12
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SHOWN = 60
LONGEST_REASON = 120
LONGEST_NUMBER = 40
TOO_MANY = worded("has more than {most_keys:,} values", most_keys=MOST_KEYS)
TOO_DEEP = worded("is nested deeper than {deepest} levels", deepest=DEEPEST)


class _Unreadable(Exception):
    """Why a text is no trainer's file."""

    def __init__(self, reason: Worded) -> None:
        self.reason = reason
        super().__init__(reason)


def text_of(field: str, data: bytes) -> str:
    """The text of a file. Raises InvalidValue for one that is too large or no text."""
    if len(data) > MOST_BYTES:
        raise InvalidValue(
            field,
            f"{data[:SHOWN]!r}",
            worded("is longer than {largest_characters:,} characters", largest_characters=LARGEST_CHARACTERS),
        )
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidValue(
            field, repr(data[:SHOWN]), worded("is not UTF-8 text (byte {start})", start=error.start + 1)
        ) from None


def mapping_of(field: str, given: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Keys and values of a file's text, or of an object as it is; every key a word.

    Raises InvalidValue for `field` in one line: what is wrong, and where.
    """
    text = given if isinstance(given, str) else None
    if text is not None and len(text) > LARGEST_CHARACTERS:
        raise InvalidValue(
            field,
            f"{len(text):,} characters",
            worded("is longer than {largest_characters:,}", largest_characters=LARGEST_CHARACTERS),
        )
    try:
        read = _parsed(text.lstrip("\ufeff")) if text is not None else given
        if not isinstance(read, Mapping):
            raise _Unreadable(worded("is not a mapping of keys to values"))
        plain, count = _plain(read, 1)
        if count > MOST_KEYS:
            raise _Unreadable(TOO_MANY)
    except _Unreadable as error:
        shown = text if text is not None else ", ".join(map(str, given))
        raise InvalidValue(field, " ".join(shown[: 4 * SHOWN].split())[:SHOWN], error.reason) from None
    return dict(plain)


def _parsed(text: str) -> object:
    try:
        if text.lstrip().startswith("{"):
            return json.loads(text, object_pairs_hook=_once)
        # A SafeLoader, only stricter.
        return yaml.load(text, Loader=_Loader)  # nosec B506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1})" if mark else ""
        what = str(error.problem or error.context)[:LONGEST_REASON]
        raise _Unreadable(worded("is not YAML that we read: {what}{where}", what=what, where=where)) from None
    except yaml.YAMLError as error:
        raise _Unreadable(
            worded("is not YAML: {error}", error=Verbatim(str(error).splitlines()[0]))
        ) from None
    except RecursionError:
        raise _Unreadable(TOO_DEEP) from None
    except ValueError as error:
        raise _Unreadable(
            worded("is not JSON: {error}", error=Verbatim(str(error)[:LONGEST_REASON]))
        ) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in pairs:
        if key in plain:
            raise _Unreadable(worded("says {key} twice", key=key[:SHOWN]))
        plain[key] = value
    return plain


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """SafeLoader without anchors, with every key once, which stops where a text is too deep or too long."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes, self.depth = 0, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(
                None, None, f"an anchor is used (*{event.anchor}); write its value out", event.start_mark
            )
        self.nodes += 1
        if self.nodes > 2 * MOST_KEYS:
            raise _Unreadable(TOO_MANY)
        if self.depth > DEEPEST:
            raise _Unreadable(TOO_DEEP)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = set()
        for key, _ in node.value:
            word = str(getattr(key, "value", ""))
            if word in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"says {word[:SHOWN]} twice", key.start_mark
                )
            keys.add(word)
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_int(self, node: Any) -> Any:
        if len(node.value) > LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(None, None, "a number is too long", node.start_mark)
        return super().construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _plain(value: Any, depth: int) -> tuple[Any, int]:
    """The value with words as keys, and how many values it holds."""
    if depth > DEEPEST:
        raise _Unreadable(TOO_DEEP)
    if isinstance(value, Mapping):
        inside = {str(key): _plain(one, depth + 1) for key, one in value.items()}
        return {key: one for key, (one, _) in inside.items()}, 1 + sum(count for _, count in inside.values())
    if isinstance(value, list | tuple):
        listed = [_plain(one, depth + 1) for one in value]
        return [one for one, _ in listed], 1 + sum(count for _, count in listed)
    return (value if isinstance(value, str | int | float | bool | None) else str(value)), 1
