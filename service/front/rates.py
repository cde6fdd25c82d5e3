"""How much a client may ask a minute, counted together by all server processes."""

import mmap
import time
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

SLOTS = 2**16
_KEY_BYTES = 16
MINUTE_S = 60.0


class Rate:
    """What a client may still ask, after one more request."""

    __slots__ = ("allowed", "left", "per_minute", "reset_s", "retry_s")

    def __init__(self, per_minute: int, allowed: bool, left: int, retry_s: float, reset_s: float) -> None:
        self.per_minute, self.allowed, self.left = per_minute, allowed, left
        self.retry_s, self.reset_s = retry_s, reset_s


class Rates:
    """A file of fixed size that all processes share: of each client when its whole minute is free again.

    The generic cell rate algorithm: one number a client. Clients whose keys fall together share a limit;
    where they fall is a secret of this start. Two processes that count at the same instant may count once.
    """

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            shared = mmap.mmap(opened.fileno(), _KEY_BYTES + 8 * SLOTS)
        self._key = shared[:_KEY_BYTES]
        self._free_at = memoryview(shared)[_KEY_BYTES:].cast("d")

    @staticmethod
    def create(file: Path) -> None:
        """An empty one, before the processes start."""
        file.write_bytes(token_bytes(_KEY_BYTES) + bytes(8 * SLOTS))

    def take(self, client: str, cost: int, per_minute: int) -> Rate:
        """Count one request of that cost; one that is refused costs nothing. A minute's may come at once."""
        slot = int.from_bytes(blake2b(client.encode(), digest_size=4, key=self._key).digest()) % SLOTS
        now = time.monotonic()
        each_s = MINUTE_S / per_minute
        before = max(self._free_at[slot], now)
        after = before + min(cost, per_minute) * each_s
        if after - now > MINUTE_S + 1e-6:
            left = int((MINUTE_S - (before - now)) / each_s)
            return Rate(per_minute, False, max(0, left), after - now - MINUTE_S, before - now)
        self._free_at[slot] = after
        return Rate(per_minute, True, int((MINUTE_S - (after - now)) / each_s + 1e-6), 0.0, after - now)
