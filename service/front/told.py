"""What gate and application say alike: the shape of an error, the line of a request, the name of a method."""

import logging
from http import HTTPStatus
from typing import Any

from service import logs

PROBLEM = "application/problem+json"
"""RFC 9457."""
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
log = logging.getLogger("heimvorteil.access")


def problem(status: int, detail: str, instance: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """An error as plain values; `instance` is the path that was asked."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "errors": errors,
    }


def method_told(sent: str) -> str:
    """A method that nobody knows is `other`: who sends them does not choose what is counted and logged."""
    return sent if sent in METHODS else "other"


def write_line(
    method: str,
    route: str | None,
    status: int,
    took_s: float,
    size: int | None,
    client: str | None,
    token: str | None,
    **more: str,
) -> None:
    """The line of a request that has been answered; `size` in bytes, `token` by its name."""
    method = method_told(method)
    fields = {
        **more,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(took_s * 1000, 1),
        "bytes": size,
        "client": client,
        "token": token,
    }
    log.info("%s %s %d", method, route or "no route", status, extra={logs.FIELDS: fields})
