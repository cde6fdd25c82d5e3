"""fetch -> parse -> check -> keep, one source at a time; one source down never touches the others."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from os import environ
from typing import Any, Protocol, cast

from pricing import alerts
from pricing.asleep import sleep_of
from pricing.checks import Checked, Known, check
from pricing.countries import country_of
from pricing.gpu_names import GpuNames
from pricing.http import Door, FetchFailed, NotModified, Validators
from pricing.outside_text import text_objection
from pricing.source import Asked, Fact, Payload, PriceSource, Rejected, UnreadablePayload
from service.errors import each_text, worded
from service.estimate import market_day
from service.estimate.superseded import Coverage
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    GridCarbon,
    RentalIndex,
    SpotInterruption,
    SpotPrice,
)
from service.shown import address as shown
from service.shown import said, visible
from service.store import (
    exchange_rates,
    gpus,
    grid_carbon,
    offer_listing,
    offers,
    own_gpu_names,
    rates,
    refreshes,
    rental_indices,
    source_answers,
    spot_interruptions,
    spot_prices,
    superseding,
)
from service.store.column_types import DECIMALS
from service.store.leases import LeaseLost
from service.store.refreshes import Refresh, RejectedRow
from service.store.session import Sessions
from service.store.source_answers import SourceAnswer
from service.store.work_models import RefreshOutcome

Fetch = Callable[[Asked], Payload]
MOST_DAYS_SAID = 3
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a refresh of one source went."""

    source: str
    outcome: RefreshOutcome
    accepted: int = 0
    rejected: int = 0
    error: str = ""
    refused: tuple[RejectedRow, ...] = ()
    """The rejected rows themselves."""
    retry_after_s: float | None = None
    """How long the source asked us to wait, where it did."""
    changed: int | None = None
    """New or different facts; None where nothing was kept."""
    seconds: float = 0.0


class Hold(Protocol):
    """The right to refresh a source; another process may have taken it over meanwhile."""

    def check(self, session: Any) -> None:
        """Raises LeaseLost where it is another's by now; else it stays ours until the session's end."""

    def give_back(self, session: Any, outcome: Outcome) -> None:
        """Give it up in the transaction that records the outcome; raises LeaseLost too."""


def refresh(
    sessions: Sessions,
    source: PriceSource,
    now: datetime,
    fetch: Fetch | None = None,
    settings: Mapping[str, str] = environ,
    *,
    begun: int | None = None,
    hold: Hold | None = None,
) -> Outcome:
    """Bring one source's facts into the store; never raises for what the source does.

    Facts are kept in one transaction, the outcome is recorded in another, so that a failure is
    recorded too and the previous prices stay. `fetch` stands in for the way out; `begun` is the row
    that says this refresh runs. With `hold`, nothing is kept or recorded once it is lost: LeaseLost.
    """
    began = time.monotonic()
    try:
        outcome = _attempt(sessions, source, now, fetch, settings, hold=hold)
    except LeaseLost:
        raise
    except Exception as error:
        log.exception("%s: a fault of our own", source.name)
        outcome = Outcome(source.name, "failed", error=f"our own fault: {type(error).__name__}: {error}")
    outcome = replace(outcome, error=each_text(outcome.error, said), seconds=time.monotonic() - began)
    done = Refresh(
        source_name=source.name,
        started_at=now,
        finished_at=now + timedelta(seconds=outcome.seconds),
        outcome=outcome.outcome,
        accepted=outcome.accepted,
        rejected=outcome.rejected,
        error=str(outcome.error),
        changed=outcome.changed,
    )
    with sessions.begin() as session:
        if hold:
            hold.give_back(session, outcome)
        number = refreshes.add(session, done) if begun is None else refreshes.finish(session, begun, done)
        refreshes.add_rejected(session, number, outcome.refused)
    alerts.after_refresh(sessions, now)
    return outcome


def _attempt(
    sessions: Sessions,
    source: PriceSource,
    now: datetime,
    fetch: Fetch | None,
    settings: Mapping[str, str],
    *,
    hold: Hold | None,
) -> Outcome:
    if sleep := sleep_of(source, settings):
        return Outcome(source.name, "asleep", error=sleep.said)
    key = settings.get(source.key or source.optional_key or "", "")
    asked = Asked(address(source, now, settings), now, key, only=_still_to_read(sessions, source, now))
    try:
        payload = fetch(asked) if fetch else _fetched(sessions, source, asked)
        known = _known(sessions, source, now)
        read = [from_list(source, fact, known.names) for fact in source.read(payload)]
        checked = check(read, known)
        changed, remark = keep(
            sessions, checked, now, source.name, payload=payload, covers=source.covers, hold=hold
        )
    except NotModified:
        return _confirmed(sessions, source, now, hold)
    except FetchFailed as error:
        return Outcome(source.name, "failed", error=error.reason, retry_after_s=error.retry_after_s)
    except UnreadablePayload as error:
        return Outcome(
            source.name, "failed", error=worded("{url}: {reason}", url=shown(asked.url), reason=error.reason)
        )
    reasons = "; ".join(sorted({reason for _, reason in checked.rejected})[:5])
    refused = tuple(
        RejectedRow(str(reason), row.raw if isinstance(row, Rejected) else repr(row))
        for row, reason in checked.rejected
    )
    if not checked.accepted:
        reasons = reasons or "nothing in the answer"
        return Outcome(source.name, "failed", rejected=len(refused), error=reasons, refused=refused)
    return Outcome(
        source.name,
        "ok" if changed else "unchanged",
        accepted=len(checked.accepted),
        rejected=len(refused),
        error="; ".join(filter(None, (_left_out(payload), remark, _missing(checked), reasons))),
        refused=refused,
        changed=changed,
    )


def _still_to_read(sessions: Sessions, source: PriceSource, now: datetime) -> tuple[str, ...]:
    """The regions that were left out when all were last asked for, until all are due again."""
    with sessions.reading() as session:
        last = source_answers.get(session, source.name)
    if last is None or last.asked_all_at is None or now - last.asked_all_at >= source.every:
        return ()
    return last.left_out


def _left_out(payload: Payload) -> str:
    """Which regions were read alone, which could not be, and why the first could not."""
    said = [f"only {', '.join(payload.only)}, left out before"] if payload.only else []
    if payload.left_out:
        first = next(iter(payload.left_out.values()))
        said.append(f"left out, kept as they were: {', '.join(payload.left_out)} ({first})")
    return "; ".join(said)


def _missing(checked: Checked) -> str:
    """Which market days the answer prices in part only: "day 2026-10-25: 24 of 25 hours"."""
    priced = [fact for fact in checked.accepted if isinstance(fact, SpotPrice)]
    found = market_day.incomplete(priced)
    more = f" and {len(found) - MOST_DAYS_SAID} more" if len(found) > MOST_DAYS_SAID else ""
    return "; ".join(day.text for day in found[:MOST_DAYS_SAID]) + more


def address(source: PriceSource, now: datetime, settings: Mapping[str, str]) -> str:
    """The source's address, or the one its setting puts in its place, with the days filled in."""
    today = market_day.day_of(now)
    return address_of_days(source, (today, today + timedelta(days=1)), settings)


def address_of_days(source: PriceSource, asked: tuple[date, date], settings: Mapping[str, str]) -> str:
    """The same for other market days, the first and the last, in the place of today and tomorrow."""
    url = settings.get(source.url_setting) or source.url
    edges = {"start": market_day.bounds(asked[0])[0], "end": market_day.bounds(asked[1])[1]}
    days = {"today": asked[0].isoformat(), "tomorrow": asked[1].isoformat()}
    for edge, at in edges.items():
        days[f"{edge}_ms"] = str(int(at.timestamp()) * 1000)
        days[f"{edge}_z"], days[f"{edge}_minute"] = f"{at:%Y-%m-%dT%H:%MZ}", f"{at:%Y%m%d%H%M}"
    for name, value in days.items():
        url = url.replace(f"{{{name}}}", value)
    return url


def _fetched(sessions: Sessions, source: PriceSource, asked: Asked) -> Payload:
    with sessions.reading() as session:
        last = source_answers.get(session, source.name)
    validators = Validators(last.url, last.etag, last.last_modified) if last else None
    with Door(asked.now, validators) as door:
        return source.fetch(door, asked)


def from_list(source: PriceSource, fact: Fact | Rejected, names: GpuNames | None = None) -> Fact | Rejected:
    """A fact that a parser read, as the store keeps it: nine decimals, an offer with its list and GPU.

    Rejected where its text is none that people write: nothing may read a name without end.
    """
    if isinstance(fact, Rejected):
        return fact
    if reason := text_objection(fact):
        return Rejected(visible(repr(fact)), reason)
    if isinstance(fact, CloudOffer):
        return replace(named(fact, names) if names else fact, origin=source.name)
    if isinstance(fact, RentalIndex):
        return replace(fact, gpus=names.may_mean(fact.gpu_raw_name)) if names else fact
    if isinstance(fact, SpotPrice):
        return replace(fact, per_mwh=_to_nine_decimals(fact.per_mwh))
    if isinstance(fact, ElectricityRate):
        return replace(fact, per_kwh=_to_nine_decimals(fact.per_kwh))
    if isinstance(fact, ExchangeRate):
        return replace(fact, rate=_to_nine_decimals(fact.rate))
    return fact


def _to_nine_decimals(value: Decimal) -> Decimal:
    # JSON written from binary floats says 0.22510000000000002; the store keeps nine decimals exactly.
    if not value.is_finite() or cast(int, value.as_tuple().exponent) >= -DECIMALS:
        return value
    return round(value, DECIMALS)


def _known(sessions: Sessions, source: PriceSource, now: datetime) -> Known:
    with sessions.reading() as session:
        newest = exchange_rates.newest_rates(session)
        return Known(
            {quote: rate.rate for quote, rate in newest.items()},
            offer_listing.listed(session, source.name),
            now.date(),
            {quote: rate.as_of for quote, rate in newest.items()},
            GpuNames(gpus.all(session), own_gpu_names.all(session)),
        )


def _confirmed(sessions: Sessions, source: PriceSource, now: datetime, hold: Hold | None) -> Outcome:
    """The source has nothing newer: what it lists is still its price today, unless it states its day."""
    said = "not modified since the last answer"
    if source.states_its_day:
        with sessions.reading() as session:
            listed = len(offer_listing.listed(session, source.name))
        return Outcome(source.name, "unchanged", listed, error=said, changed=0)
    with sessions.begin() as session:
        if hold:
            hold.check(session)
        last = source_answers.get(session, source.name)
        count = offer_listing.confirm(session, source.name, now, last.answered_at if last else None)
        source_answers.put_covers(session, source.name, source.covers)
        superseding.supersede(session, now, of_list=source.name)
    return Outcome(source.name, "unchanged", count, error="not modified since the last answer", changed=0)


def keep(
    sessions: Sessions,
    checked: Checked,
    now: datetime,
    origin: str,
    *,
    payload: Payload | None = None,
    covers: Sequence[Coverage] = (),
    hold: Hold | None = None,
) -> tuple[int, str]:
    """Keep facts in one transaction: how many were new or different, and a remark where there is one.

    With `payload`, the whole answer of a source, what its list no longer names is marked as such, and what
    other lists say in its place as superseded; without it, the offers are an addition.
    """
    if not checked.accepted:
        return 0, ""
    remark = ""
    with sessions.begin() as session:
        if hold:
            hold.check(session)
        facts = checked.accepted
        changed = exchange_rates.put_all(session, [f for f in facts if isinstance(f, ExchangeRate)])
        changed += spot_prices.put_all(session, [f for f in facts if isinstance(f, SpotPrice)])
        changed += rates.put_electricity(session, [f for f in facts if isinstance(f, ElectricityRate)])
        changed += rates.put_carbon(session, [f for f in facts if isinstance(f, CarbonIntensity)])
        changed += grid_carbon.put_all(session, [f for f in facts if isinstance(f, GridCarbon)])
        changed += spot_interruptions.put_all(session, [f for f in facts if isinstance(f, SpotInterruption)])
        changed += rental_indices.put_all(session, [f for f in facts if isinstance(f, RentalIndex)])
        quoted = [f for f in facts if isinstance(f, CloudOffer)]
        gone: int | None = 0
        if quoted and payload is not None:
            # Before they are added: what the list named the last time says whether it is whole.
            named_now = _slugs(quoted, checked)
            not_read = _not_read(session, origin, payload)
            gone = offer_listing.unlist_missing(session, origin, named_now | not_read, now)
            remark = "" if gone is not None else "far fewer offers than before: none taken off the list"
        if quoted:
            added = offers.add_all(session, quoted, now)
            changed += added.new + added.changed + (gone or 0)
        if payload is not None:
            if quoted:
                not_seen = _refused_slugs(checked) | offer_listing.unnamed(session, origin, named_now)
                offer_listing.seen_again(session, origin, now, not_seen)
            asked_all_at = _asked_all_at(session, origin, payload, now) if payload.left_out else None
            source_answers.put(
                session,
                SourceAnswer(
                    name=origin, url=shown(payload.url),
                    etag=payload.etag, last_modified=payload.last_modified,
                    sha256=sha256(payload.content).hexdigest(), answered_at=now,
                    covers=tuple(covers), left_out=tuple(payload.left_out), asked_all_at=asked_all_at,
                ),
            )  # fmt: skip
            if quoted:
                superseding.supersede(session, now, of_list=origin)
        if hold:
            hold.check(session)
    return changed, remark


def _not_read(session: Any, origin: str, payload: Payload) -> set[str]:
    """What the list names in regions of which the answer says nothing."""
    if not payload.only:
        return offer_listing.listed_in(session, origin, payload.left_out)
    read = set(payload.only) - set(payload.left_out)
    return set(offer_listing.listed(session, origin)) - offer_listing.listed_in(session, origin, read)


def _asked_all_at(session: Any, origin: str, payload: Payload, now: datetime) -> datetime:
    """When all regions were last asked for: now, unless only some were."""
    before = source_answers.get(session, origin) if payload.only else None
    return (before.asked_all_at if before else None) or now


def _slugs(quoted: Sequence[CloudOffer], checked: Checked) -> set[str]:
    """What the list names: also what was refused, whose last believable price stays."""
    return {offers.offer_slug(offer) for offer in quoted} | _refused_slugs(checked)


def _refused_slugs(checked: Checked) -> set[str]:
    return {offers.offer_slug(fact) for fact, _ in checked.rejected if isinstance(fact, CloudOffer)}


def named(offer: CloudOffer, names: GpuNames) -> CloudOffer:
    """The offer with our slug, if anybody can tell its GPU, and the country that its region spells."""
    understood = names.named(offer.gpu_raw_name, offer.memory_gib_per_gpu, offer.instance)
    return replace(
        offer,
        country=offer.country or country_of(offer.provider, offer.region),
        gpu=understood.slug,
        memory_gib_per_gpu=understood.memory_gib,
        hourly_price=_to_nine_decimals(offer.hourly_price),
        note="; ".join(filter(None, (offer.note, understood.note))),
    )
