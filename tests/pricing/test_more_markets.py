"""Clore.ai and the collections of others: units, names, stock and days as public readers say them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.refresh import named
from pricing.source import Payload
from pricing.sources.cloud import clore
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
