"""What cards cost by dated prices, and how far prices moved."""

from datetime import date

import pytest

from service.estimate.card_prices import WITHOUT_OWN, CardPrice, CardPrices
from service.facts import Source

CLASSES = {"a": "geforce", "b": "geforce", "c": "datacenter", "new-card": "geforce"}


def price(gpu, month, usd, kind="new", source="shop", **said):
    day = date.fromisoformat(f"{month}-28")
    return CardPrice(gpu, kind, day.replace(day=1), day, usd, said.get("low"), said.get("high"), None,
                     Source(source, source, f"https://{source}.example", day))  # fmt: skip


def yearly(gpu, *prices, first=2018):
    return [price(gpu, f"{first + i}-06", usd) for i, usd in enumerate(prices)]


def test_the_youngest_price_and_of_two_of_a_month_the_new_cards():
    stored = CardPrices(
        [price("a", "2026-03", 900), price("a", "2026-09", 500, "used"), price("a", "2026-09", 700),
         price("a", "2026-10", 1999, "launch"), price("a", "2024-01", 400, "used")],
        CLASSES,
    )  # fmt: skip
    assert stored.newest("a").usd == 700 and stored.newest("a", "used").usd == 500
    assert (
        stored.newest("b") is None
        and CardPrices([price("b", "2026-01", 1, "launch")], CLASSES).newest("b") is None
    )
    assert stored.newest("a").months_old(date(2026, 11, 28)) == 2


def test_prices_that_halve_every_year_say_so_for_any_stretch():
    stored = CardPrices(yearly("a", 800, 400, 200, 100, 50, 25), CLASSES)
    assert stored.move("a", 12).p50 == pytest.approx(0.5) and stored.move("a", 24).p50 == pytest.approx(0.25)
    assert stored.move("a", 0).p50 == 1.0
    assert stored.move("a", 36).p10 == pytest.approx(stored.move("a", 36).p90)


def test_a_card_without_a_history_is_told_by_its_class_and_more_widely():
    falling, rising = yearly("a", 100, 50, 25, 12.5, 6.25, 3.125), yearly("b", 100, 100, 100, 100, 100, 100)
    stored = CardPrices([*falling, *rising, *yearly("c", 1, 100, 1, 100, 1, 100)], CLASSES)
    told, its_own = stored.move("new-card", 12), stored.move("a", 12)
    assert told.p10 < 0.5 < told.p50 <= 1 <= told.p90 < 2, "the datacenter's jumps are another class's"
    assert its_own.p10 > told.p10 and stored.has_history("a", 12) and not stored.has_history("new-card", 12)
    without = stored.move("a", 12, own=False)
    assert without.p50 == 1.0
    assert WITHOUT_OWN > 1


def test_only_what_was_over_by_then_was_known_then():
    stored = CardPrices(yearly("a", 100, 100, 100, 20), CLASSES)
    assert stored.move("b", 12, until=date(2020, 12, 1)).p10 == 1.0
    assert stored.move("b", 12).p10 < 0.5
    assert stored.move("b", 12, until=date(2017, 1, 1)).p50 == 1.0, "nothing was known: as if it stood still"


def test_every_year_counts_the_same_however_many_cards_it_has():
    crash = [one for gpu in ("a", "b") for one in yearly(gpu, 100, 30, first=2021)]
    calm = [one for year in (2010, 2012, 2014, 2016) for one in yearly("c", 100, 100, first=year)]
    cards = CardPrices([*crash, *calm], {**CLASSES, "a": "datacenter", "b": "datacenter", "x": "datacenter"})
    assert cards.move("x", 12).p50 == pytest.approx(1.0), "one year of five"


def test_used_is_held_against_new_of_the_same_teller_and_month():
    stored = CardPrices(
        [price("a", "2026-08", 1000), price("a", "2026-08", 800, "used"),
         price("b", "2026-08", 1000, source="other"), price("b", "2026-08", 100, "used")],
        CLASSES,
    )  # fmt: skip
    assert stored.used_of_new().p50 == pytest.approx(0.8)


def test_an_old_price_is_in_doubt_by_what_prices_moved_since_and_by_what_was_seen_beside_it():
    stored = CardPrices([*yearly("a", 800, 400, 200, 100, 50, 25)], CLASSES)
    old = price("a", "2025-11", 100)
    assert stored.doubt_of(old, date(2026, 11, 28)).p10 == pytest.approx(0.5)
    assert stored.doubt_of(old, date(2026, 11, 28)).p90 == 1.0
    spread = price("a", "2025-11", 100, low=50, high=100)
    assert stored.doubt_of(spread, date(2026, 11, 28)).p10 == pytest.approx(0.5**2**0.5)
