"""Once a provider's own list has been read, what is shipped or said by others about it is history."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pricing.http import FetchFailed
from pricing.refresh import refresh
from pricing.source import Payload
from pricing.sources import SOURCES
from service.cli import main
from service.estimate.superseded import CATALOG
from service.store import offers, price_history
from service.store.offers import OfferFilter
from service.store.seed import seed
from service.store.snapshot import load

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
BY_NAME = {source.name: source for source in SOURCES}
GH200 = {"id": "vcg-gh200-72c", "hourly_cost": 3.99, "type": "vcg", "locations": ["atl"], "gpu_vram_gb": 96,
         "gpu_type": "NVIDIA_GH200", "vcpu_count": 72, "ram": 491520}  # fmt: skip
RTX_4090 = {"id": "NVIDIA GeForce RTX 4090", "displayName": "RTX 4090", "memoryInGb": 24, "secureCloud": True,
            "communityCloud": True, "securePrice": 0.7, "communityPrice": 0.3, "maxGpuCount": 1,
            "secureLowest": {"stockStatus": "High"}, "communityLowest": {"stockStatus": None}}  # fmt: skip
SKYPILOT = """InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice
1x_RTX4090_SECURE,RTX4090,1,8,80,0.31,US,"{'Gpus': [{'MemoryInfo': {'SizeInMiB': 24}}]}",
1x_A100-80GB_SECURE,A100-80GB,1,8,80,1.1,US,"{'Gpus': [{'MemoryInfo': {'SizeInMiB': 80}}]}",
"""


def read(sessions, name, content, at=AT):
    def fetch(asked):
        if content is None:
            raise FetchFailed("down")
        return Payload(content.encode(), asked.url, at)

    return refresh(
        sessions, BY_NAME[name], at, fetch, {str(BY_NAME[name].key): "k", BY_NAME[name].switch: "on"}
    ).outcome


def vultr(*plans):
    return json.dumps({"plans": list(plans), "plans_metal": [], "meta": {"links": {"next": ""}}})


def prices(sessions, **wanted):
    with sessions.reading() as session:
        found = offers.search(session, OfferFilter(**({"provider": "vultr"} | wanted)), limit=99).offers
    return sorted({(str(o.hourly_price), o.origin) for o in found})


@pytest.fixture
def own_list_read(database):
    assert len(prices(database)) == 6
    assert read(database, "vultr", vultr(GH200)) == "ok"
    return database


def test_the_own_list_alone_is_current_and_what_it_does_not_name_is_gone(own_list_read):
    assert prices(own_list_read) == [("3.99", "vultr")]
    facts = load(own_list_read)
    sold = {
        facts.offers.row(i).origin for i in range(len(facts.offers)) if facts.offers.provider[i] == "vultr"
    }
    assert sold == {"vultr"}
    shown = CliRunner().invoke(main, ["offers", "--provider", "vultr", "--unlisted"])
    assert "superseded by vultr since 2026-11-28" in " ".join(shown.output.split())


def test_history_keeps_it_and_a_day_before_still_tells_it(own_list_read):
    assert len(prices(own_list_read, as_of=(AT - timedelta(days=1)).date())) == 6
    before, after = (date(2026, 5, 1), date(2026, 5, 31)), (AT.date(), AT.date())
    told = []
    with own_list_read.reading() as session:
        for first_day, last_day in (before, after):
            history = price_history.price_history(
                session, "gh200-96gb", provider="vultr", interval="month",
                first_day=first_day, last_day=last_day,
            )  # fmt: skip
            told += [str(p.per_hour.minimum) for p in history.series[0].periods if p.per_hour]
        step = price_history.price_history(session, "gh200-96gb", provider="vultr", interval="month")
    assert told == ["1.99", "3.99"]
    # From one list to another is no step of a price: no offer has one in both months.
    assert step.series[0].offers == 0 and not step.sources


def test_it_stays_superseded_when_the_own_list_fails_and_when_the_catalog_is_seeded_again(own_list_read):
    assert read(own_list_read, "vultr", None, AT + timedelta(days=40)) == "failed"
    with own_list_read.begin() as session:
        seed(session)
    assert prices(own_list_read) == [("3.99", "vultr")]


def test_conflicts_tell_what_was_superseded_by_what(own_list_read):
    shown = CliRunner().invoke(main, ["prices", "conflicts"]).output
    assert "1.99 USD/h, catalog, 2026-05-24 (superseded)" in shown and "3.99 USD/h, vultr" in shown
    assert f"7 prices of {CATALOG} are superseded by vultr" in shown


def test_what_others_say_later_is_superseded_at_once(database):
    assert read(database, "runpod", json.dumps({"data": {"gpuTypes": [RTX_4090]}})) == "ok"
    assert read(database, "skypilot_runpod", SKYPILOT, AT + timedelta(hours=1)) == "ok"
    assert prices(database, provider="runpod") == [("0.7", "runpod")]
    said = prices(database, provider="runpod", unlisted=True)
    assert ("0.31", "skypilot_runpod") in said and ("1.1", "skypilot_runpod") in said


def test_a_sold_out_tier_of_an_own_list_that_covers_it_leaves_nothing(database):
    assert ("0.34", CATALOG) in prices(database, provider="runpod", gpu="rtx-4090")
    assert read(database, "runpod", json.dumps({"data": {"gpuTypes": [RTX_4090]}})) == "ok"
    assert prices(database, provider="runpod") == [("0.7", "runpod")]


def test_only_a_providers_own_list_says_what_it_is_complete_for():
    with_coverage = {name for name, source in BY_NAME.items() if source.covers}
    assert {"vultr", "runpod", "aws", "azure", "oci", "verda", "linode"} <= with_coverage
    assert not any(name.startswith(("skypilot", "gpuhunt", "shadeform")) for name in with_coverage)


def test_the_page_on_sources_names_every_own_list():
    page = (Path(__file__).parents[2] / "service/docs/sources.md").read_text()
    (listed,) = re.findall(r"Own lists, and .*?\n\n(.*?)\n\n", page, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == {name for name, source in BY_NAME.items() if source.covers}
