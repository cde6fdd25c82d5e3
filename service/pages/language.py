"""In which language a page speaks: as the address says, else as the browser asks."""

from flask import request

from service.reports.words.wording import LANGUAGES, Wording, wording

USUAL = "en"


def language() -> str:
    """`de` or `en`."""
    said = request.args.get("lang", "")
    return said if said in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or USUAL


def words() -> Wording:
    """The words of that language."""
    return wording(language())
