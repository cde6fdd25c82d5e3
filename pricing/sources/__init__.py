"""The one list of price sources: a file, a fixture, and two lines here make a new one."""

from pricing.source import PriceSource
from pricing.sources.cloud import (
    cloudrift,
    digitalocean,
    gcp_billing,
    lambda_cloud,
    linode,
    runpod,
    shadeform,
    skypilot,
    vast,
    verda,
    vultr,
)
from pricing.sources.currency import ecb, frankfurter
from pricing.sources.electricity import awattar, energy_charts

SOURCES: tuple[PriceSource, ...] = (
    ecb.SOURCE,
    energy_charts.SOURCE,
    frankfurter.SOURCE,
    *awattar.SOURCES,
    *skypilot.SOURCES,
    vast.SOURCE,
    verda.SOURCE,
    runpod.SOURCE,
    linode.SOURCE,
    cloudrift.SOURCE,
    lambda_cloud.SOURCE,
    gcp_billing.SOURCE,
    shadeform.SOURCE,
    digitalocean.SOURCE,
    vultr.SOURCE,
)
