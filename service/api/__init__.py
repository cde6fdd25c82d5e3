"""/api/v1: a blueprint per resource."""

from flask import Blueprint

from service.api import (
    carbon_intensities,
    comparisons,
    docs,
    electricity_rates,
    estimates,
    exchange_rates,
    gpu_names,
    gpus,
    health,
    measured_runs,
    offers,
    providers,
    workloads,
)

PREFIX = "/api/v1"
RESOURCES: tuple[Blueprint, ...] = (
    gpus.blueprint,
    gpu_names.blueprint,
    workloads.blueprint,
    providers.blueprint,
    offers.blueprint,
    electricity_rates.blueprint,
    carbon_intensities.blueprint,
    exchange_rates.blueprint,
    measured_runs.blueprint,
    estimates.blueprint,
    comparisons.blueprint,
    docs.blueprint,
)
HEALTH = health.blueprint
