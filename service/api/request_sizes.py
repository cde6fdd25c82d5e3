"""How long an address and how large a head may be; the body's limit is Flask's MAX_CONTENT_LENGTH."""

from flask import Flask, request
from werkzeug.exceptions import RequestHeaderFieldsTooLarge, RequestURITooLarge

LONGEST_ADDRESS = 16 * 1024
LARGEST_HEAD = 32 * 1024
"""Letters of the path with its query, and of all headers with their names."""


def limit(app: Flask) -> None:
    """Let the app refuse what is longer: 414 and 431."""

    @app.before_request
    def refuse() -> None:
        environ = request.environ
        if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > LONGEST_ADDRESS:
            raise RequestURITooLarge(f"an address may have {LONGEST_ADDRESS} letters, its query included")
        head = sum(len(name) + len(value) for name, value in request.headers.items())
        if head > LARGEST_HEAD:
            raise RequestHeaderFieldsTooLarge(f"the headers may have {LARGEST_HEAD} letters in all")
