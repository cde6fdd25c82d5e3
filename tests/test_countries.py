"""One place knows countries; the tables of other places use its codes."""

import csv
import tomllib

import pytest

from pricing.countries import country_of
from pricing.sources.carbon import energy_charts_co2
from service import countries
from service.countries import PARTS_OF_THE_WORLD, bidding_zone_of, code_named, code_of, name_of
from service.reports.words.wording import LANGUAGES, wording
from service.store.versions import CATALOG


@pytest.mark.parametrize(
    ("written", "code"),
    [("de", "DE"), (" FR ", "FR"), ("UK", "GB"), ("el", "GR"), ("XK", "XK"), ("EU", None), ("ap", None),
     ("USA", None), ("", None), ("US-CA", None)],
)  # fmt: skip
def test_two_letters_are_a_countrys_or_nobodys(written, code):
    assert code_of(written) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("Deutschland", "DE"), ("germany", "DE"), ("usa", "US"), ("Österreich", "AT"), ("South Korea", "KR"),
     ("Bosnia and Herzegovina", "BA"), ("turkey", "TR"),
     ("Oesterreich", "AT"), ("GER", "DE"), ("georgia", None), ("east", None), ("de", None)],
)  # fmt: skip
def test_a_country_is_known_by_its_name(name, code):
    assert code_named(name) == code


def test_three_letters_are_a_countrys_too():
    found = [countries.code_of_three_letters(code) for code in ("DEU", "aut", "CHE", "XYZ", "DE", "")]
    assert found == ["DE", "AT", "CH", None, None, None]


def test_names_come_in_the_languages_of_the_reports():
    assert countries.LANGUAGES == LANGUAGES
    assert (name_of("CH"), name_of("CH", "de"), name_of("DE-LU")) == ("Switzerland", "Schweiz", None)
    assert wording("de").zone("CH", "?") == "Schweiz" and wording("de").zone("US-TX", "Texas") == "Texas"


def test_germany_shares_its_market_with_luxembourg():
    assert [bidding_zone_of(code) for code in ("DE", "LU", "AT", "NO2")] == ["DE-LU", "DE-LU", "AT", "NO2"]


def test_every_table_names_countries_by_the_one_code():
    regions = tomllib.loads((CATALOG / "regions.toml").read_text("utf-8"))
    told = {
        "regions": {country for known in regions.values() for country in known["countries"]},
        "parts of the world": frozenset().union(*PARTS_OF_THE_WORLD.values()),
        "grids": set(energy_charts_co2.COUNTRIES),
        "offers": _column("offers.csv", "country") - {""},
        "rates": {zone for zone in _column("household_rates.csv", "zone") if len(zone) == 2},
        "carbon": {zone for zone in _column("carbon.csv", "zone") if len(zone) == 2},
    }
    assert all(len(codes) >= 5 for codes in told.values())
    assert not [(table, code) for table, codes in told.items() for code in codes if code_of(code) != code]


@pytest.mark.parametrize(
    ("provider", "region", "country"),
    [
        ("vast", "Denmark, DK, EU", "DK"), ("vast", "Windhoek, NA", "NA"), ("vast", "NA", None),
        ("vast", "UK", "GB"), ("shadeform", "kansascity-usa-1", "US"),
        ("shadeform", "atlanta-georgia-1", None), ("seeweb", "it-fr2", "IT"), ("linode", "me-central", None),
        ("linode", "uk-lon", "GB"), ("aws", "us-east-1", None), ("runpod", "EU", None),
        ("runpod", "EU-RO-1", "RO"), ("runpod", "CA-MTL-1", "CA"), ("runpod", "US-KS-2", "US"),
        ("hyperstack", "NORWAY-1", "NO"), ("spheron", "Finland 3", "FI"), ("mithril", "us-central2-a", "US"),
        ("vultr", "fra1", None), ("own", "EU-RO-1", None),
    ],
)  # fmt: skip
def test_the_country_that_a_region_spells(provider, region, country):
    assert country_of(provider, region) == country


@pytest.mark.parametrize(
    ("region", "country", "said"),
    [
        ("Vietnam, VN, AS", "VN", "Vietnam"), ("Vietnam, VN, AS", None, "Vietnam"),
        (", US", "US", "United States"),
        ("California, US, NA", "US", "California, US"), ("FIN-01", "FI", "FIN-01, FI"), ("", None, ""),
        ("Windhoek, NA", "NA", "Windhoek, NA"), ("eu-north1", None, "eu-north1"),
    ],
)  # fmt: skip
def test_a_region_is_said_as_one_would_say_it(region, country, said):
    assert countries.place(region, country) == said
    assert "Vietnam, VN" not in countries.place(region, country, "de")


def _column(file, name):
    return {row[name] for row in csv.DictReader((CATALOG / file).read_text("utf-8").splitlines())}
