"""A server under mixed load while every source refreshes: `python -m tests.bench.load --database sqlite`.

Bounded, and nothing leaves this machine. Clients ask routes of all kinds with time to think; prices come
from a replay server and differ with every answer. Each route is asked alone first. Then ten times the load
for a minute, and how soon the server is as before. Clients of this machine are under no limit of 429: 503
sheds.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.clients import ROUTES, Client, Told, crowded, percentile
from tests.bench.house import (
    a_folder,
    always_due,
    database,
    moving_prices,
    port_of,
    refreshes,
    replay_environment,
    start,
    started,
)
from tests.bench.watched import Held, Watch, cpu_s
from tests.waiting import PATIENCE_S

CLIENTS, THINK_S = 10, 1.0
FLOOD_TIMES = 20
"""As many clients, each of whom thinks twice as long: ten times the load, and more at once than may wait."""
IDLE_ROUNDS = 60
P99_TIMES = 10.0
FLAT = 0.05
NORMAL_WITHIN_S = 10.0
COUNTED = ("threads", "files", "connections", "sockets")
LEAST_NORMAL_MS = 50.0
"""Of the shortest routes ten times the idle p99 is less than one switch of a busy processor."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A route asked by one client and nobody else."""

    p50_ms: float
    p99_ms: float
    cpu_ms: float
    bytes: int


def alone(port: int, pid: int, rounds: int) -> dict[str, Alone]:
    """Each route by itself, one request after the other with some time to think."""
    client, found = Client(port, 1), {}
    for route in ROUTES:
        for _ in range(6):
            first = client.ask(route, known := Told())
            assert max(known.in_all()) < 400, f"{route.name}: {first[:500]!r}"
        told, before = Told(), cpu_s(pid)
        for _ in range(rounds):
            client.ask(route, told)
            time.sleep(0.01)
        times = told.times_ms[route.name]
        assert len(times) == rounds, f"{route.name}: {told.in_all()}"
        cpu_ms = (cpu_s(pid) - before) / rounds * 1e3
        size = told.bytes[route.name] // rounds
        found[route.name] = Alone(percentile(times, 0.5), percentile(times, 0.99), cpu_ms, size)
    client.close()
    return found


def back_to_normal_s(port: int, idle: dict[str, Alone]) -> float:
    """Seconds until a round of all routes is answered within what is normal; infinite if not in a minute."""
    began, client = time.monotonic(), Client(port, 2)
    while (passed := time.monotonic() - began) < 60:
        told = Told()
        for route in ROUTES:
            client.ask(route, told)
        if all(
            told.times_ms[name] and max(told.times_ms[name]) <= normal_ms(one) for name, one in idle.items()
        ):
            return passed
    return float("inf")


def normal_ms(one: Alone) -> float:
    """The longest p99 that is normal under load."""
    return P99_TIMES * one.p99_ms


def report(idle: dict[str, Alone], told: Told) -> None:
    """The table of routes."""
    print("\n| route | CPU ms | KB | alone p50 / p99 ms | under load p50 / p99 ms | p99, times | answers |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for route in ROUTES:
        one, times = idle[route.name], told.times_ms[route.name]
        p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
        counts = ", ".join(f"{count:,} x {status}" for status, count in told.statuses[route.name].items())
        print(
            f"| {route.name} | {one.cpu_ms:.1f} | {one.bytes / 1000:.1f} "
            f"| {one.p50_ms:.1f} / {one.p99_ms:.1f} "
            f"| {p50:.1f} / {p99:.1f} | {p99 / one.p99_ms:.1f} | {counts} |"
        )


def held(title: str, one: Held) -> None:
    """A row of what is held."""
    print(
        f"| {title} | {one.resident_mb:.0f} | {one.threads} | {one.files} "
        f"| {one.connections} | {one.sockets} |"
    )


def told_over_time(seen: Sequence[Held], before: Held, after: Held) -> None:
    """What the processes held, by tenths of the time."""
    print("\n| at | resident MB | threads | files | database connections | sockets |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    held("before", before)
    for tenth in range(10):
        part = seen[len(seen) * tenth // 10 : len(seen) * (tenth + 1) // 10]
        if part:
            middle = sorted(part, key=lambda one: one.resident_mb)[len(part) // 2]
            held(f"{middle.at_s:.0f} s", middle)
    held("after", after)


def verdict(what: str, holds: bool, seen: str) -> bool:
    """A line that says whether it holds."""
    print(f"{'holds' if holds else 'FAILS'}: {what}: {seen}", flush=True)
    return holds


def failures(counts: dict[int, int]) -> dict[int, int]:
    """Of answers by status, those that may never be: 5xx but 503, and none at all."""
    return {
        status: count for status, count in counts.items() if (status >= 500 and status != 503) or not status
    }


def judged(idle: dict[str, Alone], told: Told, seen: Sequence[Held], after: Held, clients: int) -> list[bool]:
    """What has to hold of the load itself."""
    counts = told.in_all()
    failed = failures(counts)
    slow = [
        name
        for name, one in idle.items()
        if percentile(told.times_ms[name], 0.99) > max(normal_ms(one), LEAST_NORMAL_MS)
    ]
    half, last = (seen[len(seen) * a // 4 : len(seen) * b // 4] for a, b in ((1, 2), (3, 4)))
    warm = Held(0, 0, *(max(getattr(one, name) for one in half) for name in COUNTED))
    early, late = (statistics.median(one.resident_mb for one in part) for part in (half, last))
    return [
        verdict("no 5xx but 503, no answer missing", not failed, str(counts)),
        verdict(
            f"p99 within 10 times the idle one, or {LEAST_NORMAL_MS:.0f} ms",
            not slow,
            ", ".join(slow) or "all",
        ),
        verdict(
            "resident memory flat after warm-up, 5 %",
            late <= early * (1 + FLAT),
            f"{early:.0f} MB in the second quarter, {late:.0f} MB in the last",
        ),
        *(
            verdict(f"no {what} left over", now <= then, f"{then} in the second quarter, {now} after")
            for what, then, now in (
                ("thread", warm.threads, after.threads),
                ("file", warm.files, after.files),
                ("database connection", warm.connections, after.connections),
                ("socket", warm.sockets - clients, after.sockets),
            )
        ),
    ]


def flooded(port: int, idle: dict[str, Alone], seconds: float, alive: Callable[[], bool]) -> list[bool]:
    """Ten times the clients, and how soon all is as before."""
    with crowded(port, FLOOD_TIMES * CLIENTS, 2 * THINK_S, processes=3) as told:
        time.sleep(seconds)
    normal_s = back_to_normal_s(port, idle)
    counts = told.in_all()
    failed = failures(counts)
    good = sum(count for status, count in counts.items() if 200 <= status < 400)
    print(f"\n{FLOOD_TIMES * CLIENTS} clients for {seconds:.0f} s: {good / seconds:.0f} answers a second")
    for name in ("GET /ping", "GET a card", "POST comparison, the same", "POST comparison, new"):
        times = told.times_ms[name]
        print(f"{name}: p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms")
    return [
        verdict("ten times the load: only 503 is refused", not failed and alive(), str(counts)),
        verdict("normal within 10 s", normal_s <= NORMAL_WITHIN_S, f"after {normal_s:.1f} s"),
    ]


def main() -> None:
    """Everything for one kind of database; exit code 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=10.0, help="of load")
    parser.add_argument("--times", type=float, default=1.0, help=f"as many clients as usual ({CLIENTS})")
    parser.add_argument("--refresh", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--flood", type=float, default=60.0, help="seconds of ten times the load")
    asked = parser.parse_args()
    with a_folder() as folder, moving_prices() as replay, database(asked.database, folder) as url:
        more = replay_environment(replay)
        filled = start(folder / "fill.log", url, "prices", "refresh", more=more).wait(PATIENCE_S)
        assert filled == 0, (folder / "fill.log").read_text()[-2000:]
        if not run(folder, url, more, asked):
            raise SystemExit(1)


def run(folder: Path, url: str, more: dict[str, str], asked: argparse.Namespace) -> bool:
    """All phases on one database with prices; whether all holds."""
    said, clients = folder / "serve.log", round(CLIENTS * asked.times)
    quiet = {"HEIMVORTEIL_SCHEDULER": "off"}
    print(
        f"{asked.database}, {asked.minutes:g} minutes, {clients} clients, 2 server processes, "
        f"{os.cpu_count()} processors, load average before {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with started(said, url, "serve", "--port", "0", more=quiet) as server:
        port = port_of(said, server)
        idle = alone(port, server.pid, IDLE_ROUNDS)
        watch_words = ("prices", "watch")
        with started(
            folder / "watch.log", url, *watch_words, more=more if asked.refresh else quiet
        ) as worker:
            time.sleep(5)
            watch = Watch((server.pid, worker.pid), url)
            before = watch.look()
            asked_before = refreshes(url)
            with always_due(url), watch.going_on():
                with crowded(port, clients, THINK_S) as told:
                    time.sleep(asked.minutes * 60)
                seen = list(watch.seen)
            time.sleep(5)
            after = watch.look()
            ended = {kind: count - asked_before.get(kind, 0) for kind, count in refreshes(url).items()}
            print(
                f"refreshes: {ended}; "
                f"{sum(told.in_all().values()) / asked.minutes / 60:.0f} requests a second"
            )
            report(idle, told)
            told_over_time(seen, before, after)
            print(f"load average after: {os.getloadavg()[0]:.1f}\n")
            holds = judged(idle, told, seen, after, clients)
            holds += flooded(port, idle, asked.flood, lambda: server.poll() is None)
    faults = [
        line for line in said.read_text().splitlines() if "Traceback" in line or '"level": "ERROR"' in line
    ]
    holds.append(verdict("no error in the server's log", not faults, f"{len(faults)} lines"))
    for line in faults[:5]:
        print(line[:1500])
    return all(holds)


if __name__ == "__main__":
    main()
