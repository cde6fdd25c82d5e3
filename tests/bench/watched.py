"""What the processes of a server hold over time, from /proc: memory, threads, files, connections, CPU."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from service.store.session import engine_for

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """By all processes of a server together."""

    at_s: float
    resident_mb: float
    threads: int
    files: int
    """Without connections of clients: what the database and files take."""
    connections: int
    """With the database: PostgreSQL's own count, of SQLite the open files of it."""
    sockets: int


def family(pid: int) -> list[int]:
    """A process and all that it started, however deep."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process and all it started have taken."""
    taken = 0.0
    for one in family(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            taken += (int(fields[11]) + int(fields[12])) / TICKS
    return taken


class Watch:
    """Looks at a server's processes, and those of the workers beside it, once in EVERY_S."""

    def __init__(self, pids: Sequence[int], url: str) -> None:
        self._pids, self.seen, self._began = pids, list[Held](), time.monotonic()
        self._engine: Engine | None = engine_for(url) if url.startswith("postgresql") else None
        self._file = "" if self._engine else url.removeprefix("sqlite:///")

    def look(self) -> Held:
        """Now."""
        resident, threads, files, sockets, of_sqlite = 0, 0, 0, 0, 0
        for one in (one for pid in self._pids for one in family(pid)):
            with suppress(OSError):
                status = Path(f"/proc/{one}/status").read_text()
                lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
                resident += int(lines["VmRSS"].split()[0])
                threads += int(lines["Threads"])
                for fd in Path(f"/proc/{one}/fd").iterdir():
                    with suppress(OSError):
                        target = os.readlink(fd)
                        sockets += target.startswith("socket:")
                        files += not target.startswith("socket:")
                        of_sqlite += bool(self._file) and target == self._file
        count = of_sqlite if self._engine is None else self._backends()
        at_s = time.monotonic() - self._began
        return Held(at_s, resident / 1024, threads, files, count, sockets)

    def _backends(self) -> int:
        assert self._engine is not None
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        with self._engine.connect() as connection:
            return int(connection.execute(sa.text(asked)).scalar_one()) - 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """All the while."""
        over = threading.Event()

        def keep_looking() -> None:
            while not over.wait(EVERY_S):
                self.seen.append(self.look())

        thread = threading.Thread(target=keep_looking, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            if self._engine:
                self._engine.dispose()
