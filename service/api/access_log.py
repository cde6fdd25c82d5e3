"""One line for each request: how, which route, what came of it, how long, for whom; no address as typed."""

import logging
from time import perf_counter

from flask import Flask, Response, g, request

from service import logs
from service.api.tokens import asker
from service.front.kinds import METHODS

HEADER = "X-Request-ID"
log = logging.getLogger("heimvorteil.access")


def write(app: Flask, *, wanted: bool) -> None:
    """Let every request have an id, which its answer and all lines of it carry, and, if wanted, its line."""

    @app.before_request
    def begin() -> None:
        g.began_s = perf_counter()
        g.request_id = logs.begin_request(request.headers.get(HEADER))

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        if wanted and log.isEnabledFor(logging.INFO):
            route = request.url_rule.rule if request.url_rule else None
            method = request.method if request.method in METHODS else "other"
            log.info(
                "%s %s %d", method, route or "no route", response.status_code,
                extra={logs.FIELDS: {
                    "method": method,
                    "route": route,
                    "status": response.status_code,
                    "ms": round((perf_counter() - g.began_s) * 1000, 1),
                    "bytes": response.content_length,
                    "client": request.remote_addr,
                    "token": asker(),
                }},
            )  # fmt: skip
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        logs.end_request()
