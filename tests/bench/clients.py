"""Clients with time to think, who ask all kinds of routes over keep-alive connections."""

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any

from tests.waiting import PATIENCE_S

NEW = "NEW"
"""In a path or a body: a number that nobody has said before."""
ALL = '{"cloud": "any", "tier": "any", "limit": 10'
ONE_CARD = '{"hardware": [{"gpu": "rtx-4070"}]'
OWN_MODEL = (
    f', "workload": {{"tokens": {NEW}, "recipe": {{"seq_len": 1024, "micro_batch": 16}}, '
    '"architecture": {"n_layers": 12, "d_model": 768, "n_heads": 12, "vocab_size": 50257}}}'
)
PATIENCE_OF_A_CLIENT_S = 60.0


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request, and how often it comes among all others."""

    name: str
    path: str
    body: str | None = None
    weight: int = 4
    kind: str = "application/json"


ROUTES = (
    Route("GET /ping", "/ping"),
    Route("GET /healthz", "/healthz"),
    Route("GET /readyz", "/readyz", weight=1),
    Route("GET /metrics", "/metrics", weight=1),
    Route("GET a card", "/api/v1/gpus/rtx-4070", weight=8),
    Route("GET workloads", "/api/v1/workloads"),
    Route("GET price sources", "/api/v1/price-sources", weight=1),
    Route("GET offers, the same page", "/api/v1/offers?gpu=h100-sxm&currency=EUR&limit=20", weight=8),
    Route("GET offers, a new page", f"/api/v1/offers?currency=EUR&total_memory_gib_max={NEW}", weight=4),
    Route("GET price history", "/api/v1/price-history?gpu=h100-sxm&interval=month&currency=EUR", weight=2),
    Route("POST estimate, the same", "/api/v1/estimates", ONE_CARD + "}"),
    Route("POST estimate, new", "/api/v1/estimates", ONE_CARD + OWN_MODEL),
    Route("POST comparison, the same", "/api/v1/comparisons", ALL + "}", weight=6),
    Route("POST comparison, new", "/api/v1/comparisons", ALL + f', "tokens": {NEW}}}'),
    Route("POST decision, the same", "/api/v1/decisions", '{"budget": 700}'),
    Route("POST decision, new", "/api/v1/decisions", f'{{"budget": 700, "tokens": {NEW}}}', weight=2),
    Route("GET report, HTML", "REPORT.html", weight=3),
    Route("GET report, PDF", "REPORT.pdf", weight=1),
    Route("GET / (page)", "/", weight=4),
    Route(
        "POST /answers (page)", "/answers", f"budget=700&tokens={NEW}", 2, "application/x-www-form-urlencoded"
    ),
)


@dataclass
class Told:
    """What clients saw of each route: [ms] of every answer, and how often which status; 0 for none."""

    times_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, route: str, took_ms: float, status: int, size: int) -> None:
        """One answer; a refusal's time is not that of an answer."""
        if 200 <= status < 400:
            self.times_ms[route].append(took_ms)
        self.statuses[route][status] += 1
        self.bytes[route] += size

    def take_in(self, plain: tuple[Any, Any, Any]) -> None:
        """What another process tells."""
        for route, times in plain[0].items():
            self.times_ms[route] += times
        for route, counts in plain[1].items():
            for status, count in counts.items():
                self.statuses[route][status] += count
        for route, size in plain[2].items():
            self.bytes[route] += size

    def plain(self) -> tuple[Any, Any, Any]:
        """For another process."""
        return dict(self.times_ms), {r: dict(c) for r, c in self.statuses.items()}, dict(self.bytes)

    def in_all(self) -> dict[int, int]:
        """How often which status."""
        counts: dict[int, int] = defaultdict(int)
        for of_route in self.statuses.values():
            for status, count in of_route.items():
                counts[status] += count
        return dict(sorted(counts.items()))


def percentile(times: list[float], share: float) -> float:
    """Of some times; NaN of none."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)] if times else float("nan")


class Client:
    """One who asks one request after the other on a connection of its own."""

    def __init__(self, port: int, seed: int) -> None:
        self._port, self.draw = port, random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None
        self.reports: dict[str, str] = {}

    def ask(self, route: Route, told: Told) -> bytes:
        """One request, counted; on a failure the next begins with a new connection."""
        number = str(self.draw.randrange(10**9, 9 * 10**10))
        page = str(self.draw.randrange(10**6) / 100 + 20)
        path = self._path(route).replace(NEW, page)
        body = None if route.body is None else route.body.replace(NEW, number)
        begun = time.perf_counter()
        status, content = 0, b""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=PATIENCE_OF_A_CLIENT_S
                )
            method = "GET" if body is None else "POST"
            self._connection.request(method, path, body, {"Content-Type": route.kind} if body else {})
            answer = self._connection.getresponse()
            content, status = answer.read(), answer.status
        except (OSError, http.client.HTTPException):
            self.close()
        told.add(route.name, (time.perf_counter() - begun) * 1e3, status, len(content))
        return content

    def _path(self, route: Route) -> str:
        if not route.path.startswith("REPORT"):
            return route.path
        if not self.reports:
            known = json.loads(self.ask(Route("", "/api/v1/comparisons", "{}"), Told()) or b"{}")
            if "id" in known:
                self.reports["id"] = known["id"]
        return route.path.replace("REPORT", f"/api/v1/comparisons/{self.reports.get('id', 'none')}")

    def close(self) -> None:
        """Its connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def crowd(port: int, clients: int, think_s: float, seed: int, over: Event, out: Any) -> None:
    """So many clients in this process until it is over."""
    weights = [route.weight for route in ROUTES]
    told, lock = Told(), threading.Lock()

    def one(number: int) -> None:
        client, mine = Client(port, seed * 1000 + number), Told()
        while not over.wait(client.draw.expovariate(1 / think_s)):
            client.ask(client.draw.choices(ROUTES, weights)[0], mine)
        client.close()
        with lock:
            told.take_in(mine.plain())

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put(told.plain())


@contextmanager
def crowded(port: int, clients: int, think_s: float, processes: int = 2) -> Iterator[Told]:
    """Clients ask all the while; what they saw is told at the end."""
    context = get_context("spawn")
    over, out, told = context.Event(), context.Queue(), Told()
    shares = [clients // processes + (number < clients % processes) for number in range(processes)]
    seed = time.time_ns() % 10**6
    crowds: list[BaseProcess] = [
        context.Process(target=crowd, args=(port, share, think_s, seed + number, over, out))
        for number, share in enumerate(shares)
        if share
    ]
    for process in crowds:
        process.start()
    try:
        yield told
    finally:
        over.set()
        for _ in crowds:
            told.take_in(out.get(timeout=PATIENCE_S))
        for process in crowds:
            process.join(PATIENCE_S)
