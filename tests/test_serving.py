"""The real server, as a process: many questions at once from its very first second."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    port = free_port()
    environment = os.environ | {
        "HEIMVORTEIL_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.sqlite3'}",
        "HEIMVORTEIL_SCHEDULER": "off",
        "HEIMVORTEIL_WORKERS": "2",
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
