"""The real server, attacked over loopback: others are served all the while, and it comes back by itself."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

from tests.real_server import SERVE, ask, children, command_line, environment_of, serving
from tests.waiting import PATIENCE_S, until

QUICK = {
    "HEIMVORTEIL_SCHEDULER": "off",
    "HEIMVORTEIL_HEADER_SECONDS": "1",
    "HEIMVORTEIL_BODY_SECONDS": "2",
    "HEIMVORTEIL_SEND_SECONDS": "1",
}
SLOW_BODY = (
    b"POST /api/v1/comparisons HTTP/1.1\r\nHost: a\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)
BEGUN = SLOW_BODY.replace(b"Length: 9\r\n\r\n{", b"Length: 2\r\nExpect: 100-continue\r\n\r\n")
"""Answered with 100 as soon as the gate reads the body."""


@pytest.fixture(scope="module")
def url(catalog_copy):
    return catalog_copy()


@pytest.fixture(scope="module")
def server(tmp_path_factory, url):
    """One for all of them: a start takes seconds."""
    with serving(tmp_path_factory.mktemp("attacked"), url, QUICK) as it:
        yield it


def opened(address, said=b"", count=1):
    """Connections that say so much and no more."""
    port = int(address.rsplit(":", 1)[1])
    connections = [socket.create_connection(("127.0.0.1", port), PATIENCE_S) for _ in range(count)]
    for connection in connections:
        connection.sendall(said)
    return connections


def rest(connection):
    """What comes until the other side closes."""
    with connection:
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def listens(address):
    try:
        opened(address)[0].close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.long
def test_slow_bodies_slow_headers_and_idle_connections_harm_nobody(server):
    address, _process = server
    idle, half = opened(address, count=200), opened(address, b"GET /ping HTTP/1.1\r\nHost:", 20)
    slow = opened(address, SLOW_BODY, 20)
    kept = opened(address, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n", 5)
    for path in ("/ping", "/readyz", "/api/v1/gpus/rtx-4070"):
        assert ask(address + path)
    assert {rest(one) for one in (*idle, *half)} == {b""}
    assert all(rest(one).startswith(b"HTTP/1.1 408 ") for one in slow)
    assert all(rest(one).endswith(b"\r\n\r\npong") for one in kept)


def test_headers_without_an_end_are_refused(server):
    address, _process = server
    (one,) = opened(address, b"GET /ping HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000)
    assert rest(one).startswith(b"HTTP/1.1 431 ")


@pytest.mark.long
def test_the_port_is_owned_and_a_second_server_says_so_in_one_line(server, url):
    address, _process = server
    port = address.rsplit(":", 1)[1]
    second = subprocess.run(
        (*SERVE, port), env=environment_of(url, QUICK), capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert second.returncode == 2 and second.stdout == ""
    line = rf"heimvorteil: --port = {port}: cannot be taken at 127\.0\.0\.1: Address already in use\n"
    assert re.fullmatch(line, second.stderr)


@pytest.mark.long
def test_a_worker_that_dies_comes_back(server):
    address, process = server
    killed = children(process)[0]
    os.kill(int(killed), signal.SIGKILL)
    until(lambda: killed not in children(process) and len(children(process)) == 2, "it is started again")
    for _ in range(20):
        assert ask(f"{address}/ping") == b"pong"
    assert process.poll() is None


@pytest.mark.long
def test_told_to_stop_it_ends_soon_whoever_is_still_connected(server):
    """The last of these tests: it ends the server."""
    address, process = server
    workers = children(process)
    idle, slow = opened(address, count=50), opened(address, SLOW_BODY, 5)
    kept = opened(address, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n", 3)
    assert all(one.recv(9) == b"HTTP/1.1 " for one in kept)
    begun = opened(address, BEGUN, 3)
    assert all(one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n" for one in begun)
    process.terminate()
    began = time.monotonic()
    time.sleep(0.2)
    for one in begun:
        one.sendall(b"{]")
    # What it has begun it answers: that this is no JSON.
    assert [one.recv(13) for one in begun] == [b"HTTP/1.1 400 "] * 3
    assert process.wait(PATIENCE_S) == 0
    assert not listens(address)
    assert time.monotonic() - began < 30
    assert not any(map(command_line, workers))
    for one in (*idle, *slow, *begun, *kept):
        one.close()
