"""What takes longer than a second says so, in one line on a terminal that is gone afterwards."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TextIO

import click

QUIET_S = 1.0
CLEAR = "\r\x1b[K"


@contextmanager
def working(what: Callable[[], str], at: TextIO | None = None, quiet_s: float = QUIET_S) -> Iterator[None]:
    """While this is done, a line on stderr with what it is and the seconds so far, from the second one on.

    Nothing of it where stderr is no terminal, nothing stays when it is done.
    """
    stream = at or sys.stderr
    if not stream.isatty():
        yield
        return
    done = Event()
    ticking = Thread(target=_tell, args=(what(), stream, quiet_s, done), daemon=True)
    ticking.start()
    try:
        yield
    finally:
        done.set()
        ticking.join()


def _tell(what: str, stream: TextIO, quiet_s: float, done: Event) -> None:
    seconds = 0
    while not done.wait(quiet_s):
        seconds += 1
        click.echo(f"{CLEAR}heimvorteil: {what}, {seconds} s", file=stream, nl=False)
    if seconds:
        click.echo(CLEAR, file=stream, nl=False)
