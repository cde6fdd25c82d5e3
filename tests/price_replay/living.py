"""The product lives through readings day by day: its own refresh, checks, import and answers."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
import time_machine

from pricing.importing import take_in
from pricing.own_tables import NEEDED, Said, csv_table, own_offers
from pricing.refresh import refresh
from pricing.source import Payload, PriceSource, Rejected
from pricing.sources import SOURCES
from service.answers.question import AskedComparison, AskedDecision
from service.errors import HeimvorteilError
from service.facts import CloudOffer, Provider, Source
from service.store import offers, own_gpu_names, providers, superseding
from service.store.catalog_files import load_catalog
from service.store.models import OfferPriceRow, OfferRow
from service.store.session import Sessions
from service.store.snapshot import load
from service.usecases.comparing import compare_home_with_cloud
from service.usecases.deciding import decide
from service.usecases.price_imports import PriceTable
from tests.price_replay.ledger import CATALOG, OWN, Reading, Statement

BY_NAME = {source.name: source for source in SOURCES}
COLUMNS = ("provider", *NEEDED, "region", "tier", "term_months", "as_of", "in_stock")
SUNDAY_EVENING = time(22)

Panel = Mapping[str, AskedDecision | AskedComparison]
PANEL: Panel = {
    "headline": AskedDecision.of(),
    "no PC at home, any tier": AskedDecision.of(own=(), tier="any"),
    "within 300 EUR": AskedDecision.of(workload="nanochat-d20", own=(), budget=300, tier="any"),
    "GPT-2 by tomorrow": AskedDecision.of(workload="gpt2-1558m", own=(), deadline_hours=36),
    "GPT-2 124M on spot": AskedDecision.of(workload="gpt2-124m", tier="spot"),
    "LoRA on a weekend": AskedDecision.of(workload="llama-3-8b-lora", own=("rtx-3090",), tier="any",
                                          deadline_hours=48),
    "a host's machine": AskedDecision.of(workload="llama-3.2-1b-full", own=(), tier="marketplace"),
    "community cloud": AskedDecision.of(workload="gpt2-350m", own=("rtx-4090",), tier="community"),
    "QLoRA of 27B, clean": AskedDecision.of(workload="gemma-3-27b-qlora", own=(), tier="any",
                                            weights=(1, 1, 1)),
    "8 H100": AskedComparison.of(),
    "8 H100 on spot": AskedComparison.of(tier="spot"),
    "one RTX 4090": AskedComparison.of(workload="gpt2-124m", cloud="1xrtx-4090", tier="any"),
    "one H200": AskedComparison.of(workload="gpt2-124m", cloud="1xh200-sxm", tier="any"),
    "8 B200": AskedComparison.of(cloud="8xb200-sxm", tier="any"),
    "the ten cheapest": AskedComparison.of(workload="gpt2-124m", cloud="any", tier="any", limit=10),
}  # fmt: skip
"""Several cards, budgets, deadlines and tiers, with a PC at home and without."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """An offer that an answer shows: the chosen plan's, or one of the next best."""

    on: date
    question: str
    is_best: bool
    offer: CloudOffer


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not believed."""

    on: date
    list: str
    row: str
    reason: str


class Life:
    """A store through time; begins with the catalog but without its offers, which come on their days."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.refused: list[Refused] = []
        self._shipped = {offers.offer_slug(offer): offer for offer in load_catalog().offers}
        with sessions.begin() as session:
            session.execute(sa.delete(OfferPriceRow))
            session.execute(sa.delete(OfferRow))

    def take(self, reading: Reading) -> None:
        """What was read, as the product takes it in."""
        with time_machine.travel(reading.read_at, tick=False):
            self._know_providers({said.provider for said in reading.said})
            if reading.list == CATALOG:
                self._ship(reading.read_at)
            elif reading.list == OWN:
                self._import(reading)
            else:
                self._refresh(reading)

    def answers(self, day: date, panel: Panel = PANEL) -> Iterator[Recommended]:
        """What every question of the panel is answered on that evening."""
        now = datetime.combine(day, SUNDAY_EVENING, UTC)
        with time_machine.travel(now, tick=False):
            snapshot = load(self.sessions)
            for name, asked in panel.items():
                try:
                    if isinstance(asked, AskedDecision):
                        decision = decide(snapshot, asked, now)
                        plans = [(plan is decision.best, plan.option) for plan in decision.shortlist]
                        plans += [(False, near.plan.option) for near in decision.nearest]
                    else:
                        options = compare_home_with_cloud(snapshot, asked, now).options
                        plans = [(i == 1, option) for i, option in enumerate(options)]
                except HeimvorteilError:
                    continue
                for is_best, option in plans:
                    if option.rental and option.rental.offer:
                        yield Recommended(day, name, is_best, option.rental.offer)

    def _know_providers(self, named: set[str]) -> None:
        with self.sessions.begin() as session:
            for new in sorted(named - providers.ids(session).keys()):
                providers.put(session, Provider(new, new, "", "gpu-cloud"))

    def _ship(self, at: datetime) -> None:
        with self.sessions.begin() as session:
            offers.add_all(session, [o for o in self._shipped.values() if o.as_of == at.date()], at)
            own_gpu_names.apply(session)
            superseding.supersede(session, at)

    def _import(self, reading: Reading) -> None:
        for provider in sorted({said.provider for said in reading.said}):
            rows = [said for said in reading.said if said.provider == provider]
            table = PriceTable("replayed", "csv", provider, reading.read_at.date(), yes=True, text=text(rows))
            take_in(self.sessions, table, reading.read_at, dry_run=False)

    def _refresh(self, reading: Reading) -> None:
        source = BY_NAME.get(reading.list)
        if source is None or not reading.raw:
            source = _as_table(reading.list, source)

        def fetch(asked: object) -> Payload:
            return Payload(reading.raw or text(reading.said).encode(), "replayed", reading.read_at)

        key = source.key or source.optional_key
        settings = {key: "k"} if key else {}
        outcome = refresh(self.sessions, source, reading.read_at, fetch, settings)
        if "our own fault" in outcome.error:
            raise AssertionError(f"{reading.list} on {reading.read_at}: {outcome.error}")
        on = reading.read_at.date()
        self.refused += [Refused(on, reading.list, row.raw, row.reason) for row in outcome.refused]


def text(said: Sequence[Statement]) -> str:
    """Statements as the table that `prices import` reads."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in said:
        writer.writerow((
            one.provider, one.instance, one.gpu, one.gpu_count, f"{one.usd_per_hour:.9f}", "USD", one.region,
            one.tier, one.term_months or "", one.day, {None: "", True: "yes", False: "no"}[one.in_stock],
        ))  # fmt: skip
    return out.getvalue()


def _as_table(name: str, like: PriceSource | None) -> PriceSource:
    """A source that answers with such a table, complete for what the real one of that name is."""

    def parse(payload: Payload) -> list[CloudOffer | Rejected]:
        table, read = csv_table(payload.content.decode()), []
        day = payload.fetched_at.date()
        for row in table.rows:
            said = Source(f"{name}:{row['provider']}", f"{name}, replayed", "", day, "facts re-keyed", day)
            asked = Said(row["provider"], day, said, day)
            for offer in own_offers(replace(table, rows=(row,)), asked):
                if isinstance(offer, CloudOffer) and row["in_stock"]:
                    offer = replace(offer, in_stock=row["in_stock"] == "yes")
                read.append(offer)
        return read

    covers = like.covers if like else ()
    return PriceSource(
        name,
        f"{name}, replayed",
        "http://replayed/",
        timedelta(days=1),
        parse,
        "facts re-keyed",
        covers=covers,
    )


def sundays(last: date, weeks: int) -> list[date]:
    """So many Sundays, the last on or before that day."""
    end = last - timedelta(days=(last.weekday() + 1) % 7)
    return [end - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
