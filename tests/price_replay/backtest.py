"""How sure a plan was said to be, held against what its rent was when it was looked at again, by command.

The doubt of a rent's age on half of the cards is learnt from the other half. The rule by which it is learnt
was chosen on evenings and looks until CHOSEN_UNTIL, and is judged on those since, which had no part in the
choice: once with moves of other cards until that day alone, once, as what is shipped, with those of all days.
"""

import argparse
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np

from service.answers.question import AskedDecision
from service.decide.choice import choose
from service.decide.frontier import Futures, Limits, probability_within
from service.errors import HeimvorteilError
from service.estimate.cloud_bill import cloud_bill
from service.estimate.cloud_futures import cloud_futures
from service.estimate.rent_moves import RentMoves, moves_seen
from service.facts import CloudOffer, Source
from service.store.models import TIERS
from service.store.session import Sessions, prepare
from service.store.snapshot import Snapshot, load
from service.usecases.candidate_plans import Plans, household_of_request, plans_of_request
from service.usecases.finding import workload_asked
from service.usecases.market_days import NO_MARKET
from service.usecases.recent_prices import recent
from tests.price_replay.histories import FOLDER, all_readings
from tests.price_replay.ledger import Reading, Statement
from tests.price_replay.living import Life
from tests.price_replay.rents import WHOLE_MACHINES_UNTIL, looks_of

LAST = date(2026, 7, 20)
EVENINGS = tuple(date(2026, 3, 1) + timedelta(weeks=2 * step) for step in range(9))
"""In the months of daily looks, with a month of them to come."""
AFTER_DAYS = (0, 1, 3, 7, 14, 30, 60, 90)
CHOSEN_UNTIL = date(2026, 5, 7)
CHOSEN, JUDGED, SHIPPED = "chosen on", "judged on", "judged on, learnt from all months"
BOUNDS = (0.8, 0.9, 0.95, 1.0)
LEAST_SURE = 1e-3
"""What a logarithm is taken of, at the least."""
BUDGETS = (1.05, 1.2, 1.4, 1.7, 2.2, 3.0)
"""Over the median of the cheapest plan."""
ASKED: Mapping[str, AskedDecision] = {
    f"{workload}, {tier}": AskedDecision.of(
        workload=workload, own=(), tier=tier, max_age_days=400, budget=1e6
    )
    for workload, tier in (
        ("nanochat-d32", "on_demand"), ("gpt2-1558m", "any"), ("gemma-3-27b-qlora", "on_demand"),
        ("gpt2-1558m", "marketplace"), ("gpt2-350m", "spot"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """One plan that was said to keep its budget, and how surely it does at the rent of later."""

    said: float
    kept: float
    days: int
    """How old the prices were when the question was asked."""
    block: tuple[str, str, int] = ("", "", 0)
    """The card, the tier and the window of so many days: plans of one are not independent."""
    part: str = JUDGED


class Rents:
    """What each offer of each list cost on each of its days."""

    def __init__(self, read: Iterable[Reading]) -> None:
        days: dict[tuple[object, ...], dict[int, float]] = {}
        for reading in read:
            for said in reading.said:
                if said.list != "getdeploying" or said.day >= WHOLE_MACHINES_UNTIL:
                    days.setdefault(_key(said), {})[said.day.toordinal()] = said.usd_per_hour
        self._of = {key: sorted(found.items()) for key, found in days.items()}

    def during(self, offer: CloudOffer, first: date, last: date) -> float | None:
        """What it cost in the mean of the looks from about the first to about the last of these days, within
        a day or a tenth of the time since it was stated; None where nobody looked at either end."""
        found = self._of.get(_key_of(offer), [])
        off = max(1, (first - offer.as_of).days // 10)
        begin = bisect_left(found, (first.toordinal() - off, 0.0))
        end = bisect_right(found, (last.toordinal() + off, np.inf))
        days = [day for day, _ in found[begin:end]]
        if not days or days[0] > first.toordinal() + off or days[-1] < last.toordinal() - off:
            return None
        return float(np.mean([usd for _, usd in found[begin:end]]))


def _key(said: Statement) -> tuple[object, ...]:
    return said.list, said.provider, said.instance, said.region, said.gpu, said.gpu_count, said.tier


def _key_of(offer: CloudOffer) -> tuple[object, ...]:
    return (offer.origin, offer.provider, offer.instance, offer.region, offer.gpu_raw_name, offer.gpu_count,
            offer.tier)  # fmt: skip


def half_of(gpu: str) -> int:
    """Which half of the cards one belongs to."""
    return crc32(gpu.encode()) % 2


def learnt_without(
    read: Sequence[Reading], half: int, moves: RentMoves, gpus: Mapping[str, str], until: date = date.max
) -> RentMoves:
    """How rents moved until that day by the cards of the other half alone; `gpus` are slugs by the lists'
    names."""
    others = [
        replace(
            one,
            said=tuple(s for s in one.said if s.day <= until and half_of(gpus.get(s.gpu, s.gpu)) != half),
        )
        for one in read
    ]
    seen = moves_seen(looks_of(others), TIERS, Source("replayed", "", "", LAST))
    return RentMoves(move for move in seen if move.is_enough) if seen else moves


def held(
    snapshot: Snapshot, asked: AskedDecision, evening: date, rents: Rents, half: int | None = None
) -> Iterator[Held]:
    """What became of every budget of one question, asked that evening and on the days after on what was known
    that evening; with a half only plans on its cards."""
    for days in AFTER_DAYS:
        today = evening + timedelta(days=days)
        now = datetime.combine(today, datetime.min.time(), UTC)
        try:
            facts, _ = recent(snapshot, asked, today)
            workload = workload_asked(facts, asked.workload, None, today)
            household = household_of_request(facts, asked, today, NO_MARKET)
            plans = plans_of_request(facts, asked, workload, household, now.date())
        except HeimvorteilError:
            continue
        cheapest = np.nanmin(np.where(plans.candidates.may_be_chosen, plans.candidates.cost[1], np.nan))
        for budget in cheapest * np.array(BUDGETS):
            limits = Limits(budget=float(budget))
            choice = choose(plans.candidates, limits)
            if choice.best is None:
                continue
            row = plans.row_of(choice.best)
            assert row is not None
            offer, said = facts.offers.row(row), float(choice.probability[choice.best])
            if choice.needs_stated_rent or (half is not None and half_of(offer.gpu or "") != half):
                continue

            end = today + timedelta(hours=float(plans.candidates.calendar_hours[1][choice.best]))
            usd = rents.during(offer, today, end)
            if usd is not None:
                ratio = usd / float(offer.hourly_price)
                block = offer.gpu or "", offer.tier, today.toordinal() // max(days, 1)
                yield Held(said, _kept(plans, choice.best, ratio, limits), days, block)


def _kept(plans: Plans, position: int | None, ratio: float, limits: Limits) -> float:
    """How surely a plan keeps its limits where its rent is so many times what it was: everything but the rent
    is as much in doubt as ever."""
    assert plans.rented is not None and position is not None
    _, place = plans.of(position)
    one = np.array([place])
    offer = plans.rented.offers.of(one)
    rented = replace(offer, price_per_hour=offer.price_per_hour * ratio, rent_doubt=None, rent_moves=None)
    hours = plans.rented.hours[:, one]
    bill = cloud_bill(hours, rented, plans.terms)
    factor = float(plans.candidates.cost[1][position] / plans.rented.bill.total[1][place])
    medians = bill.calendar_hours[1], bill.total[1] * factor
    elapsed, paid, _ = cloud_futures(hours, rented, plans.terms, bill.tax_factor)
    futures = Futures.over(medians, elapsed, paid * factor)
    return float(probability_within(*medians, futures, limits)[0])


def table(found: Sequence[Held]) -> list[str]:
    """Lines of a Markdown table: by what was said, how often it held."""
    bounds = list(pairwise(BOUNDS))
    bands = [f"said {100 * low:.0f} % to {100 * high:.0f} %" for low, high in bounds]
    lines = ["| " + " | ".join(["Days old", *bands, "all", "Brier", "log"]) + " |"]
    lines.append("| --- |" + " --- |" * (len(bands) + 3))
    for days in AFTER_DAYS:
        those = [one for one in found if one.days == days]
        cells = [_said_and_held([h for h in those if low <= h.said < high]) for low, high in bounds]
        cells += [_said_and_held(those), *scores(those)]
        lines.append(f"| {days} | " + " | ".join(cells) + " |")
    return lines


def _said_and_held(of: Sequence[Held]) -> str:
    if not of:
        return "none"
    blocks = len({one.block for one in of})
    said, kept = np.mean([h.said for h in of]), np.mean([h.kept for h in of])
    return f"{100 * said:.1f} held {100 * kept:.1f} ({len(of)} of {blocks})"


def scores(of: Sequence[Held]) -> tuple[str, str]:
    """Brier and logarithmic score: the smaller the better."""
    if not of:
        return "", ""
    said = np.clip([h.said for h in of], LEAST_SURE, 1 - LEAST_SURE)
    kept = np.array([h.kept for h in of])
    brier = np.mean(kept * (1 - said) ** 2 + (1 - kept) * said**2)
    log = -np.mean(kept * np.log(said) + (1 - kept) * np.log(1 - said))
    return f"{brier:.3f}", f"{log:.3f}"


def backtest(
    sessions: Sessions, read: Sequence[Reading], evenings: Iterable[date], asked: Mapping[str, AskedDecision]
) -> list[Held]:
    """Every question on every evening, with the prices known then."""
    life, left, found, rents = Life(sessions), list(read), [], Rents(read)
    learnt: dict[date, list[RentMoves]] = {}
    for evening in evenings:
        while left and left[0].read_at.date() <= evening:
            life.take(left.pop(0))
        snapshot = load(sessions)
        if not learnt:
            names = {
                row.gpu_raw_name: row.gpu for row in snapshot.offers.rows(np.arange(len(snapshot.offers)))
            }
            known = {raw: slug for raw, slug in names.items() if slug}
            learnt = {
                until: [learnt_without(read, half, snapshot.rent_moves, known, until) for half in (0, 1)]
                for until in (CHOSEN_UNTIL, date.max)
            }
        judged = {JUDGED: CHOSEN_UNTIL, SHIPPED: date.max}
        parts = judged if evening > CHOSEN_UNTIL else {CHOSEN: CHOSEN_UNTIL}
        for part, until in parts.items():
            for half, moves in enumerate(learnt[until]):
                for question in asked.values():
                    plans = held(replace(snapshot, rent_moves=moves), question, evening, rents, half)
                    found += [replace(plan, part=part) for plan in plans]
    return found


def main() -> None:
    """Prints the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    said = arguments.parse_args()
    read = all_readings(said.folder)
    with tempfile.TemporaryDirectory() as folder:
        engine, _ = prepare(f"sqlite:///{Path(folder) / 'backtest.sqlite3'}")
        found = backtest(Sessions(engine), read, EVENINGS, ASKED)
        engine.dispose()
    for part in (CHOSEN, JUDGED, SHIPPED):
        print(part, *table([one for one in found if one.part == part]), sep="\n")


if __name__ == "__main__":
    main()
