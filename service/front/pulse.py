"""Signs of life of the server processes: one whose event loop hangs is ended, so that it is started again."""

import asyncio
import faulthandler
import logging
import os
import signal
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

log = logging.getLogger(__name__)
BEATS_IN_A_HANG = 10
PREFIX = "pulse-"
STARTS_WITHIN_S = 30.0
"""From its start to its first sign of life, on a busy machine."""
TELLS_FOR_S = 1.0
"""In which a process that hangs may still say where."""


class Pulse:
    """Of this process: the event loop writes every so often that it runs and that no lane is stuck."""

    def __init__(self, folder: Path, hang_seconds: float, stuck: Callable[[], bool]) -> None:
        # Told to abort, a process says what each of its threads was doing.
        faulthandler.enable()
        self._file, self._new = folder / f"{PREFIX}{os.getpid()}", folder / f".{PREFIX}{os.getpid()}"
        self._every_s, self._stuck = hang_seconds / BEATS_IN_A_HANG, stuck

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beat from the moment at which this loop runs, for as long as it does."""
        loop.call_soon(self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(self._every_s, self._beat, loop)
        if not self._stuck():
            self._write(struct.pack("d", monotonic()))

    def _write(self, beat: bytes) -> None:
        # In place: on a full disk a new file would be refused, and the process taken for one that hangs.
        try:
            with self._file.open("r+b", buffering=0) as file:
                file.write(beat)
        except FileNotFoundError:
            self._new.write_bytes(beat)
            self._new.replace(self._file)


def watch(folder: Path, hang_seconds: float, alive: Callable[[], Collection[int]]) -> None:
    """End each of the living processes that has given no sign for so long; for ever, where they are started.

    Clocks may be set and machines may sleep: only the monotonic clock counts, the same for all processes.
    """
    due_s: dict[int, float] = {}
    while True:
        sleep(hang_seconds / BEATS_IN_A_HANG)
        for file in folder.glob(f"{PREFIX}*"):
            if int(file.name.removeprefix(PREFIX)) not in alive():
                file.unlink()
        starts_until_s = monotonic() + STARTS_WITHIN_S
        due_s = {process: due_s.get(process, starts_until_s) for process in alive()}
        for process, first_due_s in due_s.items():
            file = folder / f"{PREFIX}{process}"
            # One that hangs while it starts has never written anything.
            (beat_s,) = struct.unpack("d", file.read_bytes()) if file.exists() else (first_due_s,)
            if monotonic() - beat_s > hang_seconds:
                file.unlink(missing_ok=True)
                _end(process, hang_seconds)


def _end(process: int, hang_seconds: float) -> None:
    log.error("server process %d gave no sign of life for %g s and is ended", process, hang_seconds)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGABRT)
        sleep(TELLS_FOR_S)
        os.kill(process, signal.SIGKILL)
