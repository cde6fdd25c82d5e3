"""`heimvorteil offers` and GET /api/v1/offers: one question, one answer."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from click.testing import CliRunner

from service.api.columns import as_csv
from service.app import create_app
from service.cli import main, offering
from service.facts import CloudOffer, Source
from service.harmless_cells import harmless
from service.reports.words.wording import wording
from service.settings import Settings
from service.store import offers
from service.store.session import Sessions, engine_for

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIST = Source("list", "A list", "https://list.example/", date(2026, 11, 24), "free")


@pytest.fixture(scope="module")
def url(catalog_copy):
    """The catalog, and two lists that contradict each other, one of them twice."""
    url = catalog_copy()
    engine = engine_for(url)

    def offer(instance, price, **fields):
        base = {"gpu": "rtx-4090", "gpu_raw_name": "RTX 4090", "gpu_count": 1, "memory_gib_per_gpu": 24.0,
                "tier": "on_demand", "currency": "USD", "origin": "live", "country": None}  # fmt: skip
        return CloudOffer(
            provider="runpod", instance=instance, region="EU-RO-1", hourly_price=Decimal(price),
            as_of=date(2026, 11, 24), source=LIST, **(base | fields),
        )  # fmt: skip

    with Sessions(engine).begin() as session:
        offers.add_all(
            session,
            [
                offer("big memory", "0.5", memory_gib_per_gpu=48.0, note="a card changed to 48 GB"),
                offer("a", "2"),
                offer("a", "5", origin="other"),
                offer("alien", "1", currency="XTS"),
            ],
            NOON,
        )
    engine.dispose()
    return url


@pytest.fixture
def run(url, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)

    def run(*words, code=0):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture(scope="module")
def client(url):
    return create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": url})).test_client()


SAME = [
    (("--gpu", "h100-sxm", "--gpu-count", "8"), "gpu=h100-sxm&gpu_count=8"),
    (("--gpu", "H100 SXM", "--tier", "spot", "--region", "eu"), "gpu=h100-sxm&tier=spot&region=EU"),
    (("--region", "EU-ro-1", "--currency", "EUR"), "region=eu-ro-1&currency=EUR"),
    (("--max-price", "0.6", "--country", "us"), "price_max=0.6&country=US"),
    (("--provider", "aws", "--as-of", "2025-05-01"), "provider=aws&as_of=2025-05-01"),
    (("--nearest", "rtx-4070", "--region", "europe"), "nearest=4070&region=europe"),
    (("--nearest", "rtx-4070", "--min-memory", "24"), "nearest=4070&memory_gib_min=24"),
    (("--gpu", "rtx-4090", "--unlisted"), "gpu=rtx-4090&unlisted=true"),
]


@pytest.mark.parametrize(("words", "query"), SAME)
def test_the_command_line_says_exactly_what_rest_says(run, client, words, query):
    currency = "" if "currency" in query else "&currency=USD"
    theirs = client.get(f"/api/v1/offers?{query}{currency}&limit=20").get_json()
    ours = json.loads(run("offers", *words, "--json").stdout)
    assert ours == theirs["items"] and ours
    wanted = {"provider", "instance", "region", "country", "gpu", "gpu_count", "tier", "price_per_hour",
              "currency", "price_per_gpu_hour", "source", "as_of", "fetched_at", "conflicts"}  # fmt: skip
    assert wanted <= set(ours[0])
    assert "offers" in run("offers", *words).stdout


def test_a_part_of_the_world_is_its_countries(client):
    def countries(region):
        items = client.get(f"/api/v1/offers?region={region}&limit=500").get_json()["items"]
        return {item["country"] for item in items}

    assert countries("eu") == {"DE", "FI", "NL"}
    assert countries("us") == {"US"} and countries("asia") == {"SG", "VN"}
    assert countries("eu-ro-1") == {None}


def test_prices_of_a_day_are_turned_at_its_rate(client):
    then = client.get("/api/v1/offers?provider=aws&as_of=2025-05-01&currency=EUR").get_json()["items"][0]
    assert then["exchange_rates"][0]["as_of"] == "2025-04-30"
    expected = Decimal(then["quoted_price_per_hour"]) / Decimal(then["exchange_rates"][0]["rate"])
    assert Decimal(then["price_per_hour"]) == round(expected, 9)


def test_a_contradiction_is_shown_on_both_and_listed_once(run, client):
    items = client.get("/api/v1/offers?provider=runpod&region=EU-RO-1").get_json()["items"]
    told = {(i["origin"], i["instance"]): i["conflicts"] for i in items}
    assert told["live", "big memory"] == [] and told["live", "alien"] == []
    assert [(c["origin"], c["ratio"]) for c in told["live", "a"]] == [("other", 2.5)]
    assert [(c["origin"], c["ratio"]) for c in told["other", "a"]] == [("live", 0.4)]
    listed = client.get("/api/v1/price-conflicts?currency=EUR").get_json()
    assert listed["total"] == 1 and listed["items"][0]["ratio"] == 2.5
    assert [o["origin"] for o in listed["items"][0]["offers"]] == ["live", "other"]
    assert "2.50" in run("prices", "conflicts").stdout and "1 conflict\n" in run("prices", "conflicts").stdout
    shown = run("offers", "--provider", "runpod", "--region", "EU-RO-1", "--currency", "EUR").stdout
    assert "another list says" in shown and "48 GB" in shown


def test_a_price_without_a_rate_is_a_dash_and_last(run, client):
    query = "/api/v1/offers?provider=runpod&region=EU-RO-1&currency=EUR"
    last = client.get(query).get_json()["items"][-1]
    assert last["instance"] == "alien" and last["price_per_hour"] is None
    assert last["quoted_price_per_hour"] == "1" and last["exchange_rates"] == []
    one = client.get(f"/api/v1/offers/{last['slug']}?currency=EUR").get_json()
    assert one["price_per_gpu_hour"] is None
    table = run("offers", "--provider", "runpod", "--region", "EU-RO-1", "--wide").stdout
    row = next(line for line in table.splitlines() if "alien" in line)
    assert " - " in row and "0.00" not in row


def test_the_nearest_that_can_be_rented(client):
    found = client.get("/api/v1/offers?nearest=rtx-4070&limit=100").get_json()
    items = found["items"]
    assert len(items) == found["total"] == len({i["gpu"] for i in items})
    assert items[0]["gpu"] == "rtx-4070" and items[0]["likeness"]["distance"] == 0
    assert all(i["gpu_count"] == 1 and i["memory_gib_per_gpu"] >= 12 for i in items)
    distances = [i["likeness"]["distance"] for i in items]
    assert distances == sorted(distances)
    ti = next(i for i in items if i["gpu"] == "rtx-4070-ti")
    assert ti["likeness"]["memory_ratio"] == 1 and ti["likeness"]["peak_bf16_ratio"] == pytest.approx(
        1.38, 0.01
    )
    cheapest = client.get("/api/v1/offers?gpu=rtx-4070-ti&gpu_count=1&limit=1").get_json()["items"][0]
    assert cheapest["slug"] == ti["slug"]
    eight = client.get("/api/v1/offers?nearest=h100-sxm&gpu_count=8&provider=gcp").get_json()["items"]
    assert eight and all(i["gpu_count"] == 8 and i["provider"] == "gcp" for i in eight)


def test_the_nearest_are_a_table_on_a_narrow_screen(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    told = run("offers", "--nearest", "rtx-4070", "--limit", "100").stdout
    lines = told.splitlines()
    assert lines[0].split() == ["provider", "GPU", "peak", "GiB", "GB/s", "n", "USD/h"]
    assert max(map(len, lines)) <= 80
    first = next(line for line in lines if line.startswith("  1 "))
    assert "rtx-4070 " in first and "×1.00   ×1.00   ×1.00" in first and "salad, community" in first
    server = next(i for i, line in enumerate(lines) if "blackwell-server" in line)
    assert "rtx-pro-6000-" in lines[server - 1] and "×8.64" in lines[server - 1]
    assert "1–11, 13–17" in told and "rtx-pro-6000-blackwell-server" not in told
    monkeypatch.setenv("COLUMNS", "160")
    assert "rtx-pro-6000-blackwell-server" in run("offers", "--nearest", "rtx-4070", "--limit", "100").stdout


@pytest.mark.parametrize(
    ("words", "query", "message"),
    [
        (("--region", "eur"), "region=eur", "region = 'eur': unknown; valid: eu, europe"),
        (("--tier", "spt"), None, "tier = 'spt': unknown; valid: on_demand"),
        (("--provider", "awss"), "provider=awss", "provider = 'awss': unknown; valid: aws"),
        (("--country", "Germany"), "country=Germany", "country = 'Germany': unknown"),
        (("--currency", "ERU"), "currency=ERU", "currency = 'ERU': no exchange rate"),
        (("--nearest", "rtx-407"), "nearest=rtx-407", "nearest = 'rtx-407': unknown; valid: rtx-4070"),
        (("--nearest", "4070", "--gpu", "4070"), "nearest=4070&gpu=4070", "nearest = '4070': goes without"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named_with_the_nearest_choices(run, client, words, query, message):
    assert message in run("offers", *words, code=2).stderr
    if query:
        answer = client.get(f"/api/v1/offers?{query}")
        assert answer.status_code == 422 and message in answer.get_json(force=True)["detail"]


def test_the_price_over_time_is_the_same_for_both(run, client):
    words = (
        "h100-sxm",
        "--gpu-count",
        "8",
        "--provider",
        "aws",
        "--from",
        "2025-04-01",
        "--to",
        "2025-06-30",
    )
    query = "gpu=H100+SXM&gpu_count=8&provider=aws&from=2025-04-01&to=2025-06-30&interval=month"
    theirs = client.get(f"/api/v1/price-history?{query}").get_json()
    assert json.loads(run("price-history", *words, "--json").stdout) == theirs
    (series,) = theirs["series"]
    assert (series["tier"], series["term_months"], series["offers"]) == ("on_demand", None, 1)
    assert [(p["offers"], p["price_per_hour"] and p["price_per_hour"]["max"]) for p in series["periods"]] == [
        (1, "98.32"), (0, None), (1, "55.04"),
    ]  # fmt: skip
    assert theirs["unit"] == "USD/h" and all(s["as_of"] and s["url"] for s in theirs["sources"])
    table = run("price-history", *words, "--wide").stdout
    assert "98.32" in table and "12.290" in table and " - " in table
    assert "on demand: 1 of " in table and "in 2 intervals with prices" in table
    tag = client.get(f"/api/v1/price-history?{query}").headers["ETag"]
    again = client.get(f"/api/v1/price-history?{query}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert "interval = 'year'" in run("price-history", "h100-sxm", "--interval", "year", code=2).stderr
    assert client.get("/api/v1/price-history?gpu=h100-sxm&to=2020-01-01&from=2021-01-01").status_code == 422


WHOLE = [
    "",
    "currency=EUR",
    "gpu=rtx-4090&currency=eur&unlisted=true",
    "provider=aws&as_of=2025-05-01",
    "nearest=4070&region=europe",
    "price_max=0.000001",
]


@pytest.mark.parametrize("query", WHOLE)
def test_all_at_once_are_all_pages(client, query, monkeypatch):
    monkeypatch.setattr("service.usecases.offers.AT_A_TIME", 7)
    paged, url = [], f"/api/v1/offers?limit=500&{query}"
    while url:
        page = client.get(url).get_json()
        paged, url = paged + page["items"], page["next"]
    whole = client.get(f"/api/v1/offers/all.json?{query}")
    assert whole.get_json() == {"items": paged, "total": page["total"]}
    assert whole.headers["ETag"] and whole.mimetype == "application/json"
    again = client.get(f"/api/v1/offers/all.json?{query}", headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    table = list(csv.DictReader(StringIO(client.get(f"/api/v1/offers/all.csv?{query}").text)))
    in_pages = [
        row
        for start in range(0, len(paged), 500)
        for row in csv.DictReader(
            StringIO(client.get(f"/api/v1/offers.csv?limit=500&offset={start}&{query}").text)
        )
    ]
    assert table == in_pages
    assert [row["price_per_hour"] for row in table] == [item["price_per_hour"] or "" for item in paged]


@pytest.mark.parametrize(
    "query", ["unlisted=true", "as_of=2025-05-01&currency=EUR", "as_of=2025-05-01&nearest=4070"]
)
def test_asked_again_the_answer_is_the_same(client, query):
    """The first time it is the database's, then that of a table in memory."""
    asked = f"/api/v1/offers?{query}&limit="
    first, *again = (client.get(f"{asked}{limit}").get_json()["items"][:50] for limit in (50, 51, 52))
    assert first and again == [first, first]


def test_all_at_once_take_the_filters_and_no_page(client):
    for suffix in ("json", "csv"):
        for query, field in (("limit=5", "limit"), ("gpu=rtx-407", "gpu"), ("currency=XXX", "currency")):
            refused = client.get(f"/api/v1/offers/all.{suffix}?{query}")
            assert refused.status_code == 422 and refused.get_json(force=True)["errors"][0]["field"] == field


def test_cells_are_written_as_the_csv_module_writes_them():
    words = ["plain", "a,b", 'say "so"', "two\nlines", "=1+1", "-5", "+x", "", "ein Wort", "\r"]
    item = {f"c{i}": word for i, word in enumerate(words)}
    item |= {"n": 24, "gib": 24.0, "yes": True, "day": NOON.date(), "at": NOON, "none": None, "empty": []}
    item |= {"list": ["a", "b,c"], "pair": (1, 2), "many": [{"k": 1.5}], "in": {"x": "y", "deep": {"z": -1}}}
    cells = [*map(harmless, words), 24, 24.0, True, NOON.date(), NOON, "", ""]
    cells += ["a; b,c", (1, 2), '[{"k":1.5}]', "y", -1]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([[*list(item)[:-1], "in.x", "in.deep.z"], cells, cells])
    assert as_csv([item, item]) == out.getvalue()
    assert as_csv([{"a": 1, "b": {"c": 2}}, {"a": None, "b": None}]) == "a,b.c,b\r\n1,2,\r\n,,\r\n"


def test_a_source_of_many_days_is_one_line_with_its_offers_and_days():
    days = [date(2026, 11, day) for day in (20, 1, 7)]
    items = [{"source": "Hosts", "as_of": day} for day in days] + [{"source": "List", "as_of": days[0]}]
    told = offering._sources_with_days(wording("de"), items)
    assert told == {
        "Hosts": "Hosts, 1.11.2026 bis 20.11.2026, 3 Angebote",
        "List": "List, 20.11.2026",
    }
