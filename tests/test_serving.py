"""The real server, as a process: many questions at once from its very first second."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricing.sources import SOURCES
from service.store import tokens
from service.store.session import Sessions, engine_for
from tests.pricing.test_several_processes import Source


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    yield from serving(tmp_path, {"HEIMVORTEIL_SCHEDULER": "off"})


@pytest.fixture
def source():
    served = Source()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def refreshing_server(tmp_path, source):
    addresses = {known.url_setting: f"{source.url}/{known.name}" for known in SOURCES}
    yield from serving(tmp_path, addresses | {"HEIMVORTEIL_TICK_SECONDS": "0.3"})


def serving(tmp_path, more):
    port = free_port()
    environment = os.environ | {
        "HEIMVORTEIL_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.sqlite3'}",
        "HEIMVORTEIL_WORKERS": "2",
        **more,
    }
    environment.pop("OPENBLAS_NUM_THREADS", None)
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port)]
    said = tmp_path / "server.log"
    with said.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{address}/ping", timeout=1):
                break
        except (OSError, urllib.error.URLError):
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
    yield address, process
    process.terminate()
    process.wait(20)


def test_a_fresh_server_survives_many_first_questions_at_once(server):
    """Every worker works out the calibration on its first question, in several threads at the same time."""
    address, process = server

    def ask(number):
        body = json.dumps({"cloud": "any", "tier": "any", "tokens": 37_580_963_840 + 524_288 * number})
        request = urllib.request.Request(
            f"{address}/api/v1/comparisons", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status

    with ThreadPoolExecutor(16) as crowd:
        assert set(crowd.map(ask, range(160))) == {201}
    assert process.poll() is None


def test_the_workers_counts_are_added_up_whoever_is_asked(server):
    address, _process = server

    def get(path):
        with urllib.request.urlopen(f"{address}{path}", timeout=60) as answer:
            return answer.read().decode()

    with ThreadPoolExecutor(16) as crowd:
        assert set(crowd.map(get, ["/ping"] * 200)) == {"pong"}

    def pings(_):
        (line,) = [
            line
            for line in get("/metrics").splitlines()
            if line.startswith("heimvorteil_http_request_seconds_count") and '"health.ping"' in line
        ]
        return float(line.split()[-1])

    with ThreadPoolExecutor(8) as crowd:
        counts = set(crowd.map(pings, range(16)))
    # The fixture asked once or more to see whether the server is up.
    assert len(counts) == 1 and 201 <= counts.pop() <= 210
    assert json.loads(get("/readyz"))["status"] == "ready"


def test_prices_are_refreshed_beside_the_server_and_it_stays_able_to_write(
    refreshing_server, source, tmp_path
):
    """On a fresh database every source is due while the server forks its workers."""
    address, process = refreshing_server
    engine = engine_for(f"sqlite:///{tmp_path / 'facts.sqlite3'}")
    with Sessions(engine).begin() as session:
        token = tokens.create(session, "ci", datetime.now(UTC))
    engine.dispose()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def get(path):
        with urllib.request.urlopen(f"{address}{path}", timeout=20) as answer:
            return json.loads(answer.read())

    def until(condition):
        ends = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < ends, (source.asked, get("/api/v1/refreshes?limit=500"))
            time.sleep(0.05)

    # All but the one whose first choice, the ECB, does well.
    until(lambda: get("/api/v1/refreshes")["total"] == len(SOURCES) - 1)
    assert source.times() == {"ecb": 1, "linode": 1}
    for asked in range(2, 10):
        body = json.dumps({"source": "ecb"}).encode()
        request = urllib.request.Request(f"{address}/api/v1/refreshes", body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 202
            location = answer.headers["Location"]
        until(lambda at=location: get(at)["outcome"] in ("ok", "unchanged"))
        assert source.times()["ecb"] == asked

    # However the server ends, what it started beside itself ends with it.
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 3
    process.kill()
    process.wait()
    ticker = next(pid for pid in children if b"spawn_main" in command_line(pid))
    ends = time.monotonic() + 10
    while command_line(ticker):
        assert time.monotonic() < ends
        time.sleep(0.1)
    for orphan in children:
        if command_line(orphan):
            os.kill(int(orphan), signal.SIGKILL)


def command_line(pid):
    """Of a process that lives; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
