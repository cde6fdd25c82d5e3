"""A card to buy: what it costs by a dated price or the asker's, and what it brings when it is sold."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from service.answers.as_written import Unwritten, another_currency, number_written
from service.answers.question import AskedBuying, AskedComparison, AskedDecision
from service.errors import InvalidValue, MissingFact, worded
from service.estimate.believable import refuse_unbelievable_price
from service.estimate.card_prices import CardPrice, CardPrices
from service.estimate.cost import conversion
from service.estimate.energy import range_of
from service.estimate.home_bill import Purchase, RestOfPc
from service.estimate.interval import Interval, certain
from service.estimate.resale import Bought, resale_share
from service.facts import ExchangeRate, Figure, Gpu, VatRate, given_by_user
from service.store.card_prices import card_prices, resale_source
from service.store.snapshot import Snapshot
from service.usecases.asked_vat import asked_vat
from service.usecases.knowledge import knowledge_of

BUY = re.compile(
    r"(?P<machine>[^=]+)(?:=(?:\s*(?P<kind>new|used|neu|gebraucht)\s*|(?P<price>[^:=]*\d[^:=]*)(?::\s*(?P<bought>new|used|neu|gebraucht))?))?"
)
FORM = worded("is not of the form GPU, GPU=new, GPU=used, GPU=PRICE or GPU=PRICE:used")
Machine = Callable[[Literal["own", "buy"], str], tuple[Gpu, int]]


def purchase_of(
    snapshot: Snapshot, request: AskedBuying, wish: str, today: date, machine: Machine
) -> tuple[Gpu, int, Purchase]:
    """`rtx-4090` at its youngest dated price, `rtx-4090=used` at that of used ones, `2xrtx-3090=700:used` at
    one's own price per card, used; without a word a card at one's own price is new. Dated prices are without
    tax: a private person pays the country's VAT on a new card, and none on a used one.

    Raises InvalidValue for another form, MissingFact for a card of which no dated price is known.
    """
    match = BUY.fullmatch(wish.strip())
    if match is None:
        raise InvalidValue("buy", wish, FORM)
    gpu, count = machine("buy", match["machine"])
    prices = card_prices(snapshot.gpus)
    dated = None if match["price"] else _dated(prices, gpu, _kind(match["kind"]))
    bought: Bought = _kind(dated.kind if dated else match["bought"]) or "new"
    share = resale_share(prices, gpu.slug, request.years_kept, bought, resale_source())
    vat = None
    if dated is None:
        price, exchange, source, doubt = (
            _price_said(snapshot, request, wish, match["price"], prices.newest(gpu.slug)),
            None,
            given_by_user(today),
            certain(1.0),
        )
    else:
        exchange = conversion("USD", request.currency, knowledge_of(snapshot).exchange_rates)
        price, source = Decimal(str(dated.usd)) * exchange.factor, dated.source
        doubt = prices.doubt_of(dated, today)
        if bought == "new" and request.buyer == "private":
            vat = asked_vat(snapshot, request, today).standard
    if vat is not None:
        price, share = price * (1 + Decimal(str(vat.share))), _of_price_with_vat(share, vat)
    whole, rest = price * count, _rest_of_pc(snapshot, request, today)
    rates = (*(exchange.rates if exchange else ()), *(rest[1] if rest else ()))
    return gpu, count, Purchase(
        whole, whole * Decimal(str(share.value)), request.runs, source, share,
        price_range=doubt * float(whole), dated=dated, months_old=dated.months_old(today) if dated else None,
        years_kept=request.years_kept, has_history=prices.has_history(gpu.slug, request.years_kept * 12),
        rates=tuple(dict.fromkeys(rates)), bought=bought, vat=vat, rest=rest[0] if rest else None,
        capital_share=request.capital_cost,
    )  # fmt: skip


def _of_price_with_vat(share: Figure, vat: VatRate) -> Figure:
    """What a card brings, of its price with VAT: who sells it as a private person adds none."""
    low, high = (None if end is None else end / (1 + vat.share) for end in (share.low, share.high))
    return replace(share, value=share.value / (1 + vat.share), low=low, high=high)


def _rest_of_pc(
    snapshot: Snapshot, request: AskedBuying, today: date
) -> tuple[RestOfPc, tuple[ExchangeRate, ...]] | None:
    """What is bought around the cards, with the rates it was converted with: as told, else the usual where
    there is no machine of one's own; None where there is, and for a price of 0."""
    kept = snapshot.figures["home.rest_of_pc_kept_per_year"]
    share = range_of(kept)
    resale = Interval(*(part**request.years_kept for part in (share.p10, share.p50, share.p90)))
    told = request.rest_of_pc_price
    if told is not None:
        name, said = "rest_of_pc_price", given_by_user(today)
        own = Figure(name, float(told), request.currency, said, basis="user")
        return (RestOfPc(certain(float(told)), resale, (own, kept)), ()) if told else None
    at_home = request.own if isinstance(request, AskedDecision) else ()
    if at_home or (isinstance(request, AskedComparison) and request.home):
        return None
    usual = snapshot.figures["home.rest_of_pc_price"]
    exchange = conversion("EUR", request.currency, knowledge_of(snapshot).exchange_rates)
    return RestOfPc(range_of(usual) * float(exchange.factor), resale, (usual, kept)), exchange.rates


def _price_said(
    snapshot: Snapshot, request: AskedBuying, wish: str, said: str, dated: CardPrice | None
) -> Decimal:
    """A price per card as people write it: 1900, 1.900,50, 1900€. Raises InvalidValue for what is none, is in
    another currency, or cannot be the price of this card."""
    try:
        price = number_written(said, "price")
    except Unwritten as error:
        raise InvalidValue("buy", wish, error.reason) from None
    if reason := another_currency(said, request.currency):
        raise InvalidValue("buy", wish, reason)
    listed = None
    if dated is not None:
        factor = conversion("USD", request.currency, knowledge_of(snapshot).exchange_rates).factor
        listed = dated.usd * float(factor)
    refuse_unbelievable_price("buy", wish, price, currency=request.currency, listed=listed)
    return price


def _kind(word: str | None) -> Bought | None:
    return "used" if word in ("used", "gebraucht") else "new" if word in ("new", "neu") else None


def _dated(prices: CardPrices, gpu: Gpu, kind: Bought | None) -> CardPrice:
    found = prices.newest(gpu.slug, kind)
    if found is not None:
        return found
    launched = next(iter(prices.of(gpu.slug, "launch")), None)
    other = prices.newest(gpu.slug)
    if kind == "used":
        what = worded("a dated price of a used {gpu}", gpu=gpu.name)
    elif kind == "new":
        what = worded("a dated price of a new {gpu}", gpu=gpu.name)
    else:
        what = worded("a dated price of {gpu}", gpu=gpu.name)
    if launched is not None:
        month = f"{launched.last_month:%Y-%m}"
        what = worded(
            "{what} (at its launch, {month}: {usd:g} USD)", what=what, month=month, usd=launched.usd
        )
    remedy = worded("give yours: --buy {gpu}=PRICE", gpu=gpu.slug)
    if other and other.kind == "used":
        remedy = worded("{remedy}, or ask for a used one: --buy {gpu}=used", remedy=remedy, gpu=gpu.slug)
    elif other:
        remedy = worded("{remedy}, or ask for a new one: --buy {gpu}=new", remedy=remedy, gpu=gpu.slug)
    raise MissingFact(what, remedy)
