"""catalog/ -> tables. Seeding twice changes nothing."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from service.store import (
    exchange_rates,
    figures,
    gpus,
    measured_runs,
    offers,
    own_gpu_names,
    providers,
    rates,
    sources,
    superseding,
    versions,
    workloads,
)
from service.store.catalog_files import Catalog, load_catalog
from service.store.versions import CATALOG

__all__ = ["CATALOG", "seed"]


def seed(session: Session, catalog: Catalog | Path = CATALOG, now: datetime | None = None) -> bool:
    """Bring the stored facts up to the catalog; True if that changed anything.

    Numbers that changed in the catalog are corrected, prices are appended to the history as read `now`
    (default: this moment), and facts that came from elsewhere stay. Raises InvalidValue if the catalog
    cannot be read.
    """
    read_from = ""
    if isinstance(catalog, Path):
        read_from = versions.fingerprint(catalog)
        catalog = load_catalog(catalog)
    before = versions.lock(session)
    sources.put_all(session, (*catalog.sources, *(run.source for run in catalog.measured_runs)))
    known_gpus = {gpu.slug: gpu for gpu in gpus.all(session)}
    changed_gpus = [gpu for gpu in catalog.gpus if known_gpus.get(gpu.slug) != gpus.as_stored(gpu)]
    # A name may have moved from one thing to another: all that changed give theirs up before any takes one.
    gpus.give_up_names(session, [gpu.slug for gpu in changed_gpus])
    for gpu in changed_gpus:
        gpus.put(session, gpu)
    known_workloads = {workload.slug: workload for workload in workloads.all(session)}
    changed_workloads = [
        workload
        for workload in catalog.workloads
        if known_workloads.get(workload.slug) != workloads.as_stored(workload)
    ]
    workloads.give_up_names(session, [workload.slug for workload in changed_workloads])
    for workload in changed_workloads:
        workloads.put(session, workload)
    known_providers = {provider.slug: provider for provider in providers.all(session)}
    for provider in catalog.providers:
        if known_providers.get(provider.slug) != provider:
            providers.put(session, provider)
    exchange_rates.put_all(session, catalog.exchange_rates)
    at = now or datetime.now(UTC)
    offers.add_all(session, catalog.offers, at)
    own_gpu_names.apply(session)
    superseding.supersede(session, at)
    rates.put_electricity(session, catalog.electricity)
    rates.put_carbon(session, catalog.carbon)
    figures.put_all(session, catalog.figures)
    measured_runs.put_all(session, catalog.measured_runs)
    if read_from:
        versions.catalog_was_seeded(session, read_from)
    return versions.data_version(session) != before
