"""Who watches the prices: a worker of the queue on PostgreSQL, else the embedded loop, also beside `serve`.

Any number of either may run at once: when a source is due, and who is at it, stands in its lease.
"""

import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess

from pricing.beside import Beside
from pricing.loop import Loop
from pricing.pace import Pace
from pricing.quick import quick_sources
from pricing.registry import register
from pricing.source import PriceSource
from pricing.sources import SOURCES
from service import logs
from service.settings import Settings
from service.store.session import Sessions, engine_for


def watch(
    sessions: Sessions, sources: Sequence[PriceSource], pace: Pace, beside: Beside | None = None
) -> None:
    """Refresh in this process, and work beside it, until it is interrupted or terminated."""
    register(sessions)
    is_over = _ended_by_signal()
    if sessions.engine.dialect.name == "postgresql":
        from pricing import workers

        workers.work(sessions, sources, pace, beside, is_over)
    else:
        Loop(sessions, sources, pace, beside).run(is_over)


def start_beside(database_url: str, pace: Pace, beside: Beside | None = None) -> SpawnProcess:
    """The loop in a process of its own that ends with this one; `beside` is a function of some module.

    Not a thread: the web server forks its workers, and a worker that is forked while a thread writes
    takes SQLite's lock for held as long as it lives.
    """
    process = get_context("spawn").Process(
        target=_run_beside, args=(database_url, pace, beside, os.getpid()), name="prices", daemon=True
    )
    process.start()
    return process


def _run_beside(database_url: str, pace: Pace, beside: Beside | None, parent: int) -> None:
    logs.set_up(Settings.from_environ().log)
    is_told = _ended_by_signal()
    first = [source.name for source in quick_sources(SOURCES)]
    loop = Loop(Sessions(engine_for(database_url)), SOURCES, pace, beside, first)
    loop.run(lambda: is_told() or os.getppid() != parent)


def _ended_by_signal() -> Callable[[], bool]:
    """Tells from now on whether this process was interrupted or terminated."""
    told: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: told.append(number))
    return lambda: bool(told)
