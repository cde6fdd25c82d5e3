"""One round by hand: the named sources refreshed now, several at a time, each telling how far it is."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from pricing.leased_refresh import run_one
from pricing.pace import Pace
from pricing.refresh import Outcome
from pricing.source import Asked, Fact, Payload, PriceSource, Rejected, WayOut
from pricing.source_words import stage_word, state_word
from service.reports.words.error_words import in_words
from service.reports.words.spoken import words
from service.store.held_lease import Stopped
from service.store.session import Sessions

Say = Callable[[str, str], None]
"""Is told a source's name and the stage it has come to."""
STAGES = ("waiting", "asking", "reading", "keeping", "done")


def refresh_all(
    sessions: Sessions,
    sources: Sequence[PriceSource],
    pace: Pace,
    say: Say,
    within: timedelta | None = None,
) -> list[Outcome]:
    """Refresh them in this process, in the order given; one failing never stops the others.

    One that another process is at is left to it (outcome "running"). What is not done `within` the time is
    given up, and nothing of it is kept; so it is when KeyboardInterrupt passes through.
    """
    stopping = threading.Event()
    pool = ThreadPoolExecutor(pace.at_once, "refresh")
    try:
        futures: dict[Future[Outcome], str] = {
            pool.submit(_one, sessions, source, pace, say, stopping): source.name for source in sources
        }
        with suppress(TimeoutError):
            for future in as_completed(futures, within.total_seconds() if within else None):
                outcome = future.result()
                say(outcome.source, _told(outcome))
        stopping.set()
        pool.shutdown(wait=True, cancel_futures=True)
        return [_late(name, within) if f.cancelled() else f.result() for f, name in futures.items()]
    finally:
        stopping.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _late(name: str, within: timedelta | None) -> Outcome:
    """Of one that was not even begun."""
    seconds = within.total_seconds() if within else 0
    return Outcome(name, "failed", error=f"not begun within {seconds:g} s")


def _one(sessions: Sessions, source: PriceSource, pace: Pace, say: Say, stopping: threading.Event) -> Outcome:
    try:
        done = run_one(sessions, _telling(source, say), pace, early=True, is_stopping=stopping.is_set)
    except Stopped:
        return Outcome(source.name, "failed", error="interrupted; nothing of it was kept")
    except Exception as error:
        return Outcome(source.name, "failed", error=f"{type(error).__name__}: {error}".split("\n")[0])
    return done or Outcome(source.name, "running", error="another process is refreshing it right now")


def _telling(source: PriceSource, say: Say) -> PriceSource:
    def fetch(way_out: WayOut, asked: Asked) -> Payload:
        say(source.name, "asking")
        return source.fetch(way_out, asked)

    def parse(payload: Payload) -> Sequence[Fact | Rejected]:
        say(source.name, "reading")
        read = list(source.read(payload))
        say(source.name, "keeping")
        return read

    return replace(source, fetch=fetch, parse=parse)


def _told(outcome: Outcome) -> str:
    w = words()
    counted = w.say(
        "{accepted} accepted, {rejected} rejected, {seconds} s",
        accepted=w.number(outcome.accepted),
        rejected=w.number(outcome.rejected),
        seconds=w.number(outcome.seconds, 1),
    )
    ended = state_word(w, outcome.outcome)
    return f"{ended}: " + (in_words(outcome.error) if outcome.outcome in ("failed", "asleep") else counted)


@contextmanager
def progress(sources: Sequence[PriceSource]) -> Iterator[Say]:
    """Where stages are told: a bar per source on a terminal, a line per source that is done elsewhere."""
    if not sys.stderr.isatty():
        yield lambda name, stage: None if stage in STAGES else print(f"{name}: {stage}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    w = words()
    columns = (TextColumn("{task.fields[name]}"), BarColumn(20), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True, highlight=False)) as shown:
        last = len(STAGES) - 1
        bars = {
            source.name: shown.add_task(stage_word(w, STAGES[0]), total=last, name=source.name, start=False)
            for source in sources
        }

        def say(name: str, stage: str) -> None:
            if stage == "asking":
                shown.start_task(bars[name])
            step = STAGES.index(stage) if stage in STAGES else last
            shown.update(bars[name], completed=step, description=stage_word(w, stage))
            if step == last:
                shown.stop_task(bars[name])

        yield say
