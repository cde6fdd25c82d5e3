"""The one list of price sources: a file, a fixture, and two lines here make a new one."""

from pricing.source import PriceSource
from pricing.sources.cloud import aws, azure, gpuhunt, oci, skypilot, vast, verda
from pricing.sources.currency import ecb, frankfurter
from pricing.sources.electricity import awattar, energy_charts

SOURCES: tuple[PriceSource, ...] = (
    ecb.SOURCE,
    energy_charts.SOURCE,
    frankfurter.SOURCE,
    *awattar.SOURCES,
    *skypilot.SOURCES,
    *gpuhunt.SOURCES,
    aws.SOURCE,
    azure.SOURCE,
    oci.SOURCE,
    vast.SOURCE,
    verda.SOURCE,
)
