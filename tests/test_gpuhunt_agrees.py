"""The outside oracle: gpuhunt holds the same rows and finds the same offers for every filter both know.

gpuhunt 0.1.34 reads a catalogue of the v3 layout from disk, so nothing here goes out. What both cannot be
asked alike, and why:

- GPU name: gpuhunt merges SXM and PCIe and tells A100 40 and 80 GB apart by memory; ours are single cards,
  so the test asks for cards that gpuhunt names alone.
- Memory: both count per GPU and in all; a card whose memory nobody states has 0 GiB for gpuhunt, so it meets
  an upper bound there, while ours fails every bound (unknown is not zero).
- Spot is True or False there; ours has five tiers, of which gpuhunt's files hold two.
- Price: gpuhunt compares floats in dollars, ours exact decimals in any currency; bounds at a stored price are
  drawn on purpose. Price 0 is an offer there (AWS capacity blocks); ours refuses it as unknown.
- Without GPU: gpuhunt lists such machines; ours holds GPU offers only, so both are asked for at least one.
- Order: gpuhunt's is not strictly by price and has no tie-break or pages; ours is, so sets are compared, and
  our order by itself.
- cpu, memory of the host, disk, vendor, compute capability, architecture, flags: not filters of ours.
"""

import csv
import random
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from gpuhunt import Catalog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.facts import CloudOffer
from service.store import offers, providers
from service.store.offers import OfferFilter
from service.store.session import Sessions, engine_for
from tests.facts_for_tests import SOURCE

OURS = {"aws": "aws", "gcp": "gcp", "lambdalabs": "lambda", "nebius": "nebius", "runpod": "runpod"}
CARDS = {  # gpuhunt's name: ours, GiB
    "A10": ("a10", 24.0),
    "A10G": ("a10g", 24.0),
    "L4": ("l4", 24.0),
    "L40S": ("l40s", 48.0),
    "H100NVL": ("h100-nvl", 94.0),
    "RTX4090": ("rtx-4090", 24.0),
    "A6000": ("rtx-a6000", 48.0),
    "RTX3060Ti": ("rtx-3060-ti", 8.0),
}
PRICES = ["0.25", "0.5", "0.75", "1.006", "2", "9.99", "55.04"]
PLACES = ["us-east-1", "eu-west-1", "europe-west4"]
COLUMNS = [
    "instance_name",
    "location",
    "price",
    "cpu",
    "memory",
    "gpu_count",
    "gpu_name",
    "gpu_memory",
    "spot",
    "disk_size",
    "gpu_vendor",
    "flags",
    "cpu_arch",
    "provider_data",
]
EVERYONE = ["aws", "azure", "verda", "gcp", "lambdalabs", "nebius", "oci", "runpod", "cloudrift"]


def drawn_rows(count=1_500):
    """(provider, instance, place, price, count, card, spot), each machine once."""
    draw = random.Random(4)
    rows = {}
    for number in range(count):
        row = (
            draw.choice(list(OURS)),
            f"type-{number % 400}",
            draw.choice(PLACES),
            draw.choice(PRICES),
            draw.choice([1, 1, 2, 4, 8]),
            draw.choice(list(CARDS)),
            draw.random() < 0.4,
        )
        rows.setdefault((row[0], row[1], row[2], row[4], row[5], row[6]), row)
    return list(rows.values())


def write_catalogue(folder: Path, rows):
    """gpuhunt's v3 layout: <provider>/version and <provider>/<version>/catalog.zip; rows with GiB per GPU."""
    for provider in EVERYONE:
        (folder / provider / "1").mkdir(parents=True)
        (folder / provider / "version").write_text("1")
        file = folder / f"{provider}.csv"
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            for owner, instance, place, price, count, card, memory, spot in rows:
                if owner == provider:
                    writer.writerow(
                        [
                            instance,
                            place,
                            price,
                            8,
                            64.0,
                            count,
                            card,
                            memory,
                            spot,
                            "",
                            "nvidia",
                            "",
                            "x86",
                            "{}",
                        ]
                    )
        with zipfile.ZipFile(folder / provider / "1" / "catalog.zip", "w") as archive:
            archive.write(file, f"{provider}.csv")


@pytest.fixture(scope="module")
def both(catalog_copy, tmp_path_factory):
    """gpuhunt's catalogue and our database with the same rows and no others."""
    folder = tmp_path_factory.mktemp("oracle")
    rows = drawn_rows()
    write_catalogue(folder, [(*row[:6], CARDS[row[5]][1], row[6]) for row in rows])
    engine = engine_for(catalog_copy())
    sessions = Sessions(engine)
    wanted = [
        CloudOffer(
            OURS[owner],
            instance,
            place,
            None,
            CARDS[card][0],
            card,
            count,
            CARDS[card][1],
            "spot" if spot else "on_demand",
            Decimal(price),
            "USD",
            date(2026, 11, 24),
            SOURCE,
            origin="oracle",
        )
        for owner, instance, place, price, count, card, spot in rows
    ]
    with sessions.begin() as session:
        assert set(OURS.values()) <= set(providers.ids(session))
        offers.add_all(session, wanted, datetime(2026, 11, 24, tzinfo=UTC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPUHUNT_CATALOG_URL", folder.as_uri())
        catalog = Catalog(balance_resources=False, auto_reload=False)
        catalog.load()
    yield catalog, sessions
    engine.dispose()


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "provider": st.sampled_from(list(OURS)),
        "gpu_name": st.sampled_from(list(CARDS)).flatmap(lambda name: st.sampled_from([name, name.lower()])),
        "min_gpu_count": st.integers(1, 9),
        "max_gpu_count": st.integers(1, 9),
        "min_gpu_memory": st.sampled_from([8.0, 24.0, 24.5, 48.0, 94.0]),
        "max_gpu_memory": st.sampled_from([8.0, 24.0, 24.5, 48.0, 94.0]),
        "min_total_gpu_memory": st.sampled_from([24.0, 96.0, 192.0, 193.0]),
        "max_total_gpu_memory": st.sampled_from([24.0, 96.0, 192.0, 193.0]),
        "min_price": st.sampled_from(PRICES) | st.sampled_from(["0.3", "3"]),
        "max_price": st.sampled_from(PRICES) | st.sampled_from(["0.3", "3"]),
        "spot": st.booleans(),
    },
)


def theirs(catalog, asked):
    numbers = {key: float(asked[key]) for key in ("min_price", "max_price") if key in asked}
    found = catalog.query(**({"min_gpu_count": 1, "provider": list(OURS)} | asked | numbers))
    return sorted(
        (OURS[i.provider], i.instance_name, i.location, i.gpu_count, i.gpu_name, i.spot, str(i.price))
        for i in found
    )


def ours(sessions, asked):
    money = {
        ours: Decimal(asked[key])
        for key, ours in (("min_price", "price_min"), ("max_price", "price_max"))
        if key in asked
    }
    card = next((CARDS[name][0] for name in CARDS if name.lower() == asked.get("gpu_name", "").lower()), None)
    wanted = OfferFilter(
        provider=OURS.get(asked.get("provider", "")),
        gpu=card,
        currency="USD",
        gpu_count_min=asked.get("min_gpu_count"),
        gpu_count_max=asked.get("max_gpu_count"),
        memory_gib_per_gpu_min=asked.get("min_gpu_memory"),
        memory_gib_per_gpu_max=asked.get("max_gpu_memory"),
        total_memory_gib_min=asked.get("min_total_gpu_memory"),
        total_memory_gib_max=asked.get("max_total_gpu_memory"),
        tier={True: "spot", False: "on_demand", None: None}[asked.get("spot")],
        **money,
    )
    with sessions.reading() as session:
        page = offers.search(session, wanted, limit=100_000)
    listed = [offer for offer in page.offers if offer.origin == "oracle"]
    order = [(offer.hourly_price, offer.slug) for offer in listed]
    assert order == sorted(order)
    return sorted(
        (
            o.provider,
            o.instance,
            o.region,
            o.gpu_count,
            o.gpu_raw_name,
            o.tier == "spot",
            str(float(o.hourly_price)),
        )
        for o in listed
    )


@pytest.mark.long
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=FILTERS)
def test_both_find_the_same_offers(both, asked):
    catalog, sessions = both
    assert ours(sessions, asked) == theirs(catalog, asked)


def test_the_comparison_compares_something(both):
    catalog, sessions = both
    assert len(theirs(catalog, {})) == len(ours(sessions, {})) > 1_000
    some = {"gpu_name": "a10", "spot": False, "max_price": "1.006"}
    assert 0 < len(theirs(catalog, some)) < 100
    assert {row[4] for row in ours(sessions, some)} == {"A10"}, "an A10 is no A10G"
