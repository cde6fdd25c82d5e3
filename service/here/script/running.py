"""Everything in order, within the time."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import threading
import time
from typing import Any

from service.here.script.bench import Bench, device_copy, host_copies, matmul
from service.here.script.card import card, kind_of, software
from service.here.script.drivers import Sampler, host
from service.here.script.steps import CASE_S, train_all
from service.here.script.telling import Report, reason, say

SPARE_S = 3.0
"""Of the time: what starting and ending take."""


def watched(report: Report) -> None:
    """Print what is known when the time is over, whatever is still going on: a compiler may hang."""

    def watch() -> None:
        time.sleep(max(report.left(), 0.1))
        report.finish(interrupted=True)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def rates(bench: Bench, report: Report) -> None:
    """The rates of plain products and copies; null with a reason where one is missing."""
    for name, measure in (("matmul", matmul), ("device_copy", device_copy), ("host_copies", host_copies)):
        report.doing = name
        report.known["rates"][name] = None
        if measure is host_copies and not bench.on_cuda:
            continue
        if report.left() < (CASE_S if bench.on_cuda else 1.0):
            report.leave_out(name, f"{report.left():.0f} s were left")
            continue
        say(name)
        try:
            report.known["rates"][name] = measure(bench)
        except Exception as error:
            report.leave_out(name, reason(error))
        bench.forget()


def probe(report: Report, device: str | None, compile_choice: bool | None) -> None:
    """Fill the report."""
    import torch

    kind = device if device in ("cpu", "mps") else kind_of(torch)
    versions = software(torch)
    facts, read = card(torch, kind, versions)
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    report.known.update(read_on=today, software=versions, card=facts, host=host())
    say(f"{facts['name']}, torch {versions['torch']}")
    sampler = Sampler(read) if read else None
    if sampler:
        sampler.start()
    bench = Bench(torch, kind, sampler)
    rates(bench, report)
    train_all(bench, report, bench.on_cuda if compile_choice is None else compile_choice)
    if sampler:
        sampler.over = True
        facts["pcie_gen"], facts["pcie_width"] = sampler.largest("pcie_gen"), sampler.largest("pcie_width")


def options(words: list[str] | None = None) -> Any:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="What this card does in training, as one line of JSON.")
    parser.add_argument("--seconds", type=float, default=90.0, help="time limit [s], 10 to 600; usual: 90")
    parser.add_argument("--device", choices=["cuda", "mps", "cpu"], help="instead of the best there is")
    parser.add_argument("--compile", dest="compile", action="store_true", default=None)
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    return parser.parse_args(words)


def main() -> int:
    """Run, print the line; 1 where there is no torch."""
    asked_for = options()
    # Whatever torch, a compiler or a driver prints, standard output holds one line.
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    report = Report(min(max(asked_for.seconds, 10.0), 600.0) - SPARE_S, out)
    watched(report)
    try:
        probe(report, asked_for.device, asked_for.compile)
    except ImportError as error:
        why = "run this with the Python that you train with"
        sys.stderr.write(f"heimvorteil probe: PyTorch cannot be imported here ({reason(error)}); {why}\n")
        return 1
    except Exception as error:
        report.leave_out(report.doing, reason(error))
    report.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
