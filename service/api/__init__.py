"""/api/v1: a blueprint per resource."""

from flask import Blueprint

from service.api import (
    alerts,
    carbon_intensities,
    comparisons,
    decisions,
    docs,
    electricity_rates,
    estimates,
    exchange_rates,
    gpu_names,
    gpus,
    grid_carbon,
    health,
    measured_runs,
    metrics,
    offer_imports,
    offers,
    price_conflicts,
    price_history,
    price_sources,
    providers,
    refreshes,
    report_schedules,
    spot_prices,
    workloads,
)

PREFIX = "/api/v1"
RESOURCES: tuple[Blueprint, ...] = (
    gpus.blueprint,
    gpu_names.blueprint,
    workloads.blueprint,
    providers.blueprint,
    offers.blueprint,
    offer_imports.blueprint,
    price_conflicts.blueprint,
    price_history.blueprint,
    alerts.blueprint,
    electricity_rates.blueprint,
    carbon_intensities.blueprint,
    spot_prices.blueprint,
    grid_carbon.blueprint,
    exchange_rates.blueprint,
    measured_runs.blueprint,
    price_sources.blueprint,
    refreshes.blueprint,
    estimates.blueprint,
    comparisons.blueprint,
    decisions.blueprint,
    report_schedules.blueprint,
    docs.blueprint,
)
HEALTH = (health.blueprint, metrics.blueprint)
