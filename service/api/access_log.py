"""One line for each request: how, which route, what came of it, how long, for whom; no address as typed."""

import logging
from time import perf_counter

from flask import Flask, Response, g, request

from service import logs
from service.api.tokens import asker
from service.front import told

HEADER = "X-Request-ID"


def write(app: Flask, *, wanted: bool) -> None:
    """Let every request have an id, which its answer and all lines of it carry, and, if wanted, its line."""

    @app.before_request
    def begin() -> None:
        g.began_s = perf_counter()
        g.request_id = logs.begin_request(request.headers.get(HEADER))

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        if wanted and told.log.isEnabledFor(logging.INFO):
            route = request.url_rule.rule if request.url_rule else None
            took_s, size = perf_counter() - g.began_s, response.content_length
            told.write_line(
                request.method, route, response.status_code, took_s, size, request.remote_addr, asker()
            )
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        logs.end_request()
