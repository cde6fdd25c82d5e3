"""Lists that come in parts, a file or a question for each region: one that fails costs the others nothing."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from pricing.http import FetchFailed
from pricing.source import UnreadablePayload

T = TypeVar("T")
BUSY = 429
LONGEST_REASON = 160


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
