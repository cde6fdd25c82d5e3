"""Lists that come in parts, a file or a question for each region: one that fails costs the others nothing."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pricing.http import FetchFailed
from pricing.source import Asked, UnreadablePayload

T = TypeVar("T")
BUSY = 429
LONGEST_REASON = 160


def wanted_parts(names: Sequence[str], asked: Asked) -> tuple[list[str], tuple[str, ...]]:
    """Which parts to ask for, and the same again where that is not all of them."""
    resumed = [name for name in names if name in asked.only]
    return (resumed, tuple(resumed)) if resumed else (list(names), ())


def each_part(names: Iterable[str], ask: Callable[[str], T]) -> tuple[dict[str, T], dict[str, str]]:
    """What `ask` answers for every part, and why for the parts that it could not answer for.

    Once a host says that it is asked too often, the rest is left out without asking. Raises what the first
    one raised, FetchFailed or UnreadablePayload, where no part could be had.
    """
    answers: dict[str, T] = {}
    left_out: dict[str, str] = {}
    first: FetchFailed | UnreadablePayload | None = None
    is_busy = False
    for name in names:
        if is_busy:
            left_out[name] = "not asked: the one before was answered that it is asked too often"
            continue
        try:
            answers[name] = ask(name)
        except (FetchFailed, UnreadablePayload) as error:
            first = first or error
            left_out[name] = str(error)[-LONGEST_REASON:]
            is_busy = isinstance(error, FetchFailed) and error.status == BUSY
    if not answers and first is not None:
        raise first
    return answers, left_out
