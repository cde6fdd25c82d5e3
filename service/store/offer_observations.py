"""What a new observation means for an offer's price history. Pure: decides, writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


@dataclass(frozen=True, slots=True)
class Observation:
    """A price, the day it was stated for, and the moment it was read."""

    as_of: date
    seen_at: datetime
    price: Decimal
    currency: str
    source_id: int


@dataclass(slots=True)
class PriceSpan:
    """A price first stated for `as_of` and last for `last_as_of`: a row of offer_prices."""

    as_of: date
    first_seen: datetime
    last_as_of: date
    last_seen: datetime
    price: Decimal
    currency: str
    source_id: int
    is_new: bool = False
    is_extended: bool = False

    def says(self, seen: Observation) -> bool:
        return self.price == seen.price and self.currency == seen.currency

    def rank_on(self, day: date) -> tuple[date, datetime]:
        """The span of the highest rank tells the price on `day`.

        Only the first and the last day of a span are certain to be observed: inside a long span an
        observation that was found later is the better witness.
        """
        if self.last_as_of <= day:
            return (self.last_as_of, self.last_seen)
        return (self.as_of, self.first_seen)


class Novelty(Enum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OLDER = "older"


@dataclass(slots=True)
class PriceSpans:
    """The current price of an offer and, once `earlier` is filled, the spans before it."""

    current: PriceSpan | None = None
    earlier: list[PriceSpan] = field(default_factory=list)

    def spans(self) -> list[PriceSpan]:
        return self.earlier if self.current is None else [*self.earlier, self.current]

    def needs_earlier(self, seen: Observation) -> bool:
        """Whether the verdict depends on the spans before the current one."""
        current = self.current
        if current is None or seen.as_of > current.last_as_of:
            return False
        # Of a day with several prices the earlier ones are spans of their own, and one read at the very
        # moment of one of them is no new one.
        is_later = seen.as_of == current.last_as_of and seen.seen_at > current.last_seen
        return not is_later and not (seen.as_of == current.last_as_of and current.says(seen))

    def observe(self, seen: Observation) -> Novelty:
        """Take in one observation: extends the current span, adds a span, or changes nothing.

        An observation older than the newest becomes history and never changes the current price. On
        the newest day itself the one read later counts, so that a price may change within a day; of two
        prices read at the very same moment the first one stays.
        """
        current = self.current
        if current is None:
            self.current = _span(seen)
            return Novelty.NEW
        if seen.as_of > current.last_as_of or (
            seen.as_of == current.last_as_of and seen.seen_at > current.last_seen
        ):
            if not current.says(seen):
                self.earlier.append(current)
                self.current = _span(seen)
                return Novelty.CHANGED
            if seen.as_of > current.last_as_of:
                current.last_as_of, current.last_seen = seen.as_of, max(seen.seen_at, current.last_seen)
                current.is_extended = True
            return Novelty.UNCHANGED
        if self._known(seen):
            return Novelty.UNCHANGED
        self.earlier.append(_span(seen))
        return Novelty.OLDER

    def _known(self, seen: Observation) -> bool:
        spans = [span for span in self.spans() if span.as_of <= seen.as_of <= span.last_as_of]
        told = max(spans, key=lambda span: span.rank_on(seen.as_of), default=None)
        at_once = any(
            seen.seen_at == span.first_seen if seen.as_of == span.as_of else seen.seen_at == span.last_seen
            for span in spans
            if seen.as_of in (span.as_of, span.last_as_of)
        )
        return at_once or (told is not None and told.says(seen))


def _span(seen: Observation) -> PriceSpan:
    return PriceSpan(
        as_of=seen.as_of,
        first_seen=seen.seen_at,
        last_as_of=seen.as_of,
        last_seen=seen.seen_at,
        price=seen.price,
        currency=seen.currency,
        source_id=seen.source_id,
        is_new=True,
    )


def cheapest_per_day(observations: Sequence[Observation], eur: Sequence[float]) -> list[Observation]:
    """One observation a day, by day: where one batch lists a key several times, its cheapest price."""
    best: dict[date, tuple[float, Observation]] = {}
    for seen, in_eur in zip(observations, eur, strict=True):
        known = best.get(seen.as_of)
        if known is None or (in_eur, seen.price) < (known[0], known[1].price):
            best[seen.as_of] = (in_eur, seen)
    return [best[day][1] for day in sorted(best)]
