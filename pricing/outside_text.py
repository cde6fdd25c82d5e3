"""Is the text of a fact one that people wrote? Asked first of all: of price lists, tables and quotes."""

from collections.abc import Iterator

from pricing.source import Fact
from service.errors import Worded, worded
from service.facts import CloudOffer, RentalIndex
from service.shown import CONTROL, visible

LONGEST_NAME = 500
"""Letters; a name as long as a page is no name, and reading it would take its square of time."""


def text_objection(fact: Fact) -> Worded | None:
    """Why its text cannot be kept, the field first."""
    fault = text_fault(fact)
    return None if fault is None else worded("{field} {reason}", field=fault[0], reason=fault[2])


def text_fault(fact: Fact) -> tuple[str, str, Worded] | None:
    """The field whose text cannot be kept, the text as it may be shown, and why: a control character, which
    forges lines, or a name without end."""
    for field, text in _texts(fact):
        if not isinstance(text, str):
            return field, visible(repr(text)), worded("is no text")
        if len(text) > LONGEST_NAME:
            reason = worded(
                "has {letters:,} characters, more than {most}", letters=len(text), most=LONGEST_NAME
            )
            return field, visible(text), reason
        if found := CONTROL.search(text):
            return (
                field,
                visible(text),
                worded("holds the control character {control}", control=visible(found[0])),
            )
    return None


def _texts(fact: Fact) -> Iterator[tuple[str, object]]:
    if isinstance(fact, CloudOffer):
        yield from (
            ("gpu", fact.gpu_raw_name), ("instance", fact.instance), ("region", fact.region),
            ("country", fact.country or ""), ("currency", fact.currency), ("note", fact.note),
        )  # fmt: skip
    elif isinstance(fact, RentalIndex):
        yield "gpu", fact.gpu_raw_name
