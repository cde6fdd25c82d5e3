"""The stored calibration: fitted from the catalog's measured runs, with version and date."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from service.errors import MissingFact
from service.estimate.calibration import HOST_TERMS, PRIORS, Calibration, calibrate
from service.facts import Figure, Gpu
from service.store.catalog_files import CATALOG, load_catalog

FILE = CATALOG / "calibration.toml"
SPREADS = ("spread_same_gpu_and_engine", "spread_same_architecture", "spread_unseen")
SIGNIFICANT_DIGITS = 6
EVIDENCE = "runs_on__"
SOURCE_SLUG = "heimvorteil-calibration"


def refit(today: date, *, write: bool) -> list[str]:
    """Fit again from the shipped runs; names of the terms that differ from the stored file.

    With `write` a file that differs is replaced. Takes some 20 seconds: the spreads leave out every
    GPU and every project in turn.
    """
    catalog = load_catalog()
    fitted = as_numbers(calibrate(catalog.measured_runs, {gpu.slug: gpu for gpu in catalog.gpus}))
    stored = stored_numbers()
    changed = sorted(name for name in fitted if fitted[name] != stored.get(name))
    if write and changed:
        FILE.write_text(as_toml(fitted, today))
    return changed


def as_numbers(calibration: Calibration) -> dict[str, tuple[float, float, float]]:
    """Terms, spreads and evidence as (value, low, high), rounded as they are stored."""

    def rounded(value: float) -> float:
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")

    numbers = {
        name: (
            rounded(calibration.terms[name]),
            rounded(calibration.low[name]),
            rounded(calibration.high[name]),
        )
        for name in PRIORS
    }
    for name in SPREADS:
        value = rounded(getattr(calibration, name))
        numbers[name] = (value, value, value)
    for (gpu, engine), runs in sorted(calibration.evidence.items()):
        numbers[f"{EVIDENCE}{gpu}__{engine}"] = (runs, runs, runs)
    return numbers


def stored_numbers(path: Path = FILE) -> dict[str, tuple[float, float, float]]:
    """What the file holds; empty while there is none."""
    if not path.exists():
        return {}
    rows = tomllib.loads(path.read_text())["calibration"]
    return {name: (row["value"], row["low"], row["high"]) for name, row in rows.items()}


def as_toml(numbers: Mapping[str, tuple[float, float, float]], today: date) -> str:
    """The file: one row per term, its 80 % range and the day of the fit."""
    lines = [
        "# Fitted by `heimvorteil db calibrate` from measured_runs.csv; do not edit by hand.",
        "[calibration]",
    ]
    for name, (value, low, high) in numbers.items():
        unit = "B per token, layer and channel" if name.startswith("traffic_torch") else "ratio"
        if name.startswith("traffic_naive"):
            unit = "B per attention score"
        elif name == "traffic_native":
            unit = "B per token, layer and channel"
        elif name.endswith("_s"):
            unit = "s per micro-batch"
        elif name in SPREADS:
            unit = "log standard deviation"
        elif name.startswith(EVIDENCE):
            unit = "runs"
        lines.append(
            f'{name} = {{ value = {value!r}, low = {low!r}, high = {high!r}, unit = "{unit}", '
            f'source = "{SOURCE_SLUG}", read_on = {today.isoformat()}, basis = "fitted" }}'
        )
    return "\n".join(lines) + "\n"


def calibration_from(figures: Mapping[str, Figure], gpus: Mapping[str, Gpu]) -> Calibration:
    """The calibration as stored. Raises MissingFact when a term is not among the figures."""
    prefix = "calibration."
    found = {name.removeprefix(prefix): row for name, row in figures.items() if name.startswith(prefix)}
    missing = [name for name in (*PRIORS, *SPREADS) if name not in found]
    if missing:
        raise MissingFact(f"calibrated term {missing[0]}", "run `heimvorteil db upgrade`")
    evidence = {}
    for name, row in found.items():
        if name.startswith(EVIDENCE):
            gpu, engine = name.removeprefix(EVIDENCE).split("__")
            evidence[gpu, engine] = int(row.value)
    return Calibration(
        terms={**HOST_TERMS, **{name: found[name].value for name in PRIORS}},
        low={name: low if (low := found[name].low) is not None else found[name].value for name in PRIORS},
        high={name: high if (high := found[name].high) is not None else found[name].value for name in PRIORS},
        spread_same_gpu_and_engine=found["spread_same_gpu_and_engine"].value,
        spread_same_architecture=found["spread_same_architecture"].value,
        spread_unseen=found["spread_unseen"].value,
        evidence=evidence,
        architectures=frozenset(gpus[gpu].architecture for gpu, _ in evidence if gpu in gpus),
    )
