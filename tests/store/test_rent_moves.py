"""How rents moved: the shipped table until the store's own prices tell enough."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from service.store import offers
from service.store.rent_moves import moves_of, shipped_moves

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEK = np.array([7.0])
PROVIDERS = ("cumulus", "nimbus")
WEEKS = tuple(range(0, 91, 7))


def keep(market, a, count, days=(0, 7), factor=2, tier="spot"):
    for day in days:
        at = AT + timedelta(days=day)
        price = Decimal(factor if day % 2 else 1)
        told = [
            a.offer(
                instance=f"{tier}-{i}",
                tier=tier,
                hourly_price=price,
                as_of=at.date(),
                provider=PROVIDERS[i % 2],
            )
            for i in range(count)
        ]
        with market.begin() as session:
            offers.add_all(session, told, at)


def spread(market, *, is_refreshed=True, tier="spot"):
    with market.reading() as session:
        return moves_of(session, is_refreshed=is_refreshed).spread(tier, WEEK)[1, 0]


def test_what_the_store_has_seen_takes_the_place_of_the_shipped_table(market, a):
    shipped = shipped_moves().spread("spot", WEEK)[1, 0]
    assert spread(market) == shipped
    keep(market, a, 120, days=WEEKS, factor=3)
    assert spread(market) > shipped
    assert spread(market, is_refreshed=False) == shipped
    assert spread(market, tier="on_demand") == shipped_moves().spread("on_demand", WEEK)[1, 0]


def test_a_few_offers_or_a_card_in_one_week_are_not_enough(market, a):
    keep(market, a, 8, days=WEEKS, factor=3)
    assert spread(market) == shipped_moves().spread("spot", WEEK)[1, 0]
    keep(market, a, 120, factor=3, tier="on_demand")
    assert spread(market, tier="on_demand") == shipped_moves().spread("on_demand", WEEK)[1, 0]
