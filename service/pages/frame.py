"""Every page's frame: template, headers, addresses of files that carry their own fingerprint."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from service.pages.language import language, words
from service.reports.words.wording import LANGUAGES

STATIC = Path(__file__).parents[1] / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DRAWN = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""A report or a picture brings its own style and asks for nothing."""


EMBEDDED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)
"""Of the answer alone, which anybody may frame; it asks and runs nothing."""


def html(template: str, status: int = 200, policy: str = POLICY, **content: object) -> Response:
    """A page in the language of the asker."""
    w = words()
    text = render_template(
        template,
        w=w,
        say=w.say,
        language=w.language,
        asset=asset,
        other_languages=_in_other_languages(),
        **content,
    )
    response = Response(text, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Content-Language"] = w.language
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def kept_for_ever(response: Response) -> Response:
    """A file that was asked for by its fingerprint never changes at that address."""
    if request.endpoint == "static" and "v" in request.args and response.status_code in (200, 304):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def asset(name: str) -> str:
    """Where a file of ours is; its fingerprint makes it another address when it changes."""
    return url_for("static", filename=f"pages/{name}", v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return sha256((STATIC / "pages" / name).read_bytes()).hexdigest()[:12]


def _in_other_languages() -> list[tuple[str, str]]:
    """Code and address of this page in each language that it is not in."""
    found = []
    for code in LANGUAGES:
        if code != language():
            said = MultiDict(request.args)
            said["lang"] = code
            found.append((code, f"{request.path}?{urlencode(list(said.items(multi=True)))}"))
    return found
