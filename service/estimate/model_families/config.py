"""A config.json read key by key: its own value, else the library's, else a refusal that names the key."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import InvalidValue, worded

Key = str | tuple[str, ...]
"""What a number is called in the file; of several names the first that stands there."""
LARGEST, MOST_LAYERS = 1_000_000_000, 1_000
Switch = bool | str
"""Always, never, or as the flag of this name says."""


@dataclass(frozen=True, slots=True)
class Config:
    """What one file says of one model, with what its code takes where it says nothing."""

    said: Mapping[str, object]
    defaults: Mapping[str, object]

    @property
    def model_type(self) -> str:
        """Transformers' name of the model's kind."""
        return str(self.said["model_type"])

    def given(self, key: Key) -> object:
        """The value of the first of these names that the file has, else the library's; None where neither."""
        names = (key,) if isinstance(key, str) else key
        for source in (self.said, self.defaults):
            for name in names:
                if name in source:
                    return source[name]
        return None

    def count(self, key: Key, otherwise: int | None = None) -> int:
        """A whole number. Raises InvalidValue where there is none, not even `otherwise`, or it is none."""
        name = key if isinstance(key, str) else next((k for k in key if k in self.said), key[0])
        value = self.given(key)
        if value is None:
            if otherwise is None:
                raise InvalidValue(name, None, worded("is missing from the model's configuration"))
            return otherwise
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidValue(name, value, worded("must be a whole number"))
        return value

    def number(self, key: Key, otherwise: int | None = None, *, most: int = LARGEST) -> int:
        """A whole number of at least 1: what is divided by, or counted up to. Raises InvalidValue."""
        value = self.count(key, otherwise)
        if not 1 <= value <= most:
            name = key if isinstance(key, str) else next((k for k in key if k in self.said), key[0])
            raise InvalidValue(name, value, worded("must be between 1 and {most:,}", most=most))
        return value

    def flag(self, key: str) -> bool:
        """Whether a flag is set; False where nobody says so. Raises InvalidValue for what is no flag."""
        value = self.given(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise InvalidValue(key, value, worded("must be true or false"))
        return value

    def switch(self, wanted: Switch) -> bool:
        """A fixed answer, or that of a flag."""
        return self.flag(wanted) if isinstance(wanted, str) else wanted

    def words(self, key: str) -> tuple[str, ...] | None:
        """A list of words, one a layer. Raises InvalidValue for a list of anything else."""
        value = self.given(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise InvalidValue(key, value, worded("must be a list of words, one a layer"))
        return tuple(value)

    def places(self, key: str) -> frozenset[int] | None:
        """A list of layers by number. Raises InvalidValue for a list of anything else."""
        value = self.given(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(type(place) is int for place in value):
            raise InvalidValue(key, value, worded("must be a list of layers"))
        return frozenset(value)


def divided(width: int, parts: int, key: str) -> int:
    """The width of one of so many equal parts. Raises InvalidValue for `key` where they are not equal."""
    if parts < 1 or width % parts:
        raise InvalidValue(key, parts, worded("must divide the width {width}", width=width))
    return width // parts
