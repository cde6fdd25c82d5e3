"""What tests of the command line and of refreshes stand on."""

import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from service.store.session import Sessions, engine_for
from tests.waiting import PATIENCE_S


@pytest.fixture
def database(catalog_copy: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    """A SQLite file of its own with the shipped catalog; commands use it too."""
    url = catalog_copy()
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    engine = engine_for(url)
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture
def receiver():
    """A real HTTP server that keeps what it is sent and answers as told."""
    heard: list[SimpleNamespace] = []
    answers = SimpleNamespace(status=200, heard=heard, lock=threading.Lock())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with answers.lock:
                heard.append(SimpleNamespace(path=self.path, headers=self.headers, body=body))
            self.send_response(answers.status)
            if 300 <= answers.status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def connect(url: str) -> HTTPConnection:
        assert urlsplit(url).scheme == "https"
        return HTTPConnection("127.0.0.1", httpd.server_port, timeout=PATIENCE_S)

    answers.connect = connect
    yield answers
    httpd.shutdown()
    httpd.server_close()
    thread.join()
