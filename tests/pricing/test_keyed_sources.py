"""The traps of the sources that need a key: Lambda, Google, Shadeform, DigitalOcean, Vultr."""

import json
from decimal import Decimal

import pytest

from pricing.gcp_machines import GPU_SKUS, MACHINES
from pricing.gpu_names import GpuNames
from pricing.http import Door
from pricing.source import Asked, Payload
from pricing.sources.cloud import digitalocean, gcp_billing, lambda_cloud, shadeform, vultr
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_cloud_apis import NOW, SHARED, answer, document_of, parsed, reasons
from tests.pricing.test_every_source import recorded


@pytest.fixture(scope="module")
def names():
    return GpuNames(shipped_catalog().gpus)


def assert_same(module, payload):
    """It says what the recorded answer says."""
    recorded_now = Payload(recorded(module.NAME).content, "", NOW)
    assert set(module.parse(payload)) == set(module.parse(recorded_now))


def test_lambda_keeps_what_is_sold_out(names):
    offers, refused = parsed(lambda_cloud)
    eight = offers["gpu_8x_h100_sxm5", "", "on_demand"]
    assert eight.hourly_price == Decimal("31.92") and "no capacity" in eight.note and eight.in_stock is False
    assert offers["gpu_1x_h100_sxm5", "europe-central-1", "on_demand"].country == "DE"
    assert offers["gpu_16x_v100", "", "on_demand"].gpu_count == 16
    slugs = {
        o.instance: names.named(o.gpu_raw_name, o.memory_gib_per_gpu, o.instance).slug
        for o in offers.values()
    }
    assert slugs["gpu_8x_h100_sxm5"] == "h100-sxm" and slugs["gpu_1x_rtx6000"] == "quadro-rtx-6000"
    assert slugs["gpu_1x_a100"] == "a100-pcie-40gb" and slugs["gpu_1x_gh200"] == "gh200-96gb"
    assert reasons(refused) == ["the price is not known"]


def test_google_sums_its_parts_to_what_an_independent_list_says():
    """Cyclenerd's prices of whole machines, in our catalog, come from the same price list."""
    offers, _ = parsed(gcp_billing)
    whole = {
        (o.instance, o.region, o.tier): o.hourly_price
        for o in shipped_catalog().offers
        if o.provider == "gcp" and "cyclenerd" in o.source.slug
    }
    both = [key for key in offers if key in whole]
    assert ("a3-highgpu-8g", "us-central1", "on_demand") in both and len(both) >= 4
    for key in both:
        assert offers[key].hourly_price == pytest.approx(whole[key], rel=Decimal("1e-6")), key
    assert offers["a2-ultragpu-1g", "us-central1", "on_demand"].hourly_price == pytest.approx(
        Decimal("5.06879789"), rel=Decimal("1e-8")
    )


def test_google_leaves_out_other_terms_and_sums_no_half_machine():
    offers, refused = parsed(gcp_billing)
    b200 = {tier: offers["a4-highgpu-8g", "us-central1", tier].hourly_price for tier in ("on_demand", "spot")}
    assert b200 == {"on_demand": Decimal("128.88"), "spot": Decimal("39.6336")}
    spot = offers["g2-standard-4", "us-central1", "spot"]
    assert spot.hourly_price == Decimal("0.397336")
    said = {row.reason: row.raw for row in refused}
    assert any("DWS" in reason and "(1 SKUs)" in reason for reason in said), said
    assert any(reason.startswith("other terms: Commit") for reason in said)
    assert any("no machine type is known with a Nvidia Tesla K80 GPU" in reason for reason in said)
    ultra = {row.raw: row.reason for row in refused}
    assert ultra['"a3-ultragpu-8g europe-west4 on_demand"'] == "no single price of its Core: none"
    document = document_of(gcp_billing)
    twice = next(s for s in document["skus"] if s["description"] == "A3 Instance Ram running in Americas")
    other = json.loads(json.dumps(twice))
    other["pricingInfo"][0]["pricingExpression"]["tieredRates"][0]["unitPrice"]["nanos"] *= 2
    offers, refused = parsed(gcp_billing, {"skus": [*document["skus"], other]})
    assert not [key for key in offers if key[0].startswith("a3-highgpu")]
    assert any("0.002220340 and 0.004440680" in row.reason for row in refused)


def test_google_reads_pages_and_keeps_what_matters():
    document = document_of(gcp_billing)

    class Pages:
        def __init__(self):
            self.asked = []

        def get(self, url, headers=None):
            self.asked.append((url, headers))
            half = len(document["skus"]) // 2
            first = "pageToken" not in url
            skus = document["skus"][:half] if first else document["skus"][half:]
            return answer({"skus": skus, "nextPageToken": "a=b" if first else ""})

        def same_host(self, link, asked):
            return Door.same_host(None, link, asked)

    way_out = Pages()
    payload = gcp_billing.fetch(way_out, Asked("https://mirror.example/skus?pageSize=5000", NOW, "secret"))
    assert [url for url, _ in way_out.asked] == [
        "https://mirror.example/skus?pageSize=5000",
        "https://mirror.example/skus?pageSize=5000&pageToken=a%3Db",
    ]
    assert all(headers == {"X-Goog-Api-Key": "secret"} for _, headers in way_out.asked)
    assert "secret" not in payload.url
    assert_same(gcp_billing, payload)


def test_machine_shapes_are_what_another_list_of_them_says(names):
    path = SHARED / "sparecores" / "gpu_servers_2026-01-31.json"
    for machine in MACHINES:
        gpu = GPU_SKUS[machine.gpu]
        assert names.named(gpu.name, gpu.memory_gib, machine.name).slug, machine
    if not path.exists():
        pytest.skip("the collection of server records is not on this machine")
    theirs = {row["name"]: row for row in json.loads(path.read_text()) if row["vendor_id"] == "gcp"}
    compared = [machine for machine in MACHINES if machine.name in theirs]
    assert len(compared) > 20
    for machine in compared:
        row = theirs[machine.name]
        ours = (machine.vcpus, machine.ram_gib * 1024, machine.gpu_count, machine.local_ssd_gib)
        assert ours == (row["vcpus"], row["memory_amount"], row["gpu_count"], row["storage_size"]), machine


def test_shadeform_offers_belong_to_the_cloud_that_runs_them(names):
    offers, refused = parsed(shadeform)
    assert {o.provider for o in offers.values()} == {"hyperstack", "massed-compute", "lambda", "crusoe"}
    pcie = offers["n3-H100x1", "canada-1", "on_demand"]
    assert (pcie.hourly_price, pcie.country) == (Decimal("1.90"), "CA")
    assert names.named(pcie.gpu_raw_name, pcie.memory_gib_per_gpu).slug == "h100-pcie"
    assert pcie.in_stock is True and offers["n3-H100x1", "norway-1", "on_demand"].in_stock is False
    spot = offers["gpu_8x_b200_sxm6", "dulles-usa-1", "spot"]
    assert spot.hourly_price == Decimal("26.76"), "a text in dollars beside a number in cents"
    assert sorted(reasons(refused)) == [
        "a cloud that nobody has mapped, somebodynew",
        "the price is not known",
    ]
    assert len(set(shadeform.CLOUDS.values())) >= 15
    assert set(shadeform.CLOUDS.values()) <= {p.slug for p in shipped_catalog().providers}


def test_digitalocean_divides_the_memory():
    offers, refused = parsed(digitalocean)
    eight = offers["gpu-h100x8-640gb", "nyc1", "on_demand"]
    assert (eight.memory_gib_per_gpu, eight.ram_gib, eight.country) == (80, 1920, "US")
    assert offers["gpu-mi300x8-1536gb", "nyc1", "on_demand"].memory_gib_per_gpu == 192
    spot = offers["gpu-h200x8-1128gb-spot", "", "spot"]
    assert spot.memory_gib_per_gpu == 141, "the slug shows that 141 is that of one already"
    assert (spot.note, spot.in_stock, eight.in_stock) == ("no region named when read", False, True)
    assert sorted(reasons(refused)) == ["cannot be rented now", "the price is not known"]


def test_vultr_refuses_shares_of_a_card():
    offers, refused = parsed(vultr)
    assert offers["vcg-a100-12c-120g-80vram", "fra", "on_demand"].country == "DE"
    assert offers["vcg-a16-12c-128g-32vram", "lhr", "on_demand"].gpu_count == 2
    metal = {tier: offers["vbm-256c-2048gb-8-mi300x-gpu", "ord", tier] for tier in ("on_demand", "spot")}
    assert (metal["on_demand"].hourly_price, metal["spot"].hourly_price) == (
        Decimal("17.52"),
        Decimal("14.72"),
    )
    assert (metal["spot"].gpu_count, metal["spot"].memory_gib_per_gpu) == (8, 192)
    assert offers["vcg-l40s-16c-180g-48vram", "", "on_demand"].note == "in no location when read"
    assert reasons(refused) == [
        "4 GB of a A100 with 80: a share of one",
        "40 GB of a A100 with 80: a share of one",
        "a card of unknown memory, NEWCARD",
        "its id does not tell how many GPUs",
    ]


def test_vultr_asks_for_metal_too():
    document = document_of(vultr)

    class Two:
        asked = ()

        def get(self, url, headers=None):
            self.asked = (*self.asked, url)
            key = "plans_metal" if "plans-metal" in url else "plans"
            more = {"links": {"next": "abc"}} if url.endswith("per_page=500") and key == "plans" else {}
            rows = document[key][:2] if more else document[key][2:] if key == "plans" else document[key]
            return answer({key: rows, "meta": more})

        def same_host(self, link, asked):
            return Door.same_host(None, link, asked)

    way_out = Two()
    payload = vultr.fetch(way_out, Asked(vultr.URL, NOW, "k"))
    assert len(way_out.asked) == 3 and way_out.asked[2].startswith("https://api.vultr.com/v2/plans-metal?")
    assert_same(vultr, payload)
