"""Offers: history is only added to, the search finds what was asked, in order."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from service.errors import InvalidValue, NotFound, UnknownName
from service.facts import CloudOffer
from service.store import offers, rates, versions
from service.store.offers import Added, OfferFilter
from service.store.session import Sessions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(market: Sessions, *wanted: CloudOffer, at: datetime = NOON) -> Added:
    with market.begin() as session:
        return offers.add_all(session, wanted, at)


def version(market: Sessions) -> int:
    with market.reading() as session:
        return versions.data_version(session)


def found(market: Sessions, order: str = "price", limit: int = 50, offset: int = 0, **wanted: object) -> list:
    with market.reading() as session:
        page = offers.search(session, OfferFilter(**wanted), order=order, limit=limit, offset=offset)
    return [offer.instance for offer in page.offers]


def spans(market: Sessions, offer: CloudOffer) -> list[tuple[int, int, str]]:
    """Days of March and price, of each row of the history."""
    with market.reading() as session:
        rows = offers.history(session, offers.offer_slug(offer))
    return [(row.first_as_of.day, row.last_as_of.day, str(row.hourly_price)) for row in rows]


def current(market: Sessions, offer: CloudOffer) -> CloudOffer:
    with market.reading() as session:
        return offers.get(session, offers.offer_slug(offer))


def on(a: SimpleNamespace, day: int, price: str = "1.5", **fields: object) -> CloudOffer:
    return a.offer(as_of=date(2026, 3, day), hourly_price=Decimal(price), **fields)


def test_an_offer_comes_back_as_it_went_in(market: Sessions, a: SimpleNamespace) -> None:
    given = a.offer(vcpus=8, ram_gib=64.5, term_months=12, tier="reserved", note="n", fetched_at=NOON)
    assert add(market, given) == Added(new=1)
    stored = current(market, given)
    assert stored.slug.startswith("cumulus-a10-1-eu-1-reserved-12m-")
    assert stored.source == a.source(as_of=given.as_of)
    assert {f: getattr(stored, f) for f in CloudOffer.__slots__ if f not in ("slug", "source")} == {
        f: getattr(given, f) for f in CloudOffer.__slots__ if f not in ("slug", "source")
    }


def test_an_unchanged_price_is_extended(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1))
    assert add(market, on(a, 5)) == Added(unchanged=1)
    assert spans(market, on(a, 1)) == [(1, 5, "1.5")]
    assert current(market, on(a, 1)).as_of == date(2026, 3, 5)


def test_the_same_again_changes_nothing(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1))
    before = version(market)
    assert add(market, on(a, 1), at=NOON + HOUR) == Added(unchanged=1)
    assert version(market) == before


def test_a_changed_price_is_added(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1))
    before = version(market)
    assert add(market, on(a, 2, "2")) == Added(changed=1)
    assert spans(market, on(a, 1)) == [(1, 1, "1.5"), (2, 2, "2")]
    assert current(market, on(a, 1)).hourly_price == 2
    assert version(market) == before + 1


def test_a_price_that_comes_back_is_a_new_row(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1), on(a, 2, "2"), on(a, 3))
    assert spans(market, on(a, 1)) == [(1, 1, "1.5"), (2, 2, "2"), (3, 3, "1.5")]


def test_an_older_observation_is_history(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 5))
    assert add(market, on(a, 2, "9")) == Added(older=1)
    assert add(market, on(a, 2, "9"), at=NOON + HOUR) == Added(unchanged=1)
    assert spans(market, on(a, 5)) == [(2, 2, "9"), (5, 5, "1.5")]
    assert current(market, on(a, 5)).hourly_price == Decimal("1.5")


def test_within_a_day_the_price_read_last_counts(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1))
    assert add(market, on(a, 1, "2"), at=NOON + HOUR) == Added(changed=1)
    assert add(market, on(a, 1, "3"), at=NOON - HOUR) == Added(older=1)
    assert current(market, on(a, 1)).hourly_price == 2
    assert found(market, as_of=date(2026, 3, 1), price_min=Decimal(2), currency="USD") == ["a10.1"]


def test_one_batch_in_any_order(market: Sessions, a: SimpleNamespace) -> None:
    assert add(market, on(a, 3, "3"), on(a, 1, "1"), on(a, 2, "2")) == Added(new=1, changed=2)
    assert spans(market, on(a, 1)) == [(1, 1, "1"), (2, 2, "2"), (3, 3, "3")]
    assert add(market, on(a, 3, "3"), on(a, 1, "1"), on(a, 2, "2"), at=NOON + HOUR) == Added(unchanged=3)


def test_of_several_prices_in_one_batch_the_cheapest_counts(market: Sessions, a: SimpleNamespace) -> None:
    assert add(market, on(a, 1, "3"), on(a, 1, "2"), on(a, 1, "4")) == Added(new=1)
    assert spans(market, on(a, 1)) == [(1, 1, "2")]


def test_details_follow_the_newest_observation(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 2, gpu=None))
    assert add(market, on(a, 2, gpu="a10"), at=NOON + HOUR) == Added(changed=1)
    assert current(market, on(a, 2)).gpu == "a10"
    add(market, on(a, 1, gpu="other"))
    assert current(market, on(a, 2)).gpu == "a10"
    assert spans(market, on(a, 2)) == [(1, 1, "1.5"), (2, 2, "1.5")]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"provider": "nobody"}, UnknownName),
        ({"hourly_price": Decimal(0)}, InvalidValue),
        ({"gpu_count": 0}, InvalidValue),
        ({"tier": "gift"}, InvalidValue),
        ({"hourly_price": Decimal("0.00000000001")}, ValueError),
    ],
)
def test_an_impossible_offer_is_refused_whole(
    market: Sessions, a: SimpleNamespace, fields: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(market, a.offer(instance="good"), a.offer(**fields))
    assert found(market) == []


def test_an_a10_is_not_an_a100(market: Sessions, a: SimpleNamespace) -> None:
    add(market, a.offer(), a.offer(instance="a100.1", gpu="a100", gpu_raw_name="A100"))
    assert found(market, gpu="a10") == ["a10.1"]


def test_every_condition_counts(market: Sessions, a: SimpleNamespace) -> None:
    big = a.offer(
        provider="nimbus", instance="big", region="US-East", country="US", gpu_count=8,
        memory_gib_per_gpu=80.0, tier="spot", hourly_price=Decimal(20),
    )  # fmt: skip
    unknown = a.offer(instance="unknown", memory_gib_per_gpu=None, gpu=None, country=None)
    add(market, a.offer(), big, unknown)
    only_big: list[dict] = [
        {"gpu_count_min": 2}, {"memory_gib_per_gpu_min": 40.0}, {"total_memory_gib_min": 100.0},
        {"provider": "nimbus"}, {"region": "us-east"}, {"country": "us"}, {"tier": "spot"},
        {"price_min": Decimal(10)},
    ]  # fmt: skip
    for wanted in only_big:
        assert found(market, **wanted) == ["big"], wanted
        assert found(market, **wanted, as_of=date(2026, 3, 1)) == ["big"], wanted
    assert found(market, memory_gib_per_gpu_max=24.0, gpu_count_max=1, total_memory_gib_max=24.0) == ["a10.1"]


def test_price_bounds_are_exact_in_every_currency(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 1, "1.25", instance="usd"), on(a, 1, "1", instance="eur", currency="EUR"))
    assert found(market, price_max=Decimal("1.25"), currency="USD", order="slug") == ["eur", "usd"]
    assert found(market, price_min=Decimal(1), currency="EUR", order="slug") == ["eur", "usd"]
    assert found(market, price_max=Decimal("0.999999999"), currency="EUR") == []
    with pytest.raises(InvalidValue, match="XYZ"):
        found(market, price_max=Decimal(1), currency="XYZ")


def test_prices_are_sorted_across_currencies(market: Sessions, a: SimpleNamespace) -> None:
    add(
        market,
        on(a, 1, "1.2", instance="usd"),
        on(a, 1, "1", instance="eur", currency="EUR"),
        on(a, 1, "0.01", instance="unknown", currency="XYZ"),
    )
    assert found(market) == ["usd", "eur", "unknown"]
    assert found(market, as_of=date(2026, 3, 1)) == ["usd", "eur", "unknown"]
    with market.begin() as session:
        dearer = a.exchangerate(rate=Decimal("1.1"), as_of=date(2026, 3, 2))
        assert rates.put_exchange(session, [dearer, a.exchangerate(quote="XYZ", rate=Decimal(1))]) == 2
    assert found(market) == ["unknown", "eur", "usd"]
    assert found(market, order="-price") == ["usd", "eur", "unknown"]
    with market.begin() as session:
        assert rates.put_exchange(session, [a.exchangerate(rate=Decimal(9), as_of=date(2025, 1, 1))]) == 1
    assert found(market) == ["unknown", "eur", "usd"]


def test_equal_prices_are_in_the_order_of_slugs_on_every_page(market: Sessions, a: SimpleNamespace) -> None:
    names = [f"i{n:02}" for n in range(20)]
    add(market, *(on(a, 1, instance=name) for name in reversed(names)))
    assert [name for start in range(0, 20, 7) for name in found(market, limit=7, offset=start)] == names
    with market.reading() as session:
        assert offers.search(session, OfferFilter(), limit=3, offset=100) == offers.OfferPage((), 20)


def test_the_price_as_known_on_a_day(market: Sessions, a: SimpleNamespace) -> None:
    add(market, on(a, 2, "1"), on(a, 10, "1"), on(a, 20, "3"), on(a, 15, "1", instance="later"))
    add(market, on(a, 5, "2"))

    def prices(day: int) -> list[tuple[str, int]]:
        with market.reading() as session:
            page = offers.search(session, OfferFilter(as_of=date(2026, 3, day)), order="slug")
        return [(str(offer.hourly_price), offer.as_of.day) for offer in page.offers]

    assert prices(1) == []
    assert prices(2) == [("1", 2)]
    assert prices(7) == [("2", 5)]
    assert prices(12) == [("1", 10)]
    assert prices(30) == [("3", 20), ("1", 15)]


def test_unknown_names_and_orders(market: Sessions) -> None:
    with market.reading() as session:
        for look in (offers.get, offers.history):
            with pytest.raises(NotFound):
                look(session, "nothing")
        with pytest.raises(InvalidValue, match="order"):
            offers.search(session, OfferFilter(), order="beauty")
        with pytest.raises(InvalidValue, match="limit"):
            offers.search(session, OfferFilter(), limit=-1)
