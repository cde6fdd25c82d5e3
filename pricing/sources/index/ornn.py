"""Ornn's compute price index: what rented GPUs were paid for on a day, a check on the medians of offers.

One answer names the newest day of every GPU that is free to read (A100 SXM4, B200, H100 SXM, H200,
RTX 5090 in September 2026), in USD per GPU and hour, settled every day at 20:00 UTC. By its methodology it
is the volume-weighted, winsorised mean of rents that are being paid on demand, without reservations, who
pays them is not told; its free rows are of the whole world. Traps: "A100 SXM4" does not say with how much
memory, "H200" not in which form; without a key there are three months of history.
https://data.ornn.com/methodology

Verified 2026-11-28, by public clients of August to October 2026: the address by collector/collect_gpu.py
of Kadentato/Compute-and-LLM-Dashboard and by two others; the same answer at api.ornnai.com/api, with
`success`, `date`, `count` and rows of `gpu_type`, `region`, `index_value`, `date`, by the tests of two (one
has H100 SXM at 2.879583333333333 on 2026-08-21). No licence was found, and the terms could not be read.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from pricing.json_answers import Unusable, opened, price_of, refused
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import RentalIndex, Source

NAME = "ornn"
TITLE = "Ornn compute price index"
URL = "https://data.ornn.com/api/public-index/daily-index/all"
LICENCE = "no licence stated; facts re-keyed"
WORLD = ("global", "")


def parse(payload: Payload) -> list[RentalIndex | Rejected]:
    """The index of every GPU. Raises UnreadablePayload."""
    answer = opened(payload.content)
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or answer.get("success") is not True:
        raise UnreadablePayload("no success with a list of data")
    found: list[RentalIndex | Rejected] = []
    for row in rows:
        try:
            found += _read(row, payload.fetched_at.date())
        except Unusable as reason:
            found.append(refused(row, str(reason)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found.append(refused(row, f"not a row as known: {error!r}"))
    if not found:
        raise UnreadablePayload("no GPU in it")
    return found


def _read(row: dict[str, Any], read_on: date) -> Iterator[RentalIndex]:
    if (row.get("region") or "").lower() not in WORLD:
        raise Unusable(f"of {row['region']}, not of the whole world")
    day = datetime.fromisoformat(row["date"]).date()
    if day > read_on:
        raise Unusable(f"of {day}, which has not been yet")
    said = Source("ornn-ocpi", TITLE, URL, day, LICENCE, read_on)
    yield RentalIndex(NAME, row["gpu_type"], (), price_of(row["index_value"]), "USD", day, said)


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=12), parse, LICENCE, states_its_day=True)
