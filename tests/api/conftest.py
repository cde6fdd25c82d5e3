"""The real app on the real catalog, and the one shape every error must have."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.cli.web import create_app as create_whole_app
from service.settings import Settings
from service.store.session import Sessions, engine_for


@pytest.fixture(scope="package")
def catalog_sessions(catalog_copy) -> Iterator[Sessions]:
    """A SQLite database with the shipped catalog; tests that use it must not change facts."""
    engine = engine_for(catalog_copy())
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture(scope="package")
def app(catalog_sessions) -> Flask:
    return create_app(Settings.from_environ({}), catalog_sessions)


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sessions(catalog_engine) -> Sessions:
    """A database of its own, SQLite and PostgreSQL, with the shipped catalog."""
    return Sessions(catalog_engine)


@pytest.fixture
def own_app(sessions) -> Flask:
    """An app on a database of its own."""
    return create_whole_app(Settings.from_environ({"HEIMVORTEIL_SNAPSHOT_CHECK_SECONDS": "0"}), sessions)


def assert_problem(response, status, field=None):
    """The canonical error: RFC 9457, the status twice, and the field where one is to blame."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    body = response.get_json(force=True)
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    assert body["status"] == status and body["title"] and body["detail"]
    for error in body["errors"]:
        assert set(error) == {"field", "value", "reason", "choices"}
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], body
    return body
