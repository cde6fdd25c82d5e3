"""The one list of price sources: a file, a fixture, and two lines here make a new one."""

from pricing.source import PriceSource
from pricing.sources.carbon import electricity_maps, energy_charts_co2, uk_carbon_intensity
from pricing.sources.cloud import (
    aws,
    azure,
    cloudrift,
    digitalocean,
    gcp_billing,
    gpuhunt,
    lambda_cloud,
    linode,
    oci,
    runpod,
    shadeform,
    skypilot,
    vast,
    verda,
    vultr,
)
from pricing.sources.currency import ecb, ecb_history, frankfurter
from pricing.sources.electricity import (
    awattar,
    eia,
    energy_charts,
    entsoe,
    eurostat,
    octopus_agile,
    smard,
    tibber,
)

SOURCES: tuple[PriceSource, ...] = (
    ecb.SOURCE,
    ecb_history.SOURCE,
    frankfurter.SOURCE,
    eurostat.SOURCE,
    *energy_charts.SOURCES,
    *smard.SOURCES,
    *awattar.SOURCES,
    octopus_agile.SOURCE,
    *entsoe.SOURCES,
    eia.SOURCE,
    tibber.SOURCE,
    *energy_charts_co2.SOURCES,
    uk_carbon_intensity.SOURCE,
    electricity_maps.SOURCE,
    *skypilot.SOURCES,
    *gpuhunt.SOURCES,
    aws.SOURCE,
    azure.SOURCE,
    oci.SOURCE,
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
