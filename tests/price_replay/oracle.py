"""Was a recommended price current and believable? Judged from what was said alone.

Nothing here is the product's: cards are told apart by their written names, superseding by who said what
last, and what a card can cost by what providers asked for it in that week, whatever the product's own bands
say: a third to three times their median of a list price, a fifth to five times of bids and hosts. A dearer
one is believed where the same provider's other prices are near it, for remote regions have such list prices,
a cheaper one where another provider's are: a bargain that others offer too is none.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from tests.price_replay.ledger import CATALOG, OWN, Reading, Statement

MAX_AGE = timedelta(days=30)
A_WEEK = timedelta(days=7)
FIRM_BAND, LOOSE_BAND = 3.0, 5.0
NEAR = 2.0
FIRM = ("on_demand", "reserved")
LEAST_PROVIDERS = 3
COMPLETE_FOR = {
    "aws": ("aws", {"on_demand"}, True, True),
    "gcp_billing": ("gcp", {"on_demand", "spot"}, False, True),
    "runpod": ("runpod", {"on_demand", "community", "spot"}, False, False),
    "vast": ("vast", {"marketplace", "spot"}, False, True),
    "vultr": ("vultr", {"on_demand", "spot"}, False, False),
}
"""A provider's own list -> whose, in which tiers, whether only of regions and of GPUs that it names."""
CARDS = (
    "GB300", "GB200", "GH200", "B300", "B200", "H200", "H100", "H800", "H20", "A100", "MI355X", "MI325X",
    "MI300X", "L40S", "L40", "L4", "A6000", "A5000", "A4500", "A4000", "A2000", "A40", "A30", "A10G", "A10",
    "V100", "P100", "T4", "RTXPRO6000", "RTXPRO5000", "RTXPRO4500", "RTXPRO4000", "6000ADA", "5000ADA",
    "4000ADA", "2000ADA", "5090", "5080", "5070TI", "5070", "5060TI", "5060", "4090", "4080SUPER", "4080S",
    "4080", "4070STI", "4070TISUPER", "4070TI", "4070SUPER", "4070S", "4070", "4060TI", "4060", "3090TI",
    "3090", "3080TI", "3080", "3070TI", "3070", "3060TI", "3060",
)  # fmt: skip
"""Longer names before those that they hold."""
SIZES = re.compile(r"[-_ .](\d+)g$|^(\d+)x[- _]|ND(96)|(p[345]d?e?n?\.(?:48|24)xlarge)$", re.I)
"""How many GPUs some instances' names tell: a3-highgpu-8g, 4x RTX 4090, ND96isr_H100_v5, p5.48xlarge."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A recommended offer, in plain words."""

    on: date
    list: str
    provider: str
    instance: str
    region: str
    gpu: str
    """The written name."""
    gpu_count: int
    tier: str
    term_months: int | None
    usd_per_hour: float
    as_of: date


def card(name: str) -> str:
    """The card that a written name speaks of, memory only where it decides the price; "" for none known."""
    bare = re.sub(r"[^A-Z0-9]", "", name.upper().replace("NVIDIA", ""))
    found = next((one for one in CARDS if one in bare), "")
    if found == "A100":
        return "A100 80" if "80" in bare.replace("A100", "", 1) else "A100"
    return found


def variant(name: str) -> tuple[str, str]:
    """The card with its form, where its name tells: other forms are other things."""
    forms = (form for form in ("SXM", "PCIE", "NVL") if form in name.upper())
    return card(name), next(forms, "")


Key = tuple[str, str, str, str, int, str, int]


def _key(said: Statement | Shown) -> Key:
    return (
        said.provider, said.instance.lower(), said.region.lower(), said.gpu.lower(), said.gpu_count,
        said.tier, said.term_months or 0,
    )  # fmt: skip


class Oracle:
    """Everything that was said, and what follows for a recommendation."""

    def __init__(self, read: Iterable[Reading]) -> None:
        self.read: dict[str, list[Reading]] = defaultdict(list)
        self._said: dict[tuple[str, Key], list[Statement]] = defaultdict(list)
        self._of_card: dict[tuple[str, str], list[Statement]] = defaultdict(list)
        self._of_thing: dict[tuple[str, tuple[str, str], int, str], list[Statement]] = defaultdict(list)
        self._named_by: dict[tuple[str, int], tuple[set[tuple[str, str]], set[str]]] = {}
        for reading in sorted(read, key=lambda one: one.read_at):
            self.read[reading.list].append(reading)
            for said in reading.said:
                self._said[said.list, _key(said)].append(said)
                self._of_card[card(said.gpu), said.tier].append(said)
                thing = said.provider, variant(said.gpu), said.gpu_count, said.tier
                self._of_thing[thing].append(said)

    def faults(self, shown: Shown) -> list[str]:
        """Why it should not have been recommended; empty where it may be."""
        found = (self._stale(shown), self._superseded(shown), self._unbelievable(shown), _hardware(shown),
                 self._sold_out(shown))  # fmt: skip
        return [reason for reason in found if reason]

    def is_judged_by_others(self, shown: Shown) -> bool:
        """Whether enough providers priced its card for a median."""
        return self._usual(shown) is not None

    def _now(self, shown: Shown) -> datetime:
        return datetime.combine(shown.on, time.max, UTC)

    def _newest(self, shown: Shown) -> list[Statement]:
        """What the list said of it at its last reading."""
        until = self._now(shown)
        said = [one for one in self._said[shown.list, _key(shown)] if one.read_at <= until]
        return [one for one in said if one.read_at == said[-1].read_at] if said else []

    def _stale(self, shown: Shown) -> str:
        newest = self._newest(shown)
        last = max((one.day for one in newest), default=shown.as_of)
        if shown.on - max(last, shown.as_of) > MAX_AGE:
            return f"stale: last stated for {max(last, shown.as_of)}"
        return ""

    def _superseded(self, shown: Shown) -> str:
        until = self._now(shown)
        newest = self._newest(shown)
        usual = self._usual(shown)
        for said in newest[:1]:
            cheapest = min(one.usd_per_hour for one in newest)
            believable = usual is None or self._is_near(replace(shown, usd_per_hour=cheapest), usual)
            believable = believable and not self._above_firm(said, cheapest)
            if abs(cheapest - shown.usd_per_hour) > 1e-3 * cheapest and believable:
                return f"superseded: {said.list} says {cheapest:g} on {said.day}"
        if shown.list == OWN:
            return ""
        if gone := self._gone(shown, until):
            return gone
        for own, (provider, tiers, by_region, by_gpu) in COMPLETE_FOR.items():
            if provider != shown.provider or own == shown.list or shown.tier not in tiers:
                continue
            said_so = [r for r in self.read[own] if r.read_at <= until]
            cards, regions = self._named(own, len(said_so))
            covers = (not by_gpu or variant(shown.gpu) in cards) and (
                not by_region or shown.region.lower() in regions
            )
            if said_so and covers:
                return f"superseded: {own}, the provider's own list, was read on {said_so[-1].read_at:%F}"
        return self._younger_elsewhere(shown, until)

    def _named(self, of_list: str, count: int) -> tuple[set[tuple[str, str]], set[str]]:
        """The cards and regions that a list has named in its first readings."""
        found = self._named_by.get((of_list, count))
        if found is None:
            said = [one for reading in self.read[of_list][:count] for one in reading.said]
            found = {variant(one.gpu) for one in said}, {one.region.lower() for one in said}
            self._named_by[of_list, count] = found
        return found

    def _above_firm(self, said: Statement, usd_per_hour: float) -> bool:
        """Whether a bid is above what the same reading asks for the same machine without bidding."""
        reading = next(one for one in self.read[said.list] if one.read_at == said.read_at)
        machine = said.provider, said.instance, said.region, said.gpu_count
        firm = [
            one.usd_per_hour for one in reading.said
            if one.tier in ("on_demand", "marketplace", "community")
            and (one.provider, one.instance, one.region, one.gpu_count) == machine
        ]  # fmt: skip
        return said.tier == "spot" and bool(firm) and usd_per_hour > max(firm)

    def _gone(self, shown: Shown, until: datetime) -> str:
        """Whether the list's last readings leave it out: one of the usual length, or two."""
        last = [reading for reading in self.read[shown.list] if reading.read_at <= until][-2:]
        if shown.list == CATALOG or not self._newest(shown):
            return ""
        without = [all(_key(said) != _key(shown) for said in reading.said) for reading in last]
        is_whole = len(last[-1].said) * 2 >= len(last[0].said)
        if without[-1] and (is_whole or all(without)):
            return f"superseded: gone from {shown.list} on {last[-1].read_at:%F}"
        return ""

    def _younger_elsewhere(self, shown: Shown, until: datetime) -> str:
        """Another list's word on the same thing in the same place, more than a week younger."""
        newest = self._newest(shown)
        last = max((one.day for one in newest), default=shown.as_of)
        thing = shown.provider, variant(shown.gpu), shown.gpu_count, shown.tier
        for said in reversed(self._of_thing[thing] if card(shown.gpu) else ()):
            same_place = not shown.region or said.region.lower() in ("", shown.region.lower())
            if (
                said.list not in (shown.list, OWN, CATALOG) and said.read_at <= until
                and (said.term_months or 0) == (shown.term_months or 0)
                and shown.list not in COMPLETE_FOR
                and said.day - last > A_WEEK and same_place
            ):  # fmt: skip
                return f"superseded: {said.list} says {said.usd_per_hour:g} on {said.day}"
        return ""

    def _usual(self, shown: Shown) -> float | None:
        """The median over providers of what each asked in that week for the card in that tier.

        By single GPUs where enough have them: of several some lists give the price of one.
        """
        for days in (7, 30):
            week = self._week(shown, days)
            for counts in (range(1, 2), range(1, 1024)):
                by_provider: dict[str, list[float]] = defaultdict(list)
                for one in week:
                    if one.gpu_count in counts:
                        by_provider[one.provider].append(one.usd_per_gpu)
                if len(by_provider) >= LEAST_PROVIDERS:
                    return median(median(prices) for prices in by_provider.values())
        return None

    def _week(self, shown: Shown, days: int) -> list[Statement]:
        """What was said lately of its card in its tier and term."""
        said = self._of_card[card(shown.gpu), shown.tier] if card(shown.gpu) else []
        lately = _between(said, shown.on - timedelta(days=days), shown.on)
        return [one for one in lately if (one.term_months or 0) == (shown.term_months or 0)]

    def _unbelievable(self, shown: Shown) -> str:
        usual, per_gpu = self._usual(shown), shown.usd_per_hour / shown.gpu_count
        if usual is None or self._is_near(shown, usual):
            return ""
        if per_gpu > usual:
            until = self._now(shown)
            own = [
                one.usd_per_gpu for one in self._of_card[card(shown.gpu), shown.tier]
                if one.provider == shown.provider and one.read_at <= until
                and (one.term_months or 0) == (shown.term_months or 0)
            ]  # fmt: skip
            if per_gpu <= NEAR * median(own):
                return ""
        elif any(one.usd_per_gpu <= NEAR * per_gpu for one in self._week(shown, 30)
                 if one.provider != shown.provider):  # fmt: skip
            return ""
        return f"unbelievable: {per_gpu:.4g} USD per GPU, {per_gpu / usual:.2f} times the week's {usual:.4g}"

    def _is_near(self, shown: Shown, usual: float) -> bool:
        band = FIRM_BAND if shown.tier in FIRM else LOOSE_BAND
        return usual / band <= shown.usd_per_hour / shown.gpu_count <= usual * band

    def _sold_out(self, shown: Shown) -> str:
        told = [one.in_stock for one in self._newest(shown) if one.in_stock is not None]
        return "sold out" if told and not any(told) else ""


def _between(said: Sequence[Statement], first: date, last: date) -> Sequence[Statement]:
    """Of statements in the order of reading those read within the days."""

    def at(one: Statement) -> date:
        return one.read_at.date()

    return said[bisect_right(said, first, key=at) : bisect_right(said, last, key=at)]


def _hardware(shown: Shown) -> str:
    told = SIZES.search(shown.instance)
    if told is None or not (number := next((part for part in told.groups() if part), "")):
        return ""
    count = int(number) if number.isdigit() and number != "96" else 8
    return f"hardware: {shown.gpu_count} GPUs in {shown.instance}" if count != shown.gpu_count else ""
