"""Whatever is done to the store, what was told of a day that is over is told for ever.

Lists read and read again, shortened, confirmed, superseded, thinned; a copy made and put back
with all that was known then.
"""

import copy
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pricing.checks import Checked
from pricing.refresh import keep
from pricing.source import Payload
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Provider, Source
from service.store import offer_listing, offers, providers
from service.store.backup import back_up
from service.store.history_thinning import thin
from service.store.offers import OfferFilter
from service.store.price_history import price_history
from service.store.restoring import restore
from service.store.session import Sessions, engine_for

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
INSTANCES = ("a", "b", "c", "d")
LISTS = {"its own": (Coverage("cumulus", ("on_demand",)),), "another's": (), "a third's": ()}
PRICES = st.dictionaries(st.sampled_from(INSTANCES), st.sampled_from(("1", "1.5", "2", "2.000000001")))
SOURCE = Source("s", "A list", "https://list.example/", date(2026, 1, 1))


Told = tuple[object, object, dict[str, list[Decimal]]]


def stays(before: Told, now: Told) -> bool:
    """Whether a day is told as it was; nobody's price of a day on which nobody looked may be filled in.

    A price that was stated alike before and after such a day is taken to have held on it.
    """
    (offers, series, dated), (offers_now, series_now, dated_now) = before, now
    filled = any(not prices and dated_now[slug] for slug, prices in dated.items())
    kept = all(not prices or prices == dated_now[slug] for slug, prices in dated.items())
    return offers == offers_now and kept and (filled or series == series_now)


def told(sessions: Sessions, day: date) -> Told:
    """Everything that is said of a day."""
    with sessions.reading() as reading:
        listed = OfferFilter(as_of=day, unlisted=True)
        prices = [
            (one.slug, one.hourly_price, one.currency, one.as_of, one.origin)
            for one in offers.search(reading, listed, limit=100, order="slug").offers
        ]
        told = price_history(reading, "h100-sxm", first_day=day, last_day=day, currency="EUR").series
        seen = {slug: offers.history(reading, slug) for slug, *_ in prices}
    dated = {
        slug: [span.hourly_price for span in spans if span.first_as_of <= day <= span.last_as_of][-1:]
        for slug, spans in seen.items()
    }
    return prices, told, dated


class Store(RuleBasedStateMachine):
    """A database of its own, a clock that only goes on, and what was told of each day as it ended."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.file = Path(self.folder.name) / "facts.sqlite3"
        self.url = f"sqlite:///{self.file}"
        self.now, self.told, self.kept = FIRST, {}, None

    @initialize()
    def there_are_providers(self) -> None:
        shutil.copy(self.template, self.file)
        self.engine = engine_for(self.url)
        self.sessions = Sessions(self.engine)
        with self.sessions.begin() as writing:
            providers.put(writing, Provider("cumulus", "Cumulus", "https://cumulus.example/", "gpu-cloud"))

    @rule(name=st.sampled_from(tuple(LISTS)), prices=PRICES)
    def a_list_is_read(self, name: str, prices: dict[str, str]) -> None:
        answer = Payload(b"", "https://list.example/", self.now)
        facts = Checked(tuple(self._offers(name, prices)), ())
        keep(self.sessions, facts, self.now, name, payload=answer, covers=LISTS[name])

    @rule(prices=PRICES)
    def quotes_of_ones_own_are_added(self, prices: dict[str, str]) -> None:
        keep(self.sessions, Checked(tuple(self._offers("own", prices)), ()), self.now, "own")

    def _offers(self, name: str, prices: dict[str, str]) -> list[CloudOffer]:
        return [
            CloudOffer(
                "cumulus", instance, f"{name[0]}-1", "DE", "h100-sxm", "H100", 1, 80.0, "on_demand",
                Decimal(price), "EUR", self.now.date(), SOURCE, origin=name,
            )
            for instance, price in prices.items()
        ]  # fmt: skip

    @rule(name=st.sampled_from(tuple(LISTS)))
    def a_list_has_not_changed(self, name: str) -> None:
        with self.sessions.begin() as writing:
            offer_listing.confirm(writing, name, self.now)

    @rule(hours=st.integers(1, 9))
    def hours_pass(self, hours: int) -> None:
        later = self.now + timedelta(hours=hours)
        if later.date() == self.now.date():
            self.now = later

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        for day in range(days):
            over = self.now.date() + timedelta(days=day)
            self.told[over] = told(self.sessions, over)
        self.now = self.now.replace(hour=8) + timedelta(days=days)

    @rule(days=st.integers(0, 5), dry_run=st.booleans())
    def what_tells_no_day_is_let_go(self, days: int, dry_run: bool) -> None:
        thin(self.sessions, self.now.date() - timedelta(days=days), dry_run=dry_run)

    @rule()
    def a_copy_is_made(self) -> None:
        file = self.file.with_name("copy.zip")
        file.unlink(missing_ok=True)
        back_up(self.sessions, file, self.now)
        self.kept = (file, copy.deepcopy(self.told), self.now.date())

    @precondition(lambda self: self.kept)
    @rule()
    def it_is_put_back(self) -> None:
        file, self.told, made_on = self.kept
        self.engine.dispose()
        restore(self.url, file, replace=True)
        # Of the days since then nothing is known any more.
        for day in range((self.now.date() - made_on).days):
            over = made_on + timedelta(days=day)
            self.told[over] = told(self.sessions, over)

    @invariant()
    def every_day_is_told_as_it_was(self) -> None:
        for day, before in self.told.items():
            assert stays(before, told(self.sessions, day)), day

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
        self.folder.cleanup()


@pytest.mark.parametrize("tries", [3, pytest.param(8, marks=pytest.mark.long)])
def test_every_day_is_told_as_it_was(sqlite_template, tries):
    machine = type("Of", (Store,), {"template": sqlite_template}).TestCase
    machine.settings = settings(max_examples=tries, stateful_step_count=12 if tries < 5 else 20)
    machine().runTest()
