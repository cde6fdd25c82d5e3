"""The traps of each cloud source, through the real way out where the way matters."""

import io
import json
import threading
import zipfile
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from pricing import http
from pricing.http import Door, FetchFailed
from pricing.refresh import refresh
from pricing.source import Asked, Payload, Rejected, UnreadablePayload
from pricing.sources.cloud import aws, azure, gpuhunt, oci, skypilot
from service.facts import CloudOffer
from service.store import offers
from service.store.session import Sessions
from tests.pricing.test_every_source import FIXTURES, recorded

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def told(facts):
    """Instance, tier and price of every offer; reasons of every rejected row."""
    kept = {(o.instance, o.tier, o.term_months): o for o in facts if isinstance(o, CloudOffer)}
    return kept, [row.reason for row in facts if isinstance(row, Rejected)]


@contextmanager
def serving(answers, asked=None):
    """A server on loopback: path and query -> body, or (status, body); `asked` takes the paths in."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if asked is not None:
                asked.append(self.path)
            found = answers.get(self.path, (404, b""))
            status, body = found if isinstance(found, tuple) else (200, found)
            self.send_response(status)
            if status == 200:
                self.send_header("ETag", f'"{hash(body)}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class Detour(Door):
    """The real way out, with public hosts standing for folders of a server on loopback."""

    def __init__(self, base):
        super().__init__(NOW)
        self.base = base

    def get(self, url, headers=None):
        parts = urlsplit(url)
        if parts.hostname == "127.0.0.1":
            return super().get(url, headers)
        return super().get(f"{self.base}/{parts.hostname}{parts.path}", headers)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0, backoff_jitter=0))


# SkyPilot

TABLE = (FIXTURES / "skypilot_lambda.csv").read_bytes()
FIRST = "/raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8/lambda/vms.csv"
SECOND = "/skypilot-catalog.s3.us-east-1.amazonaws.com/catalogs/v8/lambda/vms.csv"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_skypilots_mirror_answers_while_its_host_is_busy(status, impatient):
    source = skypilot.source_of("skypilot_lambda")
    with serving({FIRST: (status, b"slow down"), SECOND: TABLE}) as base, Detour(base) as door:
        assert source.fetch(door, Asked(source.url, NOW)).content == TABLE
    both = rf"HTTP {status}.*its mirror too: .*HTTP 503"
    with (
        serving({FIRST: (status, b""), SECOND: (503, b"")}) as base,
        Detour(base) as door,
        pytest.raises(FetchFailed, match=both),
    ):
        source.fetch(door, Asked(source.url, NOW))


def test_skypilots_mirror_is_not_asked_for_what_is_not_there_nor_in_place_of_ones_own(impatient):
    source = skypilot.source_of("skypilot_lambda")
    asked = []
    with (
        serving({SECOND: TABLE}, asked) as base,
        Detour(base) as door,
        pytest.raises(FetchFailed, match="404"),
    ):
        source.fetch(door, Asked(source.url, NOW))
    assert SECOND not in asked
    with (
        serving({"/own": (429, b"")}) as base,
        Detour(base) as door,
        pytest.raises(FetchFailed, match="429") as failed,
    ):
        source.fetch(door, Asked(f"{base}/own", NOW))
    assert "mirror" not in str(failed.value)


def test_googles_gpus_and_machines_are_summed_and_committed_prices_refused():
    kept, reasons = told(skypilot.source_of("skypilot_gcp").parse(recorded("skypilot_gcp")))
    # 3.673385 and 0.704518 are what Google's own whole machines cost (Cyclenerd, 2026-07-30).
    assert kept["a2-highgpu-1g", "on_demand", None].hourly_price == Decimal("3.67339")
    assert kept["g2-standard-4", "on_demand", None].hourly_price == Decimal("0.70683")
    assert kept["n1-highmem-4 + 1x T4", "on_demand", None].hourly_price == Decimal("0.58661")
    whole = kept["a3-highgpu-8g", "on_demand", None]
    assert (whole.hourly_price, whole.region, whole.gpu_count) == (Decimal("87.83247"), "us-east4", 8)
    assert (whole.vcpus, whole.ram_gib, whole.note) == (208, 1872, "GPU and machine are priced apart, summed")
    assert len(reasons) == 3
    assert "4.20 USD per GPU is no on-demand price: Google's least is 9.7966" in reasons[0]
    assert "the price of its machine a4-highgpu-8g is not known" in reasons[1]
    assert "the price of a GPU without its host" in reasons[2]
    assert not [name for name, _, _ in kept if "tpu" in name]


def test_shadeform_is_many_clouds_and_its_mib_are_gb():
    kept, reasons = told(skypilot.source_of("skypilot_shadeform").parse(recorded("skypilot_shadeform")))
    one = kept["massedcompute_L40Sx8", "on_demand", None]
    assert (one.provider, one.memory_gib_per_gpu, one.country) == ("massed-compute", 48, "US")
    assert one.note == "rented through Shadeform"
    assert kept["lambdalabs_H100-sxm5x8", "on_demand", None].provider == "lambda"
    assert reasons == ["a cloud that the catalog does not hold: somebody"]


def test_habits_of_the_other_tables():
    azures, refused = told(skypilot.source_of("skypilot_azure").parse(recorded("skypilot_azure")))
    assert azures["Standard_NC24s_v3", "spot", None].hourly_price == Decimal("1.9584")
    assert refused == [
        "0.333 GPUs: a share of one", "0.125 GPUs: a share of one", "neither price is known",
    ]  # fmt: skip
    amazons, refused = told(skypilot.source_of("skypilot_aws").parse(recorded("skypilot_aws")))
    assert {name for name, _, _ in amazons} == {"p5.48xlarge", "g5.xlarge"}
    assert refused == ["0.125 GPUs: a share of one", "spot 1.0061 above on-demand 1.006"]
    primes, _ = told(skypilot.source_of("skypilot_primeintellect").parse(recorded("skypilot_primeintellect")))
    lambdas = primes["lambdalabs__8xH100_80GB__208__1800", "on_demand", None]
    assert (lambdas.memory_gib_per_gpu, lambdas.country, lambdas.region) == (80, "US", "us-west-3")
    mithrils, _ = told(skypilot.source_of("skypilot_mithril").parse(recorded("skypilot_mithril")))
    assert {o.tier for o in mithrils.values()} == {"marketplace"}
    lambdas, _ = told(skypilot.source_of("skypilot_lambda").parse(recorded("skypilot_lambda")))
    assert lambdas["gpu_8x_h100_sxm5", "on_demand", None].memory_gib_per_gpu == 80
    vasts, _ = told(skypilot.source_of("skypilot_vast").parse(recorded("skypilot_vast")))
    assert all(o.note.startswith("median of similar hosts") for o in vasts.values())


# gpuhunt


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"{name}.csv", content)
    return out.getvalue()


AWS_TABLE = (FIXTURES / "gpuhunt_aws.csv").read_bytes()


def test_gpuhunts_version_leads_to_its_zip_and_dates_its_offers(catalog_engine):
    sessions = Sessions(catalog_engine)
    source = gpuhunt.source_of("aws")
    asked = []
    answers = {"/v3/aws/version": b"20260818-42\n", "/v3/aws/20260818-42/catalog.zip": zipped(aws=AWS_TABLE)}
    with serving(answers, asked) as base:
        settings = {source.url_setting: f"{base}/v3/aws/version"}
        assert refresh(sessions, source, NOW, None, settings).outcome == "ok"
        assert asked == list(answers)
        with sessions.reading() as session:
            page = offers.search(session, offers.OfferFilter(gpu="h100-sxm", provider="aws"), limit=99).offers
        found = [o for o in page if o.origin == "gpuhunt_aws"]
        assert {(o.tier, o.hourly_price) for o in found} == {
            ("on_demand", Decimal("55.04")), ("spot", Decimal("22.5104")),
        }  # fmt: skip
        assert all(o.as_of == date(2026, 8, 18) and o.note == "gpuhunt catalogue 20260818-42" for o in found)
        # The same prices in the next version of the day change nothing but the version they came with.
        answers["/v3/aws/version"] = b"20260818-43"
        answers["/v3/aws/20260818-43/catalog.zip"] = zipped(aws=AWS_TABLE)
        assert refresh(sessions, source, NOW, None, settings).outcome == "unchanged"


def test_a_catalogue_that_is_not_newer_confirms_no_later_day(catalog_engine):
    sessions = Sessions(catalog_engine)
    source = gpuhunt.source_of("verda")
    table = recorded("gpuhunt_verda").content

    def first(_asked):
        return Payload(table, "https://example.org/v3/verda/20260818-42/catalog.zip", NOW)

    def same(_asked):
        raise http.NotModified("same")

    assert refresh(sessions, source, NOW, first, {}).outcome == "ok"
    again = refresh(sessions, source, NOW, same, {})
    assert (again.outcome, again.accepted) == ("unchanged", 2)
    with sessions.reading() as session:
        page = offers.search(session, offers.OfferFilter(provider="verda"), limit=99).offers
    assert {o.as_of for o in page if o.origin == source.name} == {date(2026, 8, 18)}


def test_a_zip_bomb_and_a_broken_zip_are_refused(monkeypatch):
    monkeypatch.setattr(gpuhunt, "LARGEST_TABLES_BYTES", 1_000_000)
    parse = gpuhunt.source_of("aws").parse
    bomb = zipped(aws=AWS_TABLE.split(b"\n")[0] + b"\n" + b"0" * 2_000_000)
    assert len(bomb) < 10_000
    for content, why in (
        (bomb, "more than 1,000,000 bytes"),
        (zipped(aws=AWS_TABLE + b"\n" * 600_000, azure=b"\n" * 600_000), "more than 1,000,000 bytes"),
        (zipped(), "no table"),
        (bomb[: len(bomb) // 2], "broken zip"),
        (zipped(aws=AWS_TABLE)[:60] + b"\0" * 200, "broken zip"),
    ):
        with pytest.raises(UnreadablePayload, match=why):
            parse(Payload(content, "https://example.org/x", NOW))


def test_the_second_layout_holds_all_clouds_and_names_those_it_cannot_place():
    kept, reasons = told(gpuhunt.parse_all(recorded("gpuhunt_v2")))
    assert {o.provider for o in kept.values()} == {"aws", "lambda", "verda"}
    assert reasons == [
        "0.125 GPUs: a share of one",
        "the price is not known",
        "a cloud that the catalog does not hold: nowhere",
    ]
    assert gpuhunt.V2.fallback_for == "gpuhunt_aws"
    assert gpuhunt.version_of("https://x/v3/aws/29991231-1/catalog.zip", NOW) == ("29991231-1", NOW.date())
    assert gpuhunt.version_of("https://x/v3/aws/20261399/catalog.zip", NOW) == ("20261399", NOW.date())


# Azure


def test_azure_pages_are_followed_on_the_host_that_was_asked():
    items = json.loads((FIXTURES / "azure.json").read_text())["Items"]
    asked = []
    link = "https://prices.azure.com/api/retail/prices?$skip=1000"
    with (
        serving(
            {
                "/p?x=1": json.dumps({"Items": items[:5], "NextPageLink": link}).encode(),
                "/api/retail/prices?$skip=1000": json.dumps(
                    {"Items": items[5:], "NextPageLink": None}
                ).encode(),
            },
            asked,
        ) as base,
        Door(NOW) as door,
    ):
        whole = azure.fetch(door, Asked(f"{base}/p?x=1", NOW))
    assert len(asked) == 2 and json.loads(whole.content)["Items"] == items and not whole.etag
    assert len(azure.parse(whole)) == len(azure.parse(recorded("azure")))
    same = json.dumps({"Items": items, "NextPageLink": "https://prices.azure.com/p?x=1"}).encode()
    with (
        serving({"/p?x=1": same}) as base,
        Door(NOW) as door,
        pytest.raises(UnreadablePayload, match="without end"),
    ):
        azure.fetch(door, Asked(f"{base}/p?x=1", NOW))


def test_azure_terms_are_per_hour_and_other_products_left_out():
    kept, reasons = told(azure.parse(recorded("azure")))
    size = "Standard_ND96isr_H100_v5"
    plan = f"{size} (savings plan)"
    assert {key: str(o.hourly_price) for key, o in kept.items() if key[0] in (size, plan)} == {
        (size, "on_demand", None): "98.320000",
        (size, "spot", None): "33.428800",
        (size, "reserved", 12): "68.011416",
        (size, "reserved", 36): "43.157154",
        (plan, "reserved", 12): "68.050000",
        (plan, "reserved", 36): "43.160000",
    }
    assert kept[size, "spot", None].gpu_count == 8 and kept[size, "spot", None].memory_gib_per_gpu == 80
    assert kept["Standard_NC40ads_H100_v5", "on_demand", None].gpu_raw_name == "H100 NVL"
    assert reasons == [
        "0.333 GPUs: a share of one",
        "the price is not known: 0 is none",
        "which GPUs Standard_NX1_v9 has is not known",
    ]


def test_azure_is_asked_for_gpu_sizes_in_some_regions_only():
    assert "contains%28armSkuName%2C%20%27Standard_N%27%29" in azure.URL and len(azure.URL) < 2_000
    assert "armRegionName%20eq%20%27{region}%27" in azure.URL
    assert "germanywestcentral" in azure.URL.partition("#")[2].split(",")


# Oracle


def test_oracle_parts_are_summed_and_preemptible_is_half():
    kept, reasons = told(oci.parse(recorded("oci")))
    assert {key[:2]: str(o.hourly_price) for key, o in kept.items()} == {
        ("BM.GPU.H100.8", "on_demand"): "80.0",
        ("VM.GPU3.1", "on_demand"): "2.95",
        ("VM.GPU3.1", "spot"): "1.475",
        ("BM.GPU.GB200.4", "on_demand"): "64.0",
        ("BM.GPU.X9.1", "on_demand"): "14.99392",
    }
    assert kept["BM.GPU.GB200.4", "on_demand", None].memory_gib_per_gpu == 186
    unknown = kept["BM.GPU.X9.1", "on_demand", None]
    assert (unknown.gpu_raw_name, unknown.memory_gib_per_gpu) == ("BM.GPU.X9.1", 96)
    assert {o.as_of for o in kept.values()} == {date(2026, 9, 1)}
    assert len(reasons) == 3 and "priced by GPU Per Month" in reasons[0]
    assert "B77777 is not in the list" in reasons[1] and "no longer active" in reasons[2]


def test_oracle_is_two_documents_on_the_host_that_was_asked():
    both = json.loads((FIXTURES / "oci.json").read_text())
    asked = []
    with (
        serving(
            {
                "/list": json.dumps(both["products"]).encode(),
                "/a/ocom/docs/cloudestimator2/data/shapes.json": json.dumps(both["shapes"]).encode(),
            },
            asked,
        ) as base,
        Door(NOW) as door,
    ):
        joined = oci.fetch(door, Asked(f"{base}/list", NOW))
    assert len(asked) == 2 and json.loads(joined.content) == both


# AWS

LIST = (FIXTURES / "aws_bulk.csv").read_bytes()


def test_aws_rows_of_other_products_are_passed_over():
    kept, reasons = told(aws.parse(Payload(LIST, "", NOW)))
    assert {name: str(o.hourly_price) for (name, _, _), o in kept.items()} == {
        "p5.48xlarge": "55.04",
        "p6-b200.48xlarge": "113.9328",
        "g5.xlarge": "1.006",
        "p9.48xlarge": "99.5",
    }
    assert {o.as_of for o in kept.values()} == {date(2026, 9, 12)}
    assert kept["p5.48xlarge", "on_demand", None].ram_gib == 2048
    assert kept["p9.48xlarge", "on_demand", None].gpu_raw_name == "GPU of p9"
    assert len(reasons) == 2 and "0 is none" in reasons[0] and "0.125 GPUs: a share" in reasons[1]


def test_aws_regions_are_streamed_and_never_whole_in_memory(monkeypatch):
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 200_000)
    other = b'"x","OnDemand","Shared","Linux","m5.large","' + b"y" * 900 + b'"\n'
    head, rows = LIST.split(b"\n", 6)[:6], LIST.split(b"\n", 6)[6]
    long = b"\n".join(head) + b"\n" + other * 2_000 + rows
    second = long.replace(b"us-east-1", b"eu-central-1").replace(b"55.0400", b"61.9000")
    asked = []
    answers = {"/f/us-east-1/index.csv": long, "/f/eu-central-1/index.csv": second}
    with serving(answers, asked) as base, Door(NOW) as door:
        whole = aws.fetch(door, Asked(f"{base}/f/{{region}}/index.csv#us-east-1, eu-central-1", NOW))
        one = aws.fetch(door, Asked(f"{base}/f/us-east-1/index.csv", NOW))
    assert len(long) > 1_800_000 and len(whole.content) < 20_000
    kept = [o for o in aws.parse(whole) if isinstance(o, CloudOffer) and o.instance == "p5.48xlarge"]
    assert {(o.region, o.hourly_price) for o in kept} == {
        ("us-east-1", Decimal("55.04")), ("eu-central-1", Decimal("61.9")),
    }  # fmt: skip
    assert len({o.source.slug for o in kept}) == 2
    assert len([o for o in aws.parse(one) if isinstance(o, CloudOffer)]) == 4
    assert asked[:2] == ["/f/us-east-1/index.csv", "/f/eu-central-1/index.csv"]


@pytest.fixture
def sessions(engine):
    return Sessions(engine)
