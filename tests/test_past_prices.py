"""What an offer has cost within the last year widens the range that a decision is tried over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from service.answers.question import AskedDecision
from service.facts import Source
from service.store import offers
from service.store.session import Sessions
from service.store.snapshot import load
from service.usecases.deciding import decide, decide_from_store
from service.usecases.past_prices import no_past, past_prices

NOW = datetime.now(UTC) + timedelta(minutes=30)
"""A question asked after the prices below were written."""
TODAY = NOW.date()
QUOTE = Source("quote", "a private quote", "", TODAY, "own")
ASKED = AskedDecision.of(budget=2000, deadline_hours=48, least_probability=0.5)


@pytest.fixture
def stored(catalog_engine):
    """The cheapest quote of 8 H100 by far: 10 $/h today, 14 $/h in the spring, 99 $/h two years ago."""
    sessions = Sessions(catalog_engine)
    cheapest = next(
        o for o in map(load(sessions).offers.row, range(len(load(sessions).offers)))
        if o.gpu == "h100-sxm" and o.gpu_count == 8 and o.tier == "on_demand"
    )  # fmt: skip
    ours = replace(cheapest, provider="lambda", instance="quoted", slug="", currency="USD", source=QUOTE)
    for age_days, price in ((750, "99"), (200, "14"), (3, "10")):
        day = TODAY - timedelta(days=age_days)
        with sessions.begin() as session:
            offers.add_all(
                session,
                [replace(ours, hourly_price=Decimal(price), as_of=day)],
                NOW - timedelta(days=age_days),
            )
    return sessions


def rent_swing(decision):
    return next(s for s in decision.sensitivity if s.code == "rent")


def test_the_last_year_counts_and_what_was_before_does_not(stored):
    snapshot = load(stored)
    decision = decide_from_store(stored, snapshot, ASKED, NOW)
    assert decision.best.option.rental.offer.instance == "quoted"
    slug = decision.best.option.rental.offer.slug
    assert sorted(p for p, _ in past_prices(stored, NOW)(slug)) == [Decimal("10"), Decimal("14")]
    dollar = float(snapshot.exchange["USD"].rate)
    swing = rent_swing(decision)
    assert swing.low == pytest.approx(10 / dollar)
    assert swing.high >= 14 / dollar
    only_past = decide(snapshot, ASKED, NOW, past=lambda _: [(Decimal("500"), "USD")])
    assert rent_swing(only_past).high == pytest.approx(500 / dollar)
    assert rent_swing(decide(snapshot, ASKED, NOW)).high < 500 / dollar


def test_an_offer_nobody_knows_has_no_past(stored):
    assert past_prices(stored, NOW)("no-such-offer") == [] == no_past("no-such-offer")
