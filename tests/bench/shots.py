"""A bounded load on loopback: wrk where it is installed, else a few keep-alive threads."""

import http.client
import re
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

DIFFERENT = "DIFFERENT"
"""In a body: a number that no request repeats."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One route to load."""

    name: str
    path: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests per second and latencies [ms]; errors are answers other than 2xx."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def load(port: int, shot: Shot, seconds: float, connections: int) -> Measured:
    """Load one route for some seconds."""
    tool = _wrk if shutil.which("wrk") else _threads
    return tool(port, shot, seconds, connections)


def tool_name() -> str:
    """What the load is made with; the threads share the processors with the server far worse."""
    return "wrk -t1" if shutil.which("wrk") else "python threads (install wrk for a fair load)"


def _wrk(port: int, shot: Shot, seconds: float, connections: int) -> Measured:
    script = 'wrk.method = "GET"\n'
    before, found, after = shot.path.partition(DIFFERENT)
    if found:
        script += (
            "local n = 1\nfunction request()\n  n = n + 1\n"
            f"  local number = string.format('%d', 600 + n % 9999000)\n"
            f"  return wrk.format(nil, [[{before}]] .. number .. [[{after}]])\nend\n"
        )
    if shot.body is not None:
        before, found, after = shot.body.partition(DIFFERENT)
        script = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        if found:
            base = time.time_ns() // 1000 % 10**9 * 10**4
            script += (
                f"local n = {base}\nfunction request()\n  n = n + 1\n"
                f"  local body = [[{before}]] .. string.format('%d', n) .. [[{after}]]\n"
                "  return wrk.format(nil, nil, nil, body)\nend\n"
            )
        else:
            script += f"wrk.body = [[{shot.body}]]\n"
    script += (
        "function done(summary, latency)\n"
        "  io.write(string.format('RESULT %d %d %f %f %d\\n', summary.requests, summary.duration,"
        " latency:percentile(50), latency:percentile(99), summary.errors.status))\nend\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        out = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{max(1, round(seconds))}s",
                "-s",
                file.name,
                f"http://127.0.0.1:{port}{shot.path.replace(DIFFERENT, '600')}",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    requests, micros, p50, p99, errors = re.search(
        r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)", out
    ).groups()  # type: ignore[union-attr]
    return Measured(int(requests) / int(micros) * 1e6, float(p50) / 1e3, float(p99) / 1e3, int(errors))


def _threads(port: int, shot: Shot, seconds: float, connections: int) -> Measured:
    until, times, errors, lock = time.monotonic() + seconds, [], [0], threading.Lock()

    def one(number: int) -> None:
        mine, bad = [], 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        n = time.time_ns() // 1000 % 10**9 * 10**4 + number * 10**6
        while time.monotonic() < until:
            n += 1
            body = None if shot.body is None else shot.body.replace(DIFFERENT, str(n))
            begun = time.perf_counter()
            path = shot.path.replace(DIFFERENT, str(600 + n % 9999000))
            connection.request(
                "GET" if body is None else "POST", path, body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            answer.read()
            mine.append(time.perf_counter() - begun)
            bad += answer.status >= 400
        connection.close()
        with lock:
            times.extend(mine)
            errors[0] += bad

    threads = [threading.Thread(target=one, args=(i,)) for i in range(min(connections, 8))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return Measured(
        len(times) / seconds, times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3, errors[0]
    )
