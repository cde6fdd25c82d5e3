"""The real server as a process, on a port that it chooses, for tests and for what measures it."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import PATIENCE_S, until

SERVE = (sys.executable, "-c", "from service.cli import main; main()", "serve", "--port")


@contextmanager
def serving(
    folder: Path, url: str, more: Mapping[str, str]
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A server on that database: its address and its process."""
    environment = environment_of(url, more)
    said = folder / "server.log"
    with said.open("wb") as log:
        process = subprocess.Popen((*SERVE, "0"), env=environment, stdout=log, stderr=subprocess.STDOUT)

    def answers() -> bool:
        assert process.poll() is None, said.read_text()
        try:
            return ask(f"{at}/ping") == b"pong"
        except OSError:
            return False

    try:
        at = address_of(said, process)
        until(answers, "the server answers", said.read_text)
        yield at, process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def address_of(said: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where a server listens, as it says itself."""

    def told() -> re.Match[str] | None:
        assert process.poll() is None, said.read_text()
        return re.search(r"http://127\.0\.0\.1:\d+", said.read_text())

    return until(told, "the server listens", said.read_text)[0]


def environment_of(url: str, more: Mapping[str, str]) -> dict[str, str]:
    """As `serve` is started: two processes on that database."""
    environment = os.environ | {"HEIMVORTEIL_DATABASE_URL": url, "HEIMVORTEIL_WORKERS": "2", **more}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    return environment


def ask(request: "str | urllib.request.Request") -> bytes:
    """The body of the answer, however long it takes."""
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        body: bytes = answer.read()
        return body


def children(process: "subprocess.Popen[bytes]") -> list[str]:
    """The numbers of the processes that it started and that live."""
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def command_line(pid: str) -> bytes:
    """Of a process that lives; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
