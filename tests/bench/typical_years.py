"""The typical years of the catalog, and how far off few days or an old year are, from years of real prices.

`python -m tests.bench.typical_years FOLDER` reads the hourly prices of Austria (aWATTar, Energy-Charts) and
Germany (SMARD) in FOLDER and writes service/catalog/typical_years.csv and typical_year_doubt.csv anew.
"""

import csv
import gzip
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from service.estimate.market_day import MARKET_TIME
from service.estimate.priced_days import PricedSlot
from service.estimate.typical_year import GROUPS, HOURS, typical_days
from service.store.versions import CATALOG

AT_HOURS = "at_awattar_hourly_2017_to_2026-08-21.csv.gz"
AT_QUARTERS = "at_energycharts_quarterhour_2025-09-30_to_2026-08-21.csv.gz"
DE_HOURS = "de_smard_hourly_2024_ct_per_kwh.csv"
QUARTERS_FROM = date(2025, 9, 30)
AT_YEAR = date(2025, 8, 22), date(2026, 8, 21)
DE_YEAR = 2024
YEAR_DAYS = 365
KNOWN_DAYS = (1, 3, 7, 14, 30, 60, 90, 120, 180, 240, 270)
AGES_DAYS = (30, 60, 90, 120, 180, 270, 365, 450, 550, 730)
STEP_DAYS = 3
LEAST_MEAN = 5.0
"""EUR/MWh: below that a day's mean says nothing as a divisor."""


def slots(file: Path) -> Iterator[PricedSlot]:
    """The slots of a file with columns start_utc, end_utc and price_eur_per_mwh, prices per MWh."""
    with gzip.open(file, "rt") as lines:
        for row in csv.DictReader(lines):
            start, end = (datetime.fromisoformat(row[name]) for name in ("start_utc", "end_utc"))
            day = start.astimezone(MARKET_TIME).date()
            yield PricedSlot(start, end, day, float(row["price_eur_per_mwh"]))


def german_slots(file: Path) -> Iterator[PricedSlot]:
    """SMARD's table as people keep it: local time, its zone beside it, ct/kWh."""
    with file.open() as lines:
        for row in csv.DictReader(lines):
            summer = row["zone_start"] == "CEST"
            local = datetime.fromisoformat(row["time"])
            start = (local - timedelta(hours=2 if summer else 1)).replace(tzinfo=UTC)
            yield PricedSlot(start, start + timedelta(hours=1), local.date(), float(row["price"]) * 10)


def with_hours(found: Iterable[PricedSlot]) -> Iterator[tuple[PricedSlot, int]]:
    """Each with the local hour in which it begins."""
    return ((slot, slot.start.astimezone(MARKET_TIME).hour) for slot in found)


def austrian_year(folder: Path) -> list[PricedSlot]:
    """Quarter-hours from Energy-Charts; aWATTar's hours for the weeks before them."""
    first, last = AT_YEAR
    before = [s for s in slots(folder / AT_HOURS) if first <= s.day < QUARTERS_FROM]
    return before + [s for s in slots(folder / AT_QUARTERS) if QUARTERS_FROM <= s.day <= last]


def german_year(folder: Path) -> list[PricedSlot]:
    """The file goes a day beyond its year."""
    return [s for s in german_slots(folder / DE_HOURS) if s.day.year == DE_YEAR]


def year_rows(folder: Path) -> list[list[str]]:
    """The rows of typical_years.csv."""
    german = german_year(folder)
    austrian = austrian_year(folder)
    rows = []
    for zone, found, source in (
        ("AT", austrian, "energy-charts-at-2025-26"),
        ("DE-LU", german, "smard-de-lu-2024"),
    ):
        first, last = min(s.day for s in found), max(s.day for s in found)
        for (month, group), prices in typical_days(with_hours(found)).items():
            stated = [zone, "EUR", first.isoformat(), last.isoformat(), str(month), str(group)]
            rows.append([*stated, *(f"{price:.1f}" for price in prices), source])
    return rows


def doubt_rows(folder: Path) -> list[list[str]]:
    """The rows of typical_year_doubt.csv: 80 % of the ratios of a year's mean to what is known of it."""
    by_day: dict[date, list[float]] = {}
    for slot in slots(folder / AT_HOURS):
        by_day.setdefault(slot.day, []).append(slot.per_kwh)
    sums = np.concatenate([[0.0], np.cumsum([np.mean(by_day[day]) for day in sorted(by_day)])])

    def mean(first: int, after: int) -> float:
        return float(sums[after] - sums[first]) / (after - first)

    rows, count = [], len(sums) - 1
    for days in KNOWN_DAYS:
        ends = range(YEAR_DAYS, count + 1, STEP_DAYS)
        ratios = [mean(e - YEAR_DAYS, e) / max(mean(e - days, e), LEAST_MEAN) for e in ends]
        rows.append(["days_known", str(days), *_eighty(ratios)])
    for age in AGES_DAYS:
        ends = range(YEAR_DAYS + age, count + 1, STEP_DAYS)
        ratios = [mean(e - YEAR_DAYS, e) / mean(e - age - YEAR_DAYS, e - age) for e in ends]
        rows.append(["age_of_year", str(age), *_eighty(ratios)])
    return [[*row, "awattar-at-2017-2026"] for row in rows]


def _eighty(ratios: list[float]) -> list[str]:
    return [f"{x:.2f}" for x in np.quantile(ratios, [0.1, 0.9])]


def texts(folder: Path) -> dict[str, str]:
    """What the two files of the catalog hold, by name."""
    hours = [f"h{hour:02d}" for hour in range(HOURS)]
    tables = {
        "typical_years.csv": [
            ["zone", "currency", "first_day", "last_day", "month", "group", *hours, "source"],
            *year_rows(folder),
        ],
        "typical_year_doubt.csv": [["kind", "days", "low", "high", "source"], *doubt_rows(folder)],
    }
    return {name: "".join(",".join(row) + "\n" for row in rows) for name, rows in tables.items()}


def compared(folder: Path) -> Iterator[str]:
    """What the typical days lose against the real ones."""
    from service.decide.run_hours import RunHours, effect_of
    from service.estimate.priced_days import priced_days
    from service.store.typical_years import typical_years

    real = {"AT": austrian_year(folder), "DE-LU": german_year(folder)}
    for zone, year in typical_years().items():
        for name, days in (("real", priced_days(real[zone], MARKET_TIME)), ("typical", year.priced())):
            scale = 1 if name == "real" else 1000
            told = [effect_of(days, rule) for rule in (RunHours("through"), RunHours("cheapest", 0.5))]
            said = ", ".join(
                f"{e.rule.code} {e.kept_per_kwh * scale:.1f} ({e.low_per_kwh * scale:.1f} to "
                f"{e.high_per_kwh * scale:.1f})"
                for e in told
            )
            yield f"{zone} {name}: {said} EUR/MWh"


if __name__ == "__main__":
    for name, text in texts(Path(sys.argv[1])).items():
        (CATALOG / name).write_text(text)
    print(f"{GROUPS} typical days a month", *compared(Path(sys.argv[1])), sep="\n")
