"""What can be rented: `offers`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import click

from service.cli.amounts import Money
from service.cli.opening import open_facts

UNKNOWN = "-"


@click.command()
@click.option("--gpu", help="GPU by slug or alias, e.g. h100-sxm; exact, never a part of a name.")
@click.option("--gpu-count", type=click.IntRange(1, 1024))
@click.option("--nearest", metavar="GPU", help="Instead of --gpu: the GPUs most like it, one offer each.")
@click.option("--min-memory", type=float, help="GiB per GPU; with --nearest instead of that GPU's own.")
@click.option("--tier", help="on_demand | spot | reserved | community | marketplace")
@click.option("--provider")
@click.option("--region", help="A region's name, or a part of the world: eu, europe, us, asia, ...")
@click.option("--country", help="ISO country, e.g. DE.")
@click.option("--max-price", type=Money(), help="Per hour of the whole instance, in --currency.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Prices as known on that day.")
@click.option("--unlisted", is_flag=True, help="Also those that a newer answer of their list left out.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--offset", default=0, type=click.IntRange(0), help="Skip so many.")
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/offers.")
def offers(
    gpu: str | None,
    gpu_count: int | None,
    nearest: str | None,
    min_memory: float | None,
    tier: str | None,
    provider: str | None,
    region: str | None,
    country: str | None,
    max_price: Decimal | None,
    currency: str,
    as_of: datetime | None,
    unlisted: bool,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """List stored cloud offers, cheapest first, each with source and day."""
    from service.reports.as_table import print_json
    from service.store.offers import OfferFilter
    from service.usecases.offers import find_offers, offer_items

    sessions, snapshot = open_facts()
    currency = currency.strip().upper()
    wanted = OfferFilter(
        gpu=gpu,
        gpu_count_min=gpu_count,
        gpu_count_max=gpu_count,
        memory_gib_per_gpu_min=min_memory,
        tier=tier,
        provider=provider,
        region=region,
        country=country,
        price_max=max_price,
        currency=currency,
        as_of=as_of.date() if as_of else None,
        unlisted=unlisted,
    )
    found = find_offers(
        sessions, snapshot, wanted, currency=currency, nearest=nearest, limit=limit, offset=offset
    )
    items = offer_items(found, currency)
    if as_json:
        import orjson

        print_json(orjson.dumps(items))
        return
    today = as_of.date() if as_of else datetime.now(UTC).date()
    _print_offers(items, currency, today, alike=nearest is not None)
    click.echo(f"{len(items)} of {found.total} offers")


def _print_offers(items: list[dict[str, Any]], currency: str, today: date, *, alike: bool) -> None:
    """The table, and below it what is to be known of single rows, by their number."""
    from service.reports.as_table import print_table

    rows = []
    remarks: dict[str, list[str]] = {}
    for number, item in enumerate(items, 1):
        for remark in _remarks(item):
            remarks.setdefault(remark, []).append(str(number))
        row = [
            str(number),
            item["provider"],
            item["instance"],
            ", ".join(filter(None, (item["region"], item["country"]))) or UNKNOWN,
            item["gpu"] or f"? {item['gpu_raw_name']}",
            str(item["gpu_count"]),
            item["tier"],
            _price(item["price_per_hour"], 2),
            _price(item["price_per_gpu_hour"], 3),
            str(item["as_of"]),
            str((today - item["as_of"]).days),
            item["source"],
        ]
        rows.append([*row[:5], *(_alike(item["likeness"]) if alike else ()), *row[5:]])
    like = ["peak", "GiB", "GB/s"] if alike else []
    titles = ["", "provider", "instance", "where", "GPU", *like, "n", "tier", f"{currency}/h",
              f"{currency}/GPU-h", "as of", "days", "source"]  # fmt: skip
    shift = len(like)
    numeric = {0, *range(5, 6 + shift), 7 + shift, 8 + shift, 10 + shift}
    print_table(titles, rows, numeric)
    if alike and items:
        click.echo(f"peak, GiB and GB/s: each GPU's over those of {items[0]['likeness']['to']}")
    for remark, numbers in remarks.items():
        click.echo(f"[{', '.join(numbers)}] {remark}")


def _remarks(item: dict[str, Any]) -> list[str]:
    remarks = [item["note"]] if item["note"] else []
    if item["unlisted_since"]:
        remarks.append(f"no longer on its list since {item['unlisted_since']:%Y-%m-%d}")
    for other in item["conflicts"]:
        price = _price(other["price_per_hour"], 2)
        remarks.append(
            f"another list says {price} {other['currency']}/h ({other['ratio']:.2f} times): "
            f"{other['source']}, {other['as_of']}"
        )
    return remarks


def _alike(likeness: dict[str, Any] | None) -> list[str]:
    if likeness is None:
        return [UNKNOWN] * 3
    ratios = ("peak_bf16_ratio", "memory_ratio", "memory_bandwidth_ratio")
    return [f"x{likeness[name]:.2f}" for name in ratios]


def _price(text: str | None, digits: int) -> str:
    return UNKNOWN if text is None else f"{Decimal(text):.{digits}f}"
