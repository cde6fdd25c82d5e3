"""One promise for all sources: registered, recorded, parsed, believable, dated."""

import pkgutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import pricing.sources
from pricing.checks import Known, check
from pricing.source import Payload, Rejected, UnreadablePayload
from pricing.sources import SOURCES
from service.facts import ExchangeRate

FIXTURES = Path(__file__).parent / "fixtures"
GERMANY = next(source for source in SOURCES if source.name == "energy_charts")
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)


MODULES = {
    module.name.rsplit(".", 1)[1]
    for module in pkgutil.walk_packages(pricing.sources.__path__, "pricing.sources.")
    if not module.ispkg
}


def module_of(name: str) -> str:
    """One module may read many answers of one form: skypilot.py is skypilot_do, skypilot_vast, ..."""
    return max((m for m in MODULES if name == m or name.startswith(f"{m}_")), key=len, default="")


def recorded(name: str) -> Payload:
    """The answer recorded for a source, or for its module where answers do not say which of them it is."""
    for known in (name, module_of(name)):
        found = sorted(FIXTURES.glob(f"{known}.*"))
        if found:
            break
    assert len(found) == 1, f"no single fixture for {name}"
    return Payload(found[0].read_bytes(), f"https://example.org/{name}", NOW)


def test_every_module_is_registered_once():
    assert MODULES and {module_of(source.name) for source in SOURCES} == MODULES
    assert len(SOURCES) == len({source.name for source in SOURCES})


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_its_recorded_answer_gives_believable_dated_facts(source):
    checked = check(source.parse(recorded(source.name)), Known())
    facts = checked.accepted
    assert facts
    assert not [row for row, _ in checked.rejected if not isinstance(row, Rejected)]
    assert source.url.startswith("https://") and source.licence and source.every >= timedelta(minutes=15)
    for fact in facts:
        assert fact.source.title and fact.source.url and fact.source.as_of <= NOW.date()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize(
    "content", [b"", b"<html>busy</html>", b"{}", b"[]", b"\xff\xfe", b'{"price": 1}', b"null"]
)
def test_what_it_cannot_read_is_named_not_guessed(source, content):
    with pytest.raises(UnreadablePayload):
        source.parse(Payload(content, source.url, NOW))


def test_ecb_rates_carry_their_own_day_and_are_exact():
    rates = {rate.quote: rate for rate in SOURCES[0].parse(recorded("ecb"))}
    assert rates["USD"] == ExchangeRate("EUR", "USD", Decimal("1.1172"), NOW.date(), rates["USD"].source)
    assert str(rates["GBP"].rate) == "0.83380"


def test_spot_slots_end_where_the_next_begins_and_negative_prices_stay():
    prices = GERMANY.parse(recorded("energy_charts"))
    assert [p.per_mwh for p in prices] == [Decimal("108.87"), Decimal("97.08"), Decimal("-4.5")]
    assert all(p.slot_end - p.slot_start == timedelta(minutes=15) for p in prices)
    assert "SMARD" in prices[0].source.licence


def test_slots_out_of_order_are_refused():
    content = b'{"unix_seconds": [900, 0, 1800], "price": [1, 2, 3]}'
    with pytest.raises(UnreadablePayload, match="order"):
        GERMANY.parse(Payload(content, "", NOW))
