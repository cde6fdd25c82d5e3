"""/ping, /healthz, /readyz: is the process alive, and can it answer?"""

from flask import Blueprint, Response

from service.api.collections import json_response
from service.errors import DatabaseNotReady
from service.state import state
from service.store import leases, price_sources

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
    """Whether facts can be served: ready, degraded (old facts, with the reasons), or not (503)."""
    snapshots = state().snapshots
    try:
        snapshot = snapshots.current()
    except DatabaseNotReady as error:
        return json_response({"status": "unavailable", "reasons": [str(error)]}, 503)
    reasons = [f"facts may be old: {snapshots.error}"] if snapshots.error else []
    reasons += _stale_sources()
    return json_response(
        {
            "status": "degraded" if reasons else "ready",
            "reasons": reasons,
            "data_version": snapshot.data_version,
        }
    )


def _stale_sources() -> list[str]:
    try:
        with state().sessions.reading() as session:
            stale = price_sources.stale(session, leases.clock(session))
    except Exception as error:
        # Facts are served from memory while the database is away: that is worse, but not a failure.
        return [f"the price sources' state cannot be read: {type(error).__name__}: {error}".split("\n")[0]]
    return [standing.complaint for standing in stale]
