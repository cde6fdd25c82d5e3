"""What the gate refuses, in the one shape of errors, with an id and a line as every answer; counted."""

import json
import logging
import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter as Counted

from service import logs
from service.front.client import Client
from service.front.kinds import Kind
from service.front.told import PROBLEM, problem, write_line
from service.front.wsgi import Answer, Headers

LOGGED_EVERY_S = 10.0
LINES = 100
"""Of single refusals within that time; in a flood the rest is told by its number."""
log = logging.getLogger(__name__)
refused = Counted(
    "heimvorteil_http_refused",
    "Requests refused before the application was asked",
    ("reason",),
    registry=None,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is refused."""

    scope: dict[str, Any]
    client: Client
    kind: Kind
    began_s: float


class Refusals:
    """Answers of problem+json with the headers that every answer carries."""

    def __init__(self, headers: Headers, lines_wanted: bool) -> None:
        self._headers, self._lines_wanted = headers, lines_wanted
        self._lines = 0
        self._since_logged: Counter[str] = Counter()
        self._logged_at = -math.inf

    def answer(
        self, asked: Asked, status: int, reason: str, detail: str, more: Headers | None = None
    ) -> Answer:
        """The refusal; `reason` is what it is counted under."""
        self.count(reason)
        scope = asked.scope
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = logs.request_id(sent.decode("latin-1"))
        body = json.dumps(problem(status, detail, scope["path"], [])).encode()
        headers = [
            (b"content-type", PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id.encode()),
            *self._headers,
            *(more or []),
        ]
        if self._lines_wanted and self._lines < LINES:
            self._lines += 1
            took_s, client = time.monotonic() - asked.began_s, asked.client.address
            route = asked.kind.route
            write_line(scope["method"], route, status, took_s, len(body), client, None, request_id=request_id)
        return Answer(status, headers, b"" if scope["method"] == "HEAD" else body)

    def count(self, reason: str) -> None:
        """One more that was turned away; the log says now and then how many."""
        refused.labels(reason).inc()
        self._since_logged[reason] += 1
        now = time.monotonic()
        if now - self._logged_at >= LOGGED_EVERY_S:
            told = ", ".join(f"{count} x {why}" for why, count in sorted(self._since_logged.items()))
            log.warning("refused: %s", told)
            self._since_logged.clear()
            self._lines = 0
            self._logged_at = now


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """When to try again, in whole seconds, at least one."""
    return (b"retry-after", str(max(1, math.ceil(seconds))).encode())
