"""Clore.ai and the collections of others: units, names, stock and days as public readers say them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.refresh import named
from pricing.sellers import OF_HOSTS, SELLERS, seller
from pricing.source import Asked, Payload
from pricing.sources.cloud import clore, computeprices, gpu_price_tracker, gpu_rental_prices
from service.facts import CloudOffer
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def names():
    return GpuNames(shipped_catalog().gpus, ())


def read(module, document):
    """The offers of an answer by instance, and why the other rows are refused."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = module.parse(Payload(content, "", NOW))
    offers = {offer.instance: offer for offer in found if isinstance(offer, CloudOffer)}
    return offers, [row.reason for row in found if not isinstance(row, CloudOffer)]


def slug(names, offer):
    return names.named(offer.gpu_raw_name, offer.memory_gib_per_gpu, offer.instance).slug


def test_clore_asks_a_day_for_the_whole_machine(names):
    offers, refused = read(clore, recorded("clore").content)
    four = offers["machine 41001"]
    assert (four.hourly_price, four.gpu_count, four.tier) == (Decimal("1.28"), 4, "marketplace")
    assert slug(names, four) == "rtx-4090" and "30.72 USD a day" in four.note
    assert (four.country, four.vcpus, four.in_stock, four.rentable_count) == ("DE", 48, True, 1)
    rented = offers["machine 41002"]
    assert (rented.in_stock, rented.rentable_count, rented.hourly_price) == (False, None, Decimal("0.3"))
    assert slug(names, rented) == "v100-sxm-32gb"
    assert refused == [
        "its host is reliable to 0.45, less than 0.9",
        "GPUs of several kinds or of none: mixed",
        "the price in USD is not known",
    ]


def test_clore_as_another_reader_recorded_it(names):
    server = {
        "id": 200001,
        "rented": False,
        "reliability": 0.992,
        "specs": {"cpus": "24/48", "gpu": "1x NVIDIA A100 SXM4 80GB", "gpuram": 80, "net": {"cc": "DE"}},
        "price": {"usd": {"on_demand_usd": 24.5, "spot": 12.0}},
    }
    offers, refused = read(clore, {"code": 0, "servers": [server]})
    assert not refused and slug(names, offers["machine 200001"]) == "a100-sxm-80gb"


def test_an_hours_price_taken_for_a_days_is_not_believed(names):
    offers, _ = read(clore, recorded("clore").content)
    four = named(offers["machine 41001"], names)
    known = Known(rates={"USD": Decimal("1.16")}, names=names)
    assert not check([four], known).rejected
    ((_, reason),) = check([replace(four, hourly_price=four.hourly_price / 24)], known).rejected
    assert "costs more than 0.031" in reason


def test_a_collected_price_of_one_gpu_becomes_that_of_those_rented_together(names):
    offers, refused = read(gpu_rental_prices, recorded("gpu_rental_prices").content)
    eight = offers["8x H200"]
    assert (eight.provider, eight.hourly_price, eight.gpu_count) == ("coreweave", Decimal("50.44"), 8)
    node = offers["Marketplace node 0cb4; 8 GPUs on host"]
    assert (node.tier, node.country, node.in_stock) == ("marketplace", "US", True)
    assert slug(names, node) == "a100-sxm-80gb"
    month = offers["g4-b300-large"]
    assert (month.tier, month.term_months, month.in_stock) == ("reserved", 1, False)
    assert (offers["1x RTX 4090"].tier, offers["1x RTX 4090"].in_stock) == ("community", None)
    assert (offers["1x RTX 6000 ADA"].provider, slug(names, offers["1x RTX 6000 ADA"])) == (
        "verda",
        "rtx-6000-ada",
    )
    assert offers["1x MI300X"].as_of == date(2026, 10, 27), "carried over: true on the day it was read"
    assert eight.source.licence == "CC BY 4.0, gpurentalprices.com" and "coreweave.com" in eight.note
    assert refused == [
        "the price of a GPU without the machine around it",
        "rented as serverless: no machine for hours",
        "the price of a GPU without the machine around it",
        "a provider that nobody has mapped, somebodynew",
    ]


def test_a_reserved_price_without_its_months_is_refused():
    offer = {
        "provider": "nebius",
        "gpu": "l40s",
        "vram_gb": 48,
        "usd_hr": 1.2,
        "fetched_at": "2026-11-27T08:00Z",
    }
    commitment = {"type": "spend", "months": None}
    offers, refused = read(
        gpu_rental_prices,
        {
            "date": "2026-11-27",
            "offers": [offer | {"kind": "secure"}, offer | {"kind": "reserved", "commitment": commitment}],
        },
    )
    assert offers["1x L40S"].as_of == date(2026, 11, 27)
    assert refused == ["reserved for a time that is not said"]


def test_computeprices_prices_one_gpu_and_all_of_them(names):
    offers, refused = read(computeprices, recorded("computeprices").content)
    four = offers["4x RTX 4000 Ada"]
    assert (four.provider, four.hourly_price, four.in_stock) == ("linode", Decimal("2.96"), None)
    assert slug(names, four) == "rtx-4000-ada"
    years = offers["2x A100 PCIE"]
    assert (years.tier, years.term_months, years.as_of) == ("reserved", 36, date(2026, 4, 27))
    dedicated = offers["8x H100 SXM Dedicated"]
    assert (dedicated.region, dedicated.in_stock, slug(names, dedicated)) == ("us-east-1", False, "h100-sxm")
    assert (offers["5x RTX 4090"].provider, offers["5x RTX 4090"].tier) == ("vast", "spot")
    assert "attribution" in four.source.licence and "akamai.com" in four.note
    assert refused == [
        "3.5 for 8 GPUs is not 8 times 3.5",
        "a provider that nobody has mapped, deep-infra",
        "reserved with None months of commitment",
    ]


def test_computeprices_full_answer_is_asked_again_by_tier_and_each_row_counts_once():
    row = json.loads(recorded("computeprices").content)["data"][0]
    many = [row | {"gpu_count": n, "total_hourly_usd": None} for n in range(1, computeprices.FULL + 1)]
    asked = []

    class Out:
        def get(self, url, headers=None):
            asked.append((url.partition("?")[2], headers))
            rows = many[:3] if "spot" in url else many
            return Payload(json.dumps({"data": rows}).encode(), url, NOW)

    answer = computeprices.fetch(Out(), Asked(computeprices.URL, NOW, "k"))
    bearer = {"Authorization": "Bearer k"}
    assert asked == [("", bearer), ("pricing_type=on_demand", bearer), ("pricing_type=spot", bearer)]
    offers, refused = read(computeprices, answer.content)
    assert len(offers) == computeprices.FULL and offers["8x RTX 4000 Ada"].hourly_price == Decimal("5.92")
    assert refused == ["an answer of 1000 rows is a full one: others are not in it"] * 2


def test_collectors_names_of_providers_are_ours():
    assert set(SELLERS.values()) <= {provider.slug for provider in shipped_catalog().providers}
    assert set(SELLERS.values()) >= set(OF_HOSTS)
    assert [seller(name) for name in ("Vast.ai", "voltagepark", "Lambda Labs")] == [
        "vast",
        "voltage-park",
        "lambda",
    ]


def test_of_the_data_set_the_newest_snapshot_counts(names):
    offers, refused = read(gpu_price_tracker, recorded("gpu_price_tracker").content)
    assert set(offers) == {"vcg-a100-12c-120g-80vram", "epyc-rome-rtx-a5000"}
    one, two = offers["vcg-a100-12c-120g-80vram"], offers["epyc-rome-rtx-a5000"]
    assert (one.provider, one.country, one.in_stock, one.as_of) == ("vultr", "DE", None, date(2026, 10, 30))
    assert (two.gpu_count, two.hourly_price, two.in_stock) == (2, Decimal("0.9251"), False)
    assert slug(names, two) == "rtx-a5000"
    assert refused == ["its collector calls it unknown_gpu"]


def test_the_data_set_is_asked_in_pages_until_an_older_snapshot_begins():
    row = json.loads(recorded("gpu_price_tracker").content)["rows"][0]["row"]
    asked = []

    class Out:
        def get(self, url, headers=None):
            asked.append(dict(parse_qsl(urlsplit(url).query)))
            older = row | {"timestamp": "2026-10-29T21:14:00Z"}
            rows = [row] * 100 if len(asked) == 1 else [row] * 50 + [older] * 50
            return Payload(json.dumps({"rows": [{"row": one} for one in rows]}).encode(), url, NOW)

    gpu_price_tracker.fetch(Out(), Asked(gpu_price_tracker.URL, NOW))
    assert [query["offset"] for query in asked] == ["0", "100"]
    assert asked[0]["dataset"] == "afhubbard/gpu-prices" and asked[0]["orderby"] == '"timestamp" DESC'
    assert asked[0]["where"] == (
        "\"timestamp\">='2026-11-25T12:00:00' AND \"quality\"='ok' AND "
        "(\"provider\"='cudo' OR \"provider\"='tensordock' OR \"provider\"='vultr')"
    )
