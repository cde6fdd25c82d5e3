"""AWS spot prices of GPU machines in every region: the feed behind its own spot page, one file of 3 MB.

It carries no day: a price is as of the moment it was read. Traps: the oldest regions go by names of their
own (us-east, eu-ireland, apac-tokyo); "N/A*" stands where there is no price; newer families may be missing;
spot.js is the same inside callback(...). It names the type alone: aws_machines.py and instances.py know its
GPUs. A reader of 2026-09 found it 3 to 50 % below another list for small machines, so that the offers say
where the price is from.
https://aws.amazon.com/ec2/spot/pricing/

Verified 2026-11-28: address and shape against the snapshot tests of alexei-led/spotinfo and two price
collectors of 2026 (spot.json, config.regions[].instanceTypes[].sizes[].valueColumns[]), the old names of
regions against the same three.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pricing.aws_machines import whole_cards
from pricing.countries import country_of
from pricing.json_answers import Row, offers_of, opened, price_of, stated
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer

NAME = "aws_spot"
TITLE = "AWS EC2 spot prices"
URL = "https://website.spot.ec2.aws.a2z.com/spot.json"
LICENCE = "AWS price list, no licence stated; facts re-keyed"
OLD_NAMES = {
    "us-east": "us-east-1", "us-west": "us-west-1", "eu-ireland": "eu-west-1", "eu-frankfurt": "eu-central-1",
    "apac-sin": "ap-southeast-1", "apac-syd": "ap-southeast-2", "apac-tokyo": "ap-northeast-1",
}  # fmt: skip
NO_PRICE = ("N/A", "")
NOTE = "as AWS's spot page says; undated"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The feed with its GPU machines alone."""
    answer = way_out.get(asked.url)
    rows = list(_rows(_document(answer.content)))
    return Payload(json.dumps({"rows": rows}, default=str).encode(), asked.url, answer.fetched_at)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every GPU machine in every region that has a price. Raises UnreadablePayload."""
    document = _document(payload.content)
    rows = document["rows"] if isinstance(document.get("rows"), list) else list(_rows(document))
    source = stated("aws-ec2-spot", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        if str(row["usd"]).partition("*")[0] in NO_PRICE:
            return
        instance, region = str(row["size"]), str(row["region"])
        card, count = whole_cards(instance)
        yield CloudOffer(
            provider="aws",
            instance=instance,
            region=region,
            country=country_of("aws", region),
            gpu=None,
            gpu_raw_name=card.gpu,
            gpu_count=count,
            memory_gib_per_gpu=card.memory_gib,
            tier="spot",
            hourly_price=price_of(row["usd"]),
            currency="USD",
            as_of=source.as_of,
            source=source,
            note=NOTE,
        )

    return offers_of(rows, read)


def _document(content: bytes) -> Mapping[str, Any]:
    text = content.strip()
    if text.startswith(b"callback("):
        text = text.removeprefix(b"callback(").rstrip(b"; \n").removesuffix(b")")
    document = opened(text)
    if not isinstance(document, dict):
        raise UnreadablePayload("no feed of spot prices")
    return document


def _rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Region, size and price of every GPU machine. Raises UnreadablePayload for another shape."""
    try:
        config = document["config"]
        if config.get("rate", "perhr") != "perhr":
            raise UnreadablePayload(f"prices {config['rate']}, not per hour")
        for region in config["regions"]:
            name = OLD_NAMES.get(region["region"], region["region"])
            for kind in region["instanceTypes"]:
                for size in kind["sizes"]:
                    if str(size["size"]).startswith(("p", "g", "u-p")):
                        linux = [one for one in size["valueColumns"] if one["name"] == "linux"]
                        usd = linux[0]["prices"]["USD"] if linux else ""
                        yield {"region": name, "size": size["size"], "usd": usd}
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"no regions with sizes in it: {error!r}") from error


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=1), parse, LICENCE, fetch=fetch)
