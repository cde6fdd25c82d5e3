"""The web server: granian's processes around the gate; on SQLite the price loop beside them."""

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from service import logs
from service.errors import InvalidValue, system_reason, worded
from service.front import pulse
from service.front.rates import Rates
from service.front.share import Share
from service.settings import Settings

STOP_WITHIN_S = 5
LARGEST_HEADERS_BYTES = 65_536
CONNECTIONS = 8192
"""Of one process; more wait outside until idle ones are closed."""
BACKLOG = 2048
OTHER_FILES = 512
SWITCH_S = 0.0005
TAKEN_FOR_S = 2.0
"""How long a port may still be that of a server that has just been killed."""
DRAINS_S = 0.2
"""In which workers accept who waits at the port and these send what they ask."""
FOLDER = "HEIMVORTEIL_SHARED_FOLDER"
RATES = "rates"
SHARE = "share"


def own(host: str, port: int, send_seconds: float) -> socket.socket:
    """The one socket that listens there, shared with nobody. Raises InvalidValue where that cannot be.

    Where the system can (Linux), it closes connections whose clients take nothing for `send_seconds`.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        reason = worded("is no address of this machine: {error}", error=error)
        raise InvalidValue("host", host, reason) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Without SO_REUSEPORT, which would let a second server take every other request.
    if sys.platform != "win32":
        # Elsewhere, where a port may still be that of connections which have ended; there it would share it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(send_seconds * 1000))
    gives_up = time.monotonic() + TAKEN_FOR_S
    while True:
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
            break
        except PermissionError:
            reason = worded("is not for this user; take one from 1024 on")
            raise InvalidValue("port", port, reason) from None
        except OSError as error:
            if time.monotonic() >= gives_up:
                reason = worded("cannot be taken at {host}: {error}", host=host, error=system_reason(error))
                raise InvalidValue("port", port, reason) from None
            time.sleep(0.1)
    listener.set_inheritable(True)
    return listener


class OneListener(MPServer):
    """All processes accept from one socket, which outlives each of them: what waits there is not lost."""

    def __init__(self, listener: socket.socket, **settings: Any) -> None:
        self._listener = listener
        self._shd: Any
        address, port = listener.getsockname()[:2]
        super().__init__(address=address, port=port, **settings)

    def _init_shared_socket(self) -> None:
        self._sso = self._listener
        self._ssp = None
        holder: Any = SocketHolder
        self._shd = holder(self._listener.fileno(), False, BACKLOG)

    def _drop_shared_socket(self) -> None:
        """Who was let in is answered; who comes from now on waits outside, and is refused at the end."""
        # Two thousand could wait at the port while a worker ends, taken by nobody.
        self._listener.listen(0)
        time.sleep(DRAINS_S)
        super()._drop_shared_socket()  # type: ignore[no-untyped-call]


def serve(listener: socket.socket, workers: int, header_seconds: float, hang_seconds: float) -> None:
    """Serve the app until interrupted; settings reach the workers through the environment."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    with TemporaryDirectory(prefix="heimvorteil-serve-") as folder:
        # Where the workers' request counters are added up (service/api/metrics.py).
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        os.environ[FOLDER] = folder
        Rates.create(Path(folder) / RATES)
        Share.create(Path(folder) / SHARE, workers)
        server = OneListener(
            listener,
            target="service.cli.web:create_gate",
            factory=True,
            interface=Interfaces.ASGINL,
            # With HTTP/2 allowed, a client that says nothing is waited for without a limit.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=int(header_seconds * 1000), max_buffer_size=LARGEST_HEADERS_BYTES
            ),
            websockets=False,
            workers=workers,
            backlog=BACKLOG,
            backpressure=min(CONNECTIONS, files_allowed() - OTHER_FILES),
            respawn_failed_workers=True,
            log_dictconfig=logs.config(Settings.from_environ().log),
            # A worker that is told to stop while it starts does not hear it, and was waited for forever.
            workers_kill_timeout=STOP_WITHIN_S,
        )

        def alive() -> set[int]:
            return {worker.inner.pid for worker in server.wrks}

        watching = (Path(folder), hang_seconds, alive)
        threading.Thread(target=pulse.watch, args=watching, daemon=True, name="pulse").start()
        server.serve()


def files_allowed() -> int:
    """How many files and connections a process may have open, raised as far as this user may."""
    if sys.platform == "win32":
        return CONNECTIONS + OTHER_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(soft, OTHER_FILES + 128)


def take_short_turns() -> None:
    """Let the event loop have the interpreter soon while threads compute: each request needs it a few times.

    With Python's own 5 ms, 300 new questions at once let an address answer 200 requests a second at most.
    """
    sys.setswitchinterval(SWITCH_S)


def end_with_parent() -> None:
    """Let this process, a worker, end by itself when the process that started it has ended in any way."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_WITHIN_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()
