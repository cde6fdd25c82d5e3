"""In memory and in the database: the same offers, in the same order, with the same contradictions."""

import random
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from service.errors import InvalidValue
from service.facts import CloudOffer
from service.store import exchange_rates, offer_search, offer_table, offers, sources
from service.store.models import OfferRow
from service.store.offer_conflicts import conflicts_of
from service.store.offers import ORDERS, OfferFilter
from service.store.session import Sessions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHOICES: dict[str, tuple[Any, ...]] = {
    "gpu": ("a10", "h100-sxm", "never-offered"),
    "gpu_count_min": (1, 2, 9), "gpu_count_max": (1, 4),
    "memory_gib_per_gpu_min": (24.0, 24.5), "memory_gib_per_gpu_max": (24.0, 79.9),
    "total_memory_gib_min": (48.0, 193.0), "total_memory_gib_max": (48.0, 192.0),
    "provider": ("cumulus", "nimbus"), "region": ("EU-1", "us-east", "eu"),
    "region_countries": (frozenset({"DE", "FI"}),), "country": ("de", "US"), "tier": ("spot", "reserved"),
    "price_min": (Decimal(1), Decimal("0.8")), "price_max": (Decimal("1.25"), Decimal("1.000000001")),
    "currency": ("EUR", "USD"), "is_shipped": (False,), "sold_out": (True,),
    "known_since": (date(2026, 3, 1), date(2026, 3, 2)),
}  # fmt: skip
ONLY_STORED = {"as_of", "unlisted"}
"""Which table is asked: what asks for more than is listed now."""


def drawn(a: SimpleNamespace) -> list[CloudOffer]:
    """Offers with many equal prices, some of unknown memory, GPU, country or exchange rate."""
    draw = random.Random(2026)
    made = []
    for i in range(160):
        tier = draw.choice(("on_demand", "on_demand", "spot", "reserved"))
        gpu = draw.choice(("a10", "a10", "h100-sxm", None))
        made.append(
            a.offer(
                provider=draw.choice(("cumulus", "nimbus")),
                instance=f"type-{draw.randrange(4) if gpu else i}",
                region=draw.choice(("eu-1", "EU-1", "US-East", "")),
                country=draw.choice(("DE", "US", "FI", None)),
                gpu=gpu,
                gpu_count=draw.choice((1, 1, 2, 4, 8)),
                memory_gib_per_gpu=draw.choice((24.0, 24.0, 24.5, 80.0, None)),
                tier=tier,
                term_months=draw.choice((1, 12)) if tier == "reserved" else None,
                hourly_price=draw.choice(
                    [Decimal(p) for p in ("1", "1.25", "1.000000001", "0.8", "2.5", "9")]
                ),
                currency=draw.choice(("USD", "USD", "EUR", "XTS")),
                as_of=date(2026, 3, draw.choice((1, 1, 1, 20))),
                origin=draw.choice(("catalog", "live", "other")),
                vcpus=draw.choice((None, 8)),
                ram_gib=draw.choice((None, 64.5)),
                note=draw.choice(("", "a note")),
                in_stock=draw.choice((None, True, False)),
            )
        )
    return made


def questions(draws: int = 200) -> list[dict[str, Any]]:
    """No filter, each value alone, and draws of several."""
    alone = [{name: value} for name, values in CHOICES.items() for value in values]
    draw = random.Random(7)
    several = [
        {name: draw.choice(CHOICES[name]) for name in draw.sample(sorted(CHOICES), draw.randint(2, 4))}
        for _ in range(draws)
    ]
    return [{}, *alone, *several]


@pytest.fixture
def full(market: Sessions, a: SimpleNamespace) -> Sessions:
    with market.begin() as session:
        offers.add_all(session, drawn(a), NOON)
        session.query(OfferRow).filter(OfferRow.id % 11 == 0).update({"unlisted_since": NOON})
    return market


@pytest.mark.parametrize("draws", [40, pytest.param(200, marks=pytest.mark.long)])
def test_memory_and_database_find_the_same_in_the_same_order(full: Sessions, draws: int) -> None:
    sizes = set()
    with full.reading() as session:
        rates = exchange_rates.newest_rates(session)
        table = offer_table.load(session, sources.by_id(session))
        for number, wanted in enumerate(OfferFilter(**q) for q in questions(draws)):
            order = ORDERS[number % len(ORDERS)]
            stored = offers.search(session, wanted, order=order, limit=1000, rates=rates)
            found = offer_search.search(table, wanted, rates, order)
            assert table.rows(found) == list(stored.offers), (wanted, order)
            assert len(found) == stored.total
            sizes.add(len(found))
            cheapest = offer_search.cheapest_per_gpu(table, offer_search.search(table, wanted, rates))
            in_sql = offers.cheapest_per_gpu(session, wanted, rates)
            assert {gpu: table.row(place) for gpu, place in cheapest.items()} == in_sql
        every = offer_search.search(table, OfferFilter(), rates)
        against = conflicts_of(session, table.rows(every))
        assert offer_search.conflicts_of(table, every) == against and len(against) > 5
        assert offer_search.conflicts_of(table, every[:5]) == conflicts_of(session, table.rows(every[:5]))
    assert {0, 1, 2, 3} < sizes, "the questions tell offers apart"


@pytest.mark.long
@pytest.mark.parametrize(
    "beyond",
    [
        {"unlisted": True},
        {"as_of": date(2026, 3, 10)},
        {"as_of": date(2026, 3, 25)},
        {"as_of": date(2026, 3, 1), "unlisted": True},
    ],
)
def test_beyond_now_memory_and_database_find_the_same(full: Sessions, beyond: dict[str, Any]) -> None:
    with full.reading() as session:
        rates = exchange_rates.newest_rates(session)
        as_of, unlisted = beyond.get("as_of"), beyond.get("unlisted", False)
        table = offer_table.load_stored(session, sources.by_id(session), as_of, rates, unlisted=unlisted)
        assert len(table) > 50 or as_of == date(2026, 2, 28)
        for number, wanted in enumerate(OfferFilter(**q, **beyond) for q in questions()):
            order = ORDERS[number % len(ORDERS)]
            stored = offers.search(session, wanted, order=order, limit=1000, rates=rates)
            found = offer_search.search(table, wanted, rates, order)
            assert table.rows(found) == list(stored.offers), (wanted, order)
        if as_of is None:
            every = offer_search.search(table, OfferFilter(), rates)
            assert offer_search.conflicts_of(table, every) == conflicts_of(session, table.rows(every))


def test_every_filter_is_asked(full: Sessions) -> None:
    assert {field.name for field in fields(OfferFilter)} == {*CHOICES, *ONLY_STORED}


def test_bounds_in_a_currency_without_a_rate_are_refused_in_memory_too(full: Sessions) -> None:
    with full.reading() as session:
        table = offer_table.load(session, sources.by_id(session))
    with pytest.raises(InvalidValue, match="XTS"):
        offer_search.search(table, OfferFilter(price_max=Decimal(1), currency="XTS"), {})


def test_without_offers_nothing_is_found(market: Sessions) -> None:
    with market.reading() as session:
        table = offer_table.load(session, sources.by_id(session))
    found = offer_search.search(table, OfferFilter(gpu="a10", region="eu-1", price_max=Decimal(1)), {})
    assert len(found) == 0 and offer_search.conflicts_of(table, found) == {}
    assert offer_search.cheapest_per_gpu(table, found) == {}


@pytest.mark.parametrize("at_a_time", [1, 7, 1000])
def test_all_in_parts_are_all_in_one(full: Sessions, at_a_time: int) -> None:
    with full.reading() as session:
        for wanted in (OfferFilter(unlisted=True), OfferFilter(as_of=date(2026, 3, 1), tier="spot")):
            whole = offers.search(session, wanted, limit=1000)
            parts = list(offers.pages(session, wanted, at_a_time=at_a_time))
            assert [offer for part in parts for offer in part.offers] == list(whole.offers)
            assert {part.total for part in parts} == {len(whole.offers)}
            assert max(len(part.offers) for part in parts) <= at_a_time
