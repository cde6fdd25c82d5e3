"""Nothing that is recommended rests on an offer that was last seen without stock."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner

from pricing.alerts import evaluate
from service.cli import main
from service.facts import CloudOffer, Source
from service.store import alerts, offers
from service.store.alerts import Rule
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.alerts import save_alert

NOON = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LIST = Source("list", "A list", "https://list.example/", date(2026, 11, 24), "free")


def offer(instance, price, **fields):
    return CloudOffer(
        provider="runpod", instance=instance, region="", country=None, gpu="h100-sxm",
        gpu_raw_name="H100 SXM", gpu_count=8, memory_gib_per_gpu=80.0, tier="on_demand",
        hourly_price=Decimal(price), currency="USD", as_of=NOON.date(), source=LIST, origin="live", **fields,
    )  # fmt: skip


@pytest.fixture(scope="module")
def url(catalog_copy):
    """The catalog, and two offers far below it: the cheaper one is sold out since an hour ago."""
    url = catalog_copy()
    engine = engine_for(url)
    with Sessions(engine).begin() as session:
        there = offer("there", "1.6", in_stock=True, rentable_count=2)
        offers.add_all(session, [offer("gone", "1.2", in_stock=True), there], NOON)
        offers.add_all(session, [offer("gone", "1.2", in_stock=False)], NOON + timedelta(hours=1))
    engine.dispose()
    return url


@pytest.fixture
def run(url):
    def run(*words):
        done = CliRunner().invoke(main, words, env={"HEIMVORTEIL_DATABASE_URL": url})
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_the_cheapest_that_can_be_rented_is_compared_and_decided(run):
    compared = json.loads(run("compare", "nanochat-d20", "--cloud", "8xh100-sxm", "--json"))
    rented = next(o["offer"] for o in compared["options"] if o["kind"] == "cloud")
    assert (rented["instance"], rented["in_stock"], rented["rentable_count"]) == ("there", True, 2)
    decided = run("decide", "nanochat-d20", "--own", "none", "--json")
    assert json.loads(decided)["best"]["offer"]["instance"] == "there"
    assert '"instance":"gone"' not in decided.replace(" ", "")


def test_what_was_last_seen_is_said_in_both_languages(run):
    asked = ("compare", "nanochat-d20", "--cloud", "8xh100-sxm")
    assert "00:00 UTC, 2 free." in run(*asked) and "00:00 UTC, 2 frei." in run(*asked, "--lang", "de")
    gone = offers.offer_slug(offer("gone", "1.2"))
    named = run("compare", "nanochat-d20", "--cloud", gone, "--lang", "de")
    assert "war nichts davon frei" in named and "Zuletzt mietbar gesehen" in named, (
        "it was named, so it is told"
    )


def test_lists_and_rules_leave_it_out(run, url):
    asked = ("offers", "--gpu", "h100-sxm", "--gpu-count", "8", "--provider", "runpod", "--json")
    assert next(o["instance"] for o in json.loads(run(*asked))) == "there"
    assert next(o["instance"] for o in json.loads(run(*asked, "--sold-out"))) == "gone"
    sessions = Sessions(engine_for(url))
    rule = Rule("", "h100-sxm", 8, "USD", threshold_per_hour=Decimal("1.4"))
    save_alert(sessions, load(sessions), rule, "me", NOON)
    assert evaluate(sessions, NOON) == 0
    with sessions.reading() as session:
        assert alerts.all(session)[0].last_per_hour == Decimal("1.6")
