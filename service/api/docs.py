"""/api/v1/openapi.json and a page to read and try it, served without any outside host."""

from functools import lru_cache
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template

from service.api.contract import specification
from service.api.headers import NOTHING

blueprint = Blueprint("docs", __name__)


@lru_cache(maxsize=4)
def _described(app: Flask) -> bytes:
    return orjson.dumps(specification(app))


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 description."""
    app: Any = current_app
    return Response(_described(app._get_current_object()), mimetype="application/json")


@blueprint.get("/docs")
def page() -> Response:
    """The description as a page."""
    response = Response(render_template("apidoc.html"), mimetype="text/html")
    # Swagger UI styles its elements inline and draws small icons from data: addresses.
    response.headers["Content-Security-Policy"] = (
        NOTHING + "; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'"
    )
    return response
