"""Memory against peaks that were counted (eager, 22 model families) or measured (one H200)."""

import csv
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from service.estimate.architecture import parameters
from service.estimate.memory import fit_verdict, peak_memory, with_reserved
from service.estimate.memory_plan import published_plan
from service.facts import Architecture, Recipe

HERE = Path(__file__).parent
ARCHITECTURE = {field.name: field.type for field in fields(Architecture)}


def rows(name: str) -> list[dict[str, str]]:
    lines = (HERE / name).read_text().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def architecture(row: dict[str, str]) -> Architecture:
    told: dict[str, Any] = {}
    for name, cell in row.items():
        if name in ARCHITECTURE:
            kind = ARCHITECTURE[name]
            told[name] = int(cell) if kind is int else cell == "1" if kind is bool else cell
    return Architecture(**told)


def counted() -> Iterator[tuple[str, float, float]]:
    """Each row of the oracle's table: what it is, the peak said and the peak counted."""
    for row in rows("oracle_peaks.csv"):
        a = architecture(row)
        wide = 2 if row["precision"] == "bf16" else 4
        tokens = int(row["seq_len"]) * int(row["micro_batch"])
        recipe = Recipe(
            "adamw" if row["optimizer"] == "adamw" else "adafactor",
            "fp32" if row["precision"] == "fp32" else "bf16",
            "torch-eager",
            row["attention"],  # type: ignore[arg-type]
            int(row["seq_len"]),
            tokens * (4 if row["accumulates"] == "1" else 1),
            int(row["micro_batch"]),
            checkpointing=row["checkpointing"],  # type: ignore[arg-type]
            weight_bytes=wide,
            state_bytes=wide,
            embedding_bytes=wide,
        )
        said = peak_memory(a, recipe, published_plan(recipe, a.n_layers)).p50
        what = " ".join([row["family"], *list(row.values())[16:23]])
        yield what, said, float(row["peak_gib"])


def test_parameters_of_every_counted_model():
    for row in rows("oracle_peaks.csv"):
        assert parameters(architecture(row)) == pytest.approx(int(row["parameters"]), rel=0.003)


def test_eager_peaks_of_every_family_are_counted_within_10_percent_and_3_at_the_median():
    errors = {what: abs(said / true - 1) for what, said, true in counted()}
    assert len(errors) > 300 and len({what.split()[0] for what in errors}) >= 15
    assert median(errors.values()) <= 0.03
    assert {what: error for what, error in errors.items() if error > 0.10} == {}


def h200(row: dict[str, str]) -> tuple[Architecture, Recipe]:
    wide, tokens = int(row["weight_bytes"]), int(row["seq_len"]) * int(row["micro_batch"])
    return architecture(row), Recipe(
        row["optimizer"],  # type: ignore[arg-type]
        "bf16",
        row["engine"],  # type: ignore[arg-type]
        "flash",
        int(row["seq_len"]),
        tokens,
        int(row["micro_batch"]),
        checkpointing=row["checkpointing"],  # type: ignore[arg-type]
        weight_bytes=wide,
        state_bytes=wide,
        embedding_bytes=int(row["embedding_bytes"]),
    )


@pytest.mark.parametrize("row", rows("h200_peaks.csv"), ids=lambda row: row["id"])
def test_measured_on_an_h200(row):
    a, recipe = h200(row)
    peak = peak_memory(a, recipe, published_plan(recipe, a.n_layers))
    if row["peak_gib"]:
        assert peak.p50 == pytest.approx(float(row["peak_gib"]), rel=0.04)
        assert peak.p10 < float(row["peak_gib"]) < peak.p90
    if row["cap_gib"]:
        verdict = fit_verdict(with_reserved(peak), float(row["cap_gib"]))
        assert verdict != ("does_not_fit" if row["peak_gib"] else "fits")
