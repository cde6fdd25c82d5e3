"""How busy each server process is, so that one does not keep all connections while another idles.

All accept from one socket, and whoever is quickest may take every connection of a crowd: of 8 that stay open,
one of two processes often had all. Some of the busy one's are closed after an answer, and come anew.
"""

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, process_time

EVERY_S = 0.25
IDLE_AFTER_S = 1.0
AT_ONCE = 4
"""Connections closed after one look at the others."""
_BYTES = 16


class Share:
    """A file that all processes share: of each its part of a processor, and when that was looked at."""

    def __init__(
        self,
        file: Path,
        clock: Callable[[], float] = monotonic,
        used: Callable[[], float] = process_time,
    ) -> None:
        # Kept open: the lock on its place ends with the process, however that ends.
        self._file = os.open(file, os.O_RDWR)
        self._told = memoryview(mmap.mmap(self._file, 0)).cast("d")
        places = len(self._told) // 2
        self._mine = self._place(places)
        self._others = [number for number in range(places) if number != self._mine]
        self._clock, self._used = clock, used
        self._looked_s, self._used_s = clock(), used()
        self._to_close = 0

    @staticmethod
    def create(file: Path, processes: int) -> None:
        """An empty one, before the processes start."""
        file.write_bytes(bytes(_BYTES * processes))

    def _place(self, places: int) -> int:
        """One that no living process has."""
        try:
            from fcntl import LOCK_EX, LOCK_NB, lockf
        except ImportError:
            return 0
        for number in range(places):
            try:
                lockf(self._file, LOCK_EX | LOCK_NB, 1, number)
            except OSError:
                continue
            return number
        return 0

    def may_keep(self) -> bool:
        """Whether the connection of an answer stays open; asked once for each answer."""
        now = self._clock()
        if now - self._looked_s >= EVERY_S:
            self._look(now)
        if self._to_close:
            self._to_close -= 1
            return False
        return True

    def _look(self, now: float) -> None:
        used_s = self._used()
        part = (used_s - self._used_s) / (now - self._looked_s)
        self._looked_s, self._used_s = now, used_s
        told = self._told
        told[2 * self._mine], told[2 * self._mine + 1] = part, now
        idlest = min((self._part(other, now) for other in self._others), default=part)
        self._to_close = AT_ONCE if part > 2 * idlest + 0.1 else 0

    def _part(self, other: int, now: float) -> float:
        part, at = self._told[2 * other], self._told[2 * other + 1]
        return part if now - at < IDLE_AFTER_S else 0.0
