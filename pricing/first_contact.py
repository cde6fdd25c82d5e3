"""Every source called once, judged and forgotten: what the first day with a network shows and no test can."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from pricing.asleep import sleep_of
from pricing.checks import Checked, Known, check
from pricing.gpu_names import GpuNames
from pricing.http import Door, FetchFailed
from pricing.refresh import address, from_list, named
from pricing.rounds import Say
from pricing.source import Asked, Payload, PriceSource, UnreadablePayload
from service.facts import CloudOffer, RentalIndex
from service.reports.listings.price_check import Oddity, SourceCheck
from service.shown import address as shown

OLD_DAYS = 31
MOST_REASONS = 3
MOST_NAMES = 5
NOT_AS_KNOWN = "as known"
"""What parsers say of a row of another form: not a row as known, not a slot as known."""
Look = Callable[[PriceSource], SourceCheck]


def call_all(sources: Sequence[PriceSource], look: Look, at_once: int, say: Say) -> list[SourceCheck]:
    """What came of calling each of them, several at a time, in the order given."""

    def one(source: PriceSource) -> SourceCheck:
        say(source.name, "asking")
        found = look(source)
        say(source.name, "done")
        return found

    with ThreadPoolExecutor(at_once, "check") as pool:
        return list(pool.map(one, sources))


def call_one(
    source: PriceSource, names: GpuNames, now: datetime, settings: Mapping[str, str], longest_s: float
) -> SourceCheck:
    """Call a source once, read its answer and keep nothing; never raises for what the source does."""
    if sleep := sleep_of(source, settings):
        return SourceCheck(source.name, None, None, 0, 0, 0.0, (Oddity(sleep.why, 0, sleep.variable),))
    key = settings.get(source.key or source.optional_key or "", "")
    asked = Asked(address(source, now, settings), now, key)
    began = time.monotonic()
    try:
        with Door(now, longest_s=longest_s) as door:
            payload = source.fetch(door, asked)
    except FetchFailed as error:
        return _failed(source, began, False, str(error))
    except Exception as error:  # a fetch reads what it asks next: what it stumbles over is the answer's shape
        return _failed(source, began, True, f"{shown(asked.url)}: {_said(error)}")
    try:
        checked = check([from_list(source, fact) for fact in source.read(payload)], Known(today=now.date()))
    except Exception as error:
        return _failed(source, began, True, _said(error))
    return _judged(source, checked, payload, names, now, time.monotonic() - began)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, UnreadablePayload) else f"our own fault: {error!r}"


def _failed(source: PriceSource, began: float, is_reached: bool, said: str) -> SourceCheck:
    seconds = time.monotonic() - began
    expected = False if is_reached else None
    return SourceCheck(source.name, is_reached, expected, 0, 0, seconds, (Oddity("error", 1, said),))


def _judged(
    source: PriceSource, checked: Checked, payload: Payload, names: GpuNames, now: datetime, seconds: float
) -> SourceCheck:
    reasons = Counter(reason for _, reason in checked.rejected)
    odd = [Oddity("refused", count, reason) for reason, count in reasons.most_common(MOST_REASONS)]
    offers = [fact for fact in checked.accepted if isinstance(fact, CloudOffer)]
    unknown = Counter(
        offer.gpu_raw_name for offer in (named(one, names) for one in offers) if offer.gpu is None
    )
    indices = [fact for fact in checked.accepted if isinstance(fact, RentalIndex)]
    unknown.update(one.gpu_raw_name for one in indices if not names.may_mean(one.gpu_raw_name))
    if unknown:
        said = ", ".join(name for name, _ in unknown.most_common(MOST_NAMES))
        odd.append(Oddity("unmapped", unknown.total(), said))
    if offers and (age := (now.date() - max(offer.as_of for offer in offers)).days) > OLD_DAYS:
        odd.append(Oddity("old", age, ""))
    if payload.left_out:
        first = next(iter(payload.left_out.values()))
        odd.append(Oddity("left_out", len(payload.left_out), f"{', '.join(payload.left_out)} ({first})"))
    is_known = bool(checked.accepted) and not any(NOT_AS_KNOWN in reason for reason in reasons)
    return SourceCheck(
        source.name, True, is_known, len(checked.accepted), len(checked.rejected), seconds, tuple(odd)
    )
