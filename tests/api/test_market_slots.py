"""Spot prices and grid carbon over HTTP, and what they may not do to a household's price."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest

from pricing.refresh import refresh
from pricing.source import Payload
from pricing.sources import SOURCES
from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions, engine_for
from tests.api.conftest import assert_problem
from tests.pricing.test_electricity_sources import DAYS
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)
BY_NAME = {source.name: source for source in SOURCES}


def read(sessions, name, content):
    return refresh(sessions, BY_NAME[name], NOW, lambda a: Payload(content, BY_NAME[name].url, NOW), {})


@pytest.fixture(scope="module")
def priced(catalog_copy):
    """A client on the catalog and a few days of prices and carbon."""
    engine = engine_for(catalog_copy())
    sessions = Sessions(engine)
    for day in ("2025-10-26", "2026-03-29"):
        read(sessions, "energy_charts_at", (DAYS / f"energy_charts_AT_{day}.json").read_bytes())
    read(sessions, "awattar_at", (DAYS / "awattar_at_2025-10-26.json").read_bytes())
    read(sessions, "energy_charts_se4", recorded("energy_charts").content.replace(b"CC BY 4.0", b"private"))
    read(sessions, "octopus_agile", recorded("octopus_agile").content)
    read(sessions, "energy_charts_co2_fr", recorded("energy_charts_co2").content)
    yield create_app(Settings.from_environ({}), sessions).test_client()
    engine.dispose()


def everything(client, url):
    items = []
    while url:
        page = client.get(url).get_json()
        items += page["items"]
        url = page["next"]
    return items


def test_a_market_day_of_100_quarter_hours_in_pages_and_as_csv(priced):
    url = "/api/v1/spot-prices?zone=at&from=2025-10-26&to=2025-10-26&limit=37"
    items = everything(priced, url)
    assert len(items) == 100 == len({item["slug"] for item in items})
    assert {item["market_day"] for item in items} == {"2025-10-26"}
    assert all(item["day_is_complete"] and item["unit"] == "EUR/MWh" for item in items)
    assert {item["source"] for item in items} == {"Energy-Charts day-ahead price, AT"}
    first = items[0]
    assert first["slot_start"] == "2025-10-25T22:00:00+00:00"
    assert Decimal(first["per_kwh"]) * 1000 == Decimal(first["per_mwh"])
    assert first["licence"].startswith("CC BY 4.0") and first["as_of"]
    assert priced.get(f"/api/v1/spot-prices/{first['slug']}").get_json() == first
    table = priced.get("/api/v1/spot-prices.csv?zone=AT&from=2025-10-26&to=2025-10-26&limit=500")
    rows = list(csv.DictReader(StringIO(table.get_data(as_text=True))))
    assert [row["slug"] for row in rows] == [item["slug"] for item in items]


def test_without_days_the_newest_known_day_answers(priced):
    items = everything(priced, "/api/v1/spot-prices?zone=AT&limit=500")
    assert len(items) == 92 and {item["market_day"] for item in items} == {"2026-03-29"}
    both = everything(priced, "/api/v1/spot-prices?zone=AT&from=2025-10-01&to=2026-03-31&limit=500")
    assert len(both) == 192
    assert everything(priced, "/api/v1/spot-prices?zone=AT&from=2026-03-30") == []


def test_an_incomplete_day_and_its_licence_are_said(priced):
    item = priced.get("/api/v1/spot-prices?zone=SE4").get_json()["items"][0]
    assert not item["day_is_complete"] and item["known_of_day"] == "day 2025-10-01: 0.75 of 24 hours"
    assert item["licence"].startswith("private")


def test_money_of_slots_converts_at_a_dated_rate_and_an_all_in_tariff_says_so(priced):
    item = priced.get("/api/v1/spot-prices?zone=GB-AGILE-C&currency=EUR").get_json()["items"][0]
    assert (item["quoted_per_mwh"], item["quoted_currency"], item["taxes"]) == ("-12.6", "GBP", "all")
    rate = item["exchange_rates"][0]
    assert round(Decimal(item["per_mwh"]), 4) == round(Decimal("-12.6") / Decimal(rate["rate"]), 4)
    assert item["unit"] == "EUR/MWh" and rate["as_of"] == "2026-10-30"


def test_grid_carbon_says_its_method_and_what_is_forecast(priced):
    items = everything(priced, "/api/v1/grid-carbon?zone=fr")
    assert [item["is_forecast"] for item in items] == [False] * 4 + [True] * 2
    assert {(i["scope"], i["accounting"], i["unit"]) for i in items} == {
        ("lifecycle", "production", "g CO2e/kWh")
    }
    assert priced.get(f"/api/v1/grid-carbon/{items[0]['slug']}").get_json() == items[0]
    table = priced.get("/api/v1/grid-carbon.csv?zone=FR").get_data(as_text=True)
    assert len(list(csv.DictReader(StringIO(table)))) == 6


@pytest.mark.parametrize("name", ["spot-prices", "grid-carbon"])
def test_bad_questions_name_the_field(priced, name):
    assert_problem(priced.get(f"/api/v1/{name}"), 422, "zone")
    body = assert_problem(priced.get(f"/api/v1/{name}?zone=A"), 422, "zone")
    assert body["errors"][0]["choices"]
    zone = {"spot-prices": "AT", "grid-carbon": "FR"}[name]
    assert_problem(priced.get(f"/api/v1/{name}?zone={zone}&from=yesterday"), 422, "from")
    assert_problem(priced.get(f"/api/v1/{name}?zone={zone}&from=2026-03-29&to=2026-03-28"), 422, "to")
    assert_problem(priced.get(f"/api/v1/{name}?zone={zone}&from=2020-01-01&to=2026-03-28"), 422, "to")
    assert_problem(priced.get(f"/api/v1/{name}?zone={zone}&colour=red"), 422, "colour")
    assert_problem(priced.get(f"/api/v1/{name}/no-such-thing"), 404)
    assert_problem(priced.get(f"/api/v1/{name}/{zone}-1999-01-01t0000z"), 404)


def test_the_newest_eurostat_price_is_what_a_country_is_compared_with(own_app):
    """And a spot price of a tenth of it changes nothing."""
    client = own_app.test_client()
    sessions = own_app.extensions["heimvorteil"].sessions

    def cost():
        answer = client.post("/api/v1/comparisons", json={"country": "FR"}).get_json()
        return json.dumps(answer)

    assert "0.2561" in cost() and "2nd half 2025" in cost()
    answer = json.loads(recorded("eurostat").content)
    answer["dimension"]["time"]["category"]["index"] = {"2025-S1": 0, "2025-S2": 1, "2026-S1": 2}
    answer["value"] = {key: value + 0.01 for key, value in answer["value"].items()}
    assert read(sessions, "eurostat", json.dumps(answer).encode()).outcome == "ok"
    assert "0.2661" in cost() and "1st half 2026" in cost() and "2026-06-30" in cost()
    before = cost()
    fr = recorded("energy_charts").content
    assert read(sessions, "energy_charts_fr", fr).outcome == "ok"
    assert json.loads(before)["options"][0]["cost"] == json.loads(cost())["options"][0]["cost"]


def test_several_bands_of_one_half_year_leave_the_usual_household_its_own(own_app):
    sessions = own_app.extensions["heimvorteil"].sessions
    answer = json.loads(recorded("eurostat").content)
    names, sizes = answer["id"], answer["size"]
    answer["dimension"]["time"]["category"]["index"] = {"2025-S1": 0, "2025-S2": 1, "2026-S1": 2}
    cells = sizes[names.index("tax")] * sizes[names.index("geo")] * sizes[names.index("time")]
    dearer = {str(int(key) + cells): value / 2 for key, value in answer["value"].items()}
    answer["value"] = {**answer["value"], **dearer}
    assert read(sessions, "eurostat", json.dumps(answer).encode()).outcome == "ok"
    client = own_app.test_client()
    newest = client.get("/api/v1/electricity-rates?zone=FR&taxes=all&newest=true").get_json()["items"]
    assert [(r["band"], r["per_kwh"], r["as_of"]) for r in newest] == [
        ("2500-4999 kWh/yr", "0.2561", "2026-06-30")
    ]
    all_bands = client.get("/api/v1/electricity-rates?zone=FR&taxes=all").get_json()["items"]
    assert ("5000-14999 kWh/yr", "0.12805") in {(r["band"], r["per_kwh"]) for r in all_bands}


def test_a_past_price_is_converted_at_the_rate_of_its_day_and_an_old_rate_says_so(own_app):
    sessions = own_app.extensions["heimvorteil"].sessions
    read(sessions, "ecb_history", recorded("ecb_history").content)
    client = own_app.test_client()

    def rate(day):
        page = client.get(f"/api/v1/offers?provider=aws&currency=EUR&limit=1&as_of={day}").get_json()
        return page["items"][0]["exchange_rates"][0]

    easter = rate("2026-04-06")
    assert (easter["rate"], easter["as_of"], easter["note"]) == ("1.1525", "2026-04-02", "")
    old = rate("2026-04-28")
    assert old["as_of"] == "2026-04-07" and old["note"] == "21 days older than 2026-04-28"
    quoted = client.get("/api/v1/exchange-rates?as_of=2026-04-28&quote=USD").get_json()["items"][0]
    assert quoted["note"] == "21 days older than 2026-04-28"
    assert client.get("/api/v1/exchange-rates?quote=USD").get_json()["items"][0]["note"] == ""
