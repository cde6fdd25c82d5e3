"""Prices from a table of one's own: the same names and checks as a refresh, without the network.

Command line and REST both end here, so that they give the same result.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pricing.catalogue_rows import CatalogueTable, gpuhunt_offers, skypilot_offers
from pricing.checks import Known, check
from pricing.gpu_names import GpuNames
from pricing.hardware_checks import contradicting
from pricing.outside_text import text_fault, text_objection
from pricing.own_tables import Said, csv_table, decoded, json_table, json_text_table, own_offers
from pricing.refresh import named
from pricing.source import Rejected, UnreadablePayload
from pricing.sources.cloud.skypilot import table_of
from service.errors import InvalidValue, Several, UnknownName, UnknownProvider, Worded, foreign, worded
from service.facts import CloudOffer, Provider, Source
from service.shown import visible
from service.store import cheapest_prices, exchange_rates, gpus, offers, own_gpu_names, providers
from service.store.session import Sessions
from service.usecases.price_imports import FORMATS, MOST_SHOWN, Imported, MovedPrice, PriceTable, RefusedRow

LARGEST_FILE_BYTES = 50_000_000
LARGEST_CHANGE = 0.5
"""Of the cheapest price of a card; a larger one moves every recommendation and is asked back first."""
MOST_TOLD = 3
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
OWN = "own"
"""The list of private quotes and imports: no refresh ever takes an offer off it."""


def read_file(file: Path) -> str:
    """The text of a file. Raises InvalidValue for one that is too large or no text."""
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise InvalidValue(
            "FILE",
            str(file),
            worded("more than {largest_file_bytes:,} bytes", largest_file_bytes=LARGEST_FILE_BYTES),
        )
    try:
        return decoded(file.read_bytes())
    except UnreadablePayload as error:
        raise InvalidValue("FILE", str(file), error.reason) from error


def take_in(sessions: Sessions, table: PriceTable, now: datetime, *, dry_run: bool) -> Imported:
    """Take in a table of prices, all of it or, when it is unreadable, nothing.

    Rows that cannot be used are left out and named; the rest is kept in one transaction. Raises
    UnknownName for an unknown provider or format, InvalidValue for a table that is none, a day in the
    future, or prices that nobody would expect, where the table does not say `yes`.
    """
    if table.format not in FORMATS:
        raise UnknownName("format", table.format, FORMATS)
    if table.as_of > now.date():
        raise InvalidValue("as_of", table.as_of.isoformat(), worded("is in the future"))
    if table.yes and dry_run:
        raise InvalidValue("yes", True, worded("is of what is kept, and a dry run keeps nothing"))
    with sessions.reading() as session:
        known = providers.ids(session)
        names = GpuNames(gpus.all(session), own_gpu_names.all(session))
        rates = {quote: rate.rate for quote, rate in exchange_rates.newest_rates(session).items()}
    new = _new_provider(table, known)
    if table.provider not in known and new is None:
        raise UnknownProvider("provider", table.provider, known)
    try:
        read = _read(table, now)
    except UnreadablePayload as error:
        raise InvalidValue(
            "table",
            table.name,
            worded("is no {format} table: {error}", format=table.format, error=error.reason),
        ) from error
    own = [_own(row, {"EUR", *rates}, names) for row in read]
    checked = check(own, Known(rates=rates, names=names))
    accepted = [fact for fact in checked.accepted if isinstance(fact, CloudOffer)]
    changed, moved = _kept(sessions, accepted, now, new, dry_run=dry_run, yes=table.yes)
    refused = [
        RefusedRow(reason, _shown(row) if isinstance(row, CloudOffer) else getattr(row, "raw", repr(row)))
        for row, reason in checked.rejected
    ]
    return Imported(
        accepted=len(accepted),
        changed=changed,
        rejected=len(refused),
        reasons=dict(Counter(row.reason for row in refused).most_common()),
        refused=tuple(refused[:MOST_SHOWN]),
        unmapped=tuple(sorted({offer.gpu_raw_name for offer in accepted if offer.gpu is None})),
        offers=tuple(sorted({offers.offer_slug(offer) for offer in accepted})),
        moved=moved,
    )


def keep_quote(sessions: Sessions, offer: CloudOffer, now: datetime, *, yes: bool) -> None:
    """Keep one quote, held against what an import is held against.

    Raises InvalidValue, with the field, for text that nobody writes, for what its card cannot cost or its
    instance does not have, and without `yes` for a change of the cheapest price of a card by more than half.
    """
    if fault := text_fault(offer):
        field, text, reason = fault
        raise InvalidValue(field, text, reason)
    with sessions.reading() as session:
        names = GpuNames(gpus.all(session), own_gpu_names.all(session))
        rates = {quote: rate.rate for quote, rate in exchange_rates.newest_rates(session).items()}
    if found := contradicting(offer, names.gpus):
        field, reason = found
        raise InvalidValue(field, offer.gpu_count if field == "gpu_count" else offer.gpu_raw_name, reason)
    for _, objection in check([offer], Known(rates=rates, names=names)).rejected:
        raise InvalidValue("hourly_price", str(offer.hourly_price), foreign(objection))
    _kept(sessions, [offer], now, None, dry_run=False, yes=yes)


def _read(table: PriceTable, now: datetime) -> list[CloudOffer | Rejected]:
    # A source a file: the rows of the next one are not told as of the first.
    slug, title = f"import:{table.provider}:{table.name}", f"{table.provider} prices from {table.name}"
    said = Source(slug, title, "", table.as_of, "own", now.date())
    if table.format == "skypilot":
        return list(skypilot_offers(table.text, table_of(table.provider, table.as_of, said)))
    if table.format == "gpuhunt":
        return list(gpuhunt_offers(table.text, CatalogueTable(table.provider, table.as_of, said)))
    if table.format == "csv":
        own = csv_table(table.text)
    else:
        own = json_text_table(table.text) if table.rows is None else json_table(table.rows)
    if not own.rows:
        raise UnreadablePayload(worded("no rows in it"))
    return list(own_offers(own, Said(table.provider, table.as_of, said, now.date())))


def _own(row: CloudOffer | Rejected, currencies: Iterable[str], names: GpuNames) -> CloudOffer | Rejected:
    """The offer as one of ours; one whose currency nobody can convert would never be compared."""
    if isinstance(row, Rejected):
        return row
    if reason := text_objection(row):
        return Rejected(visible(_shown(row)), reason)
    if row.currency not in currencies:
        reason = worded(
            "no exchange rate of {currency} is stored; known: {known}",
            currency=row.currency,
            known=Several(sorted(currencies)),
        )
        return Rejected(_shown(row), reason)
    return replace(named(row, names), origin=OWN)


def _new_provider(table: PriceTable, known: Iterable[str]) -> Provider | None:
    """The provider that the table brings with it: nothing is known of its terms. None for a known one."""
    if not table.new_provider:
        return None
    if table.provider in known:
        reason = worded(
            "is for a provider that is in no list yet, and {provider} is", provider=table.provider
        )
        raise InvalidValue("new_provider", table.new_provider, reason)
    if not table.new_provider.strip():
        raise InvalidValue(
            "new_provider", table.new_provider, worded("is the name of a provider, and this is blank")
        )
    if not SLUG.fullmatch(table.provider):
        reason = worded("the slug of a new provider is of small letters, digits and hyphens")
        raise InvalidValue("provider", table.provider, reason)
    return Provider(table.provider, table.new_provider.strip(), "", "gpu-cloud")


def _kept(
    sessions: Sessions,
    quoted: Sequence[CloudOffer],
    now: datetime,
    new: Provider | None,
    *,
    dry_run: bool,
    yes: bool,
) -> tuple[int, tuple[MovedPrice, ...]]:
    """How many offers were new or different, and what became cheaper or dearer by more than half.

    A dry run does it all and takes it back. Raises InvalidValue for such a change without `yes`.
    """
    if not quoted:
        return 0, ()
    cards = {offer.gpu for offer in quoted if offer.gpu is not None}
    with sessions.begin() as session:
        if new:
            providers.put(session, new)
        before = cheapest_prices.cheapest_in_eur(session, cards)
        added = offers.add_all(session, quoted, now)
        after = cheapest_prices.cheapest_in_eur(session, cards)
        moved = tuple(
            MovedPrice(*card, before[card], price)
            for card, price in sorted(after.items())
            if card in before and abs(price - before[card]) > LARGEST_CHANGE * before[card]
        )
        if moved and not yes and not dry_run:
            raise InvalidValue(
                "yes",
                False,
                worded("{spoken}. If it is right, say so with --yes (field yes).", spoken=spoken(moved)),
            )
        if dry_run:
            session.rollback()
    return added.new + added.changed, moved


def spoken(moved: Sequence[MovedPrice]) -> Worded:
    """What an import would change, in one line."""
    cards = Several(
        worded(
            "{gpu} {tier} from {before:.4g} to {after:.4g} EUR per GPU and hour",
            gpu=one.gpu,
            tier=one.tier,
            before=one.before,
            after=one.after,
        )
        for one in moved[:MOST_TOLD]
    )
    if len(moved) > MOST_TOLD:
        return worded(
            "this changes the cheapest price of a card by more than half: {cards} and {more} more",
            cards=cards,
            more=len(moved) - MOST_TOLD,
        )
    return worded("this changes the cheapest price of a card by more than half: {cards}", cards=cards)


def _shown(offer: CloudOffer) -> str:
    fields = (offer.instance, offer.region, offer.gpu_raw_name, offer.gpu_count, offer.tier)
    return ",".join(map(str, (*fields, offer.hourly_price, offer.currency, offer.as_of)))
