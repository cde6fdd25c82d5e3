"""How often the interval told of a card's price held what it then was; what is shipped against its files."""

import json
import math
from collections import defaultdict
from datetime import date
from pathlib import Path
from statistics import median

import pytest

from service.store.card_prices import card_prices
from tests.facts_for_tests import shipped_catalog

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "cloud" / "united-compute"
METHOD = Path(__file__).parent.parent / "service" / "docs" / "method.md"
PRICES = card_prices({gpu.slug: gpu for gpu in shipped_catalog().gpus})
CARDS = [gpu.slug for gpu in shipped_catalog().gpus]
FILES = {"rtx-4090": "NVIDIA_GeForce_RTX_4090", "rtx-a6000": "NVIDIA_RTX_A6000", "t4": "NVIDIA_Tesla_T4"}


def held(years, *, since=2018, **how):
    """Of the stored pairs so many years apart that began since then: the share within what was told of them,
    their number, and the median of how many times too high or low the middle was."""
    within, off = [], []
    for gpu, start, log_ratio in pairs(years):
        if start // 12 < since:
            continue
        until = {"until": date(start // 12, start % 12 + 1, 1)} if how.get("as_of_then") else {}
        told = PRICES.move(gpu, 12 * years, own=how.get("own", True), **until)
        within.append(told.p10 <= math.exp(log_ratio) <= told.p90)
        off.append(abs(log_ratio - math.log(told.p50)))
    return sum(within) / len(within), len(within), math.exp(median(off))


def pairs(years):
    series = defaultdict(dict)
    for one in (price for gpu in CARDS for price in PRICES.of(gpu)):
        if one.kind != "launch":
            month = one.last_month.year * 12 + one.last_month.month - 1
            series[one.gpu, one.kind, one.source.slug][month] = one.usd
    for (gpu, _, _), usd in series.items():
        for month, then in usd.items():
            if (later := usd.get(month + 12 * years)) is not None:
                yield gpu, month, math.log(later / then)


@pytest.mark.parametrize(("years", "least"), [(1, 0.8), (2, 0.8), (3, 0.75)])
def test_a_card_that_is_left_out_lies_within_what_the_others_tell(years, least):
    """What `WITHOUT_OWN` is for: eight of ten of the pairs of a card, told by the other cards alone."""
    assert held(years, own=False)[0] >= least
    assert held(years)[0] >= 0.8, "with its own history"


def test_the_table_of_the_documentation_is_what_is_counted():
    """Whoever changes the prices or how they are counted writes the table anew."""
    text = METHOD.read_text(encoding="utf-8")
    for years in (1, 2):
        for name, how in TOLD:
            share, count, off = held(years, **how)
            row = f"| {years} | {name} | {count} | {share:.0%} | ×{off:.2f} |".replace("%", " %")
            assert row in text, row


TOLD = (
    ("by its own history and its class", {}),
    ("by the other cards of its class alone", {"own": False}),
    ("as of then", {"as_of_then": True}),
    ("as of then, begun since 2023", {"as_of_then": True, "since": 2023}),
)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the histories are not beside this checkout")
@pytest.mark.parametrize("gpu", FILES)
def test_the_shipped_quarters_are_medians_of_the_files(gpu):
    told = json.loads((SHARED / f"{FILES[gpu]}.json").read_text(encoding="utf-8"))["prices"]
    for one in PRICES.of(gpu, "new"):
        if one.source.slug != "united-compute-history":
            continue
        days = (one.first_month.isoformat(), one.last_month.isoformat())
        seen = [usd for at, usd in told.items() if days[0] <= at[:10] <= days[1]]
        assert len(seen) == one.observations and round(median(seen)) == one.usd
        if one.low is not None and one.high is not None:
            assert min(seen) - 1 <= one.low <= one.usd <= one.high <= max(seen) + 1, "whole dollars"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the histories are not beside this checkout")
@pytest.mark.parametrize("years", [1, 2])
def test_single_prices_of_the_files_lie_within_as_often(years):
    """Not the shipped medians but every price that was seen, a card at a time, told by the other cards."""
    hits = []
    for gpu, name in FILES.items():
        told = json.loads((SHARED / f"{name}.json").read_text(encoding="utf-8"))["prices"]
        days = {date.fromisoformat(at[:10]).toordinal(): usd for at, usd in told.items()}
        move = PRICES.move(gpu, 12 * years, own=False)
        for day, usd in days.items():
            later = [
                days[day + 365 * years + near] for near in range(-7, 8) if day + 365 * years + near in days
            ]
            hits += [move.p10 <= median(later) / usd <= move.p90] if later else []
    assert len(hits) > 300 and sum(hits) / len(hits) >= 0.7


def test_a_launch_price_is_of_the_day_it_was_named():
    assert [(one.usd, one.last_month.year) for one in PRICES.of("rtx-4090", "launch")] == [(1599, 2022)]
    assert all(one.usd > 0 and one.last_month < date(2026, 11, 28) for gpu in CARDS for one in PRICES.of(gpu))
