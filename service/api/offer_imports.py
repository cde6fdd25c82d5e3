"""POST /api/v1/offers/imports: a table of prices of one's own."""

from dataclasses import asdict
from functools import wraps
from typing import Any, Literal

from flask import Blueprint, Response, abort, request
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Day, Question
from service.api.collections import json_response
from service.api.contract import contract
from service.api.tokens import bearer
from service.errors import InvalidValue, worded
from service.state import now, state
from service.usecases.price_imports import MOST_SHOWN, PriceTable

LARGEST_TABLE_BYTES = 8_000_000
"""About 80,000 rows; the command line takes more."""
MOST_ROWS = 100_000

blueprint = Blueprint("offer_imports", __name__)


class PriceTableIn(Question):
    """A table of prices: its text, or with format json its rows; exactly one of them."""

    provider: str = Field(
        min_length=1, max_length=60, description="Slug of the provider whose prices these are"
    )
    new_provider: str = Field(
        "", max_length=80, description="Name of a provider that is in no list yet; `provider` is its slug"
    )
    format: Literal["csv", "json", "skypilot", "gpuhunt"] = Field(
        "csv",
        description="csv and json need instance, gpu, gpu_count, price_per_hour and currency; they may have "
        "region, country, tier, term_months, memory_gib_per_gpu, vcpus, ram_gib, as_of and note",
    )
    as_of: Day | None = Field(None, description="The day the prices are true for; today")
    dry_run: bool = Field(False, description="Say what would be kept and keep nothing")
    yes: bool = Field(
        False, description="Keep it even where it changes the cheapest price of a card by more than half"
    )
    table: str | None = Field(None, min_length=1, max_length=LARGEST_TABLE_BYTES)
    rows: list[dict[str, Any]] | None = Field(None, min_length=1, max_length=MOST_ROWS)


class RefusedRowOut(BaseModel):
    """A row that was not taken in."""

    reason: str
    raw: str


class MovedPriceOut(BaseModel):
    """The cheapest price of a card in a tier, which the import changes by more than half."""

    gpu: str
    tier: str
    before: float = Field(description="EUR per GPU and hour")
    after: float = Field(description="EUR per GPU and hour")


class ImportedOut(BaseModel):
    """How an import went; the same as `heimvorteil prices import --json`."""

    accepted: int
    changed: int = Field(description="New, or another price or other details than before")
    rejected: int
    reasons: dict[str, int] = Field(description="Reason -> rows, the most frequent first")
    refused: list[RefusedRowOut] = Field(description=f"The first {MOST_SHOWN:,} rejected rows")
    unmapped: list[str] = Field(description="GPU names that stand for no card of the catalog")
    offers: list[str] = Field(description="Slugs of the accepted offers")
    moved: list[MovedPriceOut] = Field(
        description="Cheapest prices that it changes by more than half; kept only with `yes`"
    )


@contract.validate(
    json=PriceTableIn,
    resp=Answers(HTTP_200=ImportedOut),
    tags=["offers"],
    operation_id="offers_import",
    security={"token": []},
)
def imported(json: PriceTableIn) -> Response:
    """Take in a table of prices: rows that cannot be used are named, an unreadable table is refused whole."""
    if (json.table is None) == (json.rows is None):
        raise InvalidValue("table", None, worded("give table or rows, exactly one of them"))
    if json.rows is not None and json.format != "json":
        raise InvalidValue("rows", json.format, worded("rows go with format json; give the text as table"))
    take_in = state().take_in_prices
    if take_in is None:
        abort(501, "this process was started without pricing; `heimvorteil serve` takes in tables")
    at = now()
    table = PriceTable(
        name="a request",
        format=json.format,
        provider=json.provider,
        as_of=json.as_of or at.date(),
        yes=json.yes,
        text=json.table or "",
        rows=json.rows,
        new_provider=json.new_provider,
    )
    done = asdict(take_in(state().sessions, table, at, dry_run=json.dry_run))
    # A reason is a sentence that knows its words; a key of JSON is text alone.
    done["reasons"] = {str(reason): rows for reason, rows in done["reasons"].items()}
    return json_response(done, 200)


@blueprint.post("/offers/imports")
@wraps(imported)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    request.max_content_length = LARGEST_TABLE_BYTES
    response: Response = imported()
    return response
