"""The web server: granian's processes around the app; on SQLite the price loop beside them."""

import os
from tempfile import TemporaryDirectory

from granian.constants import Interfaces
from granian.server import Server

from service import logs
from service.settings import Settings

BLOCKING_THREADS = 2
"""Two threads per worker: one slow request leaves one free; more only lengthen the tail (GIL)."""
STOP_WITHIN_S = 5


def serve(host: str, port: int, workers: int) -> None:
    """Serve the app until interrupted; settings reach the workers through the environment."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    with TemporaryDirectory(prefix="heimvorteil-metrics-") as folder:
        # Where the workers' request counters are added up (service/api/metrics.py).
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        Server(
            "service.cli.web:create_app",
            factory=True,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            log_dictconfig=logs.config(Settings.from_environ().log),
            blocking_threads=BLOCKING_THREADS,
            # A worker that is told to stop while it starts does not hear it, and was waited for forever.
            workers_kill_timeout=STOP_WITHIN_S,
        ).serve()
