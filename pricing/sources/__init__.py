"""The one list of price sources: a file, a fixture, and two lines here make a new one."""

from pricing.source import PriceSource
from pricing.sources.cloud import skypilot
from pricing.sources.currency import ecb
from pricing.sources.electricity import energy_charts

SOURCES: tuple[PriceSource, ...] = (
    ecb.SOURCE,
    energy_charts.SOURCE,
    *skypilot.SOURCES,
)
