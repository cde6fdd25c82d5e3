"""Is the text of a fact one that people wrote? Asked of price lists and imported tables, first of all."""

from collections.abc import Iterator

from pricing.source import Fact
from service.facts import CloudOffer, RentalIndex
from service.shown import CONTROL, visible

LONGEST_NAME = 500
"""Letters; a name as long as a page is no name, and reading it would take its square of time."""


def text_objection(fact: Fact) -> str | None:
    """Why its text cannot be kept: a control character, which forges lines, or a name without end."""
    for field, text in _texts(fact):
        if not isinstance(text, str):
            return f"{field} is no text"
        if len(text) > LONGEST_NAME:
            return f"{field} has {len(text):,} characters, more than {LONGEST_NAME}"
        if found := CONTROL.search(text):
            return f"{field} holds the control character {visible(found[0])}"
    return None


def _texts(fact: Fact) -> Iterator[tuple[str, object]]:
    if isinstance(fact, CloudOffer):
        yield from (
            ("gpu", fact.gpu_raw_name), ("instance", fact.instance), ("region", fact.region),
            ("country", fact.country or ""), ("currency", fact.currency), ("note", fact.note),
        )  # fmt: skip
    elif isinstance(fact, RentalIndex):
        yield "gpu", fact.gpu_raw_name
