"""Bodies are read whole before a thread is taken: in time, of a size, and not too many at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
SLOWEST_BYTES_PER_S = 16_384
"""At which a large body has to come: a home's uplink has ten times as much."""
HELD_BYTES = 128 * 2**20
"""Of all bodies that one process holds; one client may hold a quarter."""


class TooLarge(Exception):
    """The body is larger than its route reads."""


class TooSlow(Exception):
    """The body did not come in time."""


class Gone(Exception):
    """The client hung up."""


class NoRoom(Exception):
    """So much of other bodies is being held that this one cannot be taken in."""


class Room:
    """How many bytes of bodies are held, in all and for each client."""

    def __init__(self, most: int = HELD_BYTES) -> None:
        self._most = most
        self._of: Counter[str] = Counter()
        self._in_all = 0

    @contextmanager
    def held(self, client: str) -> Iterator["Hold"]:
        """A hold for one body, let go of at the end."""
        hold = Hold(self, client)
        try:
            yield hold
        finally:
            self._take(client, -hold.bytes)

    def _take(self, client: str, count: int) -> None:
        if count > 0 and (self._in_all + count > self._most or self._of[client] + count > self._most // 4):
            raise NoRoom
        self._in_all += count
        self._of[client] += count
        if not self._of[client]:
            del self._of[client]


class Hold:
    """What one body takes of the room."""

    def __init__(self, room: Room, client: str) -> None:
        self._room, self._client = room, client
        self.bytes = 0

    def grow(self, count: int) -> None:
        """Hold more bytes; raises NoRoom."""
        self._room._take(self._client, count)
        self.bytes += count


async def read(receive: Receive, largest_bytes: int, within_s: float, hold: Hold) -> bytes:
    """The whole body, after `within_s` only as long as it comes fast.

    Raises TooLarge, TooSlow, Gone and NoRoom.
    """
    began = asyncio.get_running_loop().time()
    parts: list[bytes] = []
    while True:
        try:
            async with asyncio.timeout_at(began + within_s + hold.bytes / SLOWEST_BYTES_PER_S):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        if hold.bytes + len(part) > largest_bytes:
            raise TooLarge
        hold.grow(len(part))
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
