"""Facts come back as they went in; storing them again changes nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from service.errors import InvalidValue, NotFound, UnknownName
from service.store import (
    comparisons,
    exchange_rates,
    figures,
    gpus,
    leases,
    measured_runs,
    providers,
    rates,
    refreshes,
    sources,
    spot_prices,
    tokens,
    versions,
    workloads,
)
from service.store.session import Sessions
from service.store.work_models import RejectedRowRow

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("store", [gpus, workloads, providers])
def test_named_facts_round_trip(sessions: Sessions, a: SimpleNamespace, store: object) -> None:
    fact = {gpus: a.gpu, workloads: a.workload, providers: a.provider}[store]()  # type: ignore[index]
    changed = replace(fact, name="Another name")
    with sessions.begin() as session:
        assert store.put(session, fact)  # type: ignore[attr-defined]
        assert store.get(session, fact.slug.upper()).sources == fact.sources  # type: ignore[attr-defined]
        before = versions.data_version(session)
        assert not store.put(session, fact)  # type: ignore[attr-defined]
        assert versions.data_version(session) == before
        assert store.put(session, changed)  # type: ignore[attr-defined]
        assert [f.name for f in store.all(session)] == ["Another name"]  # type: ignore[attr-defined]
        with pytest.raises(UnknownName) as caught:
            store.get(session, fact.slug + "x")  # type: ignore[attr-defined]
    assert caught.value.choices == (fact.slug,)


def test_a_gpu_is_found_by_any_spelling(sessions: Sessions, a: SimpleNamespace) -> None:
    with sessions.begin() as session:
        gpus.put(session, a.gpu())
        gpus.put(session, a.gpu(slug="rtx-4070-ti", name="GeForce RTX 4070 Ti", aliases=("4070 Ti",)))
        for name in ("rtx4070", "RTX-4070", "geforce rtx 4070", "4070"):
            assert gpus.get(session, name).slug == "rtx-4070"
        assert gpus.get(session, "4070ti").slug == "rtx-4070-ti"
        assert gpus.get(session, "4070").aliases == ("4070",), "'RTX 4070' says no more than the slug"
        with pytest.raises(InvalidValue, match="already means another"):
            gpus.put(session, a.gpu(slug="fake", name="Fake", aliases=("RTX 4070",)))


def test_a_source_is_left_alone_by_ensure_and_corrected_by_put(
    sessions: Sessions, a: SimpleNamespace
) -> None:
    with sessions.begin() as session:
        number = sources.ensure(session, a.source())
        assert sources.ensure(session, a.source(title="Other")) == number
        assert sources.all(session) == [a.source()]
        assert sources.put(session, a.source(title="Other"))
        assert not sources.put(session, a.source(title="Other"))
        assert sources.all(session)[0].title == "Other"


def test_rates_figures_and_runs_round_trip(sessions: Sessions, a: SimpleNamespace) -> None:
    cases = [
        (rates.put_electricity, lambda s: rates.electricity(s), a.electricityrate(slug="x"), "note"),
        (rates.put_carbon, lambda s: rates.carbon(s), a.carbonintensity(slug="x"), "note"),
        (figures.put_all, lambda s: list(figures.all(s).values()), a.figure(), "unit"),
        (measured_runs.put_all, lambda s: measured_runs.all(s), a.measuredrun(), "model"),
    ]
    with sessions.begin() as session:
        for put, read, fact, text in cases:
            if hasattr(fact, "as_of"):
                fact = replace(fact, source=a.source(slug="dated", as_of=fact.as_of))
            assert put(session, [fact]) == 1
            assert read(session) == [fact]
            before = versions.data_version(session)
            assert put(session, [fact]) == 0
            assert versions.data_version(session) == before
            assert put(session, [replace(fact, **{text: "changed"})]) == 1
            assert len(read(session)) == 1
            assert versions.data_version(session) == before + 1


def test_rates_of_a_day(sessions: Sessions, a: SimpleNamespace) -> None:
    with sessions.begin() as session:
        old = a.electricityrate(as_of=date(2025, 6, 30), valid_until=date(2025, 12, 31))
        rates.put_electricity(session, [old, a.electricityrate(), a.electricityrate(zone="FR")])
        assert [rate.as_of.year for rate in rates.electricity(session, "DE", "retail")] == [2026, 2025]
        assert [r.as_of.year for r in rates.electricity(session, "DE", day=date(2025, 7, 1))] == [2025]
        assert [r.as_of.year for r in rates.electricity(session, "DE", day=date(2026, 7, 1))] == [2026]
        newer = a.exchangerate(as_of=date(2026, 4, 1), rate=Decimal("1.3"))
        rates.put_exchange(session, [a.exchangerate(), newer])
        assert rates.rates_on(session, date(2026, 2, 1)) == {}
        assert rates.rates_on(session, date(2026, 3, 31))["USD"].rate == Decimal("1.25")
        assert exchange_rates.newest_rates(session)["USD"].rate == Decimal("1.3")


def test_spot_prices_may_be_negative_and_corrected(sessions: Sessions, a: SimpleNamespace) -> None:
    def slot(hour: int, price: str) -> spot_prices.SpotPrice:
        start = NOW + hour * HOUR
        said = a.source(as_of=start.date())
        return spot_prices.SpotPrice("DE-LU", start, start + HOUR, Decimal(price), "EUR", said, NOW)

    with sessions.begin() as session:
        assert spot_prices.put_all(session, [slot(1, "80.5"), slot(0, "-3.21"), slot(2, "5")]) == 3
        assert spot_prices.between(session, "DE-LU", NOW, NOW + 2 * HOUR) == [
            slot(0, "-3.21"),
            slot(1, "80.5"),
        ]
        assert spot_prices.put_all(session, [slot(0, "-3.21"), slot(1, "81")]) == 1
        assert spot_prices.between(session, "DE-LU", NOW + HOUR, NOW + 2 * HOUR) == [slot(1, "81")]


def test_a_token_is_shown_once_and_can_be_revoked(sessions: Sessions) -> None:
    with sessions.begin() as session:
        token = tokens.create(session, "ci", NOW)
        assert token.startswith("hv_") and len(token) == 46
        assert tokens.presented(session, token).token.name == "ci"
        assert tokens.presented(session, token[:-1]) is None
        with pytest.raises(InvalidValue, match="exists"):
            tokens.create(session, "ci", NOW)
        tokens.revoke(session, "ci", NOW + HOUR)
        assert "revoked" in tokens.presented(session, token).refusal(NOW + HOUR)
        assert tokens.all(session) == [tokens.ApiToken("ci", NOW, NOW + HOUR)]
        with pytest.raises(NotFound):
            tokens.revoke(session, "ci", NOW)


def test_a_comparison_is_kept_as_first_said(sessions: Sessions) -> None:
    said = comparisons.StoredComparison("abc", NOW, '{"ä": 1}'.encode(), b"{}", 7, "0.1.0")
    with sessions.begin() as session:
        assert comparisons.add(session, said)
        assert not comparisons.add(session, replace(said, answer=b"other"))
        assert comparisons.get(session, "abc") == said
        with pytest.raises(NotFound):
            comparisons.get(session, "none")


def test_the_latest_refresh_of_each_source(sessions: Sessions) -> None:
    with sessions.begin() as session:
        good = refreshes.Refresh("ecb", NOW, "ok", NOW + HOUR, accepted=30)
        bad = refreshes.Refresh("ecb", NOW + HOUR, "failed", error="no route")
        for refresh in (good, bad, refreshes.Refresh("spot", NOW, "asleep")):
            refreshes.add(session, refresh)
        assert refreshes.latest(session)["ecb"] == bad
        assert refreshes.latest(session, ("ok",)) == {"ecb": good}
        assert refreshes.recent(session, "ecb") == [bad, good]
        with pytest.raises(InvalidValue, match="outcome"):
            refreshes.add(session, refreshes.Refresh("ecb", NOW, "splendid"))


def test_a_due_job_is_taken_once_until_its_lease_ends(sessions: Sessions) -> None:
    with sessions.begin() as session:
        leases.ensure(session, "refresh", NOW)
        leases.ensure(session, "refresh", NOW + 9 * HOUR)
        assert not leases.take(session, "refresh", "me", NOW - HOUR, HOUR)
        assert leases.take(session, "refresh", "me", NOW, HOUR)
        assert not leases.take(session, "refresh", "you", NOW, HOUR)
        assert leases.renew(session, "refresh", "me", NOW, HOUR)
        assert leases.take(session, "refresh", "you", NOW + 2 * HOUR, HOUR), "the holder died"
        assert not leases.finish(session, "refresh", "me", NOW, NOW)
        assert leases.finish(session, "refresh", "you", NOW + 2 * HOUR, NOW + 8 * HOUR)
        assert leases.all(session)[0].due == NOW + 8 * HOUR


def test_rejected_rows_are_kept_for_the_last_refreshes_of_their_source(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for number in range(refreshes.REFRESHES_WITH_ROWS + 3):
            for name in ("vast", "azure"):
                started = NOW + timedelta(hours=number)
                row = refreshes.add(session, refreshes.Refresh(name, started, "ok", rejected=1))
                refreshes.add_rejected(session, row, [refreshes.RejectedRow("why", f"{name} {number}")])
        kept = sa.select(sa.func.count()).select_from(RejectedRowRow.__table__)
        assert session.execute(kept).scalar_one() == 2 * refreshes.REFRESHES_WITH_ROWS
        newest = refreshes.REFRESHES_WITH_ROWS + 2
        assert refreshes.rejected(session, "vast") == [refreshes.RejectedRow("why", f"vast {newest}")]
