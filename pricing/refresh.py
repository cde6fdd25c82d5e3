"""fetch -> parse -> check -> keep, one source at a time; one source down never touches the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from os import environ

from pricing import alerts
from pricing.checks import Checked, Known, check
from pricing.gpu_names import GpuNames
from pricing.http import Door, FetchFailed, NotModified, Validators, shown
from pricing.source import Asked, Fact, Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    GridCarbon,
    SpotPrice,
)
from service.store import (
    exchange_rates,
    gpus,
    grid_carbon,
    offer_listing,
    offers,
    rates,
    refreshes,
    source_answers,
    spot_prices,
)
from service.store.refreshes import Refresh, RejectedRow
from service.store.session import Sessions
from service.store.source_answers import SourceAnswer

Fetch = Callable[[Asked], Payload]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a refresh of one source went."""

    source: str
    outcome: str
    """ok | failed | asleep | unchanged"""
    accepted: int = 0
    rejected: int = 0
    error: str = ""
    refused: tuple[RejectedRow, ...] = ()
    """The rejected rows themselves."""
    retry_after_s: float | None = None
    """How long the source asked us to wait, where it did."""


def refresh(
    sessions: Sessions,
    source: PriceSource,
    now: datetime,
    fetch: Fetch | None = None,
    settings: Mapping[str, str] = environ,
    request: int | None = None,
) -> Outcome:
    """Bring one source's facts into the store; never raises for what the source does.

    Facts are kept in one transaction, the outcome is recorded in another, so that a failure is
    recorded too and the previous prices stay. `fetch` stands in for the way out; `request` is the
    recorded request that this refresh answers, if somebody asked for it.
    """
    outcome = _attempt(sessions, source, now, fetch, settings)
    done = Refresh(
        source_name=source.name,
        started_at=now,
        finished_at=max(now, datetime.now(UTC)),
        outcome=outcome.outcome,
        accepted=outcome.accepted,
        rejected=outcome.rejected,
        error=outcome.error,
    )
    with sessions.begin() as session:
        number = refreshes.add(session, done) if request is None else refreshes.finish(session, request, done)
        refreshes.add_rejected(session, number, outcome.refused)
    alerts.after_refresh(sessions, now)
    return outcome


def _attempt(
    sessions: Sessions,
    source: PriceSource,
    now: datetime,
    fetch: Fetch | None,
    settings: Mapping[str, str],
) -> Outcome:
    key = settings.get(source.key, "") if source.key else ""
    if source.key and not key:
        return Outcome(source.name, "asleep", error=f"needs a key in {source.key}")
    asked = Asked(address(source, now, settings), now, key)
    try:
        payload = fetch(asked) if fetch else _fetched(sessions, source, asked)
        read = list(source.parse(payload))
        checked = check([_from_list(source, fact) for fact in read], _known(sessions, source, now))
        changed, remark = keep(sessions, checked, now, source.name, payload)
    except NotModified:
        return _confirmed(sessions, source, now)
    except FetchFailed as error:
        return Outcome(source.name, "failed", error=str(error), retry_after_s=error.retry_after_s)
    except UnreadablePayload as error:
        return Outcome(source.name, "failed", error=f"{shown(asked.url)}: {error}")
    reasons = "; ".join(sorted({reason for _, reason in checked.rejected})[:5])
    refused = tuple(
        RejectedRow(reason, row.raw if isinstance(row, Rejected) else repr(row))
        for row, reason in checked.rejected
    )
    if not checked.accepted:
        return Outcome(source.name, "failed", 0, len(refused), reasons or "nothing in the answer", refused)
    outcome = "ok" if changed else "unchanged"
    remarks = "; ".join(filter(None, (remark, reasons)))
    return Outcome(source.name, outcome, len(checked.accepted), len(refused), remarks, refused)


def address(source: PriceSource, now: datetime, settings: Mapping[str, str]) -> str:
    """The source's address, or the one its setting puts in its place, with the days filled in."""
    url = settings.get(source.url_setting) or source.url
    today = now.date()
    tomorrow = today + timedelta(days=1)
    return url.replace("{today}", today.isoformat()).replace("{tomorrow}", tomorrow.isoformat())


def _fetched(sessions: Sessions, source: PriceSource, asked: Asked) -> Payload:
    with sessions.reading() as session:
        last = source_answers.get(session, source.name)
    validators = Validators(last.url, last.etag, last.last_modified) if last else None
    with Door(asked.now, validators) as door:
        return source.fetch(door, asked)


def _from_list(source: PriceSource, fact: Fact | Rejected) -> Fact | Rejected:
    return replace(fact, origin=source.name) if isinstance(fact, CloudOffer) else fact


def _known(sessions: Sessions, source: PriceSource, now: datetime) -> Known:
    with sessions.reading() as session:
        rates_now = {quote: rate.rate for quote, rate in exchange_rates.newest_rates(session).items()}
        return Known(rates_now, offer_listing.listed(session, source.name), now.date())


def _confirmed(sessions: Sessions, source: PriceSource, now: datetime) -> Outcome:
    """The source has nothing newer: what it lists is still its price today."""
    with sessions.begin() as session:
        count = offer_listing.confirm(session, source.name, now)
    return Outcome(source.name, "unchanged", count, error="not modified since the last answer")


def keep(
    sessions: Sessions, checked: Checked, now: datetime, origin: str, payload: Payload | None = None
) -> tuple[int, str]:
    """Keep facts in one transaction: how many were new or different, and a remark where there is one.

    Offers get our names of their GPUs. With `payload`, the whole answer of a source, what its list no
    longer names is marked as such; without it, the offers are an addition.
    """
    if not checked.accepted:
        return 0, ""
    remark = ""
    with sessions.begin() as session:
        facts = checked.accepted
        changed = exchange_rates.put_all(session, [f for f in facts if isinstance(f, ExchangeRate)])
        changed += spot_prices.put_all(session, [f for f in facts if isinstance(f, SpotPrice)])
        changed += rates.put_electricity(session, [f for f in facts if isinstance(f, ElectricityRate)])
        changed += rates.put_carbon(session, [f for f in facts if isinstance(f, CarbonIntensity)])
        changed += grid_carbon.put_all(session, [f for f in facts if isinstance(f, GridCarbon)])
        quoted = named([f for f in facts if isinstance(f, CloudOffer)], GpuNames(gpus.all(session)))
        if quoted:
            added = offers.add_all(session, quoted, now)
            changed += added.new + added.changed
        if payload is not None:
            if quoted:
                gone = offer_listing.unlist_missing(session, origin, _slugs(quoted, checked), now)
                offer_listing.replace_in_catalog(session, origin, now)
                changed += gone or 0
                remark = "" if gone is not None else "far fewer offers than before: none taken off the list"
            source_answers.put(
                session,
                SourceAnswer(
                    origin, payload.url, payload.etag, payload.last_modified,
                    sha256(payload.content).hexdigest(), now,
                ),
            )  # fmt: skip
    return changed, remark


def _slugs(quoted: Sequence[CloudOffer], checked: Checked) -> set[str]:
    """What the list names: also what was refused, whose last believable price stays."""
    refused = [fact for fact, _ in checked.rejected if isinstance(fact, CloudOffer)]
    return {offers.offer_slug(offer) for offer in (*quoted, *refused)}


def named(quoted: Iterable[CloudOffer], names: GpuNames) -> list[CloudOffer]:
    """The offers with our slugs; one whose GPU nobody can tell is kept without."""
    found = []
    for offer in quoted:
        understood = names.named(offer.gpu_raw_name, offer.memory_gib_per_gpu, offer.instance)
        note = "; ".join(filter(None, (offer.note, understood.note)))
        found.append(replace(offer, gpu=understood.slug, memory_gib_per_gpu=understood.memory_gib, note=note))
    return found
