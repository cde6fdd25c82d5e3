"""What strangers try: each row of the table in service/docs/security.md names the test that tries it."""

import ast
import json
import re
from pathlib import Path
from time import process_time

import pytest

from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions, engine_for

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "service" / "docs" / "security.md").read_text()
INJECTED = [
    "' OR 1=1 --", "'; DROP TABLE offers; --", "x%' UNION SELECT sha256 FROM api_tokens --", "$(id)",
    "{{7*7}}",
]  # fmt: skip
ANSWERED_QUICKLY_S = 5.0


@pytest.fixture(scope="module")
def client(catalog_copy):
    engine = engine_for(catalog_copy())
    yield create_app(Settings.from_environ({}), Sessions(engine)).test_client()
    engine.dispose()


def test_the_table_names_tests_that_are_there():
    rows = [
        line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ") and "`tests/" in line
    ]
    assert len(rows) >= 15
    for _attack, tried, outcome in rows:
        for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tried):
            named = {getattr(node, "name", "") for node in ast.parse((ROOT / path).read_text()).body}
            assert name in named, f"{path}::{name}"
        assert "`tests/" in tried and outcome.strip()


@pytest.mark.parametrize("injected", INJECTED)
def test_words_of_sql_shells_and_templates_are_words(client, injected):
    for path, name in (
        ("/api/v1/offers", "gpu"), ("/api/v1/offers", "region"), ("/api/v1/offers", "provider"),
        ("/api/v1/gpus", "architecture"), ("/api/v1/refreshes", "source"), ("/api/v1/offers", "country"),
    ):  # fmt: skip
        answer = client.get(path, query_string={name: injected})
        assert answer.status_code in (200, 422), (path, name, answer.get_data(as_text=True))
        if answer.status_code == 200:
            assert answer.get_json()["total"] == 0
    asked = {"workload": {"config": {}, "tokens": 10**9, "name": injected}}
    assert client.post("/api/v1/comparisons", json=asked).status_code in (201, 422)
    assert client.get("/api/v1/offers?limit=1").get_json()["total"] > 100


@pytest.mark.parametrize(
    "path",
    [
        "../../pyproject.toml",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/settings.py",
        "/etc/passwd",
        "..\\..\\x",
    ],
)
def test_no_file_but_ours_is_served(client, path):
    for before in ("/static/", "/api/v1/comparisons/", "/api/v1/decisions/x.", "/"):
        answer = client.get(before + path)
        assert answer.status_code in (308, 400, 404, 405, 422), (before + path, answer.status_code)
        # Doubled slashes are made one, and lead to no other host.
        assert answer.headers.get("Location", "http://localhost/").startswith("http://localhost/")
        assert "[project]" not in answer.get_data(as_text=True) and "root:" not in answer.get_data(
            as_text=True
        )


def test_a_foreign_host_name_is_nowhere_in_an_answer(client):
    made = client.post("/api/v1/comparisons", json={}, headers={"Host": "evil.example"})
    assert made.status_code == 201 and "evil" not in str(made.headers) + made.get_data(as_text=True)
    report = made.headers["Location"] + ".html"
    for path in ("/api/v1/offers?limit=1", "/api/v1/alerts/feed.atom", "/api/v1/docs", report):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert answer.status_code == 200
        assert "evil" not in str(answer.headers) + answer.get_data(as_text=True), path


def test_a_script_in_a_name_is_text_in_the_report(client):
    script = "<script>alert(1)</script>"
    model = {"n_layers": 12, "d_model": 768, "vocab": 50304, "seq_len": 1024}
    asked = {"workload": {"dimensions": model, "tokens": 10**9, "name": script}}
    made = client.post("/api/v1/comparisons", json=asked)
    if made.status_code == 201:
        report = client.get(made.headers["Location"] + ".html")
        assert script not in report.get_data(as_text=True)
    problem = client.get("/api/v1/gpus/" + script.replace("/", "%2f"))
    assert problem.mimetype == "application/problem+json"


def bodies():
    deep = 100_000
    yield "deep lists", "[" * deep + "]" * deep
    yield "deep objects", '{"a":' * deep + "1" + "}" * deep
    yield "a number of many digits", '{"budget": ' + "9" * 200_000 + "}"
    yield "the same name over and over", '{"home": 1' + ', "home": 1' * 15_000 + "}"
    yield "no UTF-8", b'{"home": "\xff\xfe"}'
    yield "half a pair", '{"home": "\\ud800"}'
    yield "nothing", ""
    yield "null", "null"
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    finetune = {"examples": 10, "mean_tokens": 10}
    yield "a YAML bomb", json.dumps({"workload": {"trainer_config": bomb, "finetune": finetune}})
    tag = "base_model: !!python/object/apply:os.system ['touch /tmp/heimvorteil-was-here']"
    yield "a YAML tag", json.dumps({"workload": {"trainer_config": tag, "finetune": finetune}})


@pytest.mark.parametrize(("what", "body"), list(bodies()))
def test_a_hostile_body_is_refused_quickly(client, what, body):
    for path in ("/api/v1/comparisons", "/api/v1/decisions", "/api/v1/estimates"):
        began = process_time()
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code in (400, 413, 422), (what, path, answer.status_code)
        assert answer.mimetype == "application/problem+json"
        assert process_time() - began < ANSWERED_QUICKLY_S, what
    assert not Path("/tmp/heimvorteil-was-here").exists()


def test_every_revision_is_in_the_changelog():
    from service.store.session import REVISIONS

    told = (ROOT / "service" / "docs" / "changelog.md").read_text()
    listed = set(re.findall(r"\b\d{4}\b", told.replace("0002 to 0005", "0002 0003 0004 0005")))
    assert set(REVISIONS) <= listed
