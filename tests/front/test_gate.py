"""The gate around a small application: what costs a thread, what is refused, and who pays for whom."""

import asyncio
import json
from threading import Event

import pytest

from service.front.gate import Bounds, Gate
from service.front.kinds import HOLDER, By, Kind
from service.front.rates import Rates
from service.front.refusals import LINES
from service.logs import FIELDS, SANE_ID
from tests.waiting import PATIENCE_S, until

USUAL = ((b"host", b"here"),)


class App:
    """Answers with what it was asked; /held waits until it is let go, /long is made part by part."""

    def __init__(self):
        self.let_go, self.running, self.asked, self.closed = Event(), 0, [], 0

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        self.asked.append(environ)
        if environ.get("HTTP_AUTHORIZATION") == "Bearer good":
            environ[HOLDER] = "ci"
        if path == "/held":
            self.running += 1
            assert self.let_go.wait(PATIENCE_S)
        if path == "/long":
            start_response("200 OK", [("X-Of", "app")])
            return Long(self)
        body = environ["wsgi.input"].read() or path.encode("latin-1")
        start_response("200 OK", [("Content-Length", str(len(body))), ("Connection", "close")])
        return [body]


class Long:
    def __init__(self, app):
        self.app, self.left = app, 40

    def __iter__(self):
        return self

    def __next__(self):
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        return b"x" * 40_000

    def close(self):
        self.app.closed += 1


def kind_of(method, path):
    if path == "/ping":
        return Kind(By.AT_ONCE, 0)
    if path == "/ready":
        return Kind(By.HEALTH, 0)
    if path == "/fact":
        return Kind(By.LOOK_UP, 0)
    return Kind(By.WORK, 1000 if method == "POST" else 0, 2 if path == "/costs" else 0)


def gate(app, rates=None, **bounds):
    return Gate(app, kind_of, [(b"x-of", b"gate")], rates, Bounds(**bounds))


class Asked:
    """One request and what came back."""

    def __init__(self, path="/", method="GET", headers=(), parts=(), peer="127.0.0.1", takes=True):
        self.scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "server": ("127.0.0.1", "8080"),
            "client": (peer, "999"), "headers": [*USUAL, *headers],
        }  # fmt: skip
        self.parts, self.takes = list(parts), takes
        self.status, self.headers, self.body, self.ended = None, {}, b"", False

    async def receive(self):
        if not self.parts:
            await asyncio.sleep(PATIENCE_S)
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts) or part != b""}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            return
        self.body += message["body"]
        if not self.takes:
            await asyncio.sleep(PATIENCE_S)
        self.ended = not message.get("more_body")

    async def of(self, gate):
        await gate(self.scope, self.receive, self.send)
        return self


def posted(*parts, length=None, **more):
    told = [(b"content-length", str(length).encode())] if length else [(b"transfer-encoding", b"chunked")]
    return Asked("/", "POST", [*told, *more.pop("headers", ())], parts, **more)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE_S))


def problem(asked, status):
    assert asked.status == status and asked.headers["content-type"] == "application/problem+json"
    assert asked.headers["x-of"] == "gate"
    assert SANE_ID.fullmatch(asked.headers["x-request-id"])
    told = json.loads(asked.body)
    assert told["status"] == status and told["instance"] == asked.scope["path"]
    return told


def test_a_body_is_whole_before_the_application_is_asked():
    app = App()
    asked = run(posted(b"ab", b"cd", b"").of(gate(app)))
    assert (asked.status, asked.body) == (200, b"abcd") and "connection" not in asked.headers
    assert app.asked[0]["CONTENT_LENGTH"] == "4"


@pytest.mark.parametrize(
    "asked", [posted(b"x" * 600, b"x" * 600, b""), posted(length=1001)], ids=["as it comes", "as told"]
)
def test_a_body_too_large_is_not_read_on(asked):
    app = App()
    assert "1,000 bytes" in problem(run(asked.of(gate(app))), 413)["detail"]
    assert not app.asked


def test_a_slow_body_holds_nobody_up_and_is_given_up():
    app = App()
    whole = gate(app, body_s=0.2)

    async def many():
        slow = [posted(b"a", length=9) for _ in range(50)]
        tasks = [asyncio.create_task(one.of(whole)) for one in slow]
        await asyncio.sleep(0)
        assert (await Asked("/fast").of(whole)).body == b"/fast"
        assert not any(task.done() for task in tasks)
        return await asyncio.gather(*tasks)

    assert all(problem(one, 408) for one in run(many()))
    assert [one["PATH_INFO"] for one in app.asked] == ["/fast"]


def test_what_waits_is_bounded_and_health_has_a_thread_of_its_own():
    app = App()
    whole = gate(app, waiting=3)

    async def many():
        held = [asyncio.create_task(Asked("/held").of(whole)) for _ in range(9)]
        await asyncio.to_thread(until, lambda: app.running == 2)
        for path in ("/ping", "/ready"):
            assert (await Asked(path).of(whole)).body == path.encode()
        refused = [problem(task.result(), 503) for task in held if task.done()]
        shed = [task.result().headers["retry-after"] for task in held if task.done()]
        app.let_go.set()
        answered = await asyncio.gather(*held)
        assert (await Asked("/after").of(whole)).status == 200
        return refused, shed, [one.status for one in answered]

    refused, shed, answered = run(many())
    assert len(refused) == 4 and set(shed) == {"5"}
    assert sorted(answered) == [200] * 5 + [503] * 4


def test_what_is_looked_up_does_not_wait_behind_what_is_worked_out():
    app = App()
    whole = gate(app)

    async def many():
        held = [asyncio.create_task(Asked("/held").of(whole)) for _ in range(4)]
        await asyncio.to_thread(until, lambda: app.running == 2)
        fact = await Asked("/fact").of(whole)
        app.let_go.set()
        await asyncio.gather(*held)
        return fact.status

    assert run(many()) == 200


def test_one_client_with_many_requests_waits_behind_itself():
    """Places taken by one address make room for another, whose turn comes next."""
    app = App()
    whole = gate(app, waiting=4)

    async def many():
        greedy = [asyncio.create_task(Asked("/held", peer="10.0.0.1").of(whole)) for _ in range(6)]
        await asyncio.to_thread(until, lambda: app.running == 2)
        other = asyncio.create_task(Asked("/other", peer="10.0.0.2").of(whole))
        await asyncio.sleep(0.01)
        assert [task.result().status for task in greedy if task.done()] == [503]
        app.let_go.set()
        await asyncio.gather(other, *greedy)
        return other.result().status

    assert run(many()) == 200
    assert [one["PATH_INFO"] for one in app.asked].index("/other") <= 3


def test_a_slow_reader_holds_no_thread_and_is_cut_off():
    app = App()
    whole = gate(app, send_s=0.2)

    async def many():
        slow = [Asked("/long", takes=False) for _ in range(4)]
        tasks = [asyncio.create_task(one.of(whole)) for one in slow]
        while not all(one.body for one in slow):
            await asyncio.sleep(0.01)
        fast = await Asked("/fast").of(whole)
        assert fast.body == b"/fast" and not any(task.done() for task in tasks)
        return slow, await asyncio.gather(*tasks, return_exceptions=True)

    slow, ends = run(many())
    # An error breaks the connection: what was cut off must not look whole.
    assert all(isinstance(end, Exception) for end in ends) and not any(one.ended for one in slow)
    assert app.closed == 4


def test_a_long_answer_comes_whole():
    app = App()
    asked = run(Asked("/long").of(gate(app)))
    assert asked.ended and len(asked.body) == 40 * 40_000 and app.closed == 1


def test_an_address_asks_so_much_a_minute_and_who_holds_a_token_more(tmp_path):
    Rates.create(tmp_path / "rates")
    app = App()
    bounds = {"answers_per_minute": 4, "trusted_proxies": _networks("127.0.0.0/8")}
    # Two processes count together.
    first, second = (gate(app, Rates(tmp_path / "rates"), **bounds) for _ in range(2))

    def costs(address, *headers):
        return Asked("/costs", headers=[(b"x-forwarded-for", address), *headers])

    async def many():
        one = [await costs(b"203.0.113.5").of(whole) for whole in (first, second, first)]
        other = await costs(b"203.0.113.6").of(first)
        free = await Asked("/", headers=[(b"x-forwarded-for", b"203.0.113.5")]).of(first)
        wrong = await costs(b"203.0.113.5", (b"authorization", b"Bearer wrong")).of(second)
        token = (b"authorization", b"Bearer good")
        held = [await costs(b"203.0.113.6", token).of(first) for _ in range(9)]
        here = [await Asked("/costs").of(first) for _ in range(9)]
        return one, other, free, wrong, held, here

    one, other, free, wrong, held, here = run(many())
    assert [asked.status for asked in one] == [200, 200, 429]
    assert one[0].headers["ratelimit"].startswith('"answers";r=2;')
    assert one[0].headers["ratelimit-policy"] == '"answers";q=4;w=60'
    problem(one[2], 429)
    assert 25 <= int(one[2].headers["retry-after"]) <= 30
    assert (other.status, free.status, wrong.status) == (200, 200, 429)
    assert {asked.status for asked in held} == {200} and held[-1].headers["ratelimit-policy"].startswith(
        '"answers";q=40;'
    )
    assert {asked.status for asked in here} == {200} and "ratelimit" not in here[0].headers


def _networks(text):
    from ipaddress import ip_network

    return (ip_network(text),)


def test_who_hangs_up_while_waiting_costs_no_thread():
    app = App()
    whole = gate(app)

    async def many():
        held = [asyncio.create_task(Asked("/held").of(whole)) for _ in range(2)]
        await asyncio.to_thread(until, lambda: app.running == 2)
        leaving, staying = Asked("/left"), Asked("/stayed")
        leaving.receive = _hung_up
        await leaving.of(whole)
        waits = asyncio.create_task(staying.of(whole))
        await asyncio.sleep(0)
        app.let_go.set()
        await asyncio.gather(waits, *held)
        return leaving.status, staying.status

    assert run(many()) == (None, 200)
    assert [one["PATH_INFO"] for one in app.asked] == ["/held", "/held", "/stayed"]


async def _hung_up():
    return {"type": "http.disconnect"}


def test_a_refusal_has_an_id_and_a_line_and_a_flood_has_some(caplog):
    whole = gate(App())
    caplog.set_level("INFO", "heimvorteil.access")
    own = (b"x-request-id", b"mine-0815")
    asked = run(posted(length=1001, headers=[own]).of(whole))
    problem(asked, 413)
    assert asked.headers["x-request-id"] == "mine-0815"

    async def flood():
        for _ in range(2 * LINES):
            await posted(length=1001).of(whole)

    run(flood())
    lines = [one for one in caplog.records if one.name == "heimvorteil.access"]
    told = getattr(lines[0], FIELDS)
    assert told.pop("ms") >= 0 and told.pop("bytes") == len(asked.body)
    assert told == {
        "request_id": "mine-0815", "method": "POST", "route": None, "status": 413, "client": "127.0.0.1",
        "token": None,
    }  # fmt: skip
    assert len(lines) == LINES


def test_an_error_of_the_application_leaves_its_thread_free():
    def fails(environ, start_response):
        raise RuntimeError("a bug")

    whole = gate(fails)

    async def many():
        for _ in range(5):
            with pytest.raises(RuntimeError):
                await Asked("/x").of(whole)

    run(many())
