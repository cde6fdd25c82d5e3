"""Carbon intensity of a country's electricity by the quarter-hour from Energy-Charts (Fraunhofer ISE).

Lifecycle factors on the production mix. Measured and forecast values are two lists of full length with
null where there is none: a measured value wins over a forecast, and where both are null nothing is known.
Only the beginnings of slots are stated.
"""

import json
from datetime import UTC, datetime, timedelta

from pricing.slot_ends import slot_ends
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import GridCarbon, Source

ADDRESS = "https://api.energy-charts.info/co2eq?country={country}"
LICENCE = "CC BY 4.0, Fraunhofer ISE, Energy-Charts"
COUNTRIES = ("DE", "AT", "CH", "FR", "NL", "BE", "PL", "CZ", "DK", "NO", "SE", "FI", "IT", "ES")


def source_of(country: str) -> PriceSource:
    """The grid of one country."""
    title = f"Energy-Charts carbon intensity, {country}"
    url = ADDRESS.format(country=country.lower())

    def parse(payload: Payload) -> list[GridCarbon | Rejected]:
        """All slots of which something is known. Raises UnreadablePayload."""
        try:
            answer = json.loads(payload.content)
            starts = [datetime.fromtimestamp(int(second), UTC) for second in answer["unix_seconds"]]
            measured, forecast = answer["co2eq"], answer.get("co2eq_forecast") or [None] * len(starts)
            ends = slot_ends(starts)
            if not len(starts) == len(measured) == len(forecast):
                raise ValueError(f"{len(starts)} slots, {len(measured)} and {len(forecast)} values")
        except (ValueError, KeyError, TypeError, AttributeError, OSError, OverflowError) as error:
            raise UnreadablePayload(f"no unix_seconds and co2eq in it: {error!r}") from error
        day = payload.fetched_at.date()
        source = Source(f"energy-charts-co2eq-{country.lower()}", title, url, day, LICENCE, day)
        found: list[GridCarbon | Rejected] = []
        for start, end, seen, expected in zip(starts, ends, measured, forecast, strict=True):
            value = expected if seen is None else seen
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                found.append(Rejected(f"{start:%Y-%m-%dT%H:%MZ} {value!r}", "the intensity is no number"))
                continue
            found.append(
                GridCarbon(
                    country,
                    start,
                    end,
                    float(value),
                    scope="lifecycle",
                    accounting="production",
                    is_forecast=seen is None,
                    source=source,
                    fetched_at=payload.fetched_at,
                )
            )
        if not any(isinstance(fact, GridCarbon) for fact in found):
            raise UnreadablePayload("no slot with a value")
        return found

    return PriceSource(f"energy_charts_co2_{country.lower()}", title, url, timedelta(hours=1), parse, LICENCE)


SOURCES = tuple(source_of(country) for country in COUNTRIES)
