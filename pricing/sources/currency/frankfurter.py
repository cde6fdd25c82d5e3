"""Frankfurter: the ECB's reference rates over a second address, for days when the first does not answer.

Version 1 answers with one object, version 2 with a list that may hold the euro itself. Version 2 blends
over a hundred banks unless it is asked for `providers=ecb`; such an answer is refused.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import exact
from pricing.source import Payload, PriceSource, UnreadablePayload
from service.facts import ExchangeRate, Source

NAME = "frankfurter"
TITLE = "Frankfurter, reference rates of the European Central Bank"
URL = "https://api.frankfurter.dev/v1/latest?base=EUR"
LICENCE = "free reuse with credit"


def parse(payload: Payload) -> list[ExchangeRate]:
    """All rates of one euro, on the days the answer states. Raises UnreadablePayload."""
    if "/v2/" in payload.url and "providers=ecb" not in payload.url.lower():
        raise UnreadablePayload("rates blended over many banks; ask for providers=ecb")
    read_on = payload.fetched_at.date()
    try:
        answer = json.loads(payload.content, parse_float=exact, parse_int=exact)
        if isinstance(answer, dict) and "message" in answer:
            raise UnreadablePayload(f"Frankfurter says: {str(answer['message'])[:200]}")
        quoted = list(_version_2(answer) if isinstance(answer, list) else _version_1(answer))
        found = [
            ExchangeRate("EUR", quote, Decimal(rate), day, Source(NAME, TITLE, URL, day, LICENCE, read_on))
            for day, quote, rate in sorted(quoted)
            if quote != "EUR"
        ]
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise UnreadablePayload(f"no dated rates in it: {error!r}") from error
    if not found:
        raise UnreadablePayload("no rate in it")
    return found


def _version_1(answer: dict[str, Any]) -> Iterator[tuple[date, str, Any]]:
    if answer["base"] != "EUR" or answer.get("amount", 1) != 1:
        raise UnreadablePayload(f"rates of {answer.get('amount')} {answer['base']}, not of one euro")
    day = date.fromisoformat(answer["date"])
    for quote, rate in answer["rates"].items():
        yield day, str(quote), rate


def _version_2(answer: list[Any]) -> Iterator[tuple[date, str, Any]]:
    for row in answer:
        if row["base"] != "EUR":
            raise UnreadablePayload(f"rates of one {row['base']}, not of one euro")
        yield date.fromisoformat(row["date"]), str(row["quote"]), row["rate"]


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=12), parse, LICENCE, fallback_for="ecb")
