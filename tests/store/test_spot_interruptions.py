"""The newest list of a provider's interruptions stands; its spot offers carry them."""

from dataclasses import replace
from datetime import UTC, date, datetime

from service.facts import SpotInterruption
from service.store import offer_table, offers, sources, spot_interruptions, versions
from tests.store.conftest import SOURCE

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOLD = SpotInterruption("cumulus", "a10.1", "eu-1", 0.05, 0.10, date(2026, 3, 1), SOURCE)


def kept(market, *told):
    with market.begin() as session:
        return spot_interruptions.put_all(session, told)


def test_the_newest_list_stands_and_only_changes_move_the_data_version(market):
    assert kept(market, TOLD, replace(TOLD, region="eu-2")) == 2
    with market.reading() as session:
        before = versions.data_version(session)
    assert kept(market, replace(TOLD, as_of=date(2026, 3, 2)), replace(TOLD, region="eu-2")) == 0
    assert kept(market) == 0
    with market.reading() as session:
        assert versions.data_version(session) == before
        assert {f.region: f.as_of.day for f in spot_interruptions.all(session)} == {"eu-1": 2, "eu-2": 1}
    assert kept(market, replace(TOLD, share_high=None)) == 2
    with market.reading() as session:
        assert [f.region for f in spot_interruptions.all(session)] == ["eu-1"]
        assert spot_interruptions.per_day(session) == {}


def test_a_spot_offer_of_that_instance_there_carries_them(market, a):
    kept(market, TOLD)
    with market.begin() as session:
        here = a.offer(tier="spot", instance="a10.1", region="eu-1")
        offers.add_all(session, [here, a.offer(), replace(here, region="eu-2")], AT)
        table = offer_table.load(session, sources.by_id(session))
    found = {(o.tier, o.region): o.interruptions for o in map(table.row, range(len(table)))}
    assert found["spot", "eu-1"].source.title == SOURCE.title and found["spot", "eu-1"].value < 0.01
    assert found["spot", "eu-2"] is None and found["on_demand", "eu-1"] is None
