"""Akash and Spheron: prices and what is free of them."""

from decimal import Decimal

import pytest

from pricing.gpu_names import GpuNames
from pricing.refresh import refresh
from pricing.source import Asked, Payload
from pricing.sources.cloud import akash, spheron_offers
from service.facts import CloudOffer
from service.store import offers
from service.store.offers import OfferFilter
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_every_source import NOW, recorded


def parsed(module):
    found = module.parse(recorded(module.NAME))
    offers = {(o.instance, o.region, o.tier): o for o in found if isinstance(o, CloudOffer)}
    return offers, [row.reason for row in found if not isinstance(row, CloudOffer)]


@pytest.fixture(scope="module")
def names():
    return GpuNames(shipped_catalog().gpus, ())


def test_akash_is_read_at_the_median_of_its_bids_and_counts_what_is_free(names):
    offers, refused = parsed(akash)
    h100 = offers["1x h100 SXM5 80Gi", "", "marketplace"]
    assert (h100.hourly_price, h100.in_stock, h100.rentable_count) == (Decimal("2.04"), True, 3)
    assert names.named(h100.gpu_raw_name, h100.memory_gib_per_gpu, h100.instance).slug == "h100-sxm"
    gone = offers["1x rtx4090 PCIe 24Gi", "", "marketplace"]
    assert gone.in_stock is False and gone.rentable_count is None
    assert refused == ["nobody has bid for it"]


def test_spheron_prices_whole_instances_on_demand_and_spot(names):
    offers, refused = parsed(spheron_offers)
    eight = offers["dc-one h100-8", "us-east-1", "on_demand"]
    assert (eight.hourly_price, eight.gpu_count, eight.in_stock) == (Decimal("16.4"), 8, True)
    assert names.named(eight.gpu_raw_name, eight.memory_gib_per_gpu, eight.instance).slug == "h100-sxm"
    assert offers["dc-one h100-8", "Norway", "spot"].hourly_price == Decimal("9.6")
    spot = offers["dc-two h100-spot", "Finland", "spot"]
    assert spot.in_stock is False and ("dc-two h100-spot", "Finland", "on_demand") not in offers
    assert refused == ["the price is not known"]


@pytest.mark.parametrize("module", [akash, spheron_offers])
def test_what_a_market_does_not_name_is_not_for_rent(database, module):
    def origins():
        wanted = OfferFilter(provider=module.SOURCE.covers[0].provider)
        with database.reading() as session:
            return {offer.origin for offer in offers.search(session, wanted).offers}

    assert origins() == {"catalog"}
    fetched = recorded(module.NAME)
    assert refresh(database, module.SOURCE, NOW, lambda asked: fetched).outcome == "ok"
    assert origins() == {module.NAME}


def test_spheron_is_asked_page_by_page():
    asked = []

    class Out:
        def get(self, url, headers=None):
            asked.append(url)
            page = b'{"data": [{"gpuType": "l4", "offers": []}], "totalPages": 2}'
            return Payload(page, url, NOW)

        def same_host(self, link, asked):
            return link

    spheron_offers.fetch(Out(), Asked(spheron_offers.URL, NOW))
    assert [url.partition("page=")[2][:1] for url in asked] == ["1", "2"]
