"""Comparisons and offers against a constant route, in turn within each round; estimates alone."""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.app import create_app
from service.estimate.calibration import calibrate
from service.estimate.planned_step import plan_steps
from service.settings import Settings
from service.store.catalog_files import load_catalog
from tests.bench.shots import DIFFERENT, Measured, Shot, load, tool_name
from tests.bench.synthetic import database

EVERY = '{"cloud": "any", "tier": "any", "limit": 10}'
EVER_DIFFERENT = f'{{"cloud": "any", "tier": "any", "limit": 10, "tokens": {DIFFERENT}}}'
FILTERED = "/api/v1/offers?gpu=h100-sxm&gpu_count_min=8&tier=on_demand&total_memory_gib_max="
PING = Shot("GET /ping (constant)", "/ping")
COMPARISONS = (
    Shot("POST comparisons, all 5,000 offers, same question", "/api/v1/comparisons", EVERY),
    Shot("POST comparisons, all 5,000 offers, every question new", "/api/v1/comparisons", EVER_DIFFERENT),
    Shot("POST comparisons, headline, same question", "/api/v1/comparisons", "{}"),
)
OFFERS = (
    Shot("GET offers, filtered page of 100,000, same page", f"{FILTERED}640"),
    Shot("GET offers, filtered page of 100,000, every page new", f"{FILTERED}{DIFFERENT}"),
)


def main() -> None:
    """Run all rounds and print ratios, percentiles and in-process microseconds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=2.0)
    arguments.add_argument("--connections", type=int, default=16)
    asked = arguments.parse_args()
    print(
        f"load: {tool_name()}, {asked.connections} connections, {asked.rounds} rounds of {asked.seconds} s; "
        "server: granian, 2 processes x 2 threads, SQLite"
    )
    with tempfile.TemporaryDirectory() as folder:
        for count, shots in ((5_000, COMPARISONS), (100_000, OFFERS)):
            url = database(Path(folder), count)
            with server(url) as port:
                report(port, shots, asked)
            in_process(url, shots)
    estimates()


def estimates() -> None:
    """Milliseconds of one estimate and seconds of 10,000 cases, without a server; best of five."""
    catalog = load_catalog()
    gpus = {gpu.slug: gpu for gpu in catalog.gpus}
    workloads = {workload.slug: workload for workload in catalog.workloads}
    known = calibrate(catalog.measured_runs, gpus).posterior
    one = [(gpus["rtx-4070"], 1)]
    many = [(gpu, count) for gpu in catalog.gpus for count in (1, 8)][: 10_000 // len(workloads) + 1]

    def best(work: Callable[[], object], times: int) -> float:
        took = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(times):
                work()
            took.append((time.perf_counter() - start) / times)
        return min(took)

    single = best(lambda: plan_steps(workloads["nanochat-d32"], one, known, [64.0]), 20)
    sweep = best(lambda: [plan_steps(w, many, known, [64.0] * len(many)) for w in workloads.values()], 1)
    cases = len(many) * len(workloads)
    print(f"one estimate (d32 on an RTX 4070, plan searched): {single * 1e3:.2f} ms")
    print(f"{cases:,} cases (workload x machine): {sweep:.2f} s")


def report(port: int, shots: tuple[Shot, ...], asked: argparse.Namespace) -> None:
    """Interleaved rounds against one server; ratios are medians of the rounds' own ratios."""
    rounds: list[dict[str, Measured]] = []
    for shot in (PING, *shots):
        load(port, shot, 0.5, asked.connections)
    for _ in range(asked.rounds):
        rounds.append({s.name: load(port, s, asked.seconds, asked.connections) for s in (PING, *shots)})
    alone = {s.name: load(port, s, asked.seconds, 1) for s in (PING, *shots)}
    print(f"{'':56s} {'req/s':>8s} {'of ping':>8s} {'p50 ms':>8s} {'p99 ms':>8s} {'p50 alone':>10s} errors")
    for shot in (PING, *shots):
        runs = [r[shot.name] for r in rounds]
        ratio = statistics.median(r[shot.name].per_second / r[PING.name].per_second for r in rounds)
        p50, p99 = (statistics.median(v) for v in zip(*((m.p50_ms, m.p99_ms) for m in runs), strict=True))
        print(
            f"{shot.name:56s} {statistics.median(m.per_second for m in runs):8.0f} {ratio:8.1%} "
            f"{p50:8.2f} {p99:8.2f} "
            f"{alone[shot.name].p50_ms:10.2f} {sum(m.errors for m in runs)}"
        )


def in_process(url: str, shots: tuple[Shot, ...]) -> None:
    """Microseconds of CPU per request through the WSGI app, best of five."""
    app = create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": url}))
    client = app.test_client()
    fresh = iter(range(10**12, 10**13))
    for shot in (PING, *shots):
        best, number = float("inf"), 40
        for _ in range(5):
            begun = time.process_time()
            for _ in range(number):
                if shot.body is None:
                    client.get(shot.path.replace(DIFFERENT, str(next(fresh) % 10**7)))
                else:
                    body = shot.body.replace(DIFFERENT, str(next(fresh)))
                    client.post(shot.path, data=body, content_type="application/json")
            best = min(best, (time.process_time() - begun) / number)
        print(f"in-process {shot.name:56s} {best * 1e6:8.0f} us, test client included")


@contextmanager
def server(url: str) -> Iterator[int]:
    """The real server on a free loopback port, stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "HEIMVORTEIL_DATABASE_URL": url, "HEIMVORTEIL_SCHEDULER": "off"}
    command = [
        sys.executable,
        "-c",
        "from service.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if json.load(answer)["status"] == "ready":
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    main()
