"""Databases that go wrong on purpose: a PostgreSQL that hangs or is away, a SQLite file that is held."""

import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url


class Proxy:
    """Before a PostgreSQL server: passes everything on, or nothing while it hangs, or is not there at all."""

    def __init__(self, url: str) -> None:
        self._server = make_url(url)
        self._flows = threading.Event()
        self._flows.set()
        self._open: list[socket.socket] = []
        self._passing: list[threading.Thread] = []
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Of the same database, through here."""
        here = URL.create(
            "postgresql", self._server.username, self._server.password or "none",
            "127.0.0.1", self.port, self._server.database,
        )  # fmt: skip
        return here.render_as_string(hide_password=False)

    def hang(self) -> None:
        """Connections are taken and bytes too, and nothing is answered."""
        self._flows.clear()

    def flow(self) -> None:
        """All is well again; what was held up comes now."""
        self._flows.set()

    def stop(self) -> None:
        """The server is gone, and all its connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            _shut(end)
        for thread in self._passing:
            thread.join()
        for end in self._open:
            end.close()
        self._open.clear()
        self._passing.clear()

    def start(self) -> None:
        """It is back, on the same port."""
        self._listener = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        threading.Thread(target=self._take, args=(listener,), daemon=True).start()
        return listener

    def _take(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = self._behind()
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    passing = threading.Thread(target=self._pass, args=(one, other), daemon=True)
                    self._passing.append(passing)
                    passing.start()

    def _behind(self) -> socket.socket:
        host = self._server.query.get("host") or self._server.host or "127.0.0.1"
        port = self._server.port or 5432
        if str(host).startswith("/"):
            there = socket.socket(socket.AF_UNIX)
            there.connect(f"{host}/.s.PGSQL.{port}")
            return there
        return socket.create_connection((str(host), port))

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                self._flows.wait()
                other.sendall(data)
        _shut(one)
        _shut(other)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(url: str) -> Iterator[None]:
    """Another process writes the SQLite file all the while."""
    command = [sys.executable, "-c", HOLD, str(make_url(url).database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield
        process.kill()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """The folder is a disk of eight megabytes; the test is left out where none may be mounted."""
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "heimvorteil-test", folder]
    try:
        done = subprocess.run(words, capture_output=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk may be mounted: {error}")
    if done.returncode:
        pytest.skip(f"no disk may be mounted: {done.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(file: Path) -> None:
    """Use up the disk that the file is to be on."""
    with suppress(OSError), file.open("wb", buffering=0) as it:
        while True:
            it.write(b"x" * 4096)


def use_up_pages(url: str) -> None:
    """Fold the write-ahead log into the file, so that the next write needs room."""
    with sqlite3.connect(str(make_url(url).database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
