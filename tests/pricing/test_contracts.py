"""What public recordings and clients of 2026 say that sources answer, re-keyed small, with their origin."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from pricing.aws_price_maps import unpacked
from pricing.http import Door, FetchFailed
from pricing.refresh import refresh
from pricing.source import Asked, Payload, Rejected, UnreadablePayload
from pricing.sources.carbon import electricity_maps
from pricing.sources.cloud import aws, aws_spot, azure, digitalocean, oci, ovh, runpod, shadeform, skypilot
from pricing.sources.electricity import tibber
from service.facts import CloudOffer
from service.store import offers
from service.store.session import Sessions
from tests.pricing.test_cloud_sources import Detour, serving, told
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def answer(document, url="") -> Payload:
    return Payload(json.dumps(document).encode(), url, NOW)


def facts(found):
    return [fact for fact in found if not isinstance(fact, Rejected)]


# Oracle: shapes and part prices as in gpuhunt's tests of 2026 (src/tests/providers/test_oci.py) and as
# skypilot's fetch_oci.py reads them from the price service.


def shape(name, gpus, part, qty, **more):
    ocpu = {"type": {"value": "ocpu"}, "partNumber": part, "qty": qty}
    return {"name": name, "gpuQty": gpus, "status": "ACTIVE", "hidden": False, "products": [ocpu], **more}


def product(part, price, **more):
    local = [{"currencyCode": "USD", "prices": [{"model": "PAY_AS_YOU_GO", "value": price}]}]
    return {"partNumber": part, "currencyCodeLocalizations": local, **more}


SHAPES = {
    "items": [
        shape("BM.GPU.H100.8", 8, "B98415", 112, gpuMemoryQty=640),
        shape("BM.GPU.MI355X.8", 8, "B111758", 128, gpuMemoryQty=288),
        shape("BM.GPU.GB300.4 (NVL72)", 4, "B112140", None, gpuMemoryQty=278),
        shape("VM.GPU3.1", 1, "B89734", 6, gpuMemoryQty=16, allowPreemptible=True),
        shape("VM.GPU.A10.1", 1, "B95909", 15),
    ]
}
PER_GPU = {"B98415": 10, "B111758": 8.6, "B112140": 18, "B89734": 2.95}
STATIC = {
    "items": [
        *(product(part, price, billingModel="UCM", pricetype="HOUR") for part, price in PER_GPU.items()),
        product("B95909", 1460, billingModel="UCM", pricetype="MONTH"),
    ]
}
SERVICE = {"items": [product(part, price, metricName="GPU Per Hour") for part, price in PER_GPU.items()],
           "lastUpdated": "2026-11-20T08:00:00Z"}  # fmt: skip
HOST = "/www.oracle.com/a/ocom/docs/cloudestimator2/data"
LIST = "/apexapps.oracle.com/pls/apex/cetools/api/v1/products/"


def oracle(answers):
    bodies = {
        at: json.dumps(body).encode() if isinstance(body, dict) else body for at, body in answers.items()
    }
    with serving(bodies) as base, Detour(base) as door:
        return oci.fetch(door, Asked(oci.URL, NOW))


def test_oracles_static_list_and_its_price_service_say_the_same():
    static = oracle({f"{HOST}/products.json": STATIC, f"{HOST}/shapes.json": SHAPES})
    service = oracle({f"{HOST}/products.json": (403, b""), LIST: SERVICE, f"{HOST}/shapes.json": SHAPES})
    for payload in (static, service):
        kept, reasons = told(oci.parse(payload))
        prices = {(name, tier): o.hourly_price for (name, tier, _), o in kept.items()}
        assert prices == {
            ("BM.GPU.H100.8", "on_demand"): 80,
            ("BM.GPU.MI355X.8", "on_demand"): Decimal("68.8"),
            ("BM.GPU.GB300.4", "on_demand"): 72,
            ("VM.GPU3.1", "on_demand"): Decimal("2.95"),
            ("VM.GPU3.1", "spot"): Decimal("1.475"),
        }
        assert kept["BM.GPU.MI355X.8", "on_demand", None].memory_gib_per_gpu == 288
        assert len(reasons) == 1
    assert "priced by MONTH" in told(oci.parse(static))[1][0]
    said = {facts(oci.parse(payload))[0].source.url for payload in (static, service)}
    assert said == {oci.URL, oci.SERVICE}


def test_oracles_403_is_no_need_of_a_key():
    with pytest.raises(FetchFailed, match=r"403, refused.*its price service too: .*403") as failed:
        oracle({f"{HOST}/products.json": (403, b""), LIST: (403, b"")})
    assert "needs a key" not in str(failed.value)


# RunPod's REST catalogue: docs.runpod.io list-gpu-types, and a reader's note of 2026-08-27 (RTX 4090 at
# 0.74 secure and 0.34 community, RTX 3090 at 0.22 community).


def gpu(name, secure, community, availability, most=(8, 4)):
    return {
        "id": f"NVIDIA GeForce {name}", "name": name, "manufacturer": "NVIDIA", "memory": 24,
        "secure": bool(secure), "community": bool(community),
        "price": {"secure": secure, "community": community},
        "maxCount": {"secure": most[0], "community": most[1]}, "availability": availability,
    }  # fmt: skip


class Catalogue:
    """RunPod's server: its stock is that of the cloud it is asked for."""

    def __init__(self):
        self.asked = []

    def get(self, url, headers=None):
        self.asked.append((url, headers))
        here = "COMMUNITY" if "cloud=COMMUNITY" in url else "SECURE"
        stock = {"SECURE": ("LOW", "NONE"), "COMMUNITY": ("NONE", "HIGH")}[here]
        rows = [gpu("RTX 4090", 0.74, 0.34, stock[0]), gpu("RTX 3090", 0.46, 0.22, stock[1])]
        return answer({"gpus": rows}, url)

    def post(self, url, json, headers=None):
        raise AssertionError("a question was posted to the catalogue")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (runpod.URL, "k"),
        (f"{runpod.CATALOGUE}?count=1", "k"),
        ("https://mirror.example/v2/catalog/gpus/?x=y#z", ""),
    ],
)
def test_runpods_catalogue_is_known_by_its_path_and_asked_for_each_cloud(url, key):
    server = Catalogue()
    payload = runpod.fetch(server, Asked(url, NOW, key))
    assert len(server.asked) == 2
    for asked, headers in server.asked:
        assert "include=AVAILABILITY" in asked and "product=POD" in asked and "/catalog/gpus" in asked
        assert headers == ({"Authorization": "Bearer k"} if key else {})
    kept, reasons = told(runpod.parse(payload))
    assert {key[0] for key, offer in kept.items() if key[0].startswith("1x") and offer.in_stock} == {
        "1x RTX 4090 (secure cloud)", "1x RTX 3090 (community cloud)",
    }  # fmt: skip
    assert kept["4x RTX 3090 (community cloud)", "community", None].hourly_price == Decimal("0.88")
    assert not reasons and {True, False} <= {offer.in_stock for offer in kept.values()}


def test_runpods_stock_for_several_products_is_that_of_pods():
    none = [{"product": "SERVERLESS", "status": "HIGH"}, {"product": "POD", "status": "NONE"}]
    some = [{"product": "POD", "status": "MEDIUM"}]
    rows = [gpu("RTX 4090", 0.74, 0, none), gpu("RTX 3090", 0.46, 0, some, most=(1, 0))]
    kept, reasons = told(runpod.parse(answer({"gpus": rows})))
    assert [key[0] for key, offer in kept.items() if offer.in_stock] == ["1x RTX 3090 (secure cloud)"]
    assert not reasons and not kept["1x RTX 4090 (secure cloud)", "on_demand", None].in_stock


def test_runpod_without_a_key_is_asked_in_graphql():
    class Posted:
        def post(self, url, json, headers=None):
            assert url == runpod.URL and "secureLowest" in json["query"] and headers == {}
            return recorded("runpod")

    assert facts(runpod.parse(runpod.fetch(Posted(), Asked(runpod.URL, NOW))))


# Electricity Maps: v3 as recorded; v4's `data` and 15_minutes as its clients of 2026 ask and read them.


def carbon(key, steps_min, n=4, **more):
    start = datetime(2026, 11, 26, tzinfo=UTC)
    rows = [
        {"datetime": (start + timedelta(minutes=steps_min * i)).isoformat(), "carbonIntensity": 300 + i,
         "emissionFactorType": "lifecycle", "isEstimated": False, "estimationMethod": None}
        for i in range(n)
    ]  # fmt: skip
    return {"zone": "IT-NO", key: rows, **more}


@pytest.mark.parametrize(
    ("document", "minutes"),
    [
        (carbon("history", 15, temporalGranularity="15_minutes"), 15),
        (carbon("data", 15, temporalGranularity="15_minutes", unit="gCO2eq/kWh"), 15),
        (carbon("history", 60, temporalGranularity="hourly"), 60),
        (carbon("history", 5), 5),
        (carbon("history", 60), 60),
    ],
)
def test_electricity_maps_slots_are_as_long_as_it_says(document, minutes):
    found = electricity_maps.parse(answer(document))
    assert {fact.slot_end - fact.slot_start for fact in found} == {timedelta(minutes=minutes)}
    assert all(one.slot_end <= other.slot_start for one, other in pairwise(found))


def test_electricity_maps_granularity_that_nobody_has_mapped_is_refused_and_its_sandbox_said():
    with pytest.raises(UnreadablePayload, match="slots of daily"):
        electricity_maps.parse(answer(carbon("history", 1440, temporalGranularity="daily")))
    document = carbon("history", 15, temporalGranularity="15_minutes")
    document["history"][0]["estimationMethod"] = "SANDBOX_MODE_DATA"
    first, *others = electricity_maps.parse(answer(document))
    assert "SANDBOX, values made up" in first.source.title
    assert {other.source.slug for other in others} == {"electricity-maps-it-no"} != {first.source.slug}


# Tibber


def test_tibbers_tomorrow_is_null_before_it_is_published():
    document = json.loads(recorded("tibber").content)
    homes = document["data"]["viewer"]["homes"]
    info = next(home for home in homes if home["currentSubscription"])["currentSubscription"]["priceInfo"]
    today = info["today"] + (info["tomorrow"] or [])
    info["today"], info["tomorrow"] = today, None
    assert len(facts(tibber.parse(answer(document)))) == len(today)
    homes.append({"currentSubscription": {"priceInfo": {"today": None, "tomorrow": None}}})
    found = tibber.parse(answer(document))
    assert len(facts(found)) == len(today) and "no slots in a home" in found[-1].reason


# Shadeform


def test_shadeform_is_asked_without_a_key_too():
    class Open:
        def get(self, url, headers=None):
            self.headers = headers
            return recorded("shadeform")

    way_out = Open()
    assert shadeform.SOURCE.key is None and shadeform.SOURCE.optional_key
    shadeform.fetch(way_out, Asked(shadeform.URL, NOW))
    assert way_out.headers == {}
    shadeform.fetch(way_out, Asked(shadeform.URL, NOW, "k"))
    assert way_out.headers == {"X-API-KEY": "k"}


# SkyPilot: v9/oci/vms.csv of skypilot-catalog a5be5386 has v8's columns.

GITHUB = "/raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs"
V9 = (
    b"InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,"
    b"AvailabilityZone\n"
    b"VM.GPU.A10.1,A10,1,30,240,\"{'Gpus': [{'Name': 'A10', 'MemoryInfo': {'SizeInMiB': 24576}}]}\",2,,"
    b"eu-amsterdam-1,a\n"
)


def test_skypilots_newest_schema_is_read_and_the_one_before_where_there_is_none_yet():
    source = skypilot.source_of("skypilot_oci")
    old = V9.replace(b",2,,", b",1,,")
    with (
        serving({f"{GITHUB}/v9/oci/vms.csv": V9, f"{GITHUB}/v8/oci/vms.csv": old}) as base,
        Detour(base) as door,
    ):
        new = source.fetch(door, Asked(source.url, NOW))
    with serving({f"{GITHUB}/v8/oci/vms.csv": old}) as base, Detour(base) as door:
        before = source.fetch(door, Asked(source.url, NOW))
    assert [facts(source.parse(p))[0].hourly_price for p in (new, before)] == [2, 1]
    at = skypilot.HOST + "catalogs/v8/oci/vms.csv"
    said = facts(source.parse(Payload(old, at, NOW)))[0].source
    assert (said.slug, said.url) == ("skypilot-oci-v8", at)


# AWS: a map's shape and p5.48xlarge at 55.04 as two live checks of September 2026 have them (fixture);
# g6e.2xlarge in Oregon at 2.24208 as its price list of 2026-07-20 has it.


def price_map(place, **prices):
    rows = {
        f"{name} {place} Linux": {
            "Instance Type": name.replace("_", "."), "Operating System": "Linux", "price": price,
            "Location": place, "vCPU": "8", "Memory": "64 GiB",
        }
        for name, price in prices.items()
    }  # fmt: skip
    published = {"hawkFilePublicationDate": "2026-10-06T17:24:00Z"}
    return json.dumps({"manifest": published, "regions": {place: rows}}).encode()


OREGON = price_map("US West (Oregon)", g6e_2xlarge="2.2420800000", m7g_large="0.0816000000")
FRANKFURT = price_map("Europe (Frankfurt)", p5_48xlarge="61.9000000000")
MAPS = {"/maps/US%20West%20%28Oregon%29": gzip.compress(OREGON), "/maps/EU%20%28Frankfurt%29": FRANKFURT}


def test_aws_maps_are_unpacked_though_no_header_says_so_and_one_region_fails_alone():
    with serving(MAPS) as base, Door(NOW) as door:
        asked = Asked(f"{base}/maps/{{location}}#us-west-2, eu-central-1, sa-east-1", NOW)
        payload = aws.fetch(door, asked)
        kept = {(o.instance, o.region): o for o in facts(aws.parse(payload))}
        assert list(payload.left_out) == ["sa-east-1"] and "404" in payload.left_out["sa-east-1"]
        assert kept["g6e.2xlarge", "us-west-2"].hourly_price == Decimal("2.24208")
        assert kept["g6e.2xlarge", "us-west-2"].gpu_count == 1
        assert kept["p5.48xlarge", "eu-central-1"].gpu_count == 8 and len(kept) == 2
        assert {o.as_of for o in kept.values()} == {date(2026, 10, 6)}
        with pytest.raises(FetchFailed, match="404"):
            aws.fetch(door, Asked(f"{base}/maps/{{location}}#sa-east-1", NOW))
        with pytest.raises(UnreadablePayload, match="cut off"):
            unpacked(gzip.compress(OREGON)[:-9])


def test_what_is_listed_in_a_region_that_fails_stays_listed_and_is_not_said_to_be_seen(database: Sessions):
    def read(answers, hours):
        with serving(answers) as base:
            settings = {aws.SOURCE.url_setting: f"{base}/maps/{{location}}#us-west-2,eu-central-1"}
            return refresh(database, aws.SOURCE, NOW + timedelta(hours=hours), None, settings)

    def listed():
        with database.reading() as session:
            page = offers.search(session, offers.OfferFilter(provider="aws"), limit=500).offers
        return {o.region: o for o in page if o.origin == "aws"}

    assert read(MAPS, 0).outcome == "ok" and set(listed()) == {"us-west-2", "eu-central-1"}
    part = {path: body for path, body in MAPS.items() if "Oregon" in path}
    again = read(part, 1)
    assert again.outcome == "unchanged" and again.error.startswith(
        "left out, kept as they were: eu-central-1"
    )
    assert listed()["us-west-2"].fetched_at == NOW + timedelta(hours=1)
    assert listed()["eu-central-1"].fetched_at == NOW
    read({**MAPS, "/maps/EU%20%28Frankfurt%29": price_map("EU (Frankfurt)", p4d_24xlarge="26.1")}, 2)
    assert {o.instance for o in listed().values()} == {"g6e.2xlarge", "p4d.24xlarge"}


def test_aws_spot_prices_by_their_old_names_of_regions():
    kept, reasons = told(aws_spot.parse(recorded("aws_spot")))
    prices = {(o.instance, o.region): (o.hourly_price, o.gpu_count) for o in kept.values()}
    assert prices == {
        ("p5.48xlarge", "us-east-1"): (Decimal("57.76"), 8),
        ("g6e.xlarge", "us-east-1"): (Decimal("0.8612"), 1),
        ("g5.12xlarge", "eu-central-1"): (Decimal("2.9105"), 4),
    }
    assert reasons == ["0.125 GPUs: a share of one", "which GPUs p9.48xlarge has is not known"]
    plain = recorded("aws_spot").content
    wrapped = Payload(b"callback(" + plain + b");", "", NOW)
    assert aws_spot.parse(wrapped) == aws_spot.parse(Payload(plain, "", NOW))

    class Feed:
        def get(self, url, headers=None):
            return Payload(plain, url, NOW)

    assert aws_spot.parse(aws_spot.fetch(Feed(), Asked(aws_spot.URL, NOW))) == aws_spot.parse(wrapped)


# Azure


def test_azure_is_asked_region_by_region_and_stops_asking_when_it_is_asked_too_often(impatient):
    items = json.loads(recorded("azure").content)["Items"]
    page = json.dumps({"Items": items, "NextPageLink": None}).encode()
    asked = []
    with serving({"/p?r=eastus": page, "/p?r=uksouth": (429, b"")}, asked) as base, Door(NOW) as door:
        payload = azure.fetch(door, Asked(f"{base}/p?r={{region}}#eastus,nowhere,uksouth,westus2", NOW))
    assert list(payload.left_out) == ["nowhere", "uksouth", "westus2"]
    assert "not asked" in payload.left_out["westus2"] and "/p?r=westus2" not in asked
    assert len(facts(azure.parse(payload))) == len(facts(azure.parse(recorded("azure"))))


@pytest.fixture
def impatient(monkeypatch):
    from pricing import http

    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0, backoff_jitter=0))


# DigitalOcean: gpuhunt's test (be7f2315) and an answer of 2026-09-03 as a reader re-keyed it.


def test_digitaloceans_memory_is_the_sum_and_its_spot_sizes_end_in_spot():
    def size(slug, price, regions, count, gib, model):
        info = {"count": count, "vram": {"amount": gib, "unit": "gib"}, "model": model}
        return {"slug": slug, "price_hourly": price, "regions": regions, "available": True, "vcpus": 20,
                "memory": 245760, "gpu_info": info}  # fmt: skip

    found = digitalocean.parse(
        answer(
            {
                "sizes": [
                    size("gpu-h100x8-640gb", 23.92, ["nyc1"], 8, 640, "nvidia_h100"),
                    size("gpu-h100x1-80gb", 4.41, ["ams3", "nyc2"], 1, 80, "nvidia_h100"),
                    size("gpu-mi355x1-288gb-spot", 4.5, ["mem1"], 1, 288, "amd_mi355x"),
                ]
            }
        )
    )
    assert [
        (o.instance, o.region, o.tier, o.memory_gib_per_gpu) for o in found if isinstance(o, CloudOffer)
    ] == [
        ("gpu-h100x8-640gb", "nyc1", "on_demand", 80),
        ("gpu-h100x1-80gb", "ams3", "on_demand", 80),
        ("gpu-h100x1-80gb", "nyc2", "on_demand", 80),
        ("gpu-mi355x1-288gb-spot", "mem1", "spot", 288),
    ]


# OVHcloud: rows as in two clients' tests of 2026 (fixture), prices of its German and French books.


def test_ovh_machines_by_the_hour_alone_in_whole_euros():
    kept, reasons = told(ovh.parse(recorded("ovh")))
    found = {o.instance: (o.gpu_count, o.hourly_price, o.memory_gib_per_gpu) for o in kept.values()}
    assert found == {
        "h100-380": (1, Decimal("2.8"), 80), "h200-1920": (8, Decimal(42), 141),
        "l40s-90": (1, Decimal("1.4"), 48), "t1-45": (1, Decimal("0.7"), 16),
        "t2-45": (1, Decimal("0.8"), 32), "rtx5000-28": (1, Decimal("0.36"), 16),
    }  # fmt: skip
    assert reasons == ["announced, not for rent yet"]
    assert {(o.currency, o.region, o.tier) for o in kept.values()} == {("EUR", "", "on_demand")}
    by_month = {"planCode": "x.consumption", "pricings": [{"intervalUnit": "month", "price": 1}],
                "blobs": {"commercial": {"brick": "gpu"}, "technical": {}}}  # fmt: skip
    (odd,) = ovh.parse(answer({"locale": {"currencyCode": "EUR"}, "addons": [by_month]}))
    assert odd.reason == "not a row as known: priced by the month"
    with pytest.raises(UnreadablePayload, match="currency"):
        ovh.parse(answer({"locale": {}, "addons": []}))
