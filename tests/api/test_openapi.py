"""The description is valid, answers keep to it, and a fuzzer finds no fault."""

import re
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from service.api.kinds import COSTS
from service.app import create_app
from service.settings import SETTINGS, Settings
from service.store import tokens
from tests.facts_for_tests import ASKED_AT


@pytest.fixture(scope="module")
def specification(app):
    return app.test_client().get("/api/v1/openapi.json").get_json()


def test_it_is_valid_openapi_3_1_with_every_error_as_problem_json(specification):
    from openapi_spec_validator import validate

    validate(specification)
    assert specification["openapi"].startswith("3.1")
    for path, operations in specification["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)
    assert not [name for name in specification["components"]["schemas"] if re.search(r"[^A-Za-z]", name)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("comparisons", {"cloud": "any"}),
        ("comparisons", {}),
        ("decisions", {}),
        ("decisions", {"budget": 300, "deadline_hours": 720, "buy": ["rtx-4090=1900"], "tier": "any"}),
        ("decisions", {"own": [], "weights": [1, 1, 1], "country": "FR"}),
        ("estimates", {"hardware": [{"gpu": "rtx-4070"}, {"gpu": "rtx-4060"}]}),
    ],
)
def test_real_answers_keep_to_their_schema(client, specification, path, body):
    operation = specification["paths"][f"/api/v1/{path}"]["post"]
    status = "200" if path == "estimates" else "201"
    schema = operation["responses"][status]["content"]["application/json"]["schema"]
    answer = client.post(f"/api/v1/{path}", json=body).get_json()
    jsonschema.validate(answer, {**schema, "components": specification["components"]})


def test_a_second_app_of_the_process_describes_itself_as_fully(specification, catalog_sessions):
    second = create_app(Settings.from_environ({}), catalog_sessions).test_client()
    assert second.get("/api/v1/openapi.json").get_json() == specification


def test_the_page_needs_no_other_host(client):
    page = client.get("/api/v1/docs")
    html = page.get_data(as_text=True)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    for asset in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", html):
        with client.get(asset) as answer:
            assert answer.status_code == 200 and answer.data, asset
    assert "http" not in page.headers["Content-Security-Policy"]


def test_headers_health_and_settings(client):
    response = client.get("/healthz")
    assert response.get_json() == {"status": "ok"}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/ping").data == b"pong"
    ready = client.get("/readyz").get_json()
    assert ready["status"] == "ready" and ready["data_version"] > 0
    assert len({s.name for s in SETTINGS}) == len(SETTINGS)


def test_a_database_that_is_not_ready_is_said_and_not_a_crash(tmp_path):
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    client = create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": url})).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    gpus = client.get("/api/v1/gpus")
    assert gpus.status_code == 503 and gpus.mimetype == "application/problem+json"


def test_heavy_imports_stay_out_of_requests():
    code = (
        "import sys; from service.app import create_app; create_app()\n"
        "heavy = {'pandas', 'alembic', 'requests', 'procrastinate', 'granian'}\n"
        "heavy |= {'typst', 'vl_convert', 'xlsxwriter', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.mark.long
def test_a_fuzzer_finds_no_fault(app):
    """schemathesis over every operation, in-process: no 5xx, no answer outside the description."""
    # Here, for the processes of the run that do not come by: its import takes a second.
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    # Its pytest fixture reaches into pytest's private names and breaks on pytest 9.2.
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=6,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        def holds(case):
            # A well-formed name may still be in no catalog: that is a 422 with the nearest names.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        holds()


def test_allow_names_what_the_description_has_and_no_more(app, client, specification):
    for path, operations in specification["paths"].items():
        described = {method.upper() for method in operations}
        refused = client.open(path.replace("{number}", "1"), method="TRACE")
        assert refused.status_code == 405, path
        allowed = set(refused.headers["Allow"].split(", "))
        assert allowed == described | ({"HEAD"} if "GET" in described else set()), path
    assert "HEAD" in specification["info"]["description"]


def test_what_may_be_asked_so_often_is_described(app, specification):
    costly = {
        operation["operationId"]
        for operations in specification["paths"].values()
        for operation in operations.values()
        if "429" in operation["responses"]
    }
    of_pages = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/")}
    assert len(costly) == len(COSTS.keys() - of_pages) and set(app.view_functions) >= COSTS.keys()
    assert {"comparisons_create", "comparisons_report", "offers_import"} <= costly, costly
    assert not any(name.startswith("gpus_") for name in costly)


@pytest.mark.long
def test_a_fuzzer_with_a_token_finds_no_fault(own_app):
    """The same of who may do everything, on both databases: what is sent is kept, changed and taken away."""
    import schemathesis
    from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

    with own_app.extensions["heimvorteil"].sessions.begin() as session:
        token = tokens.create(session, "fuzzer", ASKED_AT)
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", own_app)
    for operation in (result.ok() for result in schema.get_all_operations()):

        @given(case=operation.as_strategy())
        @settings(max_examples=3, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
        def holds(case):
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance, ignored_auth])

        holds()
