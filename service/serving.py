"""The web server: granian's processes around the app; on SQLite the price ticker beside them."""

import os

from granian.constants import Interfaces
from granian.server import Server

BLOCKING_THREADS = 2
"""Two threads per worker: one slow request leaves one free; more only lengthen the tail (GIL)."""


def serve(host: str, port: int, workers: int) -> None:
    """Serve the app until interrupted; settings reach the workers through the environment."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    Server(
        "service.cli.web:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
    ).serve()
