"""An error as a page for whoever came with a browser; programs get their problem+json."""

from flask import Response, request

from service.errors import LONGEST_VALUE, HeimvorteilError, InvalidValue, Sentence, Worded
from service.front.told import PROBLEM
from service.pages.frame import html
from service.pages.question_form import labels
from service.reports.words.error_words import said
from service.reports.words.wording import Wording

OF_PROGRAMS = ("/api/", "/metrics", "/static/")


def as_page(response: Response) -> Response:
    """The same status with a page that says what is wrong and leads on; anything but an error as it is."""
    if response.mimetype != PROBLEM or request.path.startswith(OF_PROGRAMS):
        return response
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html":
        return response
    said = response.get_json(force=True)
    page = html("pages/refused.html", response.status_code, problem=said)
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            page.headers[name] = response.headers[name]
    return page


def told(w: Wording, error: HeimvorteilError) -> str:
    """An error in the language of the page; what nobody put into words stays as it is."""
    if isinstance(error, Sentence):
        return _said(w, error.sentence)
    if not isinstance(error, InvalidValue):
        return str(error)
    ends = "".join(_said(w, part) for part in (error.reason, error.told_choices(), error.advice or ""))
    label = labels(w).get(error.field)
    named = f"{label} ({error.field})" if label else error.field
    return f"{named} = {str(error.value)[:LONGEST_VALUE]}: {ends}"


def _said(w: Wording, sentence: str) -> str:
    return said(sentence, language=w.language) if isinstance(sentence, Worded) else sentence
