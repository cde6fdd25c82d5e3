"""Frankfurter: the ECB's reference rates over a second address, for days when the first does not answer."""

import json
from datetime import date, timedelta
from decimal import Decimal

from pricing.source import Payload, PriceSource, UnreadablePayload
from service.facts import ExchangeRate, Source

NAME = "frankfurter"
TITLE = "Frankfurter, reference rates of the European Central Bank"
URL = "https://api.frankfurter.dev/v1/latest?base=EUR"


def parse(payload: Payload) -> list[ExchangeRate]:
    """All rates of one euro, on the day the answer states. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content, parse_float=Decimal, parse_int=Decimal)
        as_of, rates = date.fromisoformat(answer["date"]), dict(answer["rates"])
        if answer["base"] != "EUR" or answer.get("amount", 1) != 1 or not rates:
            raise UnreadablePayload(f"rates of {answer.get('amount')} {answer['base']}, not of one euro")
        source = Source(NAME, TITLE, URL, as_of, "free reuse with credit", payload.fetched_at.date())
        return [
            ExchangeRate("EUR", quote, Decimal(rate), as_of, source) for quote, rate in sorted(rates.items())
        ]
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise UnreadablePayload(f"no dated rates in it: {error!r}") from error


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=12), parse, "free reuse with credit")
