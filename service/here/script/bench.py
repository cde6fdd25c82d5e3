"""One device with its clock, and the rates of plain copies and products on it."""

from __future__ import annotations

import contextlib
import gc
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, Callable

from service.here.script.card import precision_of
from service.here.script.drivers import GIB, Sampler

MEANS = ("power_w", "sm_clock_mhz", "temperature_c")
DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


class Bench:
    """How work on a device is waited for, timed and forgotten."""

    def __init__(self, torch: Any, kind: str, sampler: Sampler | None) -> None:
        self.torch, self.kind, self.sampler = torch, kind, sampler
        self.on_cuda = kind in ("cuda", "rocm")
        self.device = torch.device("cuda" if self.on_cuda else kind)
        self.precision = precision_of(torch, kind)
        self.dtype = getattr(torch, DTYPES[self.precision])

    def wait(self) -> None:
        """Until the device has done all it was given."""
        if self.on_cuda:
            self.torch.cuda.synchronize()
        elif self.kind == "mps":
            self.torch.mps.synchronize()

    def forget(self) -> None:
        """Give back what a model held, compiled code too."""
        if "torch._dynamo" in sys.modules:
            with contextlib.suppress(Exception):
                self.torch._dynamo.reset()
        gc.collect()
        if self.on_cuda:
            self.torch.cuda.empty_cache()
        elif self.kind == "mps":
            self.torch.mps.empty_cache()

    def free_gib(self) -> float | None:
        """Memory left on the card; None where it is not told."""
        return self.torch.cuda.mem_get_info(0)[0] / GIB if self.on_cuda else None

    def laps(self, work: Callable[[], object], count: int) -> list[float]:
        """Seconds of each of `count` repetitions, launched one after another without waiting between."""
        self.wait()
        if not self.on_cuda:
            times = []
            for _ in range(count):
                began = time.perf_counter()
                work()
                self.wait()
                times.append(time.perf_counter() - began)
            return times
        marks = [self.torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
        marks[0].record()
        for mark in marks[1:]:
            work()
            mark.record()
        self.wait()
        return [a.elapsed_time(b) / 1000 for a, b in zip(marks, marks[1:])]

    def lap_s(self, work: Callable[[], object], seconds: float, most: int = 2000) -> float:
        """Median seconds of a repetition over about `seconds`, after a warm-up."""
        self.laps(work, 2)
        once = max(statistics.median(self.laps(work, 3)), 1e-7)
        return statistics.median(self.laps(work, int(min(max(seconds / once, 3), most))))

    @contextlib.contextmanager
    def watched(self) -> Iterator[dict[str, float | None]]:
        """What the driver tells while work is done, as means; read only here, for reading slows launches."""
        seen: dict[str, float | None] = {f"mean_{name}": None for name in MEANS}
        if self.sampler is None:
            yield seen
            return
        since = time.monotonic()
        self.sampler.wanted.set()
        yield seen
        self.sampler.wanted.clear()
        seen.update({f"mean_{name}": self.sampler.mean(name, since, time.monotonic()) for name in MEANS})


def matmul(bench: Bench) -> dict[str, Any]:
    """TFLOP/s of one large square product in the precision that is trained in."""
    torch, free = bench.torch, bench.free_gib()
    n = 512 if free is None else 8192 if free > 1.5 else 4096
    a, b, c = (torch.randn(n, n, device=bench.device, dtype=bench.dtype) for _ in range(3))
    with bench.watched() as seen:
        once = bench.lap_s(lambda: torch.matmul(a, b, out=c), 0.2 if free is None else 1.2)
    return {"n": n, "precision": bench.precision, "tflop_per_s": 2.0 * n**3 / once / 1e12, **seen}


def device_copy(bench: Bench) -> dict[str, Any]:
    """GB/s of a copy within the card's memory, bytes read and written counted."""
    free = bench.free_gib()
    size = 2**24 if free is None else int(min(1.0, free / 6) * GIB)
    a = bench.torch.zeros(size, device=bench.device, dtype=bench.torch.uint8)
    b = bench.torch.empty_like(a)
    return {"bytes": size, "gb_per_s": 2 * size / bench.lap_s(lambda: b.copy_(a), 0.3) / 1e9}


def host_copies(bench: Bench) -> dict[str, Any]:
    """GB/s between page-locked host memory and the card, each way."""
    size = 2**28
    there = bench.torch.empty(size, device=bench.device, dtype=bench.torch.uint8)
    here = bench.torch.empty(size, dtype=bench.torch.uint8).pin_memory()
    to_card = size / bench.lap_s(lambda: there.copy_(here, non_blocking=True), 0.4, most=60) / 1e9
    from_card = size / bench.lap_s(lambda: here.copy_(there, non_blocking=True), 0.4, most=60) / 1e9
    return {"bytes": size, "to_card_gb_per_s": to_card, "from_card_gb_per_s": from_card}
