"""What an hour of a card can cost: a floor and a ceiling per card and tier, both exclusive, in USD.

From dated observations (catalog/rental_bands.csv: the 1st and 99th percentile of every rent of a card that
public trackers and price lists showed, without what lay beyond eight times the median), with a margin on
either side: real bargains and real extravagance lie within it, a placeholder of one cent, a price per GPU
given for eight of them and a whole machine's price given for one GPU do not. A card that nobody has seen
rented out has a floor by the electricity it draws.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from service.errors import Worded, worded
from service.facts import Gpu, Tier
from service.store.versions import CATALOG

FIRM: frozenset[Tier] = frozenset({"on_demand", "reserved"})
"""Tiers that have a list price; the others move with what hosts and bidders want."""
FIRM_FLOOR, LOOSE_FLOOR = 1 / 3, 1 / 5
"""Of the least that was seen. Of 93,510 prices collected from 2023 to 2026 these leave out four: an H200
at 0.06 and 0.07, and a three years' price of Google without its GPUs."""
CEILING = 4.0
"""Times the most that was seen: a GPU in a far larger host costs three times the usual."""
FEW, LESS_SURE = 30, 2.5
"""Of so few observations either margin is wider by this factor."""
SPOT_SHARE_OF_FIRM = 1 / 5
"""Of the least list price, where a card was never seen on spot: discounts of 60 to 80 % are usual."""
LEAST_USD = 0.01
"""No card was ever seen for less than two cents; a bid of one cent is a placeholder."""
CHEAPEST_USD_PER_KWH = 0.03
"""Assumed: no machine room is known to pay less."""


@dataclass(frozen=True, slots=True)
class Band:
    """Between which prices a GPU and hour is believed [USD], both exclusive, and by what that is known."""

    floor: float
    ceiling: float
    basis: Worded
    """How many observations of which days and source, or the electricity it draws."""


@dataclass(frozen=True, slots=True)
class _Seen:
    low: float
    high: float
    observations: int
    first: date
    last: date
    source: str

    @property
    def basis(self) -> Worded:
        if self.first == self.last:
            return worded(
                "seen {count:,} times, {day}: {low:g} to {high:g}",
                count=self.observations,
                day=self.first,
                low=self.low,
                high=self.high,
            )
        return worded(
            "seen {count:,} times, {first} to {last}: {low:g} to {high:g}",
            count=self.observations,
            first=self.first,
            last=self.last,
            low=self.low,
            high=self.high,
        )

    @property
    def sureness(self) -> float:
        return LESS_SURE if self.observations < FEW else 1.0

    def floor(self, share: float) -> float:
        return max(LEAST_USD, self.low * share / self.sureness)

    @property
    def ceiling(self) -> float:
        return self.high * CEILING * self.sureness


def band(gpu: Gpu | None, tier: Tier) -> Band:
    """The band of a card in a tier; of no card what holds for every one."""
    seen = _seen()
    highest = CEILING * _highest()
    if gpu is None:
        return Band(LEAST_USD, highest, worded("as any card"))
    firm, loose = seen.get((gpu.slug, "firm")), seen.get((gpu.slug, "loose"))
    if tier in FIRM and firm is not None:
        return Band(firm.floor(FIRM_FLOOR), firm.ceiling, firm.basis)
    if tier not in FIRM and loose is not None:
        return Band(loose.floor(LOOSE_FLOOR), loose.ceiling, loose.basis)
    if firm is not None:
        basis = worded("on demand {seen}", seen=firm.basis)
        return Band(firm.floor(LOOSE_FLOOR * SPOT_SHARE_OF_FIRM), firm.ceiling, basis)
    if loose is not None:
        basis = worded("without a list price {seen}", seen=loose.basis)
        return Band(loose.floor(LOOSE_FLOOR), highest, basis)
    electricity = gpu.board_watts / 1000 * CHEAPEST_USD_PER_KWH
    basis = worded("{watts:g} W at {per_kwh:g} USD/kWh", watts=gpu.board_watts, per_kwh=CHEAPEST_USD_PER_KWH)
    return Band(max(LEAST_USD, electricity), highest, basis)


def band_of_any(gpus: Sequence[Gpu], tier: Tier) -> Band:
    """The widest band of what may be any of several cards: of those that were seen, where any was."""
    tiers = ("firm", "loose")
    known = [gpu for gpu in gpus if any((gpu.slug, one) in _seen() for one in tiers)] or list(gpus)
    found = [band(gpu, tier) for gpu in known] or [band(None, tier)]
    lowest = min(found, key=lambda one: one.floor)
    return Band(lowest.floor, max(one.ceiling for one in found), lowest.basis)


@lru_cache(maxsize=1)
def _highest() -> float:
    return max(one.high for one in _seen().values())


@lru_cache(maxsize=1)
def _seen() -> Mapping[tuple[str, str], _Seen]:
    with (CATALOG / "rental_bands.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["gpu"], row["tiers"]): _Seen(
                float(row["low_usd"]),
                float(row["high_usd"]),
                int(row["observations"]),
                date.fromisoformat(row["first_seen"]),
                date.fromisoformat(row["last_seen"]),
                row["source"],
            )
            for row in csv.DictReader(file)
        }
