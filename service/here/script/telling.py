"""What is known so far, and how it becomes one line of JSON."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from typing import Any

STARTED = time.monotonic()
SCHEMA = "heimvorteil-probe/1"


def say(text: str) -> None:
    """A line for the person who waits."""
    sys.stderr.write(f"heimvorteil probe, {time.monotonic() - STARTED:3.0f} s: {text}\n")
    sys.stderr.flush()


class Report:
    """What is known so far; printed once, by whoever comes first: the end of the work or of the time."""

    def __init__(self, seconds: float, out: int) -> None:
        self.known: dict[str, Any] = {"schema": SCHEMA, "steps": [], "rates": {}, "left_out": []}
        self.doing = "importing torch"
        self.seconds = seconds
        self.out = out
        self.printing = threading.Lock()

    def left(self) -> float:
        """Seconds until the limit."""
        return self.seconds - (time.monotonic() - STARTED)

    def leave_out(self, what: str, why: str) -> None:
        """Say, now and in the result, that something is missing and why."""
        say(f"left out: {what}: {why}")
        self.known["left_out"].append({"what": what, "why": why})

    def finish(self, interrupted: bool = False) -> None:
        """Print the line; at most once."""
        if not self.printing.acquire(False):
            return
        if interrupted:
            self.leave_out(self.doing, f"not done within {self.seconds:.0f} s")
        self.known["seconds"] = round(time.monotonic() - STARTED, 1)
        line = (json.dumps(clean(self.known), sort_keys=True, allow_nan=False) + "\n").encode("ascii")
        while line:
            line = line[os.write(self.out, line) :]


def clean(value: Any) -> Any:
    """The same with six digits a number; JSON has no NaN and no infinity: they become null."""
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in list(value.items())}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in list(value)]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def reason(error: BaseException) -> str:
    """An exception in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]
