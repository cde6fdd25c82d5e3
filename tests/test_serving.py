"""The real server, as a process: many questions at once from its very first second."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pricing.sources import SOURCES
from service.store import tokens
from service.store.session import Sessions, engine_for
from tests.pricing.test_several_processes import Source
from tests.real_server import ask, children, command_line, serving
from tests.waiting import PATIENCE_S, until


@pytest.fixture(scope="module")
def server(tmp_path_factory, catalog_copy):
    with serving(tmp_path_factory.mktemp("server"), catalog_copy(), {"HEIMVORTEIL_SCHEDULER": "off"}) as it:
        yield it


@pytest.fixture
def source():
    served = Source()
    yield served
    served.close()


@pytest.mark.long
def test_a_fresh_server_survives_many_first_questions_at_once(server):
    """Every worker works out the calibration on its first question, in several threads at the same time."""
    address, process = server

    def compare(number):
        body = json.dumps({"cloud": "any", "tier": "any", "tokens": 37_580_963_840 + 524_288 * number})
        request = urllib.request.Request(
            f"{address}/api/v1/comparisons", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status

    with ThreadPoolExecutor(16) as crowd:
        assert set(crowd.map(compare, range(64))) == {201}
    assert process.poll() is None


@pytest.mark.long
def test_the_workers_counts_are_added_up_whoever_is_asked(server):
    address, _process = server

    def get(path):
        return ask(f"{address}{path}").decode()

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


@pytest.mark.long
def test_what_a_proxy_passes_on_is_a_strangers(server):
    """A proxy on this machine calls from the loopback address for everybody."""
    address, _process = server
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        request = urllib.request.Request(f"{address}/metrics", headers={name: "127.0.0.1"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(request)
        assert refused.value.code == 401
        refused.value.close()


@pytest.mark.long
def test_prices_are_refreshed_beside_the_server_and_it_stays_able_to_write(catalog_copy, source, tmp_path):
    """On a fresh database every source is due while the server forks its workers."""
    url = catalog_copy()
    engine = engine_for(url)
    with Sessions(engine).begin() as session:
        token = tokens.create(session, "ci", datetime.now(UTC))
    engine.dispose()
    addresses = {known.url_setting: f"{source.url}/{known.name}" for known in SOURCES}
    with serving(tmp_path, url, addresses | {"HEIMVORTEIL_TICK_SECONDS": "0.3"}) as (address, process):
        refreshed_and_asked_for(address, token, source)
        killed_with_all_it_started(process)


def refreshed_and_asked_for(address, token, source):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def get(path):
        return json.loads(ask(f"{address}{path}"))

    def all_refreshes():
        return source.asked, get("/api/v1/refreshes?limit=500")

    # All but the one whose first choice, the ECB, does well.
    until(lambda: get("/api/v1/refreshes")["total"] == len(SOURCES) - 1, "all are read", all_refreshes)
    assert source.times() == {"ecb": 1, "linode": 1}
    for asked in range(2, 10):
        body = json.dumps({"source": "ecb"}).encode()
        request = urllib.request.Request(f"{address}/api/v1/refreshes", body, headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            assert answer.status == 202
            location = answer.headers["Location"]
        until(
            lambda at=location: get(at)["outcome"] in ("ok", "unchanged"), "it is read again", all_refreshes
        )
        assert source.times()["ecb"] == asked


def killed_with_all_it_started(process):
    """However the server ends, what it started beside itself ends with it."""
    started = children(process)
    assert len(started) >= 3
    process.kill()
    process.wait(PATIENCE_S)
    until(lambda: not any(map(command_line, started)), "all that it started has ended")
