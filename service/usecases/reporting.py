"""A stored comparison as a report; what was not known when it was answered is not in it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import orjson

from service.errors import NotFound, UnknownName
from service.reports.comparison_report import PricePoint, comparison_document
from service.reports.renderers import renderer
from service.reports.wording import wording
from service.store import comparisons, offers
from service.store.comparisons import StoredComparison
from service.store.session import Sessions

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
    chosen = renderer(extension)
    wording(language)
    with sessions.reading() as session:
        stored = comparisons.get(session, id)
    document = comparison_document(stored.answer, language, price_history(sessions, stored))
    return Report(f"{document.name}.{extension}", chosen.media_type, chosen.render(document))


def price_history(sessions: Sessions, stored: StoredComparison) -> list[PricePoint]:
    """Prices of the first rented offer as they were known when the question was answered, oldest first."""
    rented = (option["offer"] for option in orjson.loads(stored.answer)["options"] if option["offer"])
    offer = next(rented, None)
    if offer is None:
        return []
    with sessions.reading() as session:
        try:
            seen = offers.history(session, offer["slug"])
        except NotFound:
            seen = []
    answered = PricePoint(
        date.fromisoformat(offer["as_of"]), Decimal(offer["hourly_price"]), offer["currency"]
    )
    by_day = {
        price.first_as_of: PricePoint(price.first_as_of, price.hourly_price, price.currency)
        for price in seen
        if price.first_seen <= stored.asked_at - SETTLED and price.first_as_of < answered.day
    }
    return [*(by_day[day] for day in sorted(by_day)), answered]


def decision_report(sessions: Sessions, id: str, extension: str, language: str = "en") -> Report:
    """The report on the decision of that id; for now the stored answer alone, as JSON.

    Raises UnknownName for an extension nobody renders, InvalidValue for a language, NotFound for an id.
    """
    if extension != "json":
        raise UnknownName("format", extension, ("json",))
    wording(language)
    with sessions.reading() as session:
        stored = comparisons.get(session, id, "decision")
    return Report(f"{stored.id}.json", "application/json", stored.answer)
