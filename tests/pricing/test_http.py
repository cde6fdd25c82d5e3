"""The way out against real HTTP on loopback: what it follows, waits for, refuses and never tells."""

import gzip
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pricing import http
from pricing.addresses import is_public
from pricing.http import Door, FetchFailed, NotModified, Validators
from service.shown import address as shown

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.reply(200, self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self):
        self.server.headers_seen.append(dict(self.headers))
        if self.path == "/tagged":
            if self.headers.get("If-None-Match") == '"v1"':
                return self.reply(304, b"")
            return self.reply(200, b"new", ETag='"v1"')
        if self.path == "/dated":
            if self.headers.get("If-Modified-Since"):
                return self.reply(304, b"")
            return self.reply(200, b"new", **{"Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"})
        if self.path == "/to-ipv6":
            return self.reply(302, b"", Location="http://[::1]/")
        if self.path.startswith("/to?"):
            return self.reply(302, b"", Location=self.path[4:])
        if self.path == "/busy":
            return self.reply(429, b"", **{"Retry-After": "3600"})
        if self.path == "/members":
            body = gzip.compress(b"one\n") + gzip.compress(b"two\n")
            return self.reply(200, body, **{"Content-Encoding": "gzip"})
        if self.path == "/brotli":
            return self.reply(200, b"?", **{"Content-Encoding": "br"})
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (b"a\nb", b"c\nd"):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return None
        return self.reply(200, b"fine")

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.headers_seen = []
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_an_answer_with_a_tag_or_a_date_is_asked_for_only_when_it_is_newer(server):
    for path in ("/tagged", "/dated"):
        with Door(NOW) as door:
            first = door.get(server.url + path)
        assert first.content == b"new" and (first.etag or first.last_modified)
        known = Validators(first.url, first.etag, first.last_modified)
        with Door(NOW, known) as door, pytest.raises(NotModified):
            door.get(server.url + path)
        other = Validators(first.url + "?other", first.etag, first.last_modified)
        with Door(NOW, other) as door:
            assert door.get(server.url + path).content == b"new"


def test_redirects_stay_on_the_host_or_go_to_a_public_one_of_the_same_scheme(server):
    with Door(NOW) as door:
        assert door.get(f"{server.url}/to?/fine").content == b"fine"
        for target, why in (
            ("http://10.1.2.3/", "private address"),
            ("http://127.0.0.1:1/", "private address"),
            ("http://x:nonsense/", "unusable redirect"),
            ("http://169.254.169.254/latest/meta-data", "private address"),
            ("https://example.org/", "another scheme"),
            ("file:///etc/passwd", "another scheme"),
        ):
            with pytest.raises(FetchFailed, match=why):
                door.get(f"{server.url}/to?{target}")
        with pytest.raises(FetchFailed, match="private address"):
            door.get(f"{server.url}/to-ipv6")


def test_what_is_public():
    assert is_public("8.8.8.8") and is_public("2001:4860:4860::8888")
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "0.0.0.0",
                 "fe80::1", "224.0.0.1", "100.64.0.1", "no-such-host.invalid", ""):  # fmt: skip
        assert not is_public(host), host


def test_a_long_wait_is_left_to_the_schedule(server):
    with Door(NOW) as door, pytest.raises(FetchFailed, match="HTTP 429, asks to wait 3600 s") as failed:
        door.get(f"{server.url}/busy")
    assert failed.value.retry_after_s == 3600
    assert len(server.headers_seen) == 1


def test_a_wait_is_a_number_of_seconds_or_a_date():
    assert http._retry_after_s("120", NOW) == 120
    assert http._retry_after_s("Tue, 24 Nov 2026 13:00:00 GMT", NOW) == 3600
    assert http._retry_after_s("Tue, 24 Nov 2026 11:00:00 GMT", NOW) == 0
    assert http._retry_after_s("soon", NOW) is None and http._retry_after_s(None, NOW) is None


def test_bodies_come_whole_however_they_are_sent(server):
    with Door(NOW) as door:
        assert door.get(f"{server.url}/chunked").content == b"a\nbc\nd"
        assert list(door.lines(f"{server.url}/chunked")) == ["a", "bc", "d"]
        assert door.get(f"{server.url}/members").content == b"one\ntwo\n"
        assert door.post(f"{server.url}/echo", {"a": 1}).content == b'{"a": 1}'
        with pytest.raises(FetchFailed, match="Content-Encoding br"):
            door.get(f"{server.url}/brotli")


def test_a_stream_has_its_own_limit(server, monkeypatch):
    monkeypatch.setattr(http, "LARGEST_STREAM_BYTES", 3)
    with Door(NOW) as door, pytest.raises(FetchFailed, match="more than 3 bytes"):
        list(door.lines(f"{server.url}/chunked"))


def test_a_key_is_sent_but_never_told(server):
    address = f"{server.url}/gone/../fine?api_key=s3cret&x=1"
    with Door(NOW) as door:
        door.get(address, {"Authorization": "Bearer s3cret"})
        assert server.headers_seen[-1]["Authorization"] == "Bearer s3cret"
        with pytest.raises(FetchFailed) as failed:
            door.get("http://127.0.0.1:1/x?api_key=s3cret&x=1")
    assert "s3cret" not in str(failed.value) and "x=1" in str(failed.value)
    assert shown("https://a.example/x?securityToken=abc&y=2") == "https://a.example/x?securityToken=***&y=2"


def test_all_pages_are_on_the_host_that_was_asked():
    door = Door(NOW)
    link = "https://prices.example/api?page=2#x"
    assert door.same_host(link, "http://127.0.0.1:9/azure") == "http://127.0.0.1:9/api?page=2"
    assert door.same_host("?page=2", "https://a.example/b/c") == "https://a.example/b/c?page=2"


def test_a_refresh_has_a_deadline(server, monkeypatch):
    monkeypatch.setattr(http, "LONGEST_REFRESH_S", -1.0)
    with Door(NOW + timedelta(days=1)) as door, pytest.raises(FetchFailed, match="not done after"):
        door.get(f"{server.url}/fine")
