"""Foreign tables and foreign names: every trap that the catalogues are known for."""

import csv
import gzip
import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from pricing.catalogue_rows import NO_GPU, CatalogueTable, gpuhunt_offers, skypilot_offers
from pricing.checks import Known, check
from pricing.gpu_names import GpuNames, real_memory_gib
from pricing.refresh import refresh
from pricing.source import Payload, Rejected, UnreadablePayload
from pricing.sources.cloud import skypilot
from pricing.sources.currency import frankfurter
from pricing.sources.electricity import awattar
from service.cli import main
from service.facts import CloudOffer, Source
from service.store import offers
from tests.facts_for_tests import shipped_catalog

DAY = date(2026, 11, 20)
SAID = Source("test", "a test's table", "https://example.org", DAY)
TABLE = CatalogueTable("vast", DAY, SAID)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "cloud"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = "Region,Price,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,SpotPrice\n"


@pytest.fixture(scope="module")
def names():
    return GpuNames(shipped_catalog().gpus)


def test_a_card_with_twice_its_memory_is_another_card(names):
    found = names.named("RTX 4090", 49_140 / 1024)
    assert found.slug is None and "twice memory: 48 GiB" in found.note


def test_every_name_of_the_catalog_is_its_own(names):
    for gpu in shipped_catalog().gpus:
        for name in (gpu.slug, gpu.name):
            assert names.named(name, gpu.memory_gib).slug == gpu.slug, name


def test_stated_memory_is_rounded_to_a_size_that_exists():
    assert [real_memory_gib(m / 1024) for m in (46_068, 95_830, 23_028)] == [48, 94, 24]
    assert real_memory_gib(4.0) == 4.0 and real_memory_gib(None) is None and real_memory_gib(0) is None


def sky(*lines):
    return list(skypilot_offers(HEAD + "\n".join(lines) + "\n", TABLE))


def test_a_price_of_zero_is_unknown_and_spot_is_an_offer_of_its_own():
    assert [(o.tier, o.hourly_price) for o in sky("eu,16.00,8x-H100,H100,8,32,64.0,,0.00")] == [
        ("on_demand", Decimal("16.00"))
    ]
    assert [(o.tier, o.hourly_price) for o in sky("eu,,2B300.60V,B300,2,60,550,,4.893")] == [
        ("spot", Decimal("4.893"))
    ]
    assert [o.tier for o in sky("eu,2.0,x,H100,1,8,64,,1.0")] == ["on_demand", "spot"]
    assert [o.tier for o in sky("eu,2.0,x,H100,1,8,64,,2.0")] == ["on_demand"]
    assert [o.tier for o in sky("eu,2.0,1x_RTXA6000_COMMUNITY,RTXA6000,1,8,64,,")] == ["community"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("eu,0,x,H100,1,8,64,,0.00", "neither price is known"),
        ("eu,nan,x,H100,1,8,64,,", "neither price is known"),
        ("eu,2.93,,A100,1,,,,", "the price of a GPU without its host"),
        ("eu,0.45,x,A10,0.167,6,55,,", "a share of one"),
    ],
)
def test_what_is_no_price_is_rejected_with_its_row(line, why):
    (refused,) = sky(line)
    assert isinstance(refused, Rejected) and why in refused.reason and refused.raw == line


def test_spot_above_on_demand_is_refused_and_the_rest_kept():
    refused, kept = sky("eu,2.0,x,H100,1,8,64,,3.0")
    assert "spot 3.0 above on-demand 2.0" in refused.reason and kept.tier == "on_demand"


@pytest.mark.parametrize(
    ("info", "gib"),
    [
        ("\"{'Gpus': [{'Name': 'H100', 'Count': 8, 'MemoryInfo': {'SizeInMiB': 81920}}]}\"", 80),
        ("\"{'Gpus': [{'Name': 'A', 'Manufacturer': null, 'MemoryInfo': {'SizeInMiB': 48}}]}\"", 48),
        ('"{""Gpus"": [{""MemoryInfo"": {""SizeInMiB"": 81920}}]}"', 80),
        (
            "\"{'Gpus': [{'Count': 2, 'MemoryInfo': {'SizeInMiB': 287542}}],"
            " 'TotalGpuMemoryInMiB': 287542}\"",
            140.4,
        ),
        ("A10", None),
        ("\"__import__('os').system('true')\"", None),
    ],
)
def test_memory_is_read_from_python_json_or_not_at_all(info, gib):
    (offer,) = sky(f"eu,2.0,x,H100,1,8,64,{info},")
    assert offer.memory_gib_per_gpu == (None if gib is None else pytest.approx(gib, rel=0.001))


def test_surplus_cells_of_unquoted_commas_do_no_harm():
    (offer,) = sky("eu,2.0,x,H100,1,8,64,,,V1,V2")
    assert offer.hourly_price == 2


def test_gpuhunt_rows():
    head = "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n"
    text = head + "1H100.80S.30V,FIN-01,3.95,30,120.0,1,H100,80.0,False,\nq,FIN-01,0.0,1,1,1,H100,80,True,\n"
    offer, refused = gpuhunt_offers(text, TABLE)
    assert (offer.instance, offer.tier, offer.memory_gib_per_gpu) == ("1H100.80S.30V", "on_demand", 80.0)
    assert "not known" in refused.reason


def test_absurd_prices_are_not_believed():
    def offer(price, count=1):
        return CloudOffer(
            "vast", "x", "", None, None, "H100", count, 80, "spot", Decimal(price), "USD", DAY, SAID
        )

    checked = check([offer("0.005"), offer("25007"), offer("16", 8)], Known())
    assert [o.hourly_price for o in checked.accepted] == [16]
    assert len(checked.rejected) == 2


def test_a_refresh_keeps_named_offers_and_a_second_one_changes_nothing(database):
    fixture = Path(__file__).parent / "fixtures" / "skypilot_hyperstack.csv"
    payload = Payload(fixture.read_bytes(), "https://example.org", NOW)
    source = skypilot.source_of("skypilot_hyperstack")
    first = refresh(database, source, NOW, lambda _: payload, {})
    assert (first.outcome, first.rejected) == ("ok", 0) and first.accepted >= 8
    again = refresh(database, source, NOW, lambda _: payload, {})
    assert again.outcome == "unchanged"
    with database.reading() as session:
        page = offers.search(
            session, offers.OfferFilter(provider="hyperstack", gpu="a100-pcie-80gb"), limit=50
        )
    assert any(o.as_of == NOW.date() for o in page.offers)


def real_tables():
    """The collected tables of SkyPilot's form: v8_vast_vms_….csv, azure_vms_full_….csv.gz"""
    return sorted([*SHARED.glob("skypilot-catalog/*.csv"), *SHARED.glob("anycloud/*.csv*")])


@pytest.mark.parametrize("path", real_tables() or [None], ids=str)
def test_real_catalogues_parse_with_every_reject_explained(path, names):
    if path is None:
        pytest.skip("the collection of catalogues is not on this machine")
    cloud = re.sub(r"^v\d_", "", path.name).split("_")[0]
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    started = time.process_time()
    read = skypilot.source_of(f"skypilot_{cloud}").parse(Payload(content, "https://example.org", NOW))
    assert time.process_time() - started < 10
    kept = [fact for fact in read if isinstance(fact, CloudOffer)]
    refused = [row for row in read if isinstance(row, Rejected)]
    assert all(row.reason and row.raw for row in refused)
    if path.name.startswith("gcp_vms_gpu"):
        # A cut of GPU rows alone: nothing in it tells what a machine costs.
        assert not kept and {row.reason for row in refused} == {"the price of a GPU without its host"}
        return
    rows = [row for row in csv.DictReader(content.decode().splitlines()) if row["AcceleratorName"]]
    of_gpus = [row for row in rows if not NO_GPU.match(row["AcceleratorName"])]
    if cloud != "gcp":
        known = {offer.instance for offer in kept} | {row.raw.split(",")[0] for row in refused}
        assert {row["InstanceType"] for row in of_gpus} <= known | {row.raw for row in refused}
    assert not [o for o, _ in check(kept, Known()).rejected]
    mapped = [o for o in kept if names.named(o.gpu_raw_name, o.memory_gib_per_gpu, o.instance).slug]
    assert len(mapped) / len(kept) > 0.7


def test_summed_prices_of_google_are_those_of_its_own_whole_machines():
    (tables,) = [list(SHARED.glob("anycloud/gcp_vms_full*.gz"))] if SHARED.exists() else [[]]
    if not tables:
        pytest.skip("the collection of catalogues is not on this machine")
    payload = Payload(gzip.decompress(tables[0].read_bytes()), "https://example.org", NOW)
    whole = {}
    for row in csv.DictReader((SHARED / "cyclenerd-gcp" / "gcp_gpu_instances.csv").read_text().splitlines()):
        if row["pricing_date"] == "2026-07-30":
            whole[row["instance"], row["region"]] = float(row["hour_usd"])
    kept = [o for o in skypilot.source_of("skypilot_gcp").parse(payload) if isinstance(o, CloudOffer)]
    ratios = [
        float(o.hourly_price) / whole[o.instance, o.region]
        for o in kept
        if o.tier == "on_demand" and (o.instance, o.region) in whole
    ]
    assert len(ratios) > 300 and 0.98 < min(ratios) <= max(ratios) < 1.02


def test_more_decimals_than_the_store_keeps_are_rounded_not_a_crash(database):
    payload = Payload(f"{HEAD}eu,2.123456789876,x,H100 SXM,1,8,64,,\n".encode(), "https://example.org", NOW)
    source = skypilot.source_of("skypilot_hyperstack")
    assert refresh(database, source, NOW, lambda _: payload, {}).outcome == "ok"
    assert refresh(database, source, NOW, lambda _: payload, {}).outcome == "unchanged"


def test_rejected_rows_are_kept_with_their_reason_and_shown(database):
    text = HEAD + "eu,1.0,x,H100 SXM,1,8,64,,3.0\neu,,,A100,1,,,,\neu,2.0,y,H100 SXM,1,8,64,,\n"
    payload = Payload(text.encode(), "https://example.org", NOW)
    source = skypilot.source_of("skypilot_vast")
    assert refresh(database, source, NOW, lambda _: payload, {}).rejected == 2

    def show(*words):
        result = CliRunner().invoke(main, ["prices", "show", "skypilot_vast", *words])
        assert result.exit_code == 0, result.output
        return result.output

    assert "the price of a GPU without its host" in show() and "spot 3.0 above on-demand 1.0" in show()
    assert "eu,1.0,x,H100 SXM,1,8,64,,3.0" in show("--rejected")
    clean = Payload((HEAD + "eu,2.0,y,H100 SXM,1,8,64,,\n").encode(), "https://example.org", NOW)
    later = NOW.replace(hour=20)
    assert refresh(database, source, later, lambda _: clean, {}).rejected == 0
    assert "eu,1.0,x" not in show("--rejected")
    result = CliRunner().invoke(main, ["prices", "show", "skypilot_vats"])
    assert result.exit_code == 2 and "valid: skypilot_vast" in result.output


def recorded(name):
    found = next((Path(__file__).parent / "fixtures").glob(f"{name}.*"))
    return Payload(found.read_bytes(), "https://example.org", NOW)


def test_awattar_hours_carry_their_own_ends_and_frankfurter_its_own_day():
    slots = awattar.source_of("awattar_at").parse(recorded("awattar_at"))
    assert len(slots) == 6 and slots[0].zone == "AT" and slots[0].per_mwh == Decimal("99.06")
    assert all((s.slot_end - s.slot_start).total_seconds() == 3600 for s in slots)
    rates = {r.quote: r for r in frankfurter.parse(recorded("frankfurter"))}
    assert rates["USD"].rate == Decimal("1.1172") and rates["USD"].as_of == date(2026, 10, 30)
    with pytest.raises(UnreadablePayload, match="not of one euro"):
        frankfurter.parse(Payload(b'{"base":"USD","date":"2026-10-30","rates":{"EUR":0.89}}', "", NOW))
