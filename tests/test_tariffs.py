"""Contracts as a household says them, from the command line and over REST, on stored market hours."""

import csv
import gzip
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import time_machine
from click.testing import CliRunner

from service.app import create_app
from service.cli import main
from service.estimate import market_day
from service.facts import GridCarbon, Source, SpotPrice
from service.settings import Settings
from service.store import grid_carbon, spot_prices, zones_in_use
from service.store.session import Sessions, engine_for

SPOT = Source(
    "energy-charts-at", "Energy-Charts day-ahead price, AT", "https://example.org/price", date(2026, 11, 24)
)
GRID = Source("energy-charts-co2-at", "Energy-Charts CO2, AT", "https://example.org/co2", date(2026, 11, 24))
TODAY = datetime.now(UTC).date()
DAYS = 300
"""As many as tell a year."""
PRICES = Path(__file__).parents[2] / "shared" / "data" / "energy" / "day_ahead_prices"
AT_QUARTERS = PRICES / "at_energycharts_quarterhour_2025-09-30_to_2026-08-21.csv.gz"


def hourly(day, value_of_hour):
    begin, end = market_day.bounds(day)
    count = int((end - begin) / timedelta(hours=1))
    return [
        (begin + timedelta(hours=h), begin + timedelta(hours=h + 1), value_of_hour(h)) for h in range(count)
    ]


@pytest.fixture(scope="module")
def url(catalog_copy):
    """300 whole Austrian days: 50 EUR/MWh in the first half, 150 in the second, 20 less and more by turns."""
    url = catalog_copy()
    engine = engine_for(url)
    newest_first = (TODAY - timedelta(days=n) for n in range(1, 366))
    days = [day for day in newest_first if market_day.hours(day) == 24][:DAYS]
    now = datetime.now(UTC)
    with Sessions(engine).begin() as session:
        spot_prices.put_all(
            session,
            [
                SpotPrice("AT", start, end, Decimal(price + (20 if n % 2 else -20)), "EUR", SPOT, now)
                for n, day in enumerate(days)
                for start, end, price in hourly(day, lambda h: 50 if h < 12 else 150)
            ],
        )
        grid_carbon.put_all(
            session,
            [
                GridCarbon("AT", start, end, grams, "lifecycle", "production", False, GRID, now)
                for day in days
                for start, end, grams in hourly(day, lambda h: 100.0 if h < 12 else 300.0)
            ],
        )
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def run(url):
    def heimvorteil(*words, code=0):
        result = CliRunner().invoke(main, words, env={"HEIMVORTEIL_DATABASE_URL": url})
        assert result.exit_code == code, result.output
        return result.output

    return heimvorteil


DYNAMIC = ("--country", "AT", "--tariff", "dynamic", "--surcharges", "0.10", "--vat", "0.20")


def home_of(answer):
    return next(o for o in answer["options"] if o["kind"] == "home")


def line(option, code):
    return next(i for i in option["cost"]["items"] if i["code"] == code)


def test_a_dynamic_contract_is_the_mean_of_the_stored_days(run):
    """(5 + 10) x 1.2 = 18 ct in one half of the day, (15 + 10) x 1.2 = 30 ct in the other: 24 ct."""
    home = home_of(json.loads(run("compare", *DYNAMIC, "--json")))
    assert float(home["tariff"]["per_kwh"]) == pytest.approx(0.24)
    assert line(home, "electricity")["unit_price"] == pytest.approx(0.24)
    assert home["rate"]["kind"] == "dynamic" and home["rate"]["zone"] == "AT"
    shape = home["when_to_run"]["prices"]
    assert (shape["days"], shape["grain_minutes"]) == (DAYS, 60)
    by_name = {s["name"]: s for s in home["sources"] if s["subject"] == "tariff"}
    assert by_name["spot_per_mwh"]["value"] == pytest.approx(100)
    assert by_name["dynamic_surcharges_per_kwh"]["basis"] == "user"
    assert by_name["vat_share"]["value"] == 0.2


@pytest.mark.parametrize("command", ["compare", "decide"])
def test_a_country_by_its_name_has_its_market_and_its_grid(run, command):
    names = ("AT", "Österreich")
    answers = [json.loads(run(command, *DYNAMIC, "--country", name, "--json")) for name in names]
    for told in answers:
        told.pop("asked_at")
        told.pop("id")
    assert answers[0] == answers[1]


def test_half_a_day_is_run_in_its_cheap_half(run):
    """The cheap half at 18 ct; twice the days; 5 W while waiting at 30 ct."""
    answer = json.loads(run("compare", *DYNAMIC, "--hours-per-day", "12", "--paused-watts", "5", "--json"))
    home = home_of(answer)
    assert float(home["tariff"]["per_kwh"]) == pytest.approx(0.18)
    assert line(home, "paused")["unit_price"] == pytest.approx(0.30)
    assert line(home, "paused")["quantity"]["p50"] == pytest.approx(home["hours"]["p50"] * 0.005, rel=1e-4)
    assert home["calendar_hours"]["p50"] == pytest.approx(2 * home["hours"]["p50"], rel=1e-5)
    assert answer["verdict"]["slow_down"] == pytest.approx(
        home["calendar_hours"]["p50"] / answer["options"][1]["calendar_hours"]["p50"], rel=1e-3
    )


def test_hours_by_price_and_by_carbon(run):
    when = home_of(json.loads(run("compare", *DYNAMIC, "--json")))["when_to_run"]
    half = {p["paused_watts"]: p for p in when["plans"] if (p["code"], p["share"]) == ("cheapest", 0.5)}
    assert half[0]["change"] == pytest.approx(-0.25, abs=0.005)
    assert when["best"]["share"] == 0.75
    cleaner = next(p for p in when["carbon_plans"] if p["share"] == 0.5 and p["paused_watts"] == 0)
    assert cleaner["change"] == pytest.approx(-0.5, abs=0.005)


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ["When to run", "day-ahead prices of AT", "300 whole days", "Leaving out the dirtiest quarter"]),
    ("de", ["Wann rechnen", "Day-Ahead-Preise der Zone AT", "300 ganze", "schmutzigste Viertel"]),
])  # fmt: skip
def test_the_screen_says_what_the_contract_is_and_when_to_run(run, lang, words):
    for command in ("compare", "decide"):
        text = " ".join(run(command, *DYNAMIC, "--lang", lang).split())
        for word in words:
            assert word in text, (command, word)


def test_prices_by_the_clock(run):
    """8 of 24 hours at 20 ct, 16 at 40: 33.3 ct through, 20 ct in eight hours a day."""
    night = ("--tariff", "22-6=0.20,6-22=0.40")
    home = home_of(json.loads(run("compare", *night, "--json")))
    assert float(home["tariff"]["per_kwh"]) == pytest.approx(1 / 3)
    assert home["tariff"]["low"] is None
    eight = home_of(json.loads(run("compare", *night, "--hours-per-day", "8", "--json")))
    assert float(eight["tariff"]["per_kwh"]) == pytest.approx(0.20)
    assert line(eight, "electricity")["unit_price"] == pytest.approx(0.20)
    assert len(home["when_to_run"]["prices"]["by_hour"]) == 24
    assert home["when_to_run"]["prices"]["by_hour"][22]["mean"] == pytest.approx(0.20)


def test_own_roof_year_and_base_fee(run):
    home = home_of(json.loads(run(
        "compare", "--solar-share", "0.5", "--yearly-kwh", "4500", "--base-fee", "10", "--json"
    )))  # fmt: skip
    assert float(home["tariff"]["per_kwh"]) == pytest.approx((0.372 + 0.077) / 2)
    fee = line(home, "base_fee")
    assert not fee["is_counted"] and fee["unit_price"] == 10
    assert home["cost"]["p50"] == pytest.approx(line(home, "electricity")["p50"])
    assert (home["consumption"]["band"], home["consumption"]["band_with_run"]) == ("DC", "DD")


def test_a_decision_reckons_with_the_same_contract(run):
    answer = json.loads(run("decide", *DYNAMIC, "--json"))
    own = next(o for o in answer["shortlist"] if o["plan"] == "own")
    assert line(own, "electricity")["unit_price"] == pytest.approx(0.24)
    assert own["when_to_run"]["best"]["share"] == 0.75
    ranges = float(own["tariff"]["low"]), float(own["tariff"]["high"])
    assert ranges == pytest.approx((0.24 - 0.024, 0.24 + 0.024))


@pytest.mark.parametrize(("words", "said"), [
    (("--tariff", "cheap"), ["--tariff", "cheap", "dynamic"]),
    (("--tariff", "0-12=0.3"), ["--tariff", "12:00", "no price"]),
    (("--country", "FR", "--tariff", "dynamic"), ["FR", "prices refresh --zone FR", "known are: AT, DE-LU"]),
    (("--tariff", "dynamic:AT", "--country", "CH"), ["--surcharges: must be given", "CH"]),
    ((*DYNAMIC, "--kwh-price", "0.3"), ["--kwh-price", "dynamic"]),
    (("--solar-share", "1.5"), ["--solar-share", "1.5"]),
    (("--solar-share", "0.5", "--country", "AT"), ["--feed-in", "AT"]),
    (("--yearly-kwh", "-5"), ["--yearly-kwh", "-5"]),
    (("--hours-per-day", "0"), ["--hours-per-day", "0"]),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(run, words, said):
    output = run("compare", *words, code=2)
    assert len(output.strip().splitlines()) == 1
    for word in said:
        assert word in output


@pytest.fixture(scope="module")
def client(url):
    app = create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": url, "HEIMVORTEIL_SCHEDULER": "off"}))
    return app.test_client()


def test_the_same_over_rest(client, run):
    tariff = {"kind": "dynamic", "surcharges_per_kwh": 0.10, "vat_share": 0.20}
    for path, command in (("comparisons", "compare"), ("decisions", "decide")):
        given = client.post(f"/api/v1/{path}", json={"country": "AT", "tariff": tariff, "hours_per_day": 12})
        assert given.status_code == 201, given.json
        shown = json.loads(run(command, *DYNAMIC, "--hours-per-day", "12", "--json"))
        key = "options" if path == "comparisons" else "shortlist"
        costs = [[o["cost"] and o["cost"]["p50"] for o in answer[key]] for answer in (given.json, shown)]
        assert costs[0] == costs[1]


def test_a_wrong_contract_over_rest_names_the_field(client):
    given = client.post("/api/v1/comparisons", json={"tariff": {"kind": "dynamisch"}})
    assert given.status_code in (400, 422) and "kind" in given.text
    given = client.post("/api/v1/comparisons", json={"tariff": {"kind": "dynamic", "zone": "XX"}})
    assert given.status_code in (404, 409, 422) and "XX" in given.text


@pytest.mark.long
def test_a_real_year_of_austrian_quarter_hours(catalog_copy):
    """The published 31.39 ct at (spot + 15 ct) x 1.19; the dearest quarter left out saves 6 %."""
    if not AT_QUARTERS.exists():
        pytest.skip("the Austrian quarter-hours are not on this machine")
    url = catalog_copy()
    engine = engine_for(url)
    with gzip.open(AT_QUARTERS, "rt") as file:
        rows = [r for r in csv.DictReader(file)]
    slots = [
        SpotPrice(
            "AT", datetime.fromisoformat(r["start_utc"]), datetime.fromisoformat(r["end_utc"]),
            Decimal(r["price_eur_per_mwh"]), "EUR", SPOT, datetime.now(UTC),
        )
        for r in rows
    ]  # fmt: skip
    slots = [s for s in slots if market_day.day_of(s.slot_start) >= date(2025, 10, 1)]
    with Sessions(engine).begin() as session:
        spot_prices.put_all(session, slots)
    engine.dispose()
    words = "compare --country AT --tariff dynamic --surcharges 0.15 --vat 0.19 --json"
    # The year is looked back at from a day on which all of it still counts.
    with time_machine.travel(datetime(2026, 9, 28, 12, tzinfo=UTC), tick=False):
        result = CliRunner().invoke(main, words.split(), env={"HEIMVORTEIL_DATABASE_URL": url})
    home = home_of(json.loads(result.output))
    assert float(home["tariff"]["per_kwh"]) == pytest.approx(0.3139, abs=0.0005)
    quarter = {
        p["paused_watts"]: p["change"]
        for p in home["when_to_run"]["plans"]
        if (p["code"], p["share"]) == ("cheapest", 0.75)
    }
    effects = {(e["code"], e["share"]): e for e in home["when_to_run"]["prices"]["effects"]}
    kept = effects["cheapest", 0.75]
    assert kept["kept"] == pytest.approx(0.2951, abs=0.0005)
    assert kept["kept"] / kept["mean"] - 1 == pytest.approx(-0.06, abs=0.001)
    # What the restarts cost is taken off the saving.
    assert -0.06 < quarter[0.0] < -0.04
    assert quarter[60.0] > 0


def test_the_rest_of_ones_own_pc_counts_instead_of_the_usual_one(run):
    """100 W more beside the card are 120 W more at the plug; the answer says who said so."""

    def wall(*words):
        home = home_of(json.loads(run("compare", *words, "--json")))
        (rest,) = [n for n in home["sources"] if n["name"].endswith("rest_of_pc_watts")]
        (factor,) = [n for n in home["sources"] if n["name"].endswith("plug_factor")]
        return home["wall_watts"]["p50"], rest, factor["value"]

    (usual, assumed, factor), (more, told, _) = wall(), wall("--rest-of-pc-watts", "165")
    assert more - usual == pytest.approx((165 - assumed["value"]) * factor, abs=0.2)
    assert (told["value"], told["unit"], told["basis"]) == (165, "W", "user")
    assert told["as_of"] == TODAY.isoformat()
    refused = run("compare", "--rest-of-pc-watts", "165", "--plug-watts", "300", code=2)
    assert "--rest-of-pc-watts = 165.0: is part of what was measured at the plug" in refused


ALL_IN = Source("octopus-agile", "Octopus Agile unit rates", "https://example.org/agile", date(2026, 11, 24))


def stored(url, zone, count, per_mwh=lambda n, hour: 90, **more):
    """The newest so many days of a zone, today the last."""
    engine, now = engine_for(url), datetime.now(UTC)
    prices = [
        SpotPrice(zone, start, end, Decimal(price), more.get("currency", "EUR"), source, now, taxes)
        for source, taxes in [(ALL_IN, "all") if more else (SPOT, "excl_taxes")]
        for n in range(count)
        for start, end, price in hourly(TODAY - timedelta(days=n), lambda hour, n=n: per_mwh(n, hour))
    ]
    with Sessions(engine).begin() as session:
        spot_prices.put_all(session, prices)
    engine.dispose()
    return lambda words, code=0: CliRunner().invoke(
        main, words.split(), env={"HEIMVORTEIL_DATABASE_URL": url}, catch_exceptions=False
    )


FRENCH = "compare --country FR --tariff dynamic --surcharges 0.1 --vat 0.2"
GERMAN = "compare --tariff dynamic"


def test_a_fresh_install_answers_by_a_typical_year_and_says_how_old_it_is(catalog_copy):
    """DE-LU's of 2024: (79.4 EUR/MWh + 156.51) x 1.19 = 28.1 ct."""
    ask = stored(catalog_copy(), "AT", 0)
    home = home_of(json.loads(ask(f"{GERMAN} --json").stdout))
    price, shape = home["tariff"], home["when_to_run"]["prices"]
    assert float(price["per_kwh"]) == pytest.approx((0.0794 + 0.15651) * 1.19, abs=2e-4)
    assert shape["is_typical"] and (shape["days"], shape["last_day"]) == (366, "2024-12-31")
    assert "2024" in price["source"] and price["as_of"] == "2024-12-31"
    low, mean, high = (float(price[name]) for name in ("mean_low", "per_kwh", "mean_high"))
    assert low < mean * 0.85 and high > mean * 1.5, "an older year is far from sure"
    named = {s["name"]: s for s in home["sources"] if s["subject"] == "tariff"}
    assert named["spot_high_factor"]["value"] > named["spot_low_factor"]["value"]
    sure = home_of(json.loads(ask("compare --kwh-price 0.281 --json").stdout))
    spread = [home["cost"]["p90"] / home["cost"]["p10"], sure["cost"]["p90"] / sure["cost"]["p10"]]
    assert spread[0] > 1.5 * spread[1], "the bill's range knows it too"
    for lang, words in (
        ("en", ["typical days", "days old", "prices refresh --zone DE-LU"]),
        ("de", ["typische Tage", "Tage alt", "prices refresh --zone DE-LU"]),
    ):
        text = " ".join(ask(f"{GERMAN} --lang {lang}").stdout.split())
        assert all(word in text for word in words), text


def test_one_day_never_prices_a_run_without_a_word(catalog_copy):
    url = catalog_copy()
    ask = stored(url, "FR", 1)
    home = home_of(json.loads(ask(f"{FRENCH} --json").stdout))
    names = ("per_kwh", "low", "high", "mean_low", "mean_high")
    price = {name: float(home["tariff"][name]) for name in names}
    assert price["per_kwh"] == pytest.approx(0.228)
    # 0.57 and 2.03 times 90 EUR/MWh, (x + 0.1) x 1.2.
    assert price["low"] == price["mean_low"] == pytest.approx((0.09 * 0.57 + 0.1) * 1.2)
    assert price["high"] == price["mean_high"] == pytest.approx((0.09 * 2.03 + 0.1) * 1.2)
    told = " ".join(ask(FRENCH).stdout.split())
    assert "1 whole day" in told and "Fewer than 300 days" in told and "--zone FR" in told
    # Of a zone that has a typical year, less than a week stands for nothing.
    stored(url, "DE-LU", 6, lambda n, hour: 500)
    assert home_of(json.loads(ask(f"{GERMAN} --json").stdout))["when_to_run"]["prices"]["is_typical"]


def test_more_days_are_surer_and_a_year_says_nothing(catalog_copy):
    url, widths = catalog_copy(), []
    for count in (30, 120, 299, 300):
        ask = stored(url, "FR", count, lambda n, hour: 80 + 20 * (n % 2))
        price = home_of(json.loads(ask(f"{FRENCH} --json").stdout))["tariff"]
        widths.append(float(price["high"]) - float(price["low"]))
    assert widths == sorted(widths, reverse=True) and widths[0] > 2 * widths[-1]
    assert price["mean_low"] is None and "Fewer than" not in ask(FRENCH).stdout


@pytest.mark.parametrize(("words", "option"), [
    ("--vat 0.05", "--vat = "),
    ("--surcharges 0.1", "--surcharges = "),
    ("--markup 0.02", "--markup = "),
])  # fmt: skip
def test_what_a_price_holds_already_is_refused(catalog_copy, words, option):
    ask = stored(catalog_copy(), "GB-AGILE-C", 3, currency="GBP")
    agile = "compare --country FR --tariff dynamic:GB-AGILE-C"
    assert ask(agile).exit_code == 0, ask(agile).output
    refused = ask(f"{agile} {words}")
    assert refused.exit_code == 2
    assert option in refused.output and "all in" in refused.output and "Octopus" in refused.output


def test_a_zone_that_is_asked_about_is_noted_for_whoever_fetches(catalog_copy):
    url = catalog_copy()
    ask = stored(url, "AT", 0)
    ask("prices list")
    assert ask("compare --country FR --tariff dynamic --surcharges 0.1 --vat 0.2").exit_code == 2
    engine = engine_for(url)
    with Sessions(engine).reading() as session:
        assert zones_in_use.used(session) == ["FR"]
    engine.dispose()
    unknown = ask("compare --country IT --tariff dynamic --surcharges 0.1 --vat 0.2")
    assert unknown.exit_code == 2 and "IT-NORTH" in unknown.output and "refresh" not in unknown.output


def test_an_empty_zone_over_rest_says_how_to_fill_it(client, run):
    run("prices", "list")
    given = client.get("/api/v1/spot-prices?zone=FR")
    assert given.status_code == 422 and "prices refresh --zone FR" in given.text and "AT" in given.text
    given = client.get("/api/v1/spot-prices?zone=FRA")
    assert given.status_code == 422 and "unknown" in given.text and "FR" in given.text


def test_a_bill_whose_price_is_in_doubt_is_no_product_in_the_workbook(catalog_copy, tmp_path):
    """Its ends lie further apart than the kilowatt-hours': a formula of the two would make it surer."""
    ask = stored(catalog_copy(), "AT", 0)
    file = tmp_path / "report.xlsx"
    assert ask(f"report nanochat-d32 --tariff dynamic -o {file}").exit_code == 0
    options = json.loads(ask(f"{GERMAN} --json").stdout)["options"]
    expected = line(next(o for o in options if o["kind"] == "home"), "electricity")
    bill = openpyxl.load_workbook(file)["Where the money goes"]
    told = [cell.value for cell in bill[3]]
    ends = [expected["p10"], expected["p90"]]
    at = next(n for n, value in enumerate(told) if value == pytest.approx(ends[0], abs=0.01))
    assert told[at : at + 2] == pytest.approx(ends, abs=0.01)
    assert ends[1] > 1.5 * expected["quantity"]["p90"] * expected["unit_price"]
