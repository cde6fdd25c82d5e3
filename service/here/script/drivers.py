"""What the programs of a card's driver say of it, and this computer of itself; standard library alone."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import threading
import time
from typing import Any, Callable

GIB = 2.0**30
NVIDIA_FIELDS = (
    "index,uuid,name,driver_version,memory.total,power.limit,power.default_limit,power.max_limit,"
    "pcie.link.gen.max,pcie.link.width.max,utilization.gpu"
)
NVIDIA_SAMPLE = "power.draw,clocks.sm,temperature.gpu,pcie.link.gen.current,pcie.link.width.current"
SAMPLED = ("power_w", "sm_clock_mhz", "temperature_c", "pcie_gen", "pcie_width")
ROCM_POWER = ["rocm-smi", "--showpower", "--showmaxpower", "--showdriverversion", "--json"]


def asked(command: list[str], seconds: float = 8.0) -> str | None:
    """What a program prints, or None: one that is missing, fails or hangs says nothing."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def number(text: object) -> float | None:
    """A number as nvidia-smi or rocm-smi prints it; None for "[N/A]", "[Not Supported]" and the like."""
    words = str(text).replace(",", "").split()
    try:
        found = float(words[0]) if words else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def chosen_row(rows: list[list[str]], uuid: object, name: str, visible: str | None) -> list[str] | None:
    """Which of nvidia-smi's rows (index, uuid, name, ...) is the card that torch calls 0."""
    wanted = str(uuid or "").lower().replace("gpu-", "")
    first = (visible or "").split(",")[0].strip()
    for row in rows:
        if wanted and row[1].lower().replace("gpu-", "") == wanted:
            return row
    for row in rows:
        if first and (row[0] == first or (first.startswith("GPU-") and row[1].startswith(first))):
            return row
    for row in rows:
        if row[2] == name:
            return row
    return rows[0] if rows else None


def nvidia_rows(fields: str, which: str | None = None) -> list[list[str]]:
    """Rows of nvidia-smi as lists of words; none where it is missing or fails."""
    command = ["nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader,nounits"]
    printed = asked(command + (["-i", which] if which else []))
    rows = [[cell.strip() for cell in line.split(",")] for line in (printed or "").splitlines()]
    return [row for row in rows if len(row) == len(fields.split(","))]


def rocm_values() -> dict[str, Any]:
    """The first card of rocm-smi as one flat table of words; empty where it is missing."""
    try:
        told = json.loads(asked(ROCM_POWER) or "{}")
    except ValueError:
        return {}
    flat: dict[str, Any] = {}
    for part in ("system", "card0"):
        if isinstance(told, dict) and isinstance(told.get(part), dict):
            flat.update(told[part])
    return flat


def rocm_watts(values: dict[str, Any], most: bool) -> float | None:
    """What the card draws [W], or the most it may; None where rocm-smi does not say."""
    for name in sorted(values):
        words = name.lower()
        if "power" in words and "(w)" in words and ("max" in words) == most:
            return number(values[name])
    return None


def nvidia_reader(which: str) -> Callable[[], dict[str, float | None] | None]:
    """Reads a card's watts, clock, temperature and link as they are at the moment."""

    def read() -> dict[str, float | None] | None:
        rows = nvidia_rows(NVIDIA_SAMPLE, which)
        return dict(zip(SAMPLED, [number(cell) for cell in rows[0]])) if rows else None

    return read


def rocm_reader() -> dict[str, float | None] | None:
    """The first card's watts at the moment."""
    watts = rocm_watts(rocm_values(), most=False)
    return None if watts is None else {"power_w": watts}


class Sampler(threading.Thread):
    """Reads twice a second whenever that is wanted, until it is told to stop."""

    def __init__(self, read: Callable[[], dict[str, float | None] | None]) -> None:
        threading.Thread.__init__(self, daemon=True)
        self.read = read
        self.samples: list[tuple[float, dict[str, float | None]]] = []
        self.wanted = threading.Event()
        self.over = False

    def run(self) -> None:
        while not self.over:
            self.wanted.wait()
            began = time.monotonic()
            values = self.read()
            if values:
                self.samples.append(((began + time.monotonic()) / 2, values))
            time.sleep(0.3)

    def mean(self, name: str, since: float, until: float) -> float | None:
        """Mean over an interval, without its first half: the driver tells an average of the last second."""
        start = since + min(1.0, (until - since) / 2)
        values = [(t, v.get(name)) for t, v in list(self.samples)]
        seen = [value for t, value in values if value is not None and start <= t <= until]
        return sum(seen) / len(seen) if seen else None

    def largest(self, name: str) -> float | None:
        """The largest value ever read."""
        values = [v.get(name) for _, v in list(self.samples)]
        return max((value for value in values if value is not None), default=None)


def host_memory_gib() -> float | None:
    """Memory of this computer [GiB]; None where it does not say."""
    if hasattr(os, "sysconf"):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
        except (ValueError, OSError):
            return None
    return windows_memory_gib()


def windows_memory_gib() -> float | None:
    """The same of Windows."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "pt", "pf", "vt", "vf", "ve")),
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    kernel = getattr(getattr(ctypes, "windll", None), "kernel32", None)
    if kernel is None or not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return float(status.total) / GIB


def processor() -> str | None:
    """The processor's name as the operating system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.lower().startswith(("model name", "hardware")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    named = asked(["sysctl", "-n", "machdep.cpu.brand_string"]) if platform.system() == "Darwin" else None
    return (named or platform.processor() or platform.machine()).strip() or None


def host() -> dict[str, Any]:
    """This computer without its card."""
    return {"memory_gib": host_memory_gib(), "processor": processor(), "logical_cores": os.cpu_count()}


def operating_system() -> str:
    """Linux, Windows, Darwin, or WSL: Linux within Windows."""
    return "WSL" if "microsoft" in platform.release().lower() else platform.system()
