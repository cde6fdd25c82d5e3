"""Euro reference rates of the European Central Bank, units of each currency per euro.

Published around 16:00 CET on TARGET days; the file carries its own day, which is the rate's day.
"""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from pricing.source import Payload, PriceSource, UnreadablePayload
from service.facts import ExchangeRate, Source

NAME = "ecb"
TITLE = "ECB euro foreign exchange reference rates"
URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"


def parse(payload: Payload) -> list[ExchangeRate]:
    """All rates of the file, each on the file's own day. Raises UnreadablePayload."""
    try:
        root = ElementTree.fromstring(payload.content)  # nosec B314
    except ElementTree.ParseError as error:
        raise UnreadablePayload(f"not XML: {error}") from error
    rates = []
    for day in root.iter(CUBE):
        if "time" not in day.attrib:
            continue
        as_of = date.fromisoformat(day.attrib["time"])
        source = Source(
            "ecb-eurofxref", TITLE, URL, as_of, "free reuse with credit", payload.fetched_at.date()
        )
        for cube in day.iter(CUBE):
            if "currency" not in cube.attrib:
                continue
            try:
                rate = Decimal(cube.attrib["rate"])
            except (KeyError, InvalidOperation) as error:
                raise UnreadablePayload(f"no rate for {cube.attrib['currency']}") from error
            rates.append(ExchangeRate("EUR", cube.attrib["currency"], rate, as_of, source))
    if not rates:
        raise UnreadablePayload("no Cube with a rate in it")
    return rates


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=6), parse, "free reuse with credit")
