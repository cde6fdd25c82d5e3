"""Prices from a file of one's own: the same rows, checks and names as a refresh, without the network."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from pricing.catalogue_rows import Table, csv_rows, gpuhunt_offers, json_rows, plain_offers, skypilot_offers
from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.refresh import keep, named
from pricing.source import Rejected, UnreadablePayload
from service.errors import InvalidValue, UnknownName
from service.facts import CloudOffer, Source
from service.store import gpus, own_gpu_names, providers
from service.store.session import Sessions

LARGEST_FILE_BYTES = 50_000_000
MOST_REASONS = 20
OWN = "own"
"""The list of private quotes and imports: no refresh ever takes an offer off it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went."""

    accepted: int
    changed: int
    rejected: int
    unmapped: int
    reasons: list[list[str]]
    """Rows, reason and an example, the most frequent first."""


def import_file(
    sessions: Sessions, file: Path, format_: str, provider: str, as_of: date, now: datetime, *, dry_run: bool
) -> Imported:
    """Take in a file of prices, all of it or, when it is unreadable, nothing.

    Raises UnknownName for an unknown provider, InvalidValue for a file that is no such table or a day
    in the future.
    """
    if as_of > now.date():
        raise InvalidValue("--as-of", as_of.isoformat(), "is in the future")
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise InvalidValue("FILE", str(file), f"more than {LARGEST_FILE_BYTES:,} bytes")
    with sessions.reading() as session:
        known = providers.ids(session)
        names = GpuNames(gpus.all(session), own_gpu_names.all(session))
    if provider not in known:
        raise UnknownName("provider", provider, known)
    said = Source(f"import:{provider}", f"{provider} prices from {file.name}", "", as_of, "own", now.date())
    table = Table(provider, as_of, said)
    try:
        read = _read(file.read_text(encoding="utf-8"), format_, table)
    except (UnreadablePayload, UnicodeDecodeError) as error:
        raise InvalidValue("FILE", str(file), f"is no {format_} table: {error}") from error
    quoted = [replace(row, origin=OWN) if isinstance(row, CloudOffer) else row for row in read]
    checked = check(quoted, Known())
    offers = [fact for fact in checked.accepted if isinstance(fact, CloudOffer)]
    changed, _ = (0, "") if dry_run else keep(sessions, checked, now, OWN)
    counted = Counter(reason for _, reason in checked.rejected)
    example = {reason: row.raw if isinstance(row, Rejected) else str(row) for row, reason in checked.rejected}
    return Imported(
        accepted=len(offers),
        changed=changed,
        rejected=len(checked.rejected),
        unmapped=sum(offer.gpu is None for offer in named(offers, names)),
        reasons=[[str(n), r, example[r][:80]] for r, n in counted.most_common(MOST_REASONS)],
    )


def _read(text: str, format_: str, table: Table) -> list[CloudOffer | Rejected]:
    if format_ == "skypilot":
        return list(skypilot_offers(text, table))
    if format_ == "gpuhunt":
        return list(gpuhunt_offers(text, table))
    return list(plain_offers(csv_rows(text) if format_ == "csv" else json_rows(text), table))
