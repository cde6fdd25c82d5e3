"""A table of prices over REST gives what the command line gives, on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from service.api.offer_imports import ImportedOut
from service.app import create_app
from service.cli import main
from service.cli.web import create_app as create_whole_app
from service.settings import Settings
from service.state import EXTENSION
from service.store import tokens
from service.store.session import Sessions, engine_for
from tests.api.conftest import assert_problem

PATH = "/api/v1/offers/imports"
TABLE = (
    "instance;gpu;gpu_count;price_per_hour;currency;region\r\n"
    "box;H100 SXM;8;12,34;EUR;FRA\r\n"
    "odd;Abacus 3000;1;1,00;EUR;FRA\r\n"
    "free;H100 SXM;8;0;EUR;FRA\r\n"
)


@pytest.fixture
def whole_app(sessions):
    return create_whole_app(Settings.from_environ({"HEIMVORTEIL_SNAPSHOT_CHECK_SECONDS": "0"}), sessions)


def headers(app):
    with app.extensions[EXTENSION].sessions.begin() as session:
        return {"Authorization": f"Bearer {tokens.create(session, 'ci', datetime.now(UTC))}"}


def own_offers(client):
    items = client.get("/api/v1/offers?provider=lambda&limit=500").get_json()["items"]
    return {item["instance"]: item for item in items if item["source"].startswith("lambda prices from")}


def test_a_table_is_taken_in_with_a_token_and_its_rejects_named(whole_app):
    client = whole_app.test_client()
    body = {"provider": "lambda", "as_of": "2026-11-20", "table": TABLE}
    assert_problem(client.post(PATH, json=body), 401)
    assert_problem(client.post(PATH, json={}), 401)
    token = headers(whole_app)
    trial = client.post(PATH, json=body | {"dry_run": True}, headers=token).get_json()
    assert (trial["accepted"], trial["changed"]) == (2, 2) and not own_offers(client)
    answer = client.post(PATH, json=body, headers=token)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    done = answer.get_json()
    assert done == trial
    assert done["reasons"] == {"the price is not known": 1}
    assert done["refused"] == [
        {"reason": "the price is not known", "raw": "free,H100 SXM,8,0,EUR,FRA"},
    ]
    assert done["unmapped"] == ["Abacus 3000"]
    box = own_offers(client)["box"]
    assert (box["price_per_hour"], box["currency"], box["gpu"]) == ("12.34", "EUR", "h100-sxm")
    assert box["slug"] in done["offers"] and box["as_of"] == "2026-11-20"
    assert client.post(PATH, json=body, headers=token).get_json()["changed"] == 0
    rows = [{"instance": "box", "gpu": "H100 SXM", "gpu_count": 8, "price_per_hour": 11.5, "currency": "EUR",
             "region": "FRA"}]  # fmt: skip
    corrected = client.post(
        PATH, json={"provider": "lambda", "format": "json", "rows": rows}, headers=token
    ).get_json()
    assert (corrected["accepted"], corrected["changed"]) == (1, 1)
    assert own_offers(client)["box"]["price_per_hour"] == "11.5"
    assert ImportedOut.model_validate(done, extra="forbid").model_dump() == done


REFUSED = [
    ({"provider": "lamda"}, "provider"),
    ({"format": "xlsx"}, "format"),
    ({"as_of": "2999-01-01"}, "as_of"),
    ({"as_of": "20.11.2026"}, "as_of"),
    ({"table": "a,b\n1,2\n"}, "table"),
    ({"table": None}, "table"),
    ({"rows": [{}]}, "table"),
    ({"table": None, "rows": [{}]}, "rows"),
    ({"format": "skypilot"}, "table"),
    ({"format": "json"}, "table"),
    ({"formt": "csv"}, "formt"),
]


def test_what_cannot_be_read_is_refused_whole_naming_the_field(whole_app):
    client, token = whole_app.test_client(), headers(whole_app)
    for change, field in REFUSED:
        body = {"provider": "lambda", "as_of": "2026-11-20", "table": TABLE} | change
        problem = assert_problem(client.post(PATH, json=body, headers=token), 422, field)
        assert "lambda" in str(problem) or field != "provider"
        if field == "format":
            assert problem["errors"][0]["choices"][:2] == ["csv", "json"]
        assert not own_offers(client), change


def test_sizes_have_an_end(whole_app):
    client, token = whole_app.test_client(), headers(whole_app)
    line = "box;H100 SXM;8;12,34;EUR;FRA\r\n"
    large = TABLE.split("\r\n")[0] + "\r\n" + "".join(line.replace("box", f"b{i}") for i in range(9_000))
    assert len(large) > 262_144
    body = {"provider": "lambda", "table": large, "dry_run": True}
    assert client.post(PATH, json=body, headers=token).get_json()["accepted"] == 9_000
    body["table"] = large + "x" * 8_000_000
    assert_problem(client.post(PATH, json=body, headers=token), 413)


def test_what_halves_the_price_of_a_card_wants_a_yes(whole_app):
    client, token = whole_app.test_client(), headers(whole_app)
    body = {"provider": "lambda", "table": TABLE.replace("H100 SXM;8;12,34", "H100 SXM;8;4,80")}
    problem = assert_problem(client.post(PATH, json=body, headers=token), 422, "yes")
    assert "h100-sxm on_demand from" in str(problem) and not own_offers(client)
    trial = client.post(PATH, json=body | {"dry_run": True}, headers=token).get_json()
    done = client.post(PATH, json=body | {"yes": True}, headers=token).get_json()
    assert done == trial and "box" in own_offers(client)
    assert [(one["gpu"], one["tier"], one["after"]) for one in done["moved"]] == [
        ("h100-sxm", "on_demand", 0.6)
    ]
    assert done["moved"][0]["before"] > 1.2
    assert_problem(client.post(PATH, json=body | {"yes": True, "dry_run": True}, headers=token), 422, "yes")


def test_an_app_without_pricing_says_so(whole_app):
    bare = create_app(Settings.from_environ({}), whole_app.extensions[EXTENSION].sessions)
    body = {"provider": "lambda", "table": TABLE}
    assert_problem(bare.test_client().post(PATH, json=body, headers=headers(whole_app)), 501)


def test_rest_and_command_line_give_the_same(catalog_copy, tmp_path, monkeypatch):
    results = {}
    for way in ("rest", "cli"):
        url = catalog_copy()
        monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
        engine = engine_for(url)
        if way == "rest":
            app = create_whole_app(Settings.from_environ({}), Sessions(engine))
            body = {"provider": "lambda", "as_of": "2026-11-20", "table": TABLE}
            results[way] = app.test_client().post(PATH, json=body, headers=headers(app)).get_json()
        else:
            file = tmp_path / "quote.csv"
            file.write_text(TABLE, encoding="cp1252", newline="")
            words = ["prices", "import", str(file), "--provider", "lambda", "--as-of", "2026-11-20", "--json"]
            results[way] = json.loads(CliRunner().invoke(main, words).output)
        engine.dispose()
    assert results["rest"] == results["cli"]
