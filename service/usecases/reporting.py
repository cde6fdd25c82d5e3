"""A stored answer as a report; what was not known when it was answered is not in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from service.answers.option import AnsweredOffer, AnsweredOption
from service.answers.question import AskedComparison
from service.answers.reading import read_comparison, read_decision
from service.errors import NotFound
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.document.document import Document
from service.reports.formats.renderers import renderer
from service.reports.sections.rented_price import PricePoint
from service.reports.words.wording import wording
from service.store import comparisons, offers
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.comparing import reasons_of

SETTLED = timedelta(hours=1)
"""A price read this long before the question is surely in the store: a refresh takes less to be written."""


@dataclass(frozen=True, slots=True)
class Report:
    """A file: how to call it, what it is, what is in it."""

    name: str
    media_type: str
    content: bytes


def comparison_report(sessions: Sessions, id: str, extension: str, language: str = "en") -> Report:
    """The report on the comparison of that id: the same bytes whenever it is asked for.

    Raises UnknownName for an extension nobody renders, InvalidValue for a language, NotFound for an id.
    """
    _checked(extension, language)
    with sessions.reading() as session:
        stored = comparisons.get(session, id)
    return _report(sessions, stored, extension, language)


def decision_report(sessions: Sessions, id: str, extension: str, language: str = "en") -> Report:
    """The report on the decision of that id; otherwise like `comparison_report`."""
    _checked(extension, language)
    with sessions.reading() as session:
        stored = comparisons.get(session, id, "decision")
    return _report(sessions, stored, extension, language)


def stored_report(sessions: Sessions, id: str, extension: str, language: str = "en") -> Report:
    """The report on the comparison or the decision of that id, whichever it is; otherwise likewise."""
    _checked(extension, language)
    with sessions.reading() as session:
        stored = comparisons.find(session, id)
    return _report(sessions, stored, extension, language)


def report_on(sessions: Sessions, stored: StoredComparison, extension: str, language: str) -> Report:
    """The report on an answer that is at hand, kept or not; otherwise likewise."""
    _checked(extension, language)
    return _report(sessions, stored, extension, language)


def comparison_on_screen(
    sessions: Sessions, snapshot: Snapshot, stored: StoredComparison, language: str, *, explain: bool
) -> Document:
    """The document of a comparison for a terminal; `explain` adds why, and every number it rests on."""
    reasons = None
    if explain:
        asked = AskedComparison.read(stored.request)
        reasons = reasons_of(sessions, snapshot, asked, stored.asked_at)
    return comparison_document(stored.answer, language, reasons=reasons)


def decision_on_screen(stored: StoredComparison, language: str) -> Document:
    """The document of a decision for a terminal."""
    return decision_document(stored.answer, language)


def _checked(extension: str, language: str) -> None:
    renderer(extension)
    wording(language)


def _report(sessions: Sessions, stored: StoredComparison, extension: str, language: str) -> Report:
    chosen = renderer(extension)
    write = decision_document if stored.kind == "decision" else comparison_document
    document = write(stored.answer, language, price_history(sessions, stored))
    return Report(f"{document.name}.{extension}", chosen.media_type, chosen.render(document))


def price_history(sessions: Sessions, stored: StoredComparison) -> list[PricePoint]:
    """Prices of the first rented offer as they were known when the question was answered, oldest first."""
    offer = _rented_offer(stored)
    if offer is None:
        return []
    with sessions.reading() as session:
        try:
            seen = offers.history(session, offer.slug)
        except NotFound:
            seen = []
    by_day = {
        price.first_as_of: PricePoint(price.first_as_of, price.hourly_price, price.currency)
        for price in seen
        if price.first_seen <= stored.asked_at - SETTLED and price.first_as_of < offer.as_of
    }
    answered = PricePoint(offer.as_of, offer.hourly_price, offer.currency)
    return [*(by_day[day] for day in sorted(by_day)), answered]


def _rented_offer(stored: StoredComparison) -> AnsweredOffer | None:
    """The offer whose price a report follows: the first of a comparison, the rented plan of a decision."""
    options: Iterable[AnsweredOption]
    if stored.kind == "decision":
        rented = read_decision(stored.answer).rented
        options = [rented] if rented else []
    else:
        options = read_comparison(stored.answer).options
    return next((o.offer for o in options if o.offer), None)
