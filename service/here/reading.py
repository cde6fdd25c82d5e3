"""Asks this computer what it has: the programs of the cards' drivers, the operating system."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from service.estimate.own_machine import ThisComputer
from service.estimate.run_records.driver_report import (
    NVIDIA_FIELDS,
    OLD_NVIDIA_FIELDS,
    FoundCard,
    cards_of_nvidia,
    cards_of_rocm,
)
from service.here.script.drivers import GIB, host_memory_gib, operating_system, processor

PATIENCE_S = 8.0
"""A driver that hangs does so for ever."""
NVIDIA, ROCM = "nvidia-smi", "rocm-smi"
BESIDE_THE_PATH = {NVIDIA: "/usr/lib/wsl/lib/nvidia-smi"}
ROCM_ASKS = ("--showproductname", "--showmeminfo", "vram", "--showmaxpower", "--showdriverversion", "--json")
NO_SUCH_FIELD = "not a valid field"
LONGEST_LINE = 160


@dataclass(frozen=True, slots=True)
class Said:
    """What a program printed, or why it did not."""

    text: str = ""
    problem: str | None = None


def this_computer() -> ThisComputer:
    """What this computer has; nothing is changed and nothing leaves it."""
    cards: list[FoundCard] = []
    problems = []
    for program, ask in ((NVIDIA, _nvidia), (ROCM, _rocm)):
        found, problem = ask()
        cards += found
        if not found:
            problems.append((program, problem or "names no card"))
    return ThisComputer(
        cards=tuple(cards),
        problems=tuple(problems),
        processor=processor(),
        logical_cores=os.cpu_count(),
        host_memory_gib=host_memory_gib(),
        free_host_memory_gib=_free_memory_gib(),
        system=operating_system(),
    )


def _nvidia() -> tuple[list[FoundCard], str | None]:
    for fields in (NVIDIA_FIELDS, OLD_NVIDIA_FIELDS):
        said = ask(NVIDIA, ("--query-gpu=" + ",".join(fields), "--format=csv,noheader,nounits"))
        if said.problem is None:
            return cards_of_nvidia(said.text, fields), None
        if NO_SUCH_FIELD not in said.problem:
            break
    return [], said.problem


def _rocm() -> tuple[list[FoundCard], str | None]:
    said = ask(ROCM, ROCM_ASKS)
    if said.problem is not None:
        return [], said.problem
    try:
        # Warnings may stand before it.
        return cards_of_rocm(json.loads(said.text[said.text.index("{") :])), None
    except ValueError:
        return [], "printed no JSON"


def ask(program: str, words: Sequence[str], patience_s: float | None = None) -> Said:
    """What a program prints; a missing, failing or hanging one says why instead."""
    found = shutil.which(program) or BESIDE_THE_PATH.get(program, "")
    patience = PATIENCE_S if patience_s is None else patience_s
    if not os.access(found, os.X_OK):
        return Said(problem="is not installed")
    try:
        done = subprocess.run(
            [found, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        return Said(problem=f"did not answer within {patience:g} s")
    except OSError as error:
        return Said(problem=f"cannot be run: {error.strerror}")
    text = done.stdout.decode("utf-8", errors="replace")
    if done.returncode == 0:
        return Said(text)
    errors = done.stderr.decode("utf-8", errors="replace")
    lines = [line.strip() for line in (errors + "\n" + text).splitlines() if line.strip()]
    return Said(problem=lines[0][:LONGEST_LINE] if lines else f"ended with {done.returncode}")


def _free_memory_gib() -> float | None:
    """Memory that programs could have without swapping, as Linux reckons it."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024 / GIB
    except (OSError, ValueError):
        pass
    return None
