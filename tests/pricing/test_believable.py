"""What no card costs and no instance has: from a source or an import, it is refused with its reason."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.importing import take_in
from pricing.instances import gpus_in
from pricing.price_bands import LEAST_USD, band
from pricing.refresh import named, refresh
from pricing.source import Payload
from pricing.sources.cloud import skypilot
from service.errors import InvalidValue
from service.facts import CloudOffer, Source
from service.store import offers, refreshes
from service.usecases.price_imports import PriceTable
from tests.facts_for_tests import shipped_catalog

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAID = Source("test", "a test's table", "https://example.org", NOW.date())
HEAD = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,GpuInfo\n"
NAMES = GpuNames(shipped_catalog().gpus)
KNOWN = Known(rates={"USD": Decimal("1.16")}, names=NAMES)


def sky(*rows):
    """SkyPilot's columns up to the region; the detail names the card with its memory [MiB]."""
    lines = []
    for *cells, name, mib in rows:
        info = str({"Gpus": [{"Name": name, "MemoryInfo": {"SizeInMiB": mib}}]}) if name else ""
        instance, card, count, *prices_and_region = map(str, cells)
        lines.append(",".join((instance, card, count, "8", "64", *prices_and_region, f'"{info}"')))
    return HEAD + "\n".join(lines) + "\n"


def imported(sessions, text, provider, format_="skypilot", *, now=NOW, yes=False, dry_run=False):
    table = PriceTable("a test", format_, provider, now.date(), yes, text)
    return take_in(sessions, table, now, dry_run=dry_run)


def kept(sessions, done):
    with sessions.reading() as session:
        return [offers.get(session, slug) for slug in done.offers]


def own(*rows):
    return "instance,gpu,gpu_count,price_per_hour,currency\n" + "\n".join(rows) + "\n"


def reason(gpu="H100 SXM", count=1, price="2", tier="on_demand", instance="box", currency="USD"):
    offer = CloudOffer(
        "lambda", instance, "eu", None, None, gpu, count, None, tier, Decimal(price), currency, NOW.date(),
        SAID, term_months=12 if tier == "reserved" else None,
    )  # fmt: skip
    return next((why for _, why in check([named(offer, NAMES)], KNOWN).rejected), None)


def test_a_placeholder_is_refused_from_a_source_and_shown(database):
    table = sky(
        ("it-b200.sxm.1x", "B200", 1, "0.01", "0.01", "us-east-1", "", 0),
        ("it-h100.sxm.8x", "H100-SXM", 8, "0.16", "", "us-east-1", "", 0),
        ("it-h100.sxm.1x", "H100-SXM", 1, "1.20", "", "us-east-1", "", 0),
    )
    payload = Payload(table.encode(), "https://example.org", NOW)
    done = refresh(database, skypilot.source_of("skypilot_mithril"), NOW, lambda _: payload, {})
    assert (done.outcome, done.accepted, done.rejected) == ("ok", 1, 2)
    with database.reading() as session:
        refused = refreshes.rejected(session, "skypilot_mithril")
    assert "0.01 USD per GPU and hour is not believed: a B200 SXM (marketplace)" in refused[0].reason
    assert all("seen" in row.reason and "2026" in row.reason for row in refused)
    assert imported(database, table, "mithril").reasons.keys() == {row.reason for row in refused}


def test_import_and_source_mean_the_same_by_a_clouds_columns(database):
    text = sky(("hh100.sxm.8x", "H100", 8, "8.0", "8.0", "us-central2-a", "H100", 81920))
    (offer,) = kept(database, imported(database, text, "mithril"))
    (read,) = skypilot.source_of("skypilot_mithril").parse(Payload(text.encode(), "", NOW))
    assert offer.tier == read.tier == "marketplace" and offer.note == read.note == "the floor of bids"
    (firm,) = kept(database, imported(database, text, "lambda"))
    assert firm.tier == "on_demand", "another cloud's columns mean what they say"


def test_the_detail_names_a_card_that_its_column_does_not(database):
    text = sky(
        ("8x-H100-200-1900", "H100", 8, "11.12", "", "default", "NVIDIA-H100-80GB-HBM3", 81559),
        ("8x-H100-200-1901", "H100", 8, "11.12", "", "default", "H100", 81559),
        ("8x-H100-200-1902", "H100", 8, "11.12", "", "default", "NVIDIA-A100-SXM4-80GB", 81559),
    )
    done = imported(database, text, "hyperbolic")
    cards = {o.instance[-4:]: (o.gpu, o.gpu_raw_name) for o in kept(database, done)}
    assert cards["1900"] == ("h100-sxm", "NVIDIA-H100-80GB-HBM3")
    assert cards["1901"] == cards["1902"] == (None, "H100")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"count": 12, "price": "98.32", "instance": "Standard_ND96isr_H100_v5"}, "12 GPUs, but .* has 8"),
        ({"count": 4, "price": "12", "instance": "p5.48xlarge"}, "4 GPUs, but p5.48xlarge has 8"),
        ({"count": 8, "price": "16", "instance": "4x-H100_SXM-32-65536"}, "8 GPUs, but .* has 4"),
        ({"count": 8, "price": "16", "instance": "n3-H100-SXM5x2"}, "8 GPUs, but .* has 2"),
        ({"gpu": "8x H100 SXM", "price": "16"}, 'of 1, but their name is "8x H100 SXM"'),
        ({"gpu": "A100 SXM 80GB", "count": 8, "price": "16", "instance": "p5.48xlarge"}, "A100.*has a H100"),
        ({"count": 8, "price": "2.10"}, "price of one GPU of the 8"),
        ({"count": 8, "price": "2.49", "currency": "EUR"}, "price of one GPU of the 8"),
        ({"price": "98.32"}, "costs less than 68"),
        ({"gpu": "B200 SXM", "price": "0.01", "tier": "spot"}, "costs more than 0.47"),
        ({"gpu": "H100", "price": "0.05", "tier": "spot"}, "a H100 .spot. costs more than"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(said, why):
    import re

    assert re.search(why, reason(**said) or "kept"), reason(**said)


@pytest.mark.parametrize(
    "said",
    [
        {"count": 8, "price": "16", "instance": "8x-H100_SXM-32-65536"},
        {"count": 8, "price": "16", "gpu": "8x H100 SXM"},
        {"count": 1, "price": "0.26", "instance": "GEX44", "gpu": "RTX 4000 SFF Ada"},
        {"gpu": "L4", "price": "0.0218", "tier": "marketplace"},
        {"gpu": "RTX 4090", "price": "0.07", "tier": "spot"},
        {"gpu": "V100 SXM2 16GB", "price": "0.14"},
        {"gpu": "T4", "price": "3.91"},
        {"gpu": "An Unheard Card", "price": "0.02"},
        {"price": "0.001", "currency": "XAU"},
    ],
)
def test_a_bargain_an_extravagance_and_what_nobody_can_judge_are_kept(said):
    if said.get("currency") == "XAU":
        assert "out of range" in reason(**said), "without a rate the range alone"
    else:
        assert reason(**said) is None


def test_every_rent_of_the_catalog_is_believed():
    shipped = shipped_catalog()
    checked = check(shipped.offers, replace(KNOWN, rates={r.quote: r.rate for r in shipped.exchange_rates}))
    # Of RunPod it holds spot prices of its secure cloud beside dearer and cheaper clouds.
    assert all("above on-demand" in why for _, why in checked.rejected) and len(checked.rejected) < 5
    assert len(checked.accepted) > 400


def test_every_card_has_a_band_with_its_grounds():
    said = {source.slug for source in shipped_catalog().sources}
    from pricing.price_bands import _seen

    assert {slug for slug, _ in _seen()} <= {gpu.slug for gpu in shipped_catalog().gpus}
    assert {one.source for one in _seen().values()} <= said
    bases = set()
    for gpu in shipped_catalog().gpus:
        for tier in ("on_demand", "reserved", "spot", "community", "marketplace"):
            found = band(gpu, tier)
            assert LEAST_USD <= found.floor < found.ceiling and found.basis
            bases |= {
                word for word in ("seen", "on demand", "without a list", " W at ") if word in found.basis
            }
    assert len(bases) == 4, "by observations, by those of the other tiers, by electricity"


@pytest.mark.parametrize(
    ("instance", "gpus"),
    [
        ("g5.12xlarge", 4), ("g6e.16xlarge", 1), ("p2.16xlarge", 16), ("p4d.24xlarge", 8),
        ("BM.GPU.H100.8", 8), ("8H200.141S.176V", 8), ("gpu_8x_h100_sxm5", 8), ("gpu-h100x8-640gb", 8),
        ("gpu-h100-sxm_8gpu-128vcpu-1600gb", 8), ("it-b200.sxm.8x", 8), ("Standard_NV6ads_A10_v5", 1 / 6),
        ("g9.xlarge", None), ("GEX44", None), ("ccx33", None), ("1x_RTX4090_SECURE", 1),
        ("m5.2xlarge", None), ("box4", None),
    ],
)  # fmt: skip
def test_how_many_gpus_a_type_has(instance, gpus):
    assert gpus_in(instance) == gpus


def test_an_import_that_halves_a_cards_price_asks_back(database):
    text = own("cheap,L40S,1,0.25,USD", "usual,RTX 4090,1,0.50,USD")
    trial = imported(database, text, "lambda", "csv", dry_run=True)
    (moved,) = trial.moved
    assert (moved.gpu, moved.tier) == ("l40s", "on_demand") and 0.25 / 1.3 < moved.after < moved.before / 2
    with pytest.raises(
        InvalidValue, match="the cheapest price of a card by more than half: l40s on_demand from"
    ) as refused:
        imported(database, text, "lambda", "csv")
    assert refused.value.field == "yes"
    done = imported(database, text, "lambda", "csv", yes=True)
    assert (done.accepted, done.moved) == (2, trial.moved)
    assert imported(database, text, "lambda", "csv").moved == (), "it is the cheapest by now"
    dearer, later = own("cheap,L40S,1,0.55,USD"), NOW.replace(hour=13)
    assert imported(database, dearer, "lambda", "csv", now=later, yes=True).moved[0].after > moved.before / 2
    with pytest.raises(InvalidValue, match="a dry run keeps nothing"):
        imported(database, text, "lambda", "csv", yes=True, dry_run=True)


def test_a_price_in_a_currency_that_nobody_can_convert_is_refused_where_rates_are_known():
    """Kept, it would retire what can be reckoned with, and win nothing itself."""
    strange = replace(quoted(), currency="XXX")
    believed = check([quoted(), strange], KNOWN)
    assert believed.accepted == (quoted(),)
    assert [reason for _, reason in believed.rejected] == ["no exchange rate of XXX is known"]
    assert check([strange], replace(KNOWN, rates={})).accepted == (strange,)


def quoted():
    return CloudOffer(
        provider="vultr", instance="m", region="", country=None, gpu=None, gpu_raw_name="H100 SXM",
        gpu_count=1, memory_gib_per_gpu=80.0, tier="on_demand", hourly_price=Decimal("2.5"), currency="USD",
        as_of=NOW.date(), source=SAID,
    )  # fmt: skip
