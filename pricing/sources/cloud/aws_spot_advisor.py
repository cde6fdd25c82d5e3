"""AWS's spot instance advisor: how many spot machines of a kind were taken away within the last month.

`spot_advisor` is region -> Linux or Windows -> instance -> {s: percent saved, r: index into `ranges`};
`ranges` has a `label` and the `max` of each in percent, 5, 10, 15, 20 and 100: the last is "more than 20 %"
and has no upper end that says anything. The file carries no date: it is as of the day it was read. Verified
against nint8835/interruption-spotter (pkg/spotdata/types.go) and four other public readers.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pricing.json_answers import opened, stated
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import SpotInterruption

NAME = "aws_spot_advisor"
TITLE = "AWS spot instance advisor"
URL = "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json"
LICENCE = "terms of service; facts re-keyed"
WITH_GPUS = re.compile(r"[pg]\d")
PERCENT = 100


def parse(payload: Payload) -> list[SpotInterruption | Rejected]:
    """The range of every instance with GPUs in every region. Raises UnreadablePayload."""
    answer = opened(payload.content)
    regions = answer.get("spot_advisor") if isinstance(answer, dict) else None
    if not isinstance(regions, dict):
        raise UnreadablePayload("no spot_advisor by region in it")
    ends = _ends(answer.get("ranges"))
    source = stated("aws-spot-advisor", TITLE, URL, LICENCE, payload)
    found: list[SpotInterruption | Rejected] = []
    for region, instance, row in _linux(regions):
        share = ends.get(int(row.get("r", -1))) if isinstance(row, dict) else None
        if share is None:
            found.append(Rejected(f"{region} {instance}: {row}", "its range is none of those listed"))
        else:
            found.append(SpotInterruption("aws", instance, region, *share, source.as_of, source))
    if not found:
        raise UnreadablePayload("no instance with GPUs in it")
    return found


def _ends(ranges: Any) -> Mapping[int, tuple[float, float | None]]:
    """Index -> the ends of a range as shares; the last has no upper one."""
    try:
        tops = sorted({(int(one["index"]), int(one["max"])) for one in ranges})
    except (TypeError, KeyError, ValueError):
        raise UnreadablePayload("its ranges are not readable") from None
    shares = [top / PERCENT for _, top in tops]
    if not tops or shares != sorted(set(shares)) or not 0 < shares[0] <= 1:
        raise UnreadablePayload(f"its ranges do not grow: {tops}")
    lows = [0.0, *shares]
    return {
        index: (lows[i], share if share < 1 else None)
        for i, ((index, _), share) in enumerate(zip(tops, shares, strict=True))
    }


def _linux(regions: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for region, systems in regions.items():
        instances = systems.get("Linux") if isinstance(systems, dict) else None
        for instance, row in (instances or {}).items():
            if WITH_GPUS.match(instance):
                yield str(region), str(instance), row


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(days=1), parse, LICENCE)
