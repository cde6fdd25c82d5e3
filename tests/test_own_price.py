"""A contract price typed in by hand wins over everything that any source brings."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner

from service.cli import main
from service.facts import ElectricityRate, ExchangeRate, Source, SpotPrice
from service.store import exchange_rates, rates, spot_prices
from service.store.session import Sessions, engine_for

TODAY = datetime.now(UTC).date()


def said(slug):
    return Source(slug, f"a source called {slug}", "https://example.org", TODAY, "", TODAY)


@pytest.fixture
def sessions(catalog_copy, monkeypatch):
    url = catalog_copy()
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    engine = engine_for(url)
    yield Sessions(engine)
    engine.dispose()


def compare(*words):
    result = CliRunner().invoke(main, ["compare", "--json", *words])
    assert result.exit_code == 0, result.output
    home = json.loads(result.stdout)["options"][0]
    energy = next(item for item in home["cost"]["items"] if item["quantity_unit"] == "kWh")
    price = next(
        number for number in home["sources"] if "kWh" in number["unit"] and "CO2" not in number["unit"]
    )
    return energy["unit_price"], price


def test_nothing_a_source_brings_overrides_it(sessions):
    stored, _ = compare()
    assert stored != 0.2512
    own, price = compare("--kwh-price", "0.2512")
    assert own == 0.2512 and price["basis"] == "user" and price["source"] == "given by you"
    newer = [
        ElectricityRate("DE", "Germany", kind, "EUR", Decimal(value), taxes, TODAY, said(slug), band)
        for kind, value, taxes, slug, band in (
            ("retail", "0.11", "all", "newest", ""),
            ("retail", "0.12", "all", "user", "contract"),
            ("spot", "0.01", "excl_taxes", "market", ""),
            ("retail", "0.13", "excl_vat", "given by you", ""),
        )
    ]
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    slot = SpotPrice("DE-LU", now, now.replace(minute=15), Decimal("-500"), "EUR", said("m"), now, "all")
    with sessions.begin() as session:
        rates.put_electricity(session, newer)
        spot_prices.put_all(session, [slot])
        exchange_rates.put_all(session, [ExchangeRate("EUR", "USD", Decimal("1.5"), TODAY, said("ecb"))])
    assert compare()[0] != stored, "a newer tariff of a source does count where none is given"
    again, price = compare("--kwh-price", "0.2512")
    assert again == 0.2512 and price["source"] == "given by you" and price["as_of"] == TODAY.isoformat()
    free, _ = compare("--kwh-price", "0")
    assert free == 0, "0 is a price where it is one's own: a roof full of panels"


def test_it_wins_over_rest_too(sessions):
    from service.app import create_app
    from service.settings import Settings

    rate = ElectricityRate(
        "DE", "Germany", "retail", "EUR", Decimal("0.11"), "all", date(2026, 11, 23), said("s")
    )
    with sessions.begin() as session:
        rates.put_electricity(session, [rate])
    client = create_app(Settings.from_environ({}), sessions).test_client()
    answer = client.post("/api/v1/comparisons", json={"kwh_price": "0.2512"}).get_json()
    energy = next(i for i in answer["options"][0]["cost"]["items"] if i["quantity_unit"] == "kWh")
    assert energy["unit_price"] == 0.2512
