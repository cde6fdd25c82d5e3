"""Tests wait for a condition, never for a time: a busy machine makes them slow and never wrong."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 300.0
"""Only what hangs takes so long: reached on no machine that gets anywhere."""
LOOKS_EVERY_S = 0.03


def until(condition: Callable[[], T], what: str = "it happens", said: Callable[[], object] = str) -> T:
    """What the condition gives as soon as it is true; AssertionError with what was `said` if it never is."""
    gives_up = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < gives_up, f"waited in vain until {what}: {said()}"
        time.sleep(LOOKS_EVERY_S)
    return found


def stays(condition: Callable[[], object], seconds: float, what: str = "it stays so") -> None:
    """Nothing may happen: the condition holds all the while. A busy machine sees less and fails no more."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        assert condition(), what
        time.sleep(LOOKS_EVERY_S)
    assert condition(), what
