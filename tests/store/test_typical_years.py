"""The catalog's typical years: whole, dated, and what the script makes of the real prices."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from service.errors import InvalidValue
from service.store.typical_years import DOUBT, YEARS, doubt, typical_years
from service.store.versions import CATALOG
from tests.bench import typical_years as script

PRICES = Path(__file__).parents[3] / "shared" / "data" / "energy" / "day_ahead_prices"


def test_each_zone_has_a_year_of_days_and_says_of_which():
    years = typical_years()
    assert {zone: (y.first_day, y.last_day, y.days) for zone, y in years.items()} == {
        "AT": (date(2025, 8, 22), date(2026, 8, 21), 365),
        "DE-LU": (date(2024, 1, 1), date(2024, 12, 31), 366),
    }
    for year in years.values():
        days = year.priced()
        assert (days.count, days.grain_minutes) == (60, 60)
        assert year.source.as_of == year.last_day and year.source.licence
    assert years["AT"].priced().mean_per_kwh == pytest.approx(0.1109, abs=1e-4)
    assert years["DE-LU"].priced().mean_per_kwh == pytest.approx(0.0794, abs=1e-4)


def test_more_days_and_a_younger_year_are_surer():
    known = doubt()
    by_days = [known.by_days[n].width for n in sorted(known.by_days)]
    by_age = [known.by_age_days[n].width for n in sorted(known.by_age_days)]
    assert by_days == sorted(by_days, reverse=True) and by_age == sorted(by_age)
    assert known.source.as_of == date(2026, 8, 21)


def test_a_year_without_a_month_is_refused(tmp_path):
    shutil.copytree(CATALOG / "sources", tmp_path / "sources")
    lines = (CATALOG / YEARS).read_text().splitlines()
    (tmp_path / YEARS).write_text("\n".join(line for line in lines if ",7,5," not in line) + "\n")
    with pytest.raises(InvalidValue, match="59 rows"):
        typical_years(tmp_path)
    (tmp_path / DOUBT).write_text("kind,days,low,high,source\nweeks_known,1,0.5,2,awattar-at-2017-2026\n")
    with pytest.raises(InvalidValue, match="weeks_known"):
        doubt(tmp_path)


@pytest.mark.long
def test_the_files_are_what_the_script_makes_of_the_real_prices():
    if not PRICES.exists():
        pytest.skip("the real prices are not on this machine")
    for name, text in script.texts(PRICES).items():
        assert (CATALOG / name).read_text() == text, name
