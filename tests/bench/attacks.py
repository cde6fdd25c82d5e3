"""The real server attacked over loopback, and what others feel of it: `python -m tests.bench.attacks`.

The attacker is a process of its own that comes from 127.0.0.2; a client on 127.0.0.1 asks four routes all the
while, each request on a new connection. Bounded: each attack lasts `--seconds`, nothing leaves this machine.
"""

import argparse
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.bench.synthetic import database
from tests.real_server import SERVE, children, command_line, environment_of, serving
from tests.waiting import until

STRANGER, OTHER = "127.0.0.2", "127.0.0.1"
QUESTION = b'{"cloud": "any", "tier": "any", "limit": 10}'
LONG_S = 60.0


def request(path: str, body: bytes = b"", length: int | None = None) -> bytes:
    """As it goes over the wire."""
    told = len(body) if length is None else length
    method = f"POST {path}" if told else f"GET {path}"
    kind = f"Content-Type: application/json\r\nContent-Length: {told}\r\n" if told else ""
    return f"{method} HTTP/1.1\r\nHost: here\r\n{kind}\r\n".encode() + body


ROUTES = {
    "/ping": request("/ping"),
    "/readyz": request("/readyz"),
    "GET a card": request("/api/v1/gpus/rtx-4070"),
    "POST comparison": request("/api/v1/comparisons", QUESTION),
}


def connect(port: int, source: str, buffer: int | None = None, wait_s: float = LONG_S) -> socket.socket:
    """A connection from that address; with a small buffer where it shall take little."""
    one = socket.socket()
    if buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.settimeout(wait_s)
    one.bind((source, 0))
    one.connect(("127.0.0.1", port))
    return one


def status(one: socket.socket) -> int:
    """Of the answer, which is read to its end."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        part = one.recv(65_536)
        if not part:
            return 0
        taken += part
    head, _, body = taken.partition(b"\r\n\r\n")
    length = next((f for f in head.lower().split(b"\r\n") if f.startswith(b"content-length:")), b":0")
    left = int(length.split(b":")[1]) - len(body)
    while left > 0 and (part := one.recv(65_536)):
        left -= len(part)
    return int(head.split()[1])


def trickle(port: int, count: int, said: bytes, stop: Event) -> Counter[str]:
    """Connections that send a byte a second; one that is closed is opened again."""
    ends: Counter[str] = Counter()
    open_ones: list[socket.socket] = []
    while not stop.is_set():
        while len(open_ones) < count and not stop.is_set():
            try:
                one = connect(port, STRANGER, wait_s=1)
            except OSError:
                ends["not taken"] += 1
                break
            one.sendall(said)
            one.setblocking(False)
            open_ones.append(one)
        for one in list(open_ones):
            try:
                if said:
                    one.send(b"x")
                answer = one.recv(100)
                ends[answer[9:12].decode() or "closed"] += 1
            except BlockingIOError:
                continue
            except OSError:
                ends["closed"] += 1
            open_ones.remove(one)
            one.close()
        stop.wait(1)
    return ends


def slow_bodies(port: int, stop: Event) -> Counter[str]:
    """500 connections send a body of 9,000 bytes, a byte a second."""
    return trickle(port, 500, request("/api/v1/comparisons", b"{", 9_000), stop)


def slow_headers(port: int, stop: Event) -> Counter[str]:
    """500 connections send their headers, a byte a second."""
    return trickle(port, 500, b"GET /ping HTTP/1.1\r\nHost: ", stop)


def idle(port: int, stop: Event) -> Counter[str]:
    """5,000 connections say nothing; one that is closed is opened again."""
    return trickle(port, 5_000, b"", stop)


def repeated(port: int, count: int, said: Callable[[int], bytes], stop: Event) -> Counter[str]:
    """So many threads ask again and again, each on a new connection."""
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> Counter[str]:
        ends: Counter[str] = Counter()
        asked = 0
        while not stop.is_set():
            asked += 1
            try:
                with connect(port, STRANGER) as connection:
                    connection.sendall(said(number * 10**6 + asked))
                    ends[str(status(connection) or "closed")] += 1
            except OSError:
                ends["closed"] += 1
        return ends

    with ThreadPoolExecutor(count) as crowd:
        return sum(crowd.map(one, range(count)), Counter())


def huge_headers(port: int, stop: Event) -> Counter[str]:
    """4 connections at a time send headers of 1 MB."""
    return repeated(port, 4, lambda _: b"GET /ping HTTP/1.1\r\nX: " + b"x" * 10**6, stop)


def large_bodies(port: int, stop: Event) -> Counter[str]:
    """4 connections at a time announce a question of 1 GB."""
    return repeated(port, 4, lambda _: request("/api/v1/comparisons", b"{" * 1000, 10**9), stop)


def slow_readers(port: int, stop: Event) -> Counter[str]:
    """64 connections ask for all of 5,000 offers and take nothing."""
    ends: Counter[str] = Counter()
    open_ones = []
    for _ in range(64):
        one = connect(port, STRANGER, buffer=4096)
        one.sendall(request("/api/v1/offers/all.json?currency=EUR"))
        open_ones.append(one)
    stop.wait()
    for one in open_ones:
        one.settimeout(0.2)
        with suppress(OSError):
            ends[one.recv(100)[9:12].decode() or "closed"] += 1
        one.close()
    return ends


def new_questions(port: int, stop: Event) -> Counter[str]:
    """300 connections at a time ask what nobody asked before."""
    return repeated(port, 300, _new_question, stop)


def _new_question(number: int) -> bytes:
    tokens = 37_580_963_840 + 524_288 * (number + os.getpid())
    return request("/api/v1/comparisons", QUESTION[:-1] + f', "tokens": {tokens}}}'.encode())


ATTACKS = (slow_bodies, slow_headers, idle, huge_headers, large_bodies, slow_readers, new_questions)


@dataclass
class Felt:
    """What the other client felt of one route: milliseconds, and answers that were no 2xx."""

    times_ms: list[float]
    failed: int

    @property
    def p99_ms(self) -> float:
        """The 99th of a hundred; the longest of fewer."""
        return sorted(self.times_ms)[int(len(self.times_ms) * 0.99)] if self.times_ms else float("inf")


def feel(port: int, seconds: float) -> dict[str, Felt]:
    """Ask all routes in turn for some seconds."""
    felt = {name: Felt([], 0) for name in ROUTES}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for name, said in ROUTES.items():
            begun = time.perf_counter()
            try:
                with connect(port, OTHER) as one:
                    one.sendall(said)
                    failed = not 200 <= status(one) < 300
            except OSError:
                failed = True
            felt[name].times_ms.append((time.perf_counter() - begun) * 1e3)
            felt[name].failed += failed
            time.sleep(0.005)
    return felt


def _attack(name: str, port: int, stop: Event, ends: "object") -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 12_000)), hard))
    ends.put(globals()[name](port, stop))  # type: ignore[attr-defined]


@contextmanager
def attacked(name: str, port: int, ends: Counter[str]) -> Iterator[None]:
    """An attack is under way; how its requests ended is counted."""
    context = get_context("spawn")
    stop, told = context.Event(), context.Queue()
    process = context.Process(target=_attack, args=(name, port, stop, told), daemon=True)
    process.start()
    time.sleep(3)
    try:
        yield
    finally:
        stop.set()
        ends.update(told.get(timeout=LONG_S))
        process.join(LONG_S)


def row(title: str, told: str, before: dict[str, Felt], during: dict[str, Felt], outcome: str) -> None:
    """One line of the table."""
    cells = [f"{before[name].p99_ms:.0f} / {during[name].p99_ms:.0f}" for name in ROUTES]
    failed = sum(felt.failed for felt in during.values())
    print(f"| {title} | {told} | {' | '.join(cells)} | {failed} | {outcome} |", flush=True)


def main() -> None:
    """Every attack in turn, then what is done to the processes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=12.0, help="that each attack lasts")
    arguments.add_argument("--only", nargs="*", default=[attack.__name__ for attack in ATTACKS])
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = database(folder, 5_000)
        with serving(folder, url, {"HEIMVORTEIL_SCHEDULER": "off"}) as (address, process):
            port = int(address.rsplit(":", 1)[1])
            print(f"| attack | tried how | {' | '.join(ROUTES)} | failed for others | attacker's answers |")
            print(f"| --- | --- | {'---: | ' * (len(ROUTES) + 1)}--- |")
            for number in range(20):
                # Each process works its calibration out on its first question.
                with connect(port, OTHER) as one:
                    one.sendall(_new_question(-number - 1))
                    status(one)
            feel(port, 3)
            for attack in ATTACKS:
                if attack.__name__ in asked.only:
                    one_attack(attack, port, asked.seconds)
            the_processes(port, process, url, folder)


def one_attack(attack: Callable[[int, Event], Counter[str]], port: int, seconds: float) -> None:
    """What others feel before it and during it."""
    before = feel(port, seconds / 2)
    ends: Counter[str] = Counter()
    with attacked(attack.__name__, port, ends):
        during = feel(port, seconds)
    outcome = ", ".join(f"{count:,} x {end}" for end, count in sorted(ends.items())) or "left open"
    told = (attack.__doc__ or "").rstrip(".")
    title = attack.__name__.replace("_", " ")
    row(title, told, before, during, outcome)
    row(f"after {title}", "the five seconds after it", before, feel(port, 5), "")


def the_processes(port: int, process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    """A worker killed, a second server, the main process killed."""
    print("\n| done to the server | seen |\n| --- | --- |")
    killed = children(process)[0]
    os.kill(int(killed), signal.SIGKILL)
    during = feel(port, 5)
    failed = sum(felt.failed for felt in during.values())
    asked = sum(len(felt.times_ms) for felt in during.values())
    until(lambda: len(children(process)) == 2 and killed not in children(process), "it is back")
    print(f"| kill -9 of a worker | {failed} of {asked} requests fail, the worker is started again |")
    second = subprocess.run((*SERVE, str(port)), env=environment_of(url, {}), capture_output=True, text=True)
    print(f"| a second server on the port | exit code {second.returncode}: {second.stderr.strip()} |")
    started = children(process)
    process.kill()
    began = time.monotonic()
    until(lambda: not any(map(command_line, started)), "its workers have ended")
    print(f"| kill -9 of the main process | its workers end after {time.monotonic() - began:.1f} s |")


if __name__ == "__main__":
    main()
