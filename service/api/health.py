"""/ping, /healthz, /readyz: is the process alive, and can it answer?"""

from typing import Any

from flask import Blueprint, Response

from service.api.collections import json_response
from service.api.state import state
from service.errors import DatabaseNotReady

blueprint = Blueprint("health", __name__)


@blueprint.get("/ping")
def ping() -> Response:
    """A constant, to measure the server itself."""
    return Response(b"pong", mimetype="text/plain")


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether facts can be served: ready, degraded (old facts, with the reason), or not (503)."""
    snapshots = state().snapshots
    try:
        snapshot = snapshots.current()
    except DatabaseNotReady as error:
        return json_response({"status": "unavailable", "reasons": [str(error)]}, 503)
    body: dict[str, Any] = {"status": "ready", "reasons": [], "data_version": snapshot.data_version}
    if snapshots.error:
        body |= {"status": "degraded", "reasons": [f"facts may be old: {snapshots.error}"]}
    return json_response(body)
