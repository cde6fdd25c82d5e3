"""An ASGI request as WSGI's environ, and what the application answers.

Not asgiref's or a2wsgi's adapter: both read bodies and send answers to slow clients inside a thread.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from service.front.client import Client
from service.front.kinds import HERE

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]
PART_BYTES = 65_536
_OF_THE_CONNECTION = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
_OF_PROXIES = frozenset(("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix"))


def headers_of(scope: dict[str, Any]) -> dict[str, str]:
    """By name in small letters; of what was sent twice, both with a comma between."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ",") + text
        else:
            headers[name] = text
    return headers


def environ_of(scope: dict[str, Any], headers: dict[str, str], client: Client, body: bytes) -> Environ:
    """As PEP 3333 has it."""
    path = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
    server = scope["server"]
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client.address,
        HERE: client.is_here,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": client.scheme or scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        if name in _OF_PROXIES or "_" in name:
            # A header with an underscore would pass for another one.
            continue
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name != "content-length":
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    if client.host:
        environ["HTTP_HOST"] = client.host
    if body or "content-length" in headers:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


@dataclass(slots=True)
class Answer:
    """Status and headers, and the body: whole, or the parts that are still to be made."""

    status: int
    headers: Headers
    body: bytes
    parts: Iterator[bytes] | None = None
    close: Callable[[], None] | None = None


def ask(app: Application, environ: Environ) -> Answer:
    """Call the application; a body whose length it told is taken whole, any other part by part."""
    status: list[str] = []
    headers: list[tuple[str, str]] = []

    def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        if exc_info is None or not status:
            status[:], headers[:] = [line], fields
        return _unused_write

    made = app(environ, start_response)
    close = getattr(made, "close", None)
    try:
        told = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        kept = [field for field in told if field[0] not in _OF_THE_CONNECTION]
        code = int(status[0][:3])
        if any(name == b"content-length" for name, _ in kept) or code in (204, 304):
            answer = Answer(code, kept, b"".join(made))
        else:
            parts = iter(made)
            return Answer(code, kept, b"", parts, close)
    except BaseException:
        if close:
            close()
        raise
    if close:
        close()
    return answer


def next_part(parts: Iterator[bytes]) -> bytes:
    """About PART_BYTES more; empty at the end."""
    taken: list[bytes] = []
    size = 0
    for part in parts:
        taken.append(part)
        size += len(part)
        if size >= PART_BYTES:
            break
    return b"".join(taken)


def _unused_write(_data: bytes) -> None:
    raise NotImplementedError("our application gives its body back")
