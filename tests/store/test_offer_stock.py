"""What can be rented: told by some sources, kept beside the price, without moving it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from service.store import offer_listing, offer_table, offers, sources, versions

DAY = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(market, a, in_stock, at, count=None, price=2, day=DAY):
    told = a.offer(
        hourly_price=Decimal(price), origin="live", as_of=day, in_stock=in_stock, rentable_count=count
    )
    with market.begin() as session:
        offers.add_all(session, [told], at)
        offer_listing.seen_again(session, "live", at)
        return offers.offer_slug(told)


def stored(market, slug):
    with market.reading() as session:
        offer = offers.get(session, slug)
        return offer.in_stock, offer.rentable_count, offer.seen_rentable_at, offer.hourly_price


def version(market):
    with market.reading() as session:
        return versions.data_version(session)


def test_sold_out_keeps_its_price_and_when_it_was_last_rentable(market, a):
    slug = read(market, a, True, AT, 3)
    assert stored(market, slug) == (True, 3, AT, 2)
    read(market, a, False, AT + HOUR)
    assert stored(market, slug) == (False, 3, AT, 2), "nobody has seen it rentable since"
    with market.reading() as session:
        assert not offers.search(session, offers.OfferFilter()).offers
        assert len(offers.search(session, offers.OfferFilter(sold_out=True)).offers) == 1
        assert len(offers.search(session, offers.OfferFilter(as_of=DAY)).offers) == 1
        table = offer_table.load(session, sources.by_id(session))
        assert list(table.sold_out) == [True] and table.row(0).in_stock is False
    read(market, a, True, AT + 2 * HOUR)
    assert stored(market, slug) == (True, None, AT + 2 * HOUR, 2)


def test_who_tells_nothing_of_stock_changes_nothing(market, a):
    slug = read(market, a, True, AT, 3)
    read(market, a, None, AT + HOUR)
    assert stored(market, slug)[:3] == (True, 3, AT)
    other = a.offer(hourly_price=Decimal(2), instance="told by nobody")
    with market.begin() as session:
        offers.add_all(session, [other], AT)
    assert stored(market, offers.offer_slug(other)) == (None, None, None, 2)


def test_an_older_reading_is_no_news(market, a):
    slug = read(market, a, True, AT)
    read(market, a, False, AT - 3 * HOUR, day=DAY - timedelta(days=1))
    assert stored(market, slug)[0] is True


def test_only_news_of_stock_moves_the_data_version(market, a):
    slug = read(market, a, True, AT)
    before = version(market)
    read(market, a, True, AT + HOUR, 5)
    assert version(market) == before and stored(market, slug)[1:3] == (5, AT + HOUR)
    read(market, a, False, AT + 2 * HOUR)
    assert version(market) > before


def test_an_unchanged_list_has_still_in_stock_what_it_had(market, a):
    slug = read(market, a, True, AT)
    with market.begin() as session:
        offer_listing.confirm(session, "live", AT + HOUR)
    assert stored(market, slug)[2] == AT + HOUR
