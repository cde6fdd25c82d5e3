"""/ping, /healthz, /readyz: is the process alive, and can it answer?"""

from flask import Blueprint, Response

from service.api.collections import json_response
from service.api.tokens import from_loopback
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
    """Whether it works: ready; degraded, with the reasons (old facts, no writing); or not (503)."""
    snapshots = state().snapshots
    try:
        snapshot = snapshots.current()
    except DatabaseNotReady as error:
        return _unavailable(error)
    reasons = []
    if snapshots.error:
        reasons.append(
            f"facts are served from memory; newer ones cannot be read since {snapshots.age_s:.0f} s"
        )
    if failure := state().write_test.failure():
        reasons.append(failure.public)
    reasons += _stale_sources()
    return json_response(
        {
            "status": "degraded" if reasons else "ready",
            "reasons": reasons,
            "data_version": snapshot.data_version,
        }
    )


def _unavailable(error: DatabaseNotReady) -> Response:
    response = json_response({"status": "unavailable", "reasons": [error.public]}, 503)
    response.headers["Retry-After"] = "5"
    return response


def _stale_sources() -> list[str]:
    try:
        with state().sessions.reading() as session:
            stale = price_sources.stale(session, leases.clock(session))
    except DatabaseNotReady:
        # Facts are served from memory while the database is away: that is worse, but not a failure.
        return ["how the price sources stand cannot be read"]
    trusted = from_loopback()
    return [standing.complaint if trusted else standing.staleness for standing in stale]
