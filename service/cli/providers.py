"""Who rents out GPUs, and on which terms: `providers`."""

from typing import Any

import click

from service.cli.opening import open_facts
from service.errors import worded

UNKNOWN = "-"
PARTS = {"processor": "processor", "memory": "memory", "local_disk": "disk"}
KINDS = "hyperscaler | gpu-cloud | marketplace"


@click.command()
@click.argument("name", required=False)
@click.option("--kind", help=KINDS)
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/providers.")
def providers(*, name: str | None, kind: str | None, as_json: bool) -> None:
    """List who rents out GPUs: seat, VAT, billing steps, what an hour includes, fees.

    - is unknown, 0 is free. VAT: the prices it shows are net (VAT comes on top) or gross. Of one NAME alone
    every value with who said so and when it was read.
    """
    from typing import get_args

    import orjson

    from service.api.providers import provider_item
    from service.errors import InvalidValue, UnknownName, choice_of
    from service.facts import ProviderKind
    from service.reports.listings.as_table import print_json, print_table
    from service.store.providers import called

    _, snapshot = open_facts()
    if kind is not None:
        choice_of("kind", kind, get_args(ProviderKind))
    shown = [p for p in snapshot.providers.values() if kind in (None, p.kind)]
    if name is not None:
        if kind is not None:
            raise InvalidValue("--kind", kind, worded("is of the list; {name} is named", name=name))
        found = called(name, shown)
        if found is None:
            raise UnknownName("provider", name, snapshot.providers)
        shown = [found]
    items = [provider_item(snapshot, provider, None) for provider in shown]
    if as_json:
        print_json(orjson.dumps(items))
        return
    if name is not None:
        print_table(["what", "value", "told by", "on", "read on"], _told(items[0]), set())
        return
    titles = [
        "slug",
        "name",
        "kind",
        "seat",
        "VAT",
        "billed per s",
        "at least s",
        "an hour includes",
        "egress/GB",
        "storage/GB-month",
        "",
        "sources",
    ]
    print_table(titles, [_row(item) for item in items], {5, 6, 8, 9, 11})


def _row(item: dict[str, Any]) -> list[str]:
    return [
        item["slug"],
        item["name"],
        item["kind"],
        item["headquarters"] or UNKNOWN,
        item["price_vat"] or UNKNOWN,
        *(_number(item[name]) for name in ("billing_increment_s", "minimum_billing_s")),
        _included(item["includes"]),
        *(_number(item[name]) for name in ("egress_per_gb", "storage_per_gb_month")),
        item["fee_currency"] or "",
        str(len({source["source"] for source in item["sources"].values()})),
    ]


def _number(value: str | float | None) -> str:
    return UNKNOWN if value is None else f"{float(value):g}"


def _told(item: dict[str, Any]) -> list[list[str]]:
    """Every value of one provider that somebody said: who, for which day, and when it was read."""
    values = {**item, **{f"includes_{part}": value for part, value in item["includes"].items()}}
    return [
        [
            field,
            _value(values[field]) + (f" {item['fee_currency']}" if "_per_gb" in field else ""),
            source["source"],
            str(source["as_of"]),
            str(source["read_on"] or UNKNOWN),
        ]
        for field, source in item["sources"].items()
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str) and not value[:1].isdigit() else _number(value)


def _included(includes: dict[str, bool | None]) -> str:
    """What an hour contains, and behind it what is billed apart; of what is unknown nothing is said."""
    within = [name for part, name in PARTS.items() if includes[part]]
    apart = [name for part, name in PARTS.items() if includes[part] is False]
    said = [", ".join(within), f"apart: {', '.join(apart)}" if apart else ""]
    return "; ".join(filter(None, said)) or UNKNOWN
