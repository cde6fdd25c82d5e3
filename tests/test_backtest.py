"""What was said to be sure, held against later rents: a small history of one's own, some of the stored ones.

The whole table is `python -m tests.price_replay.backtest --folder ../shared/data/cloud`.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from service.answers.question import AskedDecision
from service.store.session import Sessions, engine_for
from tests.price_replay.backtest import ASKED, SHIPPED, Held, Rents, backtest, scores, table
from tests.price_replay.histories import FOLDER, all_readings
from tests.price_replay.ledger import Statement, readings

FIRST = date(2026, 3, 1)
WEEKS = range(0, 120, 7)
QUESTION = {"no PC": AskedDecision.of(workload="gpt2-1558m", own=(), max_age_days=400, budget=1e6)}


def said(day, provider, usd):
    at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=12)
    return Statement(at, "tracker", at.date(), provider, "8x H100 SXM", "", "H100 SXM", 8, "on_demand", usd)


STILL = [said(day, name, usd) for day in WEEKS for name, usd in (("lambda", 24), ("nebius", 23))]
JUMPS = [said(day, "vultr", 12 if day < 25 else 60) for day in WEEKS]


@pytest.fixture
def sessions(catalog_copy):
    engine = engine_for(catalog_copy())
    yield Sessions(engine)
    engine.dispose()


def test_a_rent_that_stands_still_holds_as_surely_as_was_said_and_one_that_jumps_does_not(sessions):
    found = backtest(sessions, readings([*STILL, *JUMPS]), [FIRST + timedelta(days=21)], QUESTION)
    still = [one for one in found if not one.days]
    assert [one.kept for one in still] == pytest.approx([one.said for one in still], abs=0.05)
    jumped = [one for one in found if one.days == 30]
    assert jumped and all(one.kept < 0.5 < one.said for one in jumped)


def test_what_nobody_looked_at_again_is_not_counted():
    rents = Rents(readings([said(0, "lambda", 24), said(30, "lambda", 30)]))
    offer = _Offer("lambda", FIRST)
    days = [FIRST + timedelta(days=days) for days in (0, 1, 15, 30, 33, 34)]
    assert [rents.during(offer, day, day) for day in days] == [24, 24, None, 30, 30, None]
    assert rents.during(offer, FIRST, FIRST + timedelta(days=30)) == 27
    assert rents.during(offer, FIRST, FIRST + timedelta(days=32)) is None


class _Offer:
    origin, instance, region, gpu_raw_name, gpu_count, tier = (
        "tracker", "8x H100 SXM", "", "H100 SXM", 8, "on_demand"
    )  # fmt: skip

    def __init__(self, provider, as_of):
        self.provider, self.as_of = provider, as_of


def test_the_table_tells_what_was_said_beside_what_held():
    lines = table([Held(0.82, 0.7, 0), Held(0.86, 0.9, 0), Held(0.97, 1.0, 7, ("l4", "spot", 1))])
    both = "84.0 held 80.0 (2 of 1)"
    brier, log = "0.158", "0.493"
    assert lines[2] == f"| 0 | {both} | none | none | {both} | {brier} | {log} |"
    assert "97.0 held 100.0 (1 of 1)" in next(line for line in lines if line.startswith("| 7"))
    assert scores([Held(1.0, 0.0, 0)])[0] == "0.998" and scores([Held(0.5, 1.0, 0)]) == ("0.250", "0.693")


@pytest.mark.long
def test_some_of_the_stored_histories(sessions):
    if not FOLDER.is_dir():
        pytest.skip(f"the stored histories are not here: {FOLDER}")
    evening = date(2026, 5, 10)
    read = [one for one in all_readings() if date(2026, 5, 1) <= one.read_at.date() <= date(2026, 6, 14)]
    found = [one for one in backtest(sessions, read, [evening], ASKED) if one.part == SHIPPED]
    assert len(found) > 20 and len({one.days for one in found}) > 2
    assert np.mean([one.kept for one in found]) > np.mean([one.said for one in found]) - 0.15
