"""The database stops, hangs, is locked, read-only or full: what can still be answered is, quickly.

Each is done for real. Facts are served from memory, with their age; writing is refused in a sentence, with a
time to come back; /metrics and /readyz answer; and nobody has to help when the database is back.
"""

import time
from contextlib import contextmanager
from itertools import count

import pytest
import sqlalchemy as sa

from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions, engine_for
from tests.api.conftest import assert_problem
from tests.database_faults import Proxy, fill, held, small_disk, use_up_pages
from tests.waiting import until

SOON_S = 20.0
"""Less than the minute or more that it took; a busy machine may take its time."""
NUMBERS = count(1)


@contextmanager
def client_of(url, seconds="0.5"):
    """A client of a server on that database that looks for newer facts at every request."""
    environment = {
        "HEIMVORTEIL_DATABASE_URL": url,
        "HEIMVORTEIL_SNAPSHOT_CHECK_SECONDS": "0",
        "HEIMVORTEIL_DATABASE_SECONDS": seconds,
    }
    app = create_app(Settings.from_environ(environment))
    engine = app.extensions["heimvorteil"].sessions.engine
    app.extensions["heimvorteil"].write_test._every_s = 0.0
    try:
        yield app.test_client()
        assert engine.pool.checkedout() == 0, "every connection was given back"
    finally:
        engine.dispose()


def soon(ask):
    """The answer, which comes within seconds."""
    began = time.monotonic()
    answer = ask()
    assert time.monotonic() - began < SOON_S
    return answer


def compare(client):
    """A question that nobody asked before, which is kept."""
    return client.post(
        "/api/v1/comparisons", json={"cloud": "any", "tokens": 37_580_963_840 + 524_288 * next(NUMBERS)}
    )


def is_refused(answer):
    body = assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert "try again" in body["detail"] and "postgres" not in body["detail"] and "/" not in body["detail"]


def assert_facts_from_memory(client):
    answer = soon(lambda: client.get("/api/v1/gpus?limit=1"))
    assert answer.status_code == 200 and answer.get_json()["items"]
    assert float(answer.headers["Heimvorteil-Facts-Age"]) >= 0
    ready = soon(lambda: client.get("/readyz"))
    assert ready.status_code == 200 and ready.get_json()["status"] == "degraded"
    assert any("from memory" in reason for reason in ready.get_json()["reasons"])
    assert "heimvorteil_database_up 0.0" in soon(lambda: client.get("/metrics")).text


def assert_well(client):
    answer = client.get("/api/v1/gpus?limit=1")
    assert answer.status_code == 200 and "Heimvorteil-Facts-Age" not in answer.headers
    assert client.get("/api/v1/refreshes").status_code == 200
    assert "heimvorteil_database_up 1.0" in client.get("/metrics").text


@pytest.fixture
def proxy(postgresql_catalog_url):
    """A PostgreSQL database of its own with the catalog, behind something that can fail."""
    between = Proxy(postgresql_catalog_url)
    yield between
    between.flow()
    between.stop()


@pytest.mark.long
@pytest.mark.parametrize("fault", ["hung", "stopped"])
def test_postgresql_hangs_or_stops_and_comes_back(proxy, fault):
    go_wrong, go_right = (proxy.hang, proxy.flow) if fault == "hung" else (proxy.stop, proxy.start)
    with client_of(proxy.url) as client:
        assert_well(client)
        assert compare(client).status_code == 201
        go_wrong()
        is_refused(soon(lambda: client.get("/api/v1/refreshes")))
        is_refused(soon(lambda: compare(client)))
        assert_facts_from_memory(client)
        with client_of(proxy.url) as fresh:
            ready = soon(lambda: fresh.get("/readyz"))
            assert ready.status_code == 503 and ready.headers["Retry-After"]
            is_refused(soon(lambda: fresh.get("/api/v1/gpus")))
            assert fresh.get("/healthz").status_code == 200
            go_right()
            until(lambda: fresh.get("/readyz").status_code == 200, "a server that had no facts has them")
        until(lambda: compare(client).status_code == 201, "it is kept again")
        until(lambda: client.get("/api/v1/refreshes").status_code == 200, "it is read again")
        assert_well(client)


@pytest.mark.long
def test_who_asks_while_it_hangs_is_told_at_once(proxy):
    """One waits; the others do not queue behind it."""
    with client_of(proxy.url, seconds="2") as client:
        assert client.get("/api/v1/refreshes").status_code == 200
        proxy.hang()
        is_refused(client.get("/api/v1/refreshes"))
        began = time.monotonic()
        for _ in range(20):
            is_refused(client.get("/api/v1/refreshes"))
        assert time.monotonic() - began < 20, "one by one they would take a minute"
        proxy.flow()


@pytest.mark.long
def test_a_statement_that_takes_too_long_is_ended_and_the_next_one_answered(catalog_database_url):
    with client_of(catalog_database_url) as client:
        sessions = client.application.extensions["heimvorteil"].sessions
        slow = "SELECT pg_sleep(600)"
        if sessions.engine.dialect.name == "sqlite":
            slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        with pytest.raises(Exception, match="took too long"), sessions.reading() as session:
            soon(lambda: session.execute(sa.text(slow)).scalar())
        assert_well(client)


def test_a_sqlite_file_that_another_process_writes_is_waited_for_briefly(catalog_copy):
    url = catalog_copy()
    with client_of(url) as client:
        assert_well(client)
        with held(url):
            is_refused(soon(lambda: compare(client)))
            assert client.get("/api/v1/refreshes").status_code == 200, "reading goes on"
            ready = soon(lambda: client.get("/readyz"))
            assert ready.status_code == 200 and ready.get_json()["status"] == "degraded"
            assert "nothing can be written" in ready.get_json()["reasons"][0]
        until(lambda: compare(client).status_code == 201, "it is kept again")
        until(lambda: "written" not in client.get("/readyz").text, "it is ready again")


def test_a_database_that_may_only_be_read(catalog_database_url):
    url, server = catalog_database_url, None
    if url.startswith("postgresql"):
        server = engine_for(url).execution_options(isolation_level="AUTOCOMMIT")
        _on(server, f'ALTER DATABASE "{server.url.database}" SET default_transaction_read_only = on')
    else:
        url = url.replace("///", "///file:") + "?mode=ro&uri=true"
    with client_of(url) as client:
        is_refused(soon(lambda: compare(client)))
        assert_well(client)
        assert "nothing can be written" in client.get("/readyz").text
        if server is not None:
            _on(server, "SET default_transaction_read_only = off")
            _on(server, f'ALTER DATABASE "{server.url.database}" RESET default_transaction_read_only')
            _on(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()")  # fmt: skip
            until(lambda: compare(client).status_code == 201, "it is kept again")
            server.dispose()


def _on(engine, statement):
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.long
def test_a_full_disk(tmp_path, sqlite_catalog_template):
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        file = disk / "facts.sqlite3"
        file.write_bytes(sqlite_catalog_template.read_bytes())
        url = f"sqlite:///{file}"
        with client_of(url, seconds="5") as client:
            assert compare(client).status_code == 201
            use_up_pages(url)
            fill(disk / "others")
            is_refused(soon(lambda: compare(client)))
            assert_well(client)
            assert "nothing can be written" in client.get("/readyz").text
            (disk / "others").unlink()
            until(lambda: compare(client).status_code == 201, "there is room again")
            until(lambda: "written" not in client.get("/readyz").text, "it is ready again")
        engine = engine_for(url)
        with Sessions(engine).reading() as session:
            assert session.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
        engine.dispose()
