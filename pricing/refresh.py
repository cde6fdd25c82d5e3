"""fetch -> parse -> check -> keep, one source at a time; one source down never touches the others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from os import environ

from pricing.checks import Checked, check
from pricing.gpu_names import GpuNames
from pricing.http import FetchFailed, get
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import CloudOffer, ExchangeRate, SpotPrice
from service.store import exchange_rates, gpus, offers, refreshes, spot_prices
from service.store.refreshes import Refresh, RejectedRow
from service.store.session import Sessions

Fetch = Callable[[str], Payload]


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


def refresh(
    sessions: Sessions,
    source: PriceSource,
    now: datetime,
    fetch: Fetch = get,
    settings: Mapping[str, str] = environ,
) -> Outcome:
    """Bring one source's facts into the store; never raises for what the source does.

    Facts are kept in one transaction, the outcome is recorded in another, so that a failure is
    recorded too and the previous prices stay.
    """
    outcome = _attempt(sessions, source, now, fetch, settings)
    with sessions.begin() as session:
        number = refreshes.add(
            session,
            Refresh(
                source_name=source.name,
                started_at=now,
                finished_at=max(now, datetime.now(UTC)),
                outcome=outcome.outcome,
                accepted=outcome.accepted,
                rejected=outcome.rejected,
                error=outcome.error,
            ),
        )
        refreshes.add_rejected(session, number, outcome.refused)
    return outcome


def _attempt(
    sessions: Sessions, source: PriceSource, now: datetime, fetch: Fetch, settings: Mapping[str, str]
) -> Outcome:
    if source.key and not settings.get(source.key):
        return Outcome(source.name, "asleep", error=f"needs a key in {source.key}")
    try:
        facts = source.parse(fetch(address(source, now, settings)))
        with sessions.reading() as session:
            known = {quote: rate.rate for quote, rate in exchange_rates.newest_rates(session).items()}
        checked = check(facts, known)
        changed = keep(sessions, checked, now)
    except (FetchFailed, UnreadablePayload) as error:
        return Outcome(source.name, "failed", error=str(error))
    reasons = "; ".join(sorted({reason for _, reason in checked.rejected})[:5])
    refused = tuple(
        RejectedRow(reason, row.raw if isinstance(row, Rejected) else repr(row))
        for row, reason in checked.rejected
    )
    if not checked.accepted:
        return Outcome(source.name, "failed", 0, len(refused), reasons or "nothing in the answer", refused)
    outcome = "ok" if changed else "unchanged"
    return Outcome(source.name, outcome, len(checked.accepted), len(refused), reasons, refused)


def address(source: PriceSource, now: datetime, settings: Mapping[str, str]) -> str:
    """The source's address, or the one its setting puts in its place, with the days filled in."""
    url = settings.get(source.url_setting) or source.url
    today = now.date()
    tomorrow = today + timedelta(days=1)
    return url.replace("{today}", today.isoformat()).replace("{tomorrow}", tomorrow.isoformat())


def keep(sessions: Sessions, checked: Checked, now: datetime) -> int:
    """How many facts were new or different, kept in one transaction; offers get our names of their GPUs."""
    if not checked.accepted:
        return 0
    quoted = [f for f in checked.accepted if isinstance(f, CloudOffer)]
    with sessions.begin() as session:
        changed = exchange_rates.put_all(
            session, [f for f in checked.accepted if isinstance(f, ExchangeRate)]
        ) + spot_prices.put_all(session, [f for f in checked.accepted if isinstance(f, SpotPrice)])
        if quoted:
            added = offers.add_all(session, named(quoted, GpuNames(gpus.all(session))), now)
            changed += added.new + added.changed
    return changed


def named(quoted: Iterable[CloudOffer], names: GpuNames) -> list[CloudOffer]:
    """The offers with our slugs; one whose GPU nobody can tell is kept without."""
    found = []
    for offer in quoted:
        understood = names.named(offer.gpu_raw_name, offer.memory_gib_per_gpu, offer.instance)
        note = "; ".join(filter(None, (offer.note, understood.note)))
        found.append(replace(offer, gpu=understood.slug, memory_gib_per_gpu=understood.memory_gib, note=note))
    return found
