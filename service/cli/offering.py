"""What can be rented, and what it cost before: `offers`, `price-history`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import click

from service.cli.amounts import Amount
from service.cli.beside import WIDE_IS_OF_TABLES, refuse_given
from service.cli.opening import open_facts
from service.cli.progress import working
from service.countries import place
from service.facts import Tier

UNKNOWN = "-"
TIERS = " | ".join(get_args(Tier))
COUNTED = (
    "Counted are the offers with a price in at least two thirds of the intervals in which any of their tier "
    "has one; where fewer than half of them have a price, there is a gap."
)


@click.command()
@click.option("--gpu", help="GPU by slug or alias, e.g. h100-sxm; exact, never a part of a name.")
@click.option("--gpu-count", type=click.IntRange(1, 1024))
@click.option("--nearest", metavar="GPU", help="Instead of --gpu: the GPUs most like it, one offer each.")
@click.option("--min-memory", type=float, help="GiB per GPU; with --nearest instead of that GPU's own.")
@click.option("--tier", help=TIERS)
@click.option("--provider")
@click.option("--region", help="A region's name, or a part of the world: eu, europe, us, asia, ...")
@click.option("--country", help="ISO country, e.g. DE.")
@click.option("--max-price", type=Amount(), help="Per hour of the whole instance, in --currency.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Prices as known on that day.")
@click.option("--max-age", type=click.IntRange(0, 36_500), help="Days that a price may be old; else any.")
@click.option("--unlisted", is_flag=True, help="Also those that are left out of their list or superseded.")
@click.option("--sold-out", is_flag=True, help="Also those that were last seen without stock.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--offset", default=0, type=click.IntRange(0), help="Skip so many.")
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/offers.")
def offers(
    *,
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
    max_age: int | None,
    unlisted: bool,
    sold_out: bool,
    limit: int,
    offset: int,
    wide: bool,
    as_json: bool,
) -> None:
    """List stored cloud offers, cheapest first, each with source and day."""
    from service.reports.listings.as_table import counted, print_json
    from service.store.offers import OfferFilter
    from service.usecases.offers import find_offers, not_older, offer_items

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
        sold_out=sold_out,
    )
    now = datetime.now(UTC).date()
    wanted = not_older(wanted, max_age, now)
    with working("looking through the offers"):
        page = find_offers(
            sessions, snapshot, wanted, currency=currency, nearest=nearest, limit=limit, offset=offset
        )
        items = offer_items(page, currency)
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
        import orjson

        print_json(orjson.dumps(items))
        return
    today = as_of.date() if as_of else now
    _print_offers(items, currency, today, alike=nearest is not None, wide=wide)
    click.echo(f"{len(items)} of {counted(page.total, 'offer')}")


@click.command("price-history")
@click.argument("gpu")
@click.option("--gpu-count", type=click.IntRange(1, 1024))
@click.option("--tier", help=TIERS)
@click.option("--provider")
@click.option("--from", "first_day", type=click.DateTime(["%Y-%m-%d"]), help="First day; a year back.")
@click.option(
    "--to", "last_day", type=click.DateTime(["%Y-%m-%d"]), help="Last day; that of the newest price."
)
@click.option("--interval", default="month", show_default=True, help="day | week | month")
@click.option("--currency", default="USD", show_default=True)
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="The answer of GET /api/v1/price-history.")
def price_history(
    *,
    gpu: str,
    gpu_count: int | None,
    tier: str | None,
    provider: str | None,
    first_day: datetime | None,
    last_day: datetime | None,
    interval: str,
    currency: str,
    wide: bool,
    as_json: bool,
) -> None:
    """Show what GPU cost over time: smallest, median and largest price of its offers per interval.

    Each tier and term of months is a series of its own, always over the same offers.
    """
    from service.reports.listings.as_table import print_below, print_json, print_table
    from service.usecases.offers import price_history_of

    sessions, snapshot = open_facts()
    with working("looking through the prices"):
        history = price_history_of(
            sessions, snapshot, gpu=gpu, gpu_count=gpu_count, tier=tier, provider=provider,
            first_day=first_day.date() if first_day else None, last_day=last_day.date() if last_day else None,
            interval=interval, currency=currency.strip().upper(),
        )  # fmt: skip
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
        import orjson

        print_json(orjson.dumps(history))
        return
    rows = []
    for series in history["series"]:
        for period in series["periods"] if series["offers"] else ():
            hour, per_gpu = period["price_per_hour"] or {}, period["price_per_gpu_hour"] or {}
            prices = [_price(hour.get(name), 2) for name in ("min", "median", "max")]
            prices += [_price(per_gpu.get(name), 3) for name in ("min", "median", "max")]
            days = (str(period["first_day"]), str(period["last_day"]))
            rows.append([_kind(series), *days, str(period["offers"]), *prices])
    unit = history["currency"]  # of a whole machine only where it is wide: machines of many sizes are mixed
    per_hour, per_gpu_hour = f"min {unit}/h", f"min {unit}/GPU-h"
    titles = ["tier", "from", "to", "offers", per_hour, "median", "max", per_gpu_hour, "median", "max"]
    print_table(titles, rows, set(range(3, 10)), spare={2, 4, 5, 6}, wide=wide)
    if history["series"]:
        print_below([COUNTED, *(_counted(series) for series in history["series"])])
    print_below(f"{s['source']}, as of {s['as_of']}. {s['url']}".rstrip() for s in history["sources"])
    print_below(f"{r['rate']} {r['unit']}, {r['source']}, {r['as_of']}" for r in history["exchange_rates"])


def _kind(series: dict[str, Any]) -> str:
    """Tier and term: on_demand, reserved 12 months."""
    months = series["term_months"]
    return f"{series['tier']} {months} months" if months else str(series["tier"])


def _counted(series: dict[str, Any]) -> str:
    """How many of how many offers a series is of, and why nothing is told where there are none."""
    from service.reports.listings.as_table import counted

    offers, intervals = (
        counted(series["offers_priced"], "offer"),
        counted(series["intervals_priced"], "interval"),
    )
    said = f"{_kind(series)}: {series['offers'] or 'none'} of {offers} in {intervals} with prices"
    return said if series["offers"] else f"{said}, all come and go: a shorter time may have a median"


def _print_offers(
    items: list[dict[str, Any]], currency: str, today: date, *, alike: bool, wide: bool
) -> None:
    """The table, and below it what is to be known of single rows, by their number."""
    from service.reports.listings.as_table import numbered_sources, print_below, print_table

    rows = []
    cited, sources = numbered_sources([f"{item['source']}, {item['as_of']}" for item in items])
    remarks: dict[str, list[str]] = {}
    for number, item in enumerate(items, 1):
        for remark in _remarks(item):
            remarks.setdefault(remark, []).append(str(number))
        row = [
            str(number),
            item["provider"],
            item["instance"],
            place(item["region"], item["country"]) or UNKNOWN,
            item["gpu"] or f"? {item['gpu_raw_name']}",
            str(item["gpu_count"]),
            item["tier"],
            _price(item["price_per_hour"], 2),
            _price(item["price_per_gpu_hour"], 3),
            str(item["as_of"]),
            str(days) if (days := (today - item["as_of"]).days) >= 0 else UNKNOWN,
            cited[number - 1],
        ]
        rows.append([*row[:5], *(_alike(item["likeness"]) if alike else ()), *row[5:]])
    like = ["peak", "GiB", "GB/s"] if alike else []
    titles = ["", "provider", "instance", "where", "GPU", *like, "n", "tier", f"{currency}/h",
              "per GPU", "as of", "days", "source"]  # fmt: skip
    shift = len(like)
    numeric = {0, *range(5, 6 + shift), 7 + shift, 8 + shift, 10 + shift}
    print_table(titles, rows, numeric, spare={2, 3, 9 + shift}, wide=wide)
    if alike and items:
        print_below([f"peak, GiB and GB/s: each GPU's over those of {items[0]['likeness']['to']}"])
    print_below(f"{', '.join(numbers)}: {remark}" for remark, numbers in remarks.items())
    print_below(sources)
    newest = max((item["as_of"] for item in items), default=today)
    if newest > today:
        said = f"a price is of {newest}, and this computer says that it is {today}: its clock is wrong"
        click.echo(f"heimvorteil: {said}", err=True)


def _remarks(item: dict[str, Any]) -> list[str]:
    remarks = [item["note"]] if item["note"] else []
    if item["unlisted_since"]:
        remarks.append(f"no longer on its list since {item['unlisted_since']:%Y-%m-%d}")
    if item["superseded_by"]:
        remarks.append(f"superseded by {item['superseded_by']} since {item['superseded_since']:%Y-%m-%d}")
    if stock := _stock(item):
        remarks.append(stock)
    for other in item["conflicts"]:
        price = _price(other["price_per_hour"], 2)
        remarks.append(
            f"another list says {price} {other['currency']}/h ({other['ratio']:.2f} times): "
            f"{other['source']}, {other['as_of']}"
        )
    return remarks


def _stock(item: dict[str, Any]) -> str:
    """What its source told of its stock; empty where it told nothing."""
    seen, count = item["seen_rentable_at"], item["rentable_count"]
    if item["in_stock"] is False:
        before = f", last seen rentable {seen:%Y-%m-%d %H:%M} UTC" if seen else ""
        return f"nothing free when last read, {item['fetched_at']:%Y-%m-%d %H:%M} UTC{before}"
    return f"seen rentable {seen:%Y-%m-%d %H:%M} UTC{f', {count} free' if count else ''}" if seen else ""


def _alike(likeness: dict[str, Any] | None) -> list[str]:
    if likeness is None:
        return [UNKNOWN] * 3
    ratios = ("peak_bf16_ratio", "memory_ratio", "memory_bandwidth_ratio")
    return [f"x{likeness[name]:.2f}" for name in ratios]


def _price(text: str | None, digits: int) -> str:
    return UNKNOWN if text is None else f"{Decimal(text):.{digits}f}"
