"""Regions lie in countries, countries in parts of the world."""

import csv
from datetime import date
from types import SimpleNamespace

import pytest

from service.countries import PARTS_OF_THE_WORLD
from service.store import offers, providers
from service.store.regions import country_of
from service.store.session import Sessions
from service.store.versions import CATALOG
from tests.store.test_offer_conflicts import keep


def test_the_catalogs_own_offers_agree_with_the_table():
    rows = list(csv.DictReader((CATALOG / "offers.csv").read_text("utf-8").splitlines()))
    told = [(row["country"], country_of(row["provider"], row["region"])) for row in rows]
    assert all(known in (None, country) for country, known in told)
    assert sum(known is not None for _, known in told) > 150


def test_a_country_lies_in_one_part_of_the_world():
    apart = [countries for name, countries in PARTS_OF_THE_WORLD.items() if name not in ("eu", "us")]
    assert sum(map(len, apart)) == len(frozenset().union(*apart))
    assert PARTS_OF_THE_WORLD["eu"] < PARTS_OF_THE_WORLD["europe"]
    assert len(PARTS_OF_THE_WORLD["eu"]) == 27 and "GB" not in PARTS_OF_THE_WORLD["eu"]


@pytest.mark.parametrize(
    ("provider", "region", "country"),
    [
        ("aws", "eu-central-1", "DE"), ("azure", "GermanyWestCentral", "DE"), ("gcp", "europe-west4", "NL"),
        ("oci", "eu-frankfurt-1", "DE"), ("lambda", "me-west-1", "IL"), ("vast", "eu-central-1", None),
        ("aws", "", None), ("verda", "FIN-01", "FI"), ("hyperstack", "CANADA-1", "CA"),
    ],
)  # fmt: skip
def test_the_country_of_a_region(provider, region, country):
    assert country_of(provider, region) == country


def test_a_list_without_country_gets_it_at_intake(market: Sessions, a: SimpleNamespace):
    with market.begin() as session:
        providers.put(session, a.provider(slug="gcp", name="Google"))
    offer = a.offer(provider="gcp", region="europe-west4", country=None, as_of=date(2026, 3, 1))
    keep(market, offer)
    with market.reading() as session:
        assert offers.get(session, offers.offer_slug(offer)).country == "NL"
