"""The catalog reaches the tables; a wrong file is named with its field and its value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from service.errors import InvalidValue
from service.store import figures, gpus, measured_runs, offers, providers, seed, versions, workloads
from service.store.catalog_files import WRITTEN_ON, load_catalog
from service.store.session import Sessions
from service.store.versions import CATALOG

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WATTS = '{ value = 200, source = "maker", read_on = 2026-11-24 }'
LATER = datetime(2026, 11, 25, 12, tzinfo=UTC)


def sow(sessions: Sessions, folder: Path, now: datetime = NOW) -> bool:
    with sessions.begin() as session:
        return seed.seed(session, folder, now)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_everything_arrives(sessions: Sessions, small_catalog: Path) -> None:
    catalog = load_catalog(small_catalog)
    assert sow(sessions, small_catalog)
    with sessions.reading() as session:
        gpu = gpus.get(session, "4070")
        assert (gpu.memory_gib, gpu.pcie_generation, gpu.pcie_lanes) == (12.0, 4, None)
        assert gpu.sources["board_watts"].read_on == date(2026, 11, 24)
        workload = workloads.get(session, "tiny")
        assert workload == catalog.workloads[0]
        assert workload.sources["tokens"].slug == workload.sources["recipe.micro_batch"].slug == "market"
        assert workload.sources["architecture.d_model"].slug == "maker"
        assert (workload.reference_hours, workload.sources["reference_hours"].slug) == (1.5, "market")
        provider = providers.get(session, "cumulus")
        assert (provider.pue, provider.pue_basis) == (1.2, "published")
        assert (provider.egress_per_gb, provider.fee_currency) == (Decimal("0.09"), "USD")
        assert figures.get(session, "home.rest_of_pc_watts").low == 50
        assert figures.get(session, "calibration.efficiency.hopper").value == 0.75
        (run,) = measured_runs.all(session, "power")
        assert run.source.as_of == WRITTEN_ON and run.offload == "none" and run.tokens == 1.1e10
        (offer,) = offers.search(session, offers.OfferFilter()).offers
        assert [str(p.hourly_price) for p in offers.history(session, offer.slug)] == ["0.4", "0.3"]


def test_a_second_seed_changes_nothing(sessions: Sessions, small_catalog: Path) -> None:
    sow(sessions, small_catalog)
    with sessions.reading() as session:
        before = versions.data_version(session)
    assert not sow(sessions, small_catalog, LATER)
    with sessions.reading() as session:
        assert versions.data_version(session) == before


def test_a_name_may_move_to_a_new_card(sessions: Sessions, small_catalog: Path) -> None:
    sow(sessions, small_catalog)
    with sessions.reading() as session:
        slug = gpus.get(session, "4070").slug
    names = 'aliases = ["RTX 4070", "4070"]'
    old = small_catalog / "gpus" / f"{slug}.toml"
    new = old.read_text().replace(names, 'aliases = ["4070"]').replace('name = "', 'name = "Another ', 1)
    (small_catalog / "gpus" / "a-new-card.toml").write_text(new)
    edit(old, names, 'aliases = ["RTX 4070"]')
    assert sow(sessions, small_catalog, LATER)
    with sessions.reading() as session:
        assert gpus.get(session, "4070").slug == "a-new-card"
        assert gpus.get(session, "rtx 4070").slug == slug


def test_a_changed_catalog_corrects_facts_and_appends_prices(sessions: Sessions, small_catalog: Path) -> None:
    sow(sessions, small_catalog)
    edit(small_catalog / "gpus/rtx-4070.toml", "value = 200", "value = 205")
    edit(small_catalog / "assumptions.toml", "value = 80", "value = 85")
    edit(small_catalog / "offers.csv", "0.30,USD,2026-06-01", "0.31,USD,2026-06-01")
    edit(small_catalog / "sources/a.toml", "The maker", "The maker's page")
    assert sow(sessions, small_catalog, LATER)
    with sessions.reading() as session:
        assert gpus.get(session, "rtx-4070").board_watts == 205
        assert gpus.get(session, "rtx-4070").sources["board_watts"].title == "The maker's page"
        assert figures.get(session, "home.rest_of_pc_watts").value == 85
        (offer,) = offers.search(session, offers.OfferFilter()).offers
        assert [str(p.hourly_price) for p in offers.history(session, offer.slug)] == ["0.4", "0.3", "0.31"]
    assert not sow(sessions, small_catalog, LATER)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("gpus/rtx-4070.toml", '46, source = "maker"', '46, source = "nobody"', "rtx-4070.toml: sm_count"),
        ("gpus/rtx-4070.toml", "{ value = 12, source", "{ source", "memory_gib.value"),
        ("gpus/rtx-4070.toml", WATTS, "200", "board_watts = 200"),
        ("gpus/rtx-4070.toml", "value = 46", "value = 46.5", "whole number"),
        ("gpus/rtx-4070.toml", "vendor", "vendour", "vendor"),
        ("gpus/rtx-4070.toml", "name =", "nickname = 'x'\nname =", "nickname"),
        ("workloads/tiny.toml", "n_layers = 2", "n_layers = true", "architecture.n_layers = True"),
        ("workloads/tiny.toml", "d_ff = 256", "d_fff = 256", "architecture.d_ff"),
        ("workloads/tiny.toml", 'source = "maker"\nread_on = 2026-11-24', 'source = "maker"', "read_on"),
        ("providers.toml", ', currency = "USD"', "", "egress_per_gb.currency"),
        ("calibration.toml", 'source = "maker", ', "", "calibration.efficiency.hopper.source"),
        ("assumptions.toml", "value = 80", "value = 'x'", "home.rest_of_pc_watts.value"),
        ("offers.csv", "0.30,USD", ",USD", "offers.csv line 3: hourly_price"),
        ("offers.csv", "0.30,USD", "free,USD", "hourly_price = 'free'"),
        ("offers.csv", "2026-06-01,market", "2026-06-01,", "offers.csv line 3: source"),
        ("offers.csv", "2026-06-01,market", "June,market", "as_of = 'June'"),
        ("offers.csv", "on_demand,,0.30", "gift,,0.30", "tier = 'gift'"),
        ("offers.csv", "2026-06-01,market", "2025-06-01,market", "second price"),
        ("carbon.csv", "accounting", "method", "carbon.csv: accounting"),
        ("exchange_rates.csv", ",market", "", "exchange_rates.csv line 2"),
        ("measured_runs.csv", ",none,", ",perhaps,", "offload = 'perhaps'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(small_catalog: Path, file: str, old: str, new: str, said: str) -> None:
    edit(small_catalog / file, old, new)
    with pytest.raises(InvalidValue) as caught:
        load_catalog(small_catalog)
    assert said in str(caught.value)


def test_our_own_catalog_loads_and_seeds(catalog_engine: Engine) -> None:
    """It has been seeded once, in tests/conftest.py."""
    files = (
        "providers.toml", "offers.csv", "household_rates.csv", "carbon.csv", "exchange_rates.csv",
        "assumptions.toml", "calibration.toml", "track_record.toml", "measured_runs.csv",
    )  # fmt: skip
    missing = [name for name in files if not (CATALOG / name).exists()]
    missing += [
        f"{name}/" for name in ("sources", "gpus", "workloads") if not any((CATALOG / name).iterdir())
    ]
    if missing:
        pytest.skip(f"still being written: {', '.join(missing)}")
    catalog = load_catalog()
    assert all(getattr(catalog, kind) for kind in catalog.__slots__)
    with Sessions(catalog_engine).begin() as session:
        assert not seed.seed(session, catalog, LATER)
        known = {gpu.slug for gpu in gpus.all(session)}
        assert {offer.gpu for offer in catalog.offers} - {None} <= known
        for workload in catalog.workloads:
            assert workload.reference_gpu is None or workload.reference_gpu in known


def test_a_database_keeps_up_with_a_newer_catalog(tmp_path, small_catalog):
    """A user who updates the product gets its newer facts on the next start, without a command."""
    from service.store.session import Sessions, prepare

    url = f"sqlite:///{tmp_path / 'facts.sqlite3'}"
    prepare(url, small_catalog)[0].dispose()
    file = small_catalog / "calibration.toml"
    file.write_text(file.read_text().replace("0.75", "0.70"))
    for _ in range(2):
        engine, created = prepare(url, small_catalog)
        assert not created
        with Sessions(engine).reading() as session:
            assert figures.get(session, "calibration.efficiency.hopper").value == 0.70
            seen = versions.data_version(session)
        engine.dispose()
    engine, _ = prepare(url, small_catalog)
    with Sessions(engine).reading() as session:
        assert versions.data_version(session) == seen
    engine.dispose()
