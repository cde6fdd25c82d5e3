"""/api/v1/price-conflicts: two lists that price one thing too differently for both to be right."""

from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.api.collections import Page, PageQuery, respond_page, sliced
from service.api.contract import contract
from service.api.offers import CURRENCY, OfferOut
from service.api.schemas import page_of
from service.api.sourced import converter
from service.reports.listings.offer_items import offer_item
from service.state import state
from service.store.offer_conflicts import all_conflicts
from service.store.snapshot import Snapshot


class ConflictQuery(PageQuery):
    """How to show the conflicts."""

    currency: str | None = CURRENCY


class PriceConflictOut(BaseModel):
    """Two offers of the same thing by two lists, the cheaper one first; neither is believed."""

    ratio: float = Field(description="The dearer price over the cheaper one")
    offers: list[OfferOut]


def find(snapshot: Snapshot, query: ConflictQuery) -> Page:
    """Every conflict once, the furthest apart first."""
    converter(snapshot, "EUR", query.currency)
    with state().sessions.reading() as session:
        pairs = all_conflicts(session)
    rates = tuple(snapshot.exchange.values())

    def item(pair: Any) -> dict[str, Any]:
        offer, conflict = pair
        both = [offer_item(one, query.currency, rates) for one in (offer, conflict.offer)]
        return {"ratio": round(conflict.ratio, 3), "offers": both}

    return sliced(pairs, query, item)


blueprint = Blueprint("price_conflicts", __name__)


@blueprint.get("/price-conflicts")
@contract.validate(
    query=ConflictQuery,
    resp=Answers(HTTP_200=page_of("PriceConflictPage", PriceConflictOut)),
    tags=["offers"],
    operation_id="price_conflicts_list",
)
def listed(query: ConflictQuery) -> Response:
    """Offers whose lists contradict each other by more than 1.5 times."""
    return respond_page(query, find)
