"""Who is next: a bounded queue that is fair to every address."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """What waits, in turn by client; one client with a hundred requests waits behind itself alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, client: str, one: T) -> T | None:
        """Let one wait; what has to leave for it where all places are taken, which may be itself."""
        leaves = None
        if self._count >= self._most:
            greediest = max(self._of, key=lambda name: len(self._of[name]), default=client)
            own = len(self._of.get(client, ()))
            if greediest == client or len(self._of[greediest]) <= own + 1:
                return one
            leaves = self._of[greediest].pop()
            self._count -= 1
        self._of.setdefault(client, deque()).append(one)
        self._count += 1
        return leaves

    def next(self) -> T | None:
        """The one whose turn it is; None where nobody waits."""
        if not self._of:
            return None
        client, waiting = self._of.popitem(last=False)
        one = waiting.popleft()
        self._count -= 1
        if waiting:
            self._of[client] = waiting
        return one

    def leave(self, client: str, one: T) -> None:
        """One that no longer waits; nothing happens where it had its turn."""
        waiting = self._of.get(client)
        if waiting is None or one not in waiting:
            return
        waiting.remove(one)
        self._count -= 1
        if not waiting:
            del self._of[client]
