"""Real files that are not shipped: read where they are, skipped with a reason elsewhere."""

import csv
import gzip
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pricing.checks import Known, check
from pricing.source import Payload, Rejected
from pricing.sources import SOURCES
from pricing.sources.electricity import entsoe
from service.estimate.market_day import by_day, cover, day_of, incomplete
from service.facts import SpotPrice
from tests.facts_for_tests import SOURCE

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "energy"
BY_NAME = {source.name: source for source in SOURCES}
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.skipif(not FILES.exists(), reason=f"no real files at {FILES}")


def parsed(name, file):
    return BY_NAME[name].parse(Payload((FILES / file).read_bytes(), BY_NAME[name].url, NOW))


def slots_of(file, zone):
    with gzip.open(FILES / "day_ahead_prices" / file, "rt") as rows:
        return [
            SpotPrice(zone, *(datetime.fromisoformat(row[edge]) for edge in ("start_utc", "end_utc")),
                      Decimal(row["price_eur_per_mwh"]), "EUR", SOURCE, NOW)
            for row in csv.DictReader(rows)
        ]  # fmt: skip


def test_eleven_months_of_quarter_hours_have_every_day_whole():
    prices = slots_of("at_energycharts_quarterhour_2025-09-30_to_2026-08-21.csv.gz", "AT")
    assert len(prices) == 31_224 and incomplete(prices) == []
    counts = {day: len(part) for day, part in by_day(prices).items()}
    assert counts[date(2025, 9, 30)] == 24 and counts[date(2025, 10, 26)] == 100
    assert counts[date(2026, 3, 29)] == 92 and not check(prices, Known()).rejected


def test_awattar_lacks_one_hour_each_october_and_nothing_else():
    prices = slots_of("at_awattar_hourly_2017_to_2026-08-21.csv.gz", "AT")
    missing = incomplete(prices)
    assert all(day.hours == 25 and day.covered == 24 * HOUR for day in missing if day.day.month == 10)
    assert len([day for day in missing if day.day.month == 10]) == 9


def test_the_german_table_in_cents_is_refused_and_its_tenfold_is_not():
    def year(scale):
        with (FILES / "day_ahead_prices/de_smard_hourly_2024_ct_per_kwh.csv").open() as file:
            rows = list(csv.DictReader(file))
        berlin = ZoneInfo("Europe/Berlin")
        found = []
        for row in rows:
            local = datetime.fromisoformat(row["time"])
            start = local.replace(tzinfo=berlin, fold=int(row["zone_start"] == "CET")).astimezone(UTC)
            value = Decimal(row["price"]) * scale
            found.append(SpotPrice("DE-LU", start, start + HOUR, value, "EUR", SOURCE, NOW))
        return found

    refused = check(year(1), Known())
    assert not refused.accepted and "ct/kWh" in refused.rejected[0][1]
    whole = check(year(10), Known())
    assert not whole.rejected and len(whole.accepted) > 8_700


def test_the_real_payloads_parse():
    assert (
        len(
            parsed(
                "energy_charts", "day_ahead_prices/raw/energycharts_price_DE-LU_2024-05-04_unit_EURMWh.json"
            )
        )
        == 24
    )
    native = parsed(
        "energy_charts_at", "day_ahead_prices/raw/energycharts_price_native_shape_AT_2025-10-01_REBUILT.json"
    )
    assert cover(date(2025, 10, 1), native).is_complete
    autumn = parsed("awattar_at", "day_ahead_prices/raw/awattar_AT_2025-10-26_dst_autumn_only_24_of_25.json")
    assert [day.text for day in incomplete(autumn)] == ["day 2025-10-26: 24 of 25 hours"]
    assert len(parsed("smard_de_lu", "samples_transcribed/smard_4169_DE-LU_quarterhour_chunk.json")) == 2
    assert len(parsed("octopus_agile", "samples_transcribed/octopus_agile_standard_unit_rates.json")) == 2
    assert len(parsed("tibber", "samples_transcribed/tibber_priceinfo_quarter_hourly.json")) == 2
    assert len(parsed("eia", "samples_transcribed/eia_v2_retail_sales.json")) == 1
    assert len(parsed("uk_carbon_intensity", "samples_transcribed/uk_carbonintensity_intensity.json")) == 2
    assert len(parsed("eurostat", "household_prices/eurostat_nrg_pc_204_jsonstat_REBUILT.json")) == 24
    assert len(parsed("electricity_maps", "carbon/electricitymaps_latest_DE_2024-10-23.json")) == 1
    assert not [r for r in parsed("electricity_maps", "carbon/electricitymaps_carbon_intensity_history.json")
                if isinstance(r, Rejected)]  # fmt: skip


def test_the_real_entsoe_document_of_spain_is_48_hours_and_192_quarter_hours():
    found = parsed("entsoe_es", "day_ahead_prices/raw/entsoe_ES_day_ahead_price_quarterhour.xml")
    prices = [fact for fact in found if isinstance(fact, SpotPrice)]
    lengths = [p.slot_end - p.slot_start for p in prices]
    assert lengths == [HOUR] * 48 + [HOUR / 4] * 192 and incomplete(prices) == []
    assert {day_of(p.slot_start).day for p in prices} == {29, 30, 1, 2}
    assert entsoe.AREAS["ES"] == "10YES-REE------0"


def test_the_real_carbon_of_france_is_24_measured_and_75_forecast_slots():
    name = "carbon/energycharts_co2eq_fr_2026-10-04.json"
    found = parsed("energy_charts_co2_fr", name)
    assert sum(not f.is_forecast for f in found) == 24
    lists = json.loads((FILES / name).read_bytes())
    expected = sum(
        a is None and b is not None for a, b in zip(lists["co2eq"], lists["co2eq_forecast"], strict=True)
    )
    assert sum(f.is_forecast for f in found) == expected > 50


@pytest.mark.long
def test_all_euro_rates_since_1999_are_believed():
    found = parsed("ecb_history", "fx/eurofxref-hist.zip")
    assert len(found) > 220_000 and not check(found, Known()).rejected
    by_day_ = {(r.quote, r.as_of): r.rate for r in found}
    assert by_day_["USD", date(2026, 3, 18)] == Decimal("1.1500")
