"""What the gate refuses, in the one shape of errors; counted, and logged once in a while."""

import json
import logging
import math
import time
from collections import Counter
from http import HTTPStatus
from typing import Any

from prometheus_client import Counter as Counted

from service.front.wsgi import Answer, Headers

LOGGED_EVERY_S = 10.0
log = logging.getLogger(__name__)
refused = Counted(
    "heimvorteil_http_refused",
    "Requests refused before the application was asked",
    ("reason",),
    registry=None,
)


class Refusals:
    """Answers of problem+json with the headers that every answer carries."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._since_logged: Counter[str] = Counter()
        self._logged_at = -math.inf

    def answer(
        self, status: int, reason: str, detail: str, scope: dict[str, Any], more: Headers | None = None
    ) -> Answer:
        """The refusal; `reason` is what it is counted under."""
        self.count(reason)
        body = json.dumps(
            {
                "type": "about:blank",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": detail,
                "instance": scope["path"],
                "errors": [],
            }
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *self._headers,
            *(more or []),
        ]
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
            self._logged_at = now


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """When to try again, in whole seconds, at least one."""
    return (b"retry-after", str(max(1, math.ceil(seconds))).encode())
