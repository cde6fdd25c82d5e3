"""A replay server: real HTTP on loopback that serves every source's recorded answer, with faults on demand.

fault_table.py prints what becomes of every keyless source under every fault.
"""

import gzip
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pricing.source import PriceSource

FIXTURES = Path(__file__).parent / "fixtures"
ABSURD = "987654321.5"
DRIP_S = 0.2


def recorded_bytes(name: str) -> bytes:
    """The recorded answer of a source, or of its form where answers do not say which source they are of."""
    parts = name.split("_")
    for length in range(len(parts), 0, -1):
        found = sorted(FIXTURES.glob(f"{'_'.join(parts[:length])}.*"))
        if found:
            return found[0].read_bytes()
    raise FileNotFoundError(f"no fixture for {name}")


def one_of_each_form(sources: tuple[PriceSource, ...]) -> tuple[PriceSource, ...]:
    """Of the keyless sources one of each form: what reads a fault is its module, not its zone."""
    keyless = [source for source in sources if source.key is None]
    forms = {source.parse.__module__ + source.parse.__qualname__: source for source in reversed(keyless)}
    return tuple(reversed(forms.values()))


def changed(content: bytes, change: Callable[[str], str]) -> bytes:
    """An answer with its text changed: of a zip the text of every file in it."""
    if not content.startswith(b"PK"):
        return change(content.decode()).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name).decode()))
    return out.getvalue()


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def emptied(text: str) -> str:
    """The same document without any row."""
    if _is_json(text):
        return json.dumps(_without_rows(json.loads(text)))
    if text.lstrip().startswith("<"):
        root = re.search(r"<([\w:]+)[^>]*>", text.split("?>")[-1])
        return f"<{root[1]}></{root[1]}>" if root else ""
    return text.split("\n")[0] + "\n"


def _without_rows(value: object) -> object:
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        if value and all(isinstance(inner, float | int) for inner in value.values()):
            return {}
        if _are_rows_by_name(value):
            return {}
        return {key: _without_rows(inner) for key, inner in value.items()}
    return value


def _are_rows_by_name(value: dict[str, object]) -> bool:
    """Whether a table's rows stand behind names and not in a list."""
    rows = [inner for inner in value.values() if isinstance(inner, dict)]
    return len(rows) == len(value) > 1 and all(row.keys() == rows[0].keys() for row in rows)


def renamed(text: str) -> str:
    """The same document with every name in it changed: a new version of the source."""
    if _is_json(text):
        return re.sub(r'"([^"\\]+)"(\s*):', r'"new_\1"\2:', text)
    if text.lstrip().startswith("<"):
        return re.sub(r"<(/?)(\w)", r"<\1New\2", text)
    head, _, rest = text.partition("\n")
    return ",".join(f"new {name}" for name in head.split(",")) + "\n" + rest


def doubled(text: str) -> str:
    """The same document with every row twice."""
    if _is_json(text):
        return json.dumps(_twice(json.loads(text)))
    if text.lstrip().startswith("<"):
        return text
    head, _, rest = text.partition("\n")
    return head + "\n" + rest + ("" if rest.endswith("\n") else "\n") + rest


def _twice(value: object) -> object:
    if isinstance(value, list):
        # Only lists of rows: doubling the sizes of a JSON-stat cube would make another document.
        rows = [_twice(inner) for inner in value]
        return rows * 2 if value and isinstance(value[0], dict) else rows
    if isinstance(value, dict):
        return {key: _twice(inner) for key, inner in value.items()}
    return value


def absurd(text: str) -> str:
    """The same document with every decimal number absurdly large."""
    return re.sub(r"(?<![\w.])-?\d+\.\d+(?![\w.])", ABSURD, text)


@dataclass
class Replay:
    """What the server does next, and what it was asked."""

    fault: str = ""
    """Name of a fault in FAULTS; "" for none."""
    asked: list[str] = field(default_factory=list)
    base: str = ""
    change: Callable[[str], str] | None = None
    """What becomes of the text of every answer, where there is no fault."""

    def environment(self, sources: tuple[PriceSource, ...]) -> dict[str, str]:
        """The settings by which every source asks this server; those that sleep are switched on."""
        addresses = {source.url_setting: f"{self.base}/{source.name}" for source in sources}
        return addresses | {source.switch: "on" for source in sources if source.off_because}


FAULTS = (
    "429 with Retry-After",
    "429, wait an hour",
    "500 thrice",
    "500 for ever",
    "401",
    "slow drip",
    "cut connection",
    "truncated gzip",
    "gzip bomb",
    "wrong content type",
    "empty list",
    "changed schema",
    "duplicate rows",
    "absurd prices",
    "redirect to a private address",
    "redirect loop",
)
"""Every fault the server can show."""


class _Handler(BaseHTTPRequestHandler):
    replay: Replay

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        replay, name = self.replay, self.path.strip("/").split("?")[0].split("/")[0]
        replay.asked.append(name)
        fault, content = replay.fault, recorded_bytes(name)
        if fault in ("429 with Retry-After", "429, wait an hour", "500 thrice") and (
            fault == "429, wait an hour" or replay.asked.count(name) <= (1 if "429" in fault else 3)
        ):
            wait = {"429 with Retry-After": "1", "429, wait an hour": "3600"}.get(fault)
            return self._answer(
                b"later", 500 if wait is None else 429, **({"Retry-After": wait} if wait else {})
            )
        if fault == "500 for ever":
            return self._answer(b"no", 500)
        if fault == "401":
            return self._answer(b"who are you?", 401)
        if fault == "redirect to a private address":
            return self._answer(b"", 302, Location="http://10.0.0.1/prices")
        if fault == "redirect loop":
            return self._answer(b"", 302, Location=f"/{name}")
        if fault == "wrong content type":
            return self._answer(b"<!doctype html><title>Log in</title>", **{"Content-Type": "text/html"})
        if fault == "truncated gzip":
            return self._answer(gzip.compress(content)[:-9], **{"Content-Encoding": "gzip"})
        if fault == "gzip bomb":
            return self._answer(gzip.compress(b" " * 3_000_000), **{"Content-Encoding": "gzip"})
        if fault in ("cut connection", "slow drip"):
            return self._broken(content, fault)
        change = {"empty list": emptied, "changed schema": renamed, "duplicate rows": doubled,
                  "absurd prices": absurd}.get(fault, replay.change)  # fmt: skip
        self._answer(changed(content, change) if change else content)

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _broken(self, content: bytes, fault: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault == "cut connection":
            self.wfile.write(content[: len(content) // 2])
        for i in range(len(content) if fault == "slow drip" else 0):
            try:
                self.wfile.write(content[i : i + 1])
                self.wfile.flush()
            except OSError:
                break
            time.sleep(DRIP_S)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def replaying() -> Iterator[Replay]:
    """A server on a free loopback port, stopped at the end."""
    replay = Replay()
    handler = type("Handler", (_Handler,), {"replay": replay})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    replay.base = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield replay
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
