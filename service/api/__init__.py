"""/api/v1: a blueprint per resource."""

from flask import Blueprint

from service.api import (
    alerts,
    carbon_intensities,
    comparisons,
    docs,
    electricity_rates,
    estimates,
    exchange_rates,
    gpus,
    health,
    measured_runs,
    offers,
    price_conflicts,
    price_history,
    providers,
    workloads,
)

PREFIX = "/api/v1"
RESOURCES: tuple[Blueprint, ...] = (
    gpus.blueprint,
    workloads.blueprint,
    providers.blueprint,
    offers.blueprint,
    price_conflicts.blueprint,
    price_history.blueprint,
    alerts.blueprint,
    electricity_rates.blueprint,
    carbon_intensities.blueprint,
    exchange_rates.blueprint,
    measured_runs.blueprint,
    estimates.blueprint,
    comparisons.blueprint,
    docs.blueprint,
)
HEALTH = health.blueprint
