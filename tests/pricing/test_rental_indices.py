"""An index of rents is kept beside offers, never among them, and a median far off it is told."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner

from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.refresh import refresh
from pricing.source import Payload, Rejected, UnreadablePayload
from pricing.sources.index import ornn
from service.app import create_app
from service.cli import main
from service.estimate.index_check import Median, beside, nearest_in_time
from service.facts import CloudOffer, RentalIndex, Source
from service.settings import Settings
from service.store import offers, price_index
from tests.facts_for_tests import shipped_catalog
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 11, 28, 22, tzinfo=UTC)
DAY = NOW.date()
SAID = Source("ornn-ocpi", "An index", "https://example.org", DAY, "none")
H100 = RentalIndex("ornn", "H100 SXM", ("h100-sxm",), Decimal("2"), "USD", DAY, SAID)
A100 = replace(H100, gpu_raw_name="A100 SXM4", gpus=("a100-sxm-40gb", "a100-sxm-80gb"))


def answer(*rows, **more):
    told = [{"gpu_type": gpu, "region": "global", "index_value": value, "date": f"{day}T20:00:00.000Z"}
            for gpu, value, day in rows]  # fmt: skip
    return Payload(json.dumps({"success": True, "data": told} | more).encode(), ornn.URL, NOW)


def test_the_answer_is_read_exactly_and_only_the_whole_world_of_days_that_have_been():
    found = ornn.parse(recorded("ornn"))
    kept = {one.gpu_raw_name: one for one in found if isinstance(one, RentalIndex)}
    assert kept["H100 SXM"].per_gpu_hour == Decimal("2.879583333")
    assert kept["H100 SXM"].as_of == date(2026, 8, 21) and kept["RTX 5090"].as_of == date(2026, 8, 20)
    assert [one.reason for one in found if isinstance(one, Rejected)] == ["of Europe, not of the whole world"]
    assert len(kept) == 5
    odd = ornn.parse(answer(("B200", None, DAY), ("B200", 5, DAY + timedelta(days=1)), ("H200", 4, DAY)))
    assert [getattr(one, "reason", "") for one in odd] == [
        "the price is not known", "of 2026-11-29, which has not been yet", "",
    ]  # fmt: skip
    with pytest.raises(UnreadablePayload):
        ornn.parse(answer(("B200", 5, DAY), success=False))


def test_a_name_means_every_card_that_it_may_mean_and_an_absurd_index_is_refused():
    names = GpuNames(shipped_catalog().gpus)
    assert names.may_mean("H100 SXM") == ("h100-sxm",)
    assert names.may_mean("A100 SXM4") == ("a100-sxm-40gb", "a100-sxm-80gb")
    assert names.may_mean("H200") == ("h200-nvl", "h200-sxm") and names.may_mean("Z9000") == ()
    known = Known(names=names)
    assert check([H100], known).accepted == (H100,)
    for wrong in ("0.01", "400"):
        assert "out of range" in check([replace(H100, per_gpu_hour=Decimal(wrong))], known).rejected[0][1]


def test_a_median_is_held_against_an_index_of_its_week_and_of_what_it_measures():
    def off(median, tier="on_demand", told=((H100, 2.0),)):
        one = Median("h100-sxm", tier, DAY, median)
        return [check.is_off for check in beside(one, [one], told)]

    assert [off(price) for price in (1.4, 1.51, 2.49, 2.6)] == [[True], [False], [False], [True]]
    assert off(9.0, "spot") == [] and off(9.0, "reserved") == [] and off(9.0, "community") == [True]
    assert off(9.0, told=((A100, 2.0),)) == []
    week = [replace(H100, as_of=DAY + timedelta(days=days)) for days in (-9, -3, 2, 8)]
    assert [one.as_of for one in nearest_in_time(week, DAY)] == [DAY + timedelta(days=2)]
    assert nearest_in_time([week[0]], DAY) == []


def test_of_a_name_that_may_mean_two_cards_none_is_off_while_one_of_them_is_near():
    large, small = (
        Median("a100-sxm-80gb", "on_demand", DAY, 3.0),
        Median("a100-sxm-40gb", "on_demand", DAY, 2.1),
    )
    (near,) = beside(large, [large, small], [(A100, 2.0)])
    assert near.off == 0.5 and not near.is_off
    (alone,) = beside(large, [large], [(A100, 2.0)])
    assert alone.is_off


@pytest.fixture
def with_index(database):
    source = Source("here", "A list", "https://example.org", DAY, "free")
    offer = CloudOffer(
        "lambda", "a", "eu-1", None, "h100-sxm", "H100 SXM", 1, 80.0, "on_demand", Decimal("4"), "USD", DAY,
        source, origin="here",
    )  # fmt: skip
    five = replace(offer, instance="b", gpu="rtx-5090", gpu_raw_name="RTX 5090", hourly_price=Decimal("0.7"))
    with database.begin() as session:
        offers.add_all(session, [offer, replace(offer, instance="c"), five], NOW)
    told = answer(("H100 SXM", 2.5, DAY), ("RTX 5090", 0.66, DAY), ("H200", 4.4, DAY))
    assert refresh(database, ornn.SOURCE, NOW, lambda asked: told).outcome == "ok"
    return database


def test_what_is_far_off_is_told_on_the_command_line_and_over_rest(with_index):
    shown = " ".join(CliRunner().invoke(main, ["prices", "conflicts"]).output.split())
    assert "h100-sxm on demand" in shown and "ornn H100 SXM, 2026-11-28 2.50 +" in shown
    assert "1 of 2 medians are more than 25 % off an index of rents" in shown
    settings = Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": str(with_index.engine.url)})
    client = create_app(settings).test_client()
    (row,) = client.get("/api/v1/index?gpu=h100-sxm&tier=on_demand").get_json()["items"]
    (said,) = row["checks"]
    assert said["per_gpu_hour"] == 2.5 and said["is_off"] and said["index"] == "ornn"
    assert said["off"] == round(row["median"] / 2.5 - 1, 4) and said["source"] == ornn.TITLE
    (near,) = client.get("/api/v1/index?gpu=rtx-5090&tier=on_demand").get_json()["items"]
    assert not near["checks"][0]["is_off"]
    (euros,) = client.get("/api/v1/index?gpu=h100-sxm&tier=on_demand&currency=EUR").get_json()["items"]
    assert euros["checks"][0]["per_gpu_hour"] < 2.5 and euros["checks"][0]["off"] == said["off"]
    (spot, *_) = client.get("/api/v1/index?gpu=h100-sxm&tier=spot").get_json()["items"] or [{"checks": []}]
    assert spot["checks"] == []
    assert b"h100-sxm" in client.get("/api/v1/index.csv").data


def test_an_index_is_no_offer_and_said_again_changes_nothing(with_index):
    with with_index.reading() as session:
        assert not [o for o in offers.search(session, offers.OfferFilter(gpu="h200-sxm"), limit=99).offers
                    if o.origin == "ornn"]  # fmt: skip
        currency, off, compared = price_index.off_the_indices(session)
    assert (currency, len(off), compared) == ("USD", 1, 2)
    same = answer(("H100 SXM", 2.5, DAY), ("RTX 5090", 0.66, DAY), ("H200", 4.4, DAY))
    assert refresh(with_index, ornn.SOURCE, NOW, lambda asked: same).changed == 0
    put_right = answer(("H100 SXM", 3.9, DAY))
    assert refresh(with_index, ornn.SOURCE, NOW, lambda asked: put_right).changed == 1
    with with_index.reading() as session:
        assert price_index.off_the_indices(session)[1] == []
