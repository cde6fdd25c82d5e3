"""Names of GPUs: whole, with variant and memory; decorations do no harm; nothing becomes another family."""

import csv
import gzip
import json
import re
from collections import Counter

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pricing.gpu_names import GpuNames, family_key
from pricing.instances import _ALL, fitted
from service.cli import main
from service.store import gpus, offers, own_gpu_names, versions
from service.store.own_gpu_names import OwnGpuName
from service.store.seed import seed
from service.store.session import Sessions
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_catalogues_and_names import NOW, SHARED

CATALOG = shipped_catalog()
GPUS = {gpu.slug: gpu for gpu in CATALOG.gpus}
NAMES = GpuNames(CATALOG.gpus)


@pytest.mark.parametrize(
    ("raw", "memory", "instance", "slug"),
    [
        ("H100-MEGA", 80, "a3-megagpu-8g", "h100-sxm"),
        ("H100", 80, "Standard_NC40ads_H100_v5", None),
        ("H100", None, "Standard_NC40ads_H100_v5", "h100-nvl"),
        ("H100", None, "Standard_ND96isr_H100_v5", "h100-sxm"),
        ("H100NVL", 94, "", "h100-nvl"),
        ("H100_NVL", 80, "n3-H100x8-NVLink__CANADA-1", None),
        ("H100 NVLink", 80, "", None),
        ("H100_PCIE_BAREMETAL", 80, "", "h100-pcie"),
        ("8x H100 SXM5", 80, "", "h100-sxm"),
        ("NVIDIA-H100-80GB-HBM3", 79.6, "", "h100-sxm"),
        ("H200", 141, "p5en.48xlarge", "h200-sxm"),
        ("H200", 141, "2x-H200-32-65536", None),
        ("A100", 40, "gpu_1x_a100", "a100-pcie-40gb"),
        ("A100", 40, "gpu_8x_a100", "a100-sxm-40gb"),
        ("A100-80GB", 80, "Standard_NC24ads_A100_v4", "a100-pcie-80gb"),
        ("A100-80GB", 80, "1x_A100-80GB_SECURE", None),
        ("A100_80G_SXM4", 80, "", "a100-sxm-80gb"),
        ("V100", None, "Standard_NC24s_v3", "v100-pcie-16gb"),
        ("V100", 16, "p3.16xlarge", "v100-sxm-16gb"),
        ("V100-32GB", 32, "Standard_ND40rs_v2", "v100-sxm-32gb"),
        ("V100", 16, "gpu_8x_v100_n", None),
        ("P100", 16, "", None),
        ("K80", 12, "p2.xlarge", None),
        ("M60", 8, "g3.4xlarge", None),
        ("T4G", 16, "g5g.xlarge", None),
        ("Tesla T4", 15, "", "t4"),
        ("A10G", 22.5, "g5.xlarge", "a10g"),
        ("A10", 24, "VM.GPU.A10.1", "a10"),
        ("A16", 16, "", None),
        ("L40S_PCIE", 48, "", "l40s"),
        ("L40", 45, "", "l40"),
        ("B300", 262.5, "", "b300-sxm"),
        ("GB200", 192, "BM.GPU.GB200.4", "gb200"),
        ("MI300X", 192, "", "mi300x"),
        ("RTX PRO 6000", 96, "", None),
        ("RTXPRO6000", 96, "g4-standard-48", "rtx-pro-6000-blackwell-server"),
        ("RTXPRO6000-WK", 96, "", "rtx-pro-6000-blackwell"),
        ("RTX PRO 6000 S", 96, "", "rtx-pro-6000-blackwell-server"),
        ("NVIDIA RTX PRO-A6000 SE", 96, "", "rtx-pro-6000-blackwell-server"),
        ("RTX PRO 6000 WS", 96, "", "rtx-pro-6000-blackwell"),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q", 96, "", "rtx-pro-6000-blackwell-max-q"),
        ("RTX 6000", None, "", None),
        ("Quadro RTX 6000", None, "", "quadro-rtx-6000"),
        ("RTX 6000 (Turing)", 24, "", "quadro-rtx-6000"),
        ("GB200 (Grace-Blackwell)", 186, "", "gb200"),
        ("RTX 4000 Ada SFF", 20, "", "rtx-4000-sff-ada"),
        ("L4", 22, "", "l4"),
        ("RTX6000", 24, "gpu_1x_rtx6000", "quadro-rtx-6000"),
        ("RTX 6000", 48, "", None),
        ("Quadro RTX 6000", 24, "", "quadro-rtx-6000"),
        ("RTX-6000-Ada", 48, "", "rtx-6000-ada"),
        ("RTX6000Ada", None, "", "rtx-6000-ada"),
        ("A6000", 48, "", "rtx-a6000"),
        ("RTX 4070S Ti", 16, "", "rtx-4070-ti-super"),
        ("RTX 4060 Ti", 16, "", "rtx-4060-ti-16gb"),
        ("RTX 4090", 48, "", None),
        ("RTX A2000", 6, "", None),
        ("NVIDIA H100 80GB HBM3", None, "", "h100-sxm"),
        ("H100 SXM", 80, "", "h100-sxm"),
        ("H100 PCIe", 80, "", "h100-pcie"),
        ("H100 NVL", 94, "", "h100-nvl"),
        ("H100", 80, "gpu-h100-sxm_8gpu-128vcpu-1600gb", "h100-sxm"),
        ("H100", 80, "p5.48xlarge", "h100-sxm"),
        ("H100", 80, "something", None),
        ("A100-80G-PCIe", 80, "", "a100-pcie-80gb"),
        ("A100-SXM4-80GB", None, "", "a100-sxm-80gb"),
        ("A100 SXM4", 40, "", "a100-sxm-40gb"),
        ("A10G", 22.5, "", "a10g"),
        ("A10", 24, "", "a10"),
        ("L40S", 45, "", "l40s"),
        ("L40", 48, "", "l40"),
        ("L4", 24, "", "l4"),
        ("GB200", 186, "", "gb200"),
        ("B200", 180, "", "b200-sxm"),
        ("RTX 4070 Ti", 12, "", "rtx-4070-ti"),
        ("RTX 4070 Ti SUPER", 16, "", "rtx-4070-ti-super"),
        ("RTX4090", 23.99, "", "rtx-4090"),
        ("RTX4090", 47.99, "", None),
        ("RTX_A6000", None, "", "rtx-a6000"),
        ("RTX6000-Ada", 48, "", "rtx-6000-ada"),
        ("Tesla V100-SXM2-32GB", None, "", "v100-sxm-32gb"),
        ("A100-SXM4-80GB", 80, "server 41001", "a100-sxm-80gb"),
        ("RTX PRO 6000", 96, "server 41001", "rtx-pro-6000-blackwell-server"),
        ("Abacus 3000", 1, "", None),
        ("A1000", None, "", None),
    ],
)
def test_names_of_the_lists(raw, memory, instance, slug):
    assert NAMES.named(raw, memory, instance).slug == slug


def test_instance_types_name_cards_of_the_catalog_with_their_memory():
    cards = [card for _, card in _ALL]
    assert len(cards) > 80
    for card in cards:
        assert card.slug is None or abs(GPUS[card.slug].memory_gib - card.memory_gib) < 0.5, card
        assert card.slug is None or NAMES.named(card.gpu, card.memory_gib).slug == card.slug, card
    assert fitted("m5.large") is None and fitted("") is None


DECORATED = st.sampled_from(sorted(GPUS)).flatmap(
    lambda slug: st.tuples(
        st.just(slug),
        st.sampled_from(("", "NVIDIA ", "nvidia-", "AMD ", "GeForce ", "NVIDIA GeForce ", "1x ", "8x ")),
        st.sampled_from((" ", "-", "_", "  ")),
        st.booleans(),
        st.sampled_from((str, str.upper, str.lower)),
    )
)


@given(DECORATED)
def test_a_name_survives_its_decorations(decorated):
    slug, prefix, separator, with_memory, case = decorated
    gpu = GPUS[slug]
    suffix = f" {gpu.memory_gib:g}GB" if with_memory and "GB" not in gpu.name.upper() else ""
    if slug in ("b300-sxm", "gb200", "gb300") and with_memory:
        suffix = ""
    written = case(prefix + re.sub(r" ", separator, re.sub(r"\s*\(.*\)", "", gpu.name)) + suffix)
    found = NAMES.named(written, gpu.memory_gib).slug
    assert found == slug, (written, found)


@given(
    st.sampled_from(sorted({family_key(g.name) for g in GPUS.values()})),
    st.text("abgsxtiGSX 0123456789-", min_size=1, max_size=4),
    st.sampled_from((None, 16.0, 24.0, 48.0, 80.0)),
)
def test_a_longer_name_never_becomes_the_shorter_card(family, extra, memory):
    """A10 + "0" is an A100 or nothing, never an A10; L4 + "0S" never an L4."""
    found = NAMES.named(family + extra, memory).slug
    if found is not None:
        called = {family_key(n) for n in (found, GPUS[found].name, *GPUS[found].aliases)}
        assert family_key(family + extra) in called


@given(st.text(max_size=40), st.floats(0, 400) | st.none(), st.text(max_size=20))
def test_any_text_is_understood_or_left_alone(raw, memory, instance):
    found = NAMES.named(raw, memory, instance)
    assert found.slug is None or found.slug in GPUS


def table(path):
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return csv.DictReader(text.splitlines())


def _each(row):
    return float(row["gpu_memory"] or 0) / 1024 / float(row["gpu_count"] or 1) or None


def real_names():
    """Every GPU name of the collection with its memory and instance type, where the file tells them."""
    for path in sorted(SHARED.glob("cherielilili/*.csv.gz")):
        yield from (("cherielilili", row["gpu_model"], None, "") for row in table(path))
    for path in sorted(SHARED.glob("hemgo/prices_*.json")):
        for row in json.loads(path.read_text())["prices"]:
            yield "hemgo", row["gpu_label"], row["vram_gb"], ""
    for path in sorted(SHARED.glob("tardellirs/offerings.json")):
        for row in json.loads(path.read_text()):
            link = row["interconnect"] if row["interconnect"] in ("SXM", "PCIe", "NVL") else ""
            yield "tardellirs", f"{row['gpu_model']} {link}".strip(), row["vram_gb"], ""
    for path in sorted(SHARED.glob("sooddvs/*raw.csv")):
        yield from (("sooddvs", row["gpu_type"], None, row["sku"]) for row in table(path))
    for path in sorted(SHARED.glob("sparecores/aws*.csv")):
        for row in table(path):
            yield "sparecores", row["gpu_name"], _each(row), row["server_id"]
    for path in sorted(SHARED.glob("united-compute/*.json")):
        yield "united-compute", path.stem, None, ""
    for path in sorted(SHARED.glob("karpenter-aws/*.csv")):
        for name in {row["InstanceType"] for row in table(path)}:
            card = fitted(name)
            yield "karpenter-aws", card.gpu if card else name, card.memory_gib if card else None, name


def test_every_real_name_is_a_card_or_listed_with_its_reason():
    if not SHARED.exists():
        pytest.skip("the collection of real price lists is not on this machine")
    seen = Counter((source, raw, memory, instance) for source, raw, memory, instance in real_names() if raw)
    left = {}
    for (source, raw, memory, instance), count in seen.items():
        found = NAMES.named(raw, memory, instance)
        if found.slug is None:
            left[source, raw, found.memory_gib] = left.get((source, raw, found.memory_gib), 0) + count
    assert len(seen) > 100
    share = 1 - sum(left.values()) / sum(seen.values())
    assert share > 0.6, sorted(left.items(), key=lambda item: -item[1])


def run(*words, code=0):
    result = CliRunner().invoke(main, ["prices", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_name_that_was_told_holds_for_stored_offers_new_ones_and_after_a_new_catalog(database, tmp_path):
    file = tmp_path / "quote.csv"
    file.write_text(
        "instance,gpu,gpu_count,price_per_hour,currency,memory_gib_per_gpu\n"
        "a,Abacus 3000,1,1.00,USD,24\nb,Abacus 3000,1,2.00,USD,48\nc,ABACUS-3000,1,3.00,USD,\n"
    )
    run("import", file, "--provider", "lambda", "--as-of", "2026-11-20")
    with database.reading() as session:
        before = versions.data_version(session)
    assert "3 stored offers changed" in run("map", "Abacus 3000", "rtx-4090")
    said = run("map", "abacus 3000", "rtx-a6000", "--memory", "48")
    assert '"abacus 3000" with 48 GiB stands for rtx-a6000: 1 stored offer changed' in said
    assert "0 stored offers changed" in run("map", "Abacus 3000", "rtx-4090")
    assert "Abacus" not in run("unmapped") and "ABACUS" not in run("unmapped")

    def cards():
        with database.reading() as session:
            page = offers.search(session, offers.OfferFilter(provider="lambda"), limit=999).offers
        return {o.instance: o.gpu for o in page if o.instance in ("a", "b", "c", "d")}

    told = {"a": "rtx-4090", "b": "rtx-a6000", "c": "rtx-4090"}
    assert cards() == told
    with database.reading() as session:
        assert versions.data_version(session) > before
    with database.begin() as session:
        seed(session, CATALOG, NOW)
    run("import", file, "--provider", "lambda", "--as-of", "2026-11-21")
    assert cards() == told
    file.write_text(
        "instance,gpu,gpu_count,price_per_hour,currency,memory_gib_per_gpu\nd,Abacus 3000,1,5.00,USD,49\n"
    )
    assert "0 GPU names that nobody has mapped" in run("import", file, "--provider", "lambda")
    assert cards() == told | {"d": "rtx-a6000"}


def test_what_cannot_be_told_is_refused_with_the_nearest_choices(database):
    said = run("map", "Abacus 3000", "rtx-4090x", code=2)
    assert "rtx-4090x" in said and "valid: rtx-4090," in said
    assert "no letter and no digit" in run("map", "++", "rtx-4090", code=2)
    assert "more than 0" in run("map", "Abacus", "rtx-4090", "--memory", "-1", code=2)


def test_the_last_word_counts_and_survives_seeding_on_both_databases(catalog_engine):
    with Sessions(catalog_engine).begin() as session:
        unmapped = own_gpu_names.unmapped(session)[0]
        told, changed = own_gpu_names.put(session, unmapped.name, "b300-sxm", None, NOW)
        assert changed >= unmapped.offers
        _, again = own_gpu_names.put(session, unmapped.name, "h200-sxm", None, NOW)
        assert again == changed and told == OwnGpuName(unmapped.name, "b300-sxm")
        seed(session, CATALOG, NOW)
        assert not [u for u in own_gpu_names.unmapped(session) if u.name == unmapped.name]
        (kept,) = own_gpu_names.all(session)
        assert kept == OwnGpuName(unmapped.name, "h200-sxm")
        assert gpus.get(session, "h200-sxm").aliases == GPUS["h200-sxm"].aliases
    assert GpuNames(CATALOG.gpus, [kept]).named(unmapped.name).slug == "h200-sxm"


@pytest.mark.parametrize(
    ("raw", "memory", "slug"),
    [
        ("4090", None, "rtx-4090"),
        ("RTX 4090", 24, "rtx-4090"),
        ("RTX 4090", 48, None),
        ("RTX 4090 48GB", None, "rtx-4090-48gb"),
        ("RTX 4090 (48 GB mod)", 48, "rtx-4090-48gb"),
        ("2080 Ti", None, "rtx-2080-ti"),
        ("NVIDIA GeForce RTX 2080 Ti 22GB", None, "rtx-2080-ti-22gb"),
        ("RTX A2000", None, "rtx-a2000-12gb"),
    ],
)
def test_a_card_beside_the_usual_one_is_meant_where_its_name_says_the_memory(raw, memory, slug):
    assert NAMES.named(raw, memory).slug == slug
