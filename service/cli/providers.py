"""Who rents out GPUs, and on which terms: `providers`."""

from typing import Any

import click

from service.cli.opening import open_facts

UNKNOWN = "-"
KINDS = "hyperscaler | gpu-cloud | marketplace"


@click.command()
@click.option("--kind", help=KINDS)
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/providers.")
def providers(*, kind: str | None, as_json: bool) -> None:
    """List who rents out GPUs, with billing steps and fees; - is unknown, 0 is free."""
    from typing import get_args

    import orjson

    from service.api.providers import provider_item
    from service.errors import choice_of
    from service.facts import ProviderKind
    from service.reports.listings.as_table import print_json, print_table

    _, snapshot = open_facts()
    if kind is not None:
        choice_of("kind", kind, get_args(ProviderKind))
    shown = [p for p in snapshot.providers.values() if kind in (None, p.kind)]
    items = [provider_item(snapshot, provider, None) for provider in shown]
    if as_json:
        print_json(orjson.dumps(items))
        return
    titles = [
        "slug",
        "name",
        "kind",
        "billed per s",
        "at least s",
        "egress/GB",
        "storage/GB-month",
        "",
        "told by",
    ]
    print_table(titles, [_row(item) for item in items], {3, 4, 5, 6})


def _row(item: dict[str, Any]) -> list[str]:
    numbers = ("billing_increment_s", "minimum_billing_s", "egress_per_gb", "storage_per_gb_month")
    said = dict.fromkeys(f"{s['source']}, {s['as_of']}" for s in item["sources"].values())
    return [
        item["slug"],
        item["name"],
        item["kind"],
        *(UNKNOWN if item[name] is None else f"{float(item[name]):g}" for name in numbers),
        item["fee_currency"] or "",
        "; ".join(said),
    ]
