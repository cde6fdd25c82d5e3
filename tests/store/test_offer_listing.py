"""What a list no longer names is history; what a live list prices again replaces the catalog's price."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from service.store import offer_listing, offers, superseding, versions

DAY = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def of_list(a, instance, price, day=DAY, **fields):
    return a.offer(instance=instance, hourly_price=Decimal(price), as_of=day, origin="live", **fields)


def keep(market, *quoted, at=AT):
    with market.begin() as session:
        named = {offers.offer_slug(o) for o in quoted}
        gone = offer_listing.unlist_missing(session, "live", named, at)
        offers.add_all(session, quoted, at)
        offer_listing.seen_again(session, "live", at, offer_listing.unnamed(session, "live", named))
        return gone


def found(market, **wanted):
    with market.reading() as session:
        page = offers.search(session, offers.OfferFilter(**wanted), limit=99)
    return [o.instance for o in page.offers]


def test_what_the_list_leaves_out_is_no_offer_any_more_and_comes_back_when_it_is_named_again(market, a):
    keep(market, of_list(a, "x", 1), of_list(a, "y", 2))
    later = AT + timedelta(hours=1)
    assert keep(market, of_list(a, "x", 1), at=later) == 1
    assert found(market) == ["x"]
    assert found(market, unlisted=True) == ["x", "y"]
    assert found(market, as_of=DAY - timedelta(days=1)) == []
    assert keep(market, of_list(a, "x", 1), of_list(a, "y", 2), at=later + timedelta(hours=1)) == 0
    assert found(market) == ["x", "y"]


def test_prices_of_a_day_hold_what_was_listed_that_day(market, a):
    keep(market, of_list(a, "x", 1), of_list(a, "y", 2))
    keep(market, of_list(a, "x", 1, DAY + timedelta(days=5)), at=AT + timedelta(days=5))
    assert found(market, as_of=DAY + timedelta(days=4)) == ["x", "y"]
    assert found(market, as_of=DAY + timedelta(days=5)) == ["x"]


def test_a_broken_list_takes_nothing_off(market, a):
    keep(market, *(of_list(a, f"i{n}", 1 + n) for n in range(5)))
    assert keep(market, of_list(a, "i0", 1), of_list(a, "i1", 2)) is None
    assert len(found(market)) == 5


def test_of_a_list_that_lost_most_of_its_rows_those_left_were_read_and_the_others_not(market, a, monkeypatch):
    """However many are missing: a statement takes only so many values."""
    monkeypatch.setattr(offer_listing, "CHUNK", 1)
    keep(market, *(of_list(a, f"i{n}", 1 + n) for n in range(5)))
    later = AT + timedelta(hours=1)
    assert keep(market, of_list(a, "i0", 1), of_list(a, "i1", 2), at=later) is None
    with market.reading() as session:
        page = offers.search(session, offers.OfferFilter(), limit=99)
    assert {o.instance: o.fetched_at for o in page.offers} == {
        f"i{n}": later if n < 2 else AT for n in range(5)
    }


def test_a_market_that_moves_keeps_only_what_its_last_answer_names(market, a):
    """Of as many offers as before most are others: no broken list, and nothing piles up."""
    for day in range(4):
        told = [of_list(a, f"{day}.{n}", 1 + n, DAY + timedelta(days=day)) for n in range(5)]
        keep(market, *told, at=AT + timedelta(days=day))
    assert found(market) == [f"3.{n}" for n in range(5)]


def test_a_list_that_stays_short_for_half_a_day_has_become_short(market, a):
    keep(market, *(of_list(a, f"i{n}", 1 + n) for n in range(5)))
    for hours, gone, left in ((1, None, 5), (12, None, 5), (13, None, 5), (14, 4, 1)):
        at = AT + timedelta(hours=hours)
        assert keep(market, of_list(a, "i0", hours, at.date()), at=at) == gone
        assert len(found(market)) == left


def test_a_short_answer_with_new_prices_is_broken_too(market, a):
    keep(market, *(of_list(a, f"i{n}", 1 + n) for n in range(5)))
    later = AT + timedelta(days=30)
    told = [of_list(a, name, 9, later.date()) for name in ("i0", "new")]
    assert keep(market, *told, at=later) is None


def test_not_modified_confirms_what_the_last_answer_named(market, a):
    keep(market, *(of_list(a, f"i{n}", 1 + n) for n in range(5)))
    short, later = AT + timedelta(days=1), AT + timedelta(days=2)
    assert keep(market, of_list(a, "i0", 1, short.date()), at=short) is None
    with market.begin() as session:
        assert offer_listing.confirm(session, "live", later, short) == 1
    with market.reading() as session:
        days = {o.instance: o.as_of for o in offers.search(session, offers.OfferFilter(), limit=9).offers}
    assert days.pop("i0") == later.date() and set(days.values()) == {DAY}


def test_two_lists_price_one_instance_side_by_side_without_touching_each_other(market, a):
    for _ in range(3):
        with market.begin() as session:
            offers.add_all(session, [a.offer(hourly_price=Decimal(2), origin="one")], AT)
            offers.add_all(session, [a.offer(hourly_price=Decimal(4), origin="two")], AT)
    with market.reading() as session:
        page = offers.search(session, offers.OfferFilter(), limit=9)
        assert [(o.origin, o.hourly_price) for o in page.offers] == [("one", 2), ("two", 4)]
        assert all(len(offers.history(session, o.slug)) == 1 for o in page.offers)


def test_the_catalogs_price_gives_way_to_a_later_one_of_the_same_instance(market, a):
    with market.begin() as session:
        offers.add_all(session, [a.offer(instance="old name"), a.offer(instance="other", region="us")], AT)
    keep(market, of_list(a, "new name", 3, DAY + timedelta(days=1)), at=AT + timedelta(days=1))
    with market.begin() as session:
        assert superseding.supersede(session, AT + timedelta(days=1), of_list="live") == 1
    assert found(market) == ["other", "new name"]
    # The catalog is seeded again at every start: that is no news.
    with market.begin() as session:
        offers.add_all(session, [a.offer(instance="old name")], AT + timedelta(days=2))
    assert "old name" not in found(market)


def test_not_modified_means_still_the_price_today(market, a):
    keep(market, of_list(a, "x", 1))
    with market.begin() as session:
        offers.add_all(session, [a.offer(instance="z", origin="another")], AT)
    later = AT + timedelta(days=3)
    with market.begin() as session:
        assert offer_listing.confirm(session, "live", later) == 1
        assert offer_listing.confirm(session, "live", later) == 0
    with market.reading() as session:
        by_name = {o.instance: o for o in offers.search(session, offers.OfferFilter(), limit=9).offers}
        assert by_name["x"].as_of == later.date() and by_name["x"].fetched_at == later
        assert by_name["z"].as_of == DAY
        (span,) = offers.history(session, by_name["x"].slug)
        assert (span.first_as_of, span.last_as_of) == (DAY, later.date())
    assert found(market, as_of=DAY + timedelta(days=1)) == ["x", "z"]


def test_a_list_that_is_read_again_says_so_without_a_new_fact(market, a):
    keep(market, of_list(a, "x", 1), of_list(a, "y", 2))
    later = AT + timedelta(hours=1)
    with market.begin() as session:
        before = versions.data_version(session)
        known = {o.instance: o.slug for o in offers.search(session, offers.OfferFilter(), limit=9).offers}
        offer_listing.seen_again(session, "live", later, {known["y"]})
        assert versions.data_version(session) == before
    with market.reading() as session:
        read = {
            o.instance: o.fetched_at for o in offers.search(session, offers.OfferFilter(), limit=9).offers
        }
        assert read == {"x": later, "y": AT}
        assert [(p.first_as_of, p.last_as_of) for p in offers.history(session, known["x"])] == [(DAY, DAY)]


def test_of_two_lists_one_is_current_and_the_other_says_which_took_its_place(market, a):
    with market.begin() as session:
        offers.add_all(session, [a.offer(hourly_price=Decimal(2), origin="one")], AT)
        offers.add_all(session, [a.offer(hourly_price=Decimal(4), origin="two")], AT)
        assert superseding.supersede(session, AT) == 1
        assert superseding.supersede(session, AT) == 0
        gone = offers.search(session, offers.OfferFilter(unlisted=True)).offers
        assert [(o.origin, o.superseded_by, o.superseded_since) for o in gone] == [
            ("one", None, None),
            ("two", "one", AT),
        ]
