"""The stored calibration: terms fitted from the catalog's measured runs, with version and date."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from service.errors import MissingFact, worded
from service.estimate.calibration import Calibration, calibrate, with_terms
from service.estimate.terms import TERMS
from service.facts import Figure, Gpu, MeasuredRun
from service.store.catalog_files import load_catalog
from service.store.versions import CATALOG

FILE = CATALOG / "calibration.toml"
SIGNIFICANT_DIGITS = 6
EVIDENCE = "runs_on__"
SOURCE_SLUG = "heimvorteil-calibration"
Numbers = Mapping[str, tuple[float, float, float]]


def refit(today: date, *, write: bool) -> list[str]:
    """Fit again from the shipped runs; names of the terms that differ from the stored file.

    With `write` a file that differs is replaced. Takes about a tenth of a second, and gives the same
    digits everywhere: what is stored is rounded well above the last bits of a linear solver.
    """
    catalog = load_catalog()
    fitted = as_numbers(calibrate(catalog.measured_runs, {gpu.slug: gpu for gpu in catalog.gpus}))
    stored = stored_numbers()
    changed = sorted(name for name in fitted.keys() | stored.keys() if fitted.get(name) != stored.get(name))
    if write and changed:
        FILE.write_text(as_toml(fitted, today))
    return changed


def as_numbers(calibration: Calibration) -> Numbers:
    """Terms and evidence as (value, low, high), rounded as they are stored."""

    def rounded(value: float) -> float:
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")

    numbers: dict[str, tuple[float, float, float]] = {
        name: (
            rounded(calibration.terms[name]),
            rounded(calibration.low[name]),
            rounded(calibration.high[name]),
        )
        for name in TERMS
    }
    for (gpu, engine), runs in sorted(calibration.evidence.items()):
        numbers[f"{EVIDENCE}{gpu}__{engine}"] = (runs, runs, runs)
    return numbers


def version(path: Path = FILE) -> str:
    """Which calibration this is: the day it was fitted and a short hash of its numbers."""
    day = max(str(row["read_on"]) for row in tomllib.loads(path.read_text())["calibration"].values())
    return f"{day}-{sha256(path.read_bytes()).hexdigest()[:8]}"


def stored_numbers(path: Path = FILE) -> Numbers:
    """What the file holds; empty while there is none."""
    if not path.exists():
        return {}
    rows = tomllib.loads(path.read_text())["calibration"]
    return {name: (row["value"], row["low"], row["high"]) for name, row in rows.items()}


def as_toml(numbers: Numbers, today: date) -> str:
    """The file: one row per term, its 80 % range and the day of the fit."""
    lines = [
        "# Fitted by `heimvorteil db calibrate` from measured_runs.csv; do not edit by hand.",
        "[calibration]",
    ]
    for name, (value, low, high) in numbers.items():
        unit = TERMS[name].unit if name in TERMS else "runs"
        lines.append(
            f'{name} = {{ value = {value!r}, low = {low!r}, high = {high!r}, unit = "{unit}", '
            f'source = "{SOURCE_SLUG}", read_on = {today.isoformat()}, basis = "fitted" }}'
        )
    return "\n".join(lines) + "\n"


def calibration_from(
    figures: Mapping[str, Figure], runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]
) -> Calibration:
    """The calibration as stored, with all runs at hand as its evidence.

    Raises MissingFact when a term is not among the figures or no run can be learnt from.
    """
    missing = [name for name in TERMS if f"calibration.{name}" not in figures]
    if missing:
        raise MissingFact(
            worded("calibrated term {missing}", missing=missing[0]), worded("run `heimvorteil db upgrade`")
        )
    terms = {name: figures[f"calibration.{name}"].value for name in TERMS}
    try:
        return with_terms(terms, runs, gpus)
    except ValueError:
        raise MissingFact(worded("any measured run"), worded("run `heimvorteil db upgrade`")) from None
