"""Prices lived through day by day: nothing superseded, old, sold out or unbelievable is recommended.

The judge (price_replay/oracle.py) knows what was said and none of the product's functions. The year of all
stored histories is `python -m tests.price_replay`.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from pricing import offer_checks
from service.answers.question import AskedComparison, AskedDecision
from service.store import offer_listing, offer_stock, superseding
from service.store.session import Sessions, engine_for
from service.usecases import recent_prices
from tests.price_replay.histories import FOLDER, all_readings
from tests.price_replay.judging import faults, replayed
from tests.price_replay.ledger import Statement, readings
from tests.price_replay.living import PANEL

FIRST = date(2026, 3, 1)
EVENING = FIRST + timedelta(weeks=5)
ASKED = {
    "8 H100": AskedComparison.of(),
    "the ten cheapest": AskedComparison.of(workload="gpt2-124m", cloud="any", tier="any", limit=10),
    "no PC": AskedDecision.of(own=(), workload="gpt2-1558m"),
}


def said(of_list, week, provider, usd, *, gpus=8, gpu="H100 SXM", instance="", in_stock=None):
    at = datetime.combine(FIRST + timedelta(weeks=week), datetime.min.time(), UTC) + timedelta(hours=12)
    return Statement(
        at, of_list, at.date(), provider, instance or f"{gpus}x {gpu}", "", gpu, gpus, "on_demand", usd,
        in_stock=in_stock,
    )  # fmt: skip


READ = readings(
    [
        *(said("tracker", week, *row) for week in range(6) for row in
          (("lambda", 24.0), ("hyperstack", 19.2), ("nebius", 23.6), ("vultr", 12.0), ("crusoe", 31.2))),
        *(said("vultr", week, "vultr", 21.6, instance="vhp-8-h100") for week in (3, 4, 5)),
        said("another tracker", 0, "voltage-park", 15.2),
        said("tracker", 4, "denvr", 12.8),
        *(said("tracker", week, "massed-compute", 4.8) for week in range(6)),
        *(said("tracker", week, "aws", 20.0, gpus=16, instance="p5.48xlarge") for week in range(6)),
        *(said("runpod", week, "runpod", 11.2, in_stock=week < 3) for week in range(6)),
        *(said("runpod", week, "runpod", 2.7, gpus=1, in_stock=True) for week in range(6)),
    ]
)  # fmt: skip
"""Of Vultr a tracker says less than its own list since, one tracker was read five weeks ago, Denvr was named
once, Massed Compute costs a quarter of the usual, 16 GPUs stand in a machine of 8, RunPod has sold out."""


@pytest.fixture
def sessions(catalog_copy):
    engine = engine_for(catalog_copy())
    yield Sessions(engine)
    engine.dispose()


def found(sessions):
    _, answers = replayed(sessions, READ, [EVENING], ASKED)
    return answers, faults(answers, READ)


def test_of_many_bad_prices_none_is_recommended(sessions):
    answers, wrong = found(sessions)
    assert wrong == []
    assert {one.question for one in answers} == set(ASKED)
    assert {one.offer.provider for one in answers} >= {"hyperstack", "vultr", "runpod"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("where", "name", "instead", "kind"),
    [
        (superseding, "supersede", lambda *_, **__: 0, "superseded: vultr, the provider's own list"),
        (offer_listing, "unlist_missing", lambda *_: 0, "superseded: gone from tracker"),
        (recent_prices, "age_limit_days", lambda *_, **__: None, "stale: last stated for 2026-03-01"),
        (recent_prices, "_too_cheap", lambda offers: np.zeros(len(offers), bool), "unbelievable: 0.6 USD"),
        (offer_checks, "contradiction", lambda *_: None, "hardware: 16 GPUs in p5.48xlarge"),
        (offer_stock, "keep", lambda *_: 0, "sold out"),
    ],
    ids=["superseding", "unlisting", "age", "what is usual", "hardware", "stock"],
)
def test_each_guard_that_is_taken_away_is_missed(sessions, monkeypatch, where, name, instead, kind):
    monkeypatch.setattr(where, name, instead)
    assert any(fault.startswith(kind) for fault in found(sessions)[1])


@pytest.mark.long
def test_three_weeks_of_the_stored_histories(sessions):
    if not FOLDER.is_dir():
        pytest.skip(f"the stored histories are not here: {FOLDER}")
    evenings = [date(2026, 5, 24), date(2026, 5, 31), date(2026, 6, 7)]
    days = {evening - timedelta(days=back) for evening in evenings for back in (0, 3)}
    read = [one for one in all_readings() if one.read_at.date() in days]
    names = ("no PC at home, any tier", "within 300 EUR", "a host's machine", "8 H100", "the ten cheapest")
    _, answers = replayed(sessions, read, evenings, {name: PANEL[name] for name in names})
    assert len(answers) > 70 and faults(answers, read) == []
