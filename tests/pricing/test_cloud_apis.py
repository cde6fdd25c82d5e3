"""The traps of every cloud source that answers in JSON, each on a recorded or hand-written answer."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pricing import json_answers
from pricing.checks import Known, check
from pricing.countries import country_of
from pricing.gpu_names import GpuNames
from pricing.http import Door, FetchFailed
from pricing.refresh import refresh
from pricing.source import Asked, Payload, Rejected, UnreadablePayload
from pricing.sources import SOURCES
from pricing.sources.cloud import (
    cloudrift,
    digitalocean,
    gcp_billing,
    lambda_cloud,
    linode,
    runpod,
    shadeform,
    vast,
    verda,
    vultr,
)
from service.facts import CloudOffer
from service.store.session import Sessions, engine_for
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "cloud"
OURS = (
    cloudrift, digitalocean, gcp_billing, lambda_cloud, linode, runpod, shadeform, vast, verda, vultr,
)  # fmt: skip


@pytest.fixture(scope="module")
def names():
    return GpuNames(shipped_catalog().gpus)


def answer(document) -> Payload:
    return Payload(json.dumps(document).encode(), "https://example.org", NOW)


def parsed(module, document=None):
    """Offers by instance, region and tier, and rejected rows, of a document or the recorded answer."""
    found = module.parse(recorded(module.NAME) if document is None else answer(document))
    offers = {(o.instance, o.region, o.tier): o for o in found if isinstance(o, CloudOffer)}
    refused = [row for row in found if isinstance(row, Rejected)]
    assert len(offers) + len(refused) == len(found), "one offer is named twice"
    return offers, refused


def document_of(module):
    return json.loads(recorded(module.NAME).content)


def reasons(refused):
    return [row.reason for row in refused]


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.NAME)
def test_offers_are_whole_and_every_reject_is_explained(module, names):
    offers, refused = parsed(module)
    known = {provider.slug for provider in shipped_catalog().providers}
    assert offers and all(row.reason and row.raw for row in refused)
    for offer in offers.values():
        assert offer.provider in known and offer.currency == "USD" and offer.hourly_price > 0
        assert offer.gpu_count >= 1 and offer.instance and offer.gpu_raw_name
        assert -offer.hourly_price.as_tuple().exponent <= 9
        assert offer.country is None or len(offer.country) == 2
    checked = check(list(offers.values()), Known())
    assert not checked.rejected
    mapped = [names.named(o.gpu_raw_name, o.memory_gib_per_gpu, o.instance).slug for o in offers.values()]
    assert sum(slug is not None for slug in mapped) >= 0.3 * len(mapped), mapped


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.NAME)
def test_a_second_refresh_of_the_same_answer_changes_nothing(module, catalog_copy):
    engine = engine_for(catalog_copy())
    sessions, payload = Sessions(engine), recorded(module.NAME)
    settings = {module.SOURCE.switch: "on"} | ({module.SOURCE.key: "k"} if module.SOURCE.key else {})
    first = refresh(sessions, module.SOURCE, NOW, lambda _: payload, settings)
    again = refresh(sessions, module.SOURCE, NOW, lambda _: payload, settings)
    engine.dispose()
    assert (first.outcome, again.outcome) == ("ok", "unchanged"), (first, again)
    assert first.accepted == again.accepted == len(parsed(module)[0])


def test_the_keyed_sleep_and_name_their_variable(catalog_copy):
    engine = engine_for(catalog_copy())
    keyed = [source for source in SOURCES if source.key]
    names = {source.name for source in keyed}
    assert names >= {"lambda_cloud", "gcp_billing", "digitalocean", "vultr"}
    for source in keyed:
        asleep = refresh(Sessions(engine), source, NOW, None, {})
        assert asleep.outcome == "asleep" and asleep.error == f"needs a key in {source.key}"
        # One key may open a source for each zone: entsoe_de_lu, entsoe_at, ...
        family = source.key.removeprefix("HEIMVORTEIL_").removesuffix("_KEY").lower()
        assert f"{source.name}_".startswith(f"{family}_")
    engine.dispose()


def test_a_machine_on_vast_has_its_disk_in_the_price_and_its_own_traffic(names):
    offers, refused = parsed(vast)
    asked = offers["machine 22990", "Guangxi, CN", "marketplace"]
    bid = offers["machine 22990", "Guangxi, CN", "spot"]
    assert str(asked.hourly_price) == "0.246676" and str(bid.hourly_price) == "0.200009"
    assert (asked.country, asked.vcpus, asked.ram_gib) == ("CN", 24, 15.7)
    assert names.named(asked.gpu_raw_name, asked.memory_gib_per_gpu).slug == "rtx-4090"
    assert "0.001333 USD/GB and month" in asked.note and "traffic 0 USD/TB in, 0 USD/TB out" in asked.note
    assert bid.note.startswith("the floor of bids")
    modded = offers["machine 1", "US", "marketplace"]
    assert (modded.country, modded.gpu_count) == ("US", 2)
    understood = names.named(modded.gpu_raw_name, modded.memory_gib_per_gpu)
    assert understood.slug is None and "twice memory: 48 GiB" in understood.note
    eight = offers["machine 2", "Finland, FI", "marketplace"]
    assert (eight.memory_gib_per_gpu, eight.vcpus) == (pytest.approx(79.65, abs=0.01), None)
    assert "traffic 1.5 USD/TB in, 2 USD/TB out" in eight.note
    assert reasons(refused) == [
        "cannot be rented now",
        "its host is not verified but unverified",
        "dph_total 0.2 is not dph_base 0.1 and disk 0.000009259",
        "the price is not known",
    ]


@pytest.mark.parametrize(
    ("place", "country"),
    [("Guangxi, CN", "CN"), (", US", "US"), ("Vietnam, VN, AS", "VN"), ("Windhoek, NA", "NA"), ("EU", None)],
)
def test_places_on_vast_end_in_a_country_or_its_continent(place, country):
    row = {**document_of(vast)["offers"][0], "geolocation": place}
    assert {o.country for o in parsed(vast, {"offers": [row]})[0].values()} == {country}


class Server:
    """A way out that answers questions to Vast.ai as its server does: 64 offers at most."""

    def __init__(self, market):
        self.market, self.asked = market, []

    def post(self, url, json, headers=None):
        self.asked.append((json, headers))
        wanted = {name: json[name]["eq"] for name in ("gpu_name", "num_gpus") if name in json}
        found = [o for o in self.market if all(o[name] == value for name, value in wanted.items())]
        return answer({"offers": sorted(found, key=lambda o: o["dph_total"])[: vast.FULL]})


def machines(gpu, count, how_many, first_id):
    row = document_of(vast)["offers"][0]
    return [
        {**row, "id": first_id + i, "machine_id": first_id + i, "gpu_name": gpu, "num_gpus": count}
        for i in range(how_many)
    ]


def test_a_full_answer_of_vast_is_asked_again_in_parts_and_the_rest_is_said():
    market = [
        *machines("RTX 4090", 1, 70, 1000),
        *machines("RTX 4090", 8, 3, 2000),
        *machines("H200", 8, 5, 3000),
    ]
    server = Server(market)
    asked = Asked("https://example.org/bundles", NOW, "secret")
    found = vast.parse(vast.fetch(server, asked))
    offers = [o for o in found if isinstance(o, CloudOffer) and o.tier == "marketplace"]
    assert len(offers) == 64 + 3 + 5
    (refused,) = [row for row in found if isinstance(row, Rejected)]
    assert refused.raw == '"1 x RTX 4090"' and "64 offers at most" in refused.reason
    assert len(server.asked) == 1 + len(vast.GPUS) + len(vast.COUNTS)
    assert all(headers == {"Authorization": "Bearer secret"} for _, headers in server.asked)
    few = Server(machines("H200", 8, 5, 3000))
    vast.fetch(few, Asked("https://example.org/bundles", NOW))
    assert len(few.asked) == 1 and few.asked[0][1] == {}
    full = vast.parse(answer({"offers": machines("H200", 8, 64, 1)}))
    assert "64 offers is a full one" in full[-1].reason


def test_verda_states_the_memory_of_all_gpus_together():
    offers, _ = parsed(verda)
    one = [offers["1H100.80S.30V", "", tier] for tier in ("on_demand", "spot")]
    assert [(o.hourly_price, o.currency) for o in one] == [(Decimal("3.95"), "USD"), (Decimal("1.70"), "USD")]
    row = document_of(verda)[0]
    row["gpu"]["number_of_gpus"], row["gpu_memory"]["size_in_gigabytes"] = 8, 640
    offers, _ = parsed(verda, [row])
    assert {(o.gpu_count, o.memory_gib_per_gpu) for o in offers.values()} == {(8, 80)}
    _, refused = parsed(verda, [{**row, "price_per_hour": "0.00", "spot_price": None}])
    assert reasons(refused) == ["neither price is known"]
    _, refused = parsed(verda, [{**row, "gpu": None}])
    assert "not a row as known" in refused[0].reason


def test_runpod_is_per_gpu_and_its_spot_must_be_a_discount():
    offers, refused = parsed(runpod)
    secure, community = "8x H100 SXM (secure cloud)", "8x H100 SXM (community cloud)"
    assert offers[secure, "", "on_demand"].hourly_price == 8 * Decimal("3.29")
    assert offers[community, "", "community"].hourly_price == 8 * Decimal("2.69")
    assert (secure, "", "spot") not in offers, "3.29 again is no spot price"
    assert offers[community, "", "spot"].hourly_price == 8 * Decimal("1.5")
    assert offers["1x A100 PCIe (secure cloud)", "", "spot"].hourly_price == Decimal("0.82")
    counts = {o.gpu_count for o in offers.values() if o.gpu_raw_name == "RTX 4090"}
    assert counts == {1, 2}
    stock = {o.in_stock for o in offers.values() if "A100" in o.instance and o.tier == "community"}
    assert stock == {False}, "sold out, but its price is known"
    assert offers["1x A100 PCIe (secure cloud)", "", "on_demand"].in_stock is True
    assert offers["8x A100 PCIe (secure cloud)", "", "on_demand"].in_stock is None, "one was asked for"
    assert {o.in_stock for o in offers.values() if o.gpu_raw_name == "L40"} == {False}
    assert sorted(reasons(refused)) == [
        "B300 MIG 1g.34gb: a slice of a GPU",
        "the placeholder of the list, no GPU",
        "the price is not known",
    ]


def test_runpod_says_errors_with_http_200():
    with pytest.raises(UnreadablePayload, match="GraphQL says: Cannot query field"):
        runpod.parse(answer({"errors": [{"message": "Cannot query field 'x'"}], "data": None}))
    partly = {**document_of(runpod), "errors": [{"message": "stock timed out"}]}
    assert reasons(parsed(runpod, partly)[1])[-1] == "GraphQL says: stock timed out"
    without_stock = document_of(runpod)
    for row in without_stock["data"]["gpuTypes"]:
        for name in ("secureLowest", "communityLowest", "lowestPrice"):
            del row[name]
    assert ("8x H100 SXM (secure cloud)", "", "on_demand") in parsed(runpod, without_stock)[0]


def test_the_rest_catalogue_of_runpod_is_read_too():
    row = {
        "id": "NVIDIA GeForce RTX 4090", "name": "RTX 4090", "memory": 24, "secure": True, "community": True,
        "price": {"secure": 0.44, "community": 0.31, "serverless": 1.1},
        "maxCount": {"secure": 8, "community": 4}, "availability": "HIGH",
    }  # fmt: skip
    offers, refused = parsed(runpod, {"gpus": [row, {**row, "name": "RTX 3090", "availability": None}]})
    assert offers["8x RTX 4090 (secure cloud)", "", "on_demand"].hourly_price == Decimal("3.52")
    assert max(o.gpu_count for o in offers.values() if o.tier == "community") == 4
    stock = {(o.gpu_raw_name, o.in_stock) for o in offers.values() if o.gpu_count == 1}
    assert stock == {("RTX 4090", True), ("RTX 3090", False)} and not refused


def test_linode_tells_the_card_by_its_id(names):
    offers, refused = parsed(linode)
    quadro = offers["g1-gpu-rtx6000-4", "", "on_demand"]
    assert (quadro.gpu_count, quadro.hourly_price, quadro.ram_gib) == (4, Decimal("6.0"), 128)
    assert names.named(quadro.gpu_raw_name, quadro.memory_gib_per_gpu).slug == "quadro-rtx-6000"
    jakarta = offers["g2-gpu-rtx4000a1-s", "id-cgk", "on_demand"]
    assert (jakarta.hourly_price, jakarta.country) == (Decimal("0.62"), "ID")
    assert names.named(jakarta.gpu_raw_name, jakarta.memory_gib_per_gpu).slug == "rtx-4000-ada"
    assert reasons(refused) == ["the price is not known"] and not [k for k in offers if "netint" in k[0]]
    assert country_of("linode", "eu-west") is None and country_of("linode", "us-ord") == "US"


def test_cloudrift_counts_in_cents_and_bytes(names):
    offers, refused = parsed(cloudrift)
    two = offers["rtxpro6000-11-50-500-1l.2", "us-east-nc-nr-1", "on_demand"]
    assert (two.hourly_price, two.memory_gib_per_gpu, two.ram_gib) == (Decimal("2.7872"), 96, 100)
    assert two.country == "US" and two.note == ""
    sold_out = offers["rtx59-16c-nr.1", "", "on_demand"]
    assert sold_out.note == "no free node when read" and sold_out.in_stock is False
    assert (two.in_stock, two.rentable_count) == (True, 1)
    assert offers["rtx49-7-50-500-nr.1", "eu-y", "on_demand"].note == "no free node when read"
    assert reasons(refused) == ["the price is not known"]


def test_pages_without_end_are_refused():
    class Endless:
        def get(self, url, headers=None):
            return answer({"data": [], "page": 1, "pages": 2})

        def same_host(self, link, asked):
            return "https://example.org/types?page=2"

    with pytest.raises(UnreadablePayload, match="in a circle"):
        linode.fetch(Endless(), Asked("https://example.org/types", NOW))


def test_a_recorded_question_is_read_not_posted():
    class File:
        def get(self, url, headers=None):
            return recorded("cloudrift")

    assert cloudrift.fetch(File(), Asked("https://mirror.example/cloudrift.json", NOW)).content


@pytest.mark.parametrize("value", [None, "", 0, "0.00", -1, "NaN", "Infinity", "abc", 1e-12])
def test_what_is_no_price_is_unknown_never_free(value):
    with pytest.raises(json_answers.Unusable, match="not known"):
        json_answers.price_of(value)


def test_an_unbelievable_price_and_a_share_are_refused_by_name():
    with pytest.raises(json_answers.Unusable, match="not to be believed"):
        json_answers.price_of(9_876_543)
    with pytest.raises(json_answers.Unusable, match=r"0\.5 GPUs: a share of one"):
        json_answers.whole_gpus("0.5")
    assert json_answers.price_in_cents("139.36") == Decimal("1.3936")
    with pytest.raises(UnreadablePayload):
        json_answers.opened(b"[" * 100_000)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("vast_bundles_offer_2024-07.json", vast),
        ("verda_v1_instance_types.json", verda),
        ("runpod_v2_catalog_gpus_openapi_example.json", runpod),
        ("lambda_instance_types_shape.json", lambda_cloud),
        ("digitalocean_v2_sizes.json", digitalocean),
        ("vultr_v2_plans.json", vultr),
        ("vultr_v2_plans_metal.json", vultr),
    ],
)
def test_real_samples_parse_with_every_reject_explained(name, module):
    path = SHARED / "samples" / name
    if not path.exists():
        pytest.skip("the collection of samples is not on this machine")
    offers, refused = parsed(module, json.loads(path.read_text()))
    assert offers and all(row.reason for row in refused)


def test_a_key_is_sent_in_a_header_and_never_shown():
    for module in OURS:
        assert "key=" not in module.URL.lower()
    with Door(NOW) as door, pytest.raises(FetchFailed) as failed:
        lambda_cloud.fetch(door, Asked("http://127.0.0.1:1/x", NOW, "top-secret"))
    assert "top-secret" not in str(failed.value)
