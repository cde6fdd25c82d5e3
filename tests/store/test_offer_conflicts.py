"""Two lists that contradict each other are both kept and both flagged."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from service.estimate.price_conflicts import MOST_APART, MOST_DAYS_APART, Quoted, contradictions, replaced
from service.facts import CloudOffer
from service.store import offers
from service.store.offer_conflicts import all_conflicts, conflicts_of
from service.store.session import Sessions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def keep(market: Sessions, *wanted: CloudOffer) -> None:
    with market.begin() as session:
        offers.add_all(session, wanted, NOON)


def flagged(market: Sessions) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """(origin, instance) -> (origin, ratio) of what contradicts it, over all listed offers."""
    with market.reading() as session:
        page = offers.search(session, offers.OfferFilter()).offers
        found = conflicts_of(session, page)
        assert {slug for slug, _ in found.items()} <= {offer.slug for offer in page}
        by_slug = {offer.slug: offer for offer in page}
        return {
            (by_slug[slug].origin, by_slug[slug].instance): [(c.offer.origin, c.ratio) for c in others]
            for slug, others in found.items()
        }


def test_more_than_one_and_a_half_times_apart_is_flagged_on_both(
    market: Sessions, a: SimpleNamespace
) -> None:
    keep(
        market, a.offer(origin="one", hourly_price=Decimal(2)), a.offer(origin="two", hourly_price=Decimal(4))
    )
    assert flagged(market) == {("one", "a10.1"): [("two", 2.0)], ("two", "a10.1"): [("one", 0.5)]}
    with market.reading() as session:
        [(cheaper, conflict)] = all_conflicts(session)
    assert (cheaper.origin, conflict.offer.origin, conflict.ratio) == ("one", "two", 2.0)


def test_what_is_no_contradiction(market: Sessions, a: SimpleNamespace) -> None:
    keep(
        market,
        a.offer(origin="one", hourly_price=Decimal(2)),
        a.offer(origin="two", hourly_price=Decimal(3)),
        a.offer(origin="three", hourly_price=Decimal(20), region="elsewhere"),
        a.offer(origin="four", hourly_price=Decimal(20), tier="spot"),
        a.offer(origin="five", hourly_price=Decimal(20), gpu_count=8),
        a.offer(origin="six", hourly_price=Decimal(20), provider="nimbus"),
        a.offer(origin="seven", hourly_price=Decimal(20), as_of=date(2026, 3, 9)),
        a.offer(origin="one", hourly_price=Decimal(20), instance="another of the same list"),
        a.offer(origin="eight", hourly_price=Decimal(20), gpu=None),
    )
    assert flagged(market) == {}


def test_the_same_instance_is_compared_else_the_cheapest(market: Sessions, a: SimpleNamespace) -> None:
    keep(
        market,
        a.offer(origin="one", instance="small", hourly_price=Decimal(1)),
        a.offer(origin="one", instance="large", hourly_price=Decimal(9)),
        a.offer(origin="two", instance="LARGE", hourly_price=Decimal(5), gpu_raw_name="A-10"),
        a.offer(origin="three", instance="own name", hourly_price=Decimal("1.1")),
    )
    found = flagged(market)
    assert found[("one", "large")] == [("two", 5 / 9)]
    assert ("one", "small") not in found
    assert [origin for origin, _ in found[("three", "own name")]] == ["two"]


def test_regionless_lists_are_compared_and_currencies_too(market: Sessions, a: SimpleNamespace) -> None:
    keep(
        market,
        a.offer(origin="one", region="", hourly_price=Decimal(1), currency="EUR"),
        a.offer(origin="two", region="", hourly_price=Decimal("1.8")),
        a.offer(origin="one", region="", hourly_price=Decimal(1), currency="EUR", gpu_count=2),
        a.offer(origin="two", region="", hourly_price=Decimal(2), gpu_count=2),
    )
    assert flagged(market) == {("one", "a10.1"): [("two", 1.6)], ("two", "a10.1"): [("one", 1 / 1.6)]}


QUOTED = st.builds(
    lambda n, origin, instance, price, day: Quoted(
        f"s{n}", ("thing",), f"i{instance}", origin, price, date(2026, 3, day)
    ),
    st.integers(0, 10**9), st.sampled_from("abc"), st.integers(0, 3),
    st.floats(0.01, 100) | st.just(float("inf")), st.integers(1, 28),
)  # fmt: skip


@given(st.lists(QUOTED, max_size=12, unique_by=lambda q: q.slug))
def test_contradictions_are_mutual_and_never_within_one_list(quoted: list[Quoted]) -> None:
    by_slug = {q.slug: q for q in quoted}
    found = contradictions(quoted)
    for slug, others in found.items():
        for other, ratio in others:
            mine, theirs = by_slug[slug], by_slug[other]
            assert mine.origin != theirs.origin
            assert max(ratio, 1 / ratio) > MOST_APART
            assert abs(mine.as_of - theirs.as_of) <= MOST_DAYS_APART
            assert slug in [back for back, _ in found[other]]


def test_what_is_superseded_is_told_beside_what_took_its_place_however_old_and_wherever() -> None:
    thing = ("p", "gh200", 1, "on_demand", 0)
    old = Quoted("old", (*thing, ""), "a", "catalog", 2.0, NOON.date() - timedelta(days=187), "own")
    dear, cheap = (Quoted(s, (*thing, s), s, "own", p, NOON.date()) for s, p in (("us", 5.0), ("eu", 4.0)))
    assert replaced([old, dear, cheap]) == {"old": ("eu", 2.0)}
    assert replaced([replace(old, thing=(*thing, "us")), dear, cheap]) == {"old": ("us", 2.5)}
    assert replaced([replace(old, price_eur=3.0), cheap]) == {}
    assert replaced([old]) == {} and not contradictions([old, cheap, dear])
