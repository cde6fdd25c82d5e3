"""The last answers of this process, by what they answer; bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

LARGEST_BYTES = 2**20
"""A larger answer is given but not remembered."""
Answer = tuple[str, bytes]
"""A short note (an identity, the next page) and the body."""


class Remembered:
    """Answers by question; the longest unasked ones make room for new ones."""

    def __init__(self, bytes_kept: int) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._room = bytes_kept

    def get(self, question: Hashable) -> Answer | None:
        """The answer, if it was given lately."""
        with self._lock:
            answer = self._kept.get(question)
            if answer:
                self._kept.move_to_end(question)
            return answer

    def keep(self, question: Hashable, answer: Answer) -> None:
        """Remember an answer."""
        size = len(answer[1])
        with self._lock:
            if question in self._kept or size > LARGEST_BYTES:
                return
            self._kept[question] = answer
            self._room -= size
            while self._room < 0:
                self._room += len(self._kept.popitem(last=False)[1][1])
