"""What the database holds: `gpus`, `workloads`, `offers`."""

from datetime import datetime
from decimal import Decimal

import click

from service.cli.amounts import Money
from service.cli.opening import open_facts


@click.command()
@click.option("--category", help="Only this category, e.g. geforce or datacenter.")
@click.option("--json", "as_json", is_flag=True)
def gpus(category: str | None, as_json: bool) -> None:
    """List the GPUs of the catalog."""
    from service.errors import UnknownName
    from service.estimate.hardware import dense_tensor_tflops
    from service.reports.as_table import print_json, print_table

    _, snapshot = open_facts()
    known = list(snapshot.gpus.values())
    if category:
        categories = {g.category for g in known}
        if category not in categories:
            raise UnknownName("category", category, categories)
        known = [g for g in known if g.category == category]
    if as_json:
        import orjson

        print_json(
            orjson.dumps(
                [
                    {
                        "slug": g.slug,
                        "name": g.name,
                        "category": g.category,
                        "architecture": g.architecture,
                        "peak_bf16_tflops": round(dense_tensor_tflops(g), 1),
                        "memory_gib": g.memory_gib,
                        "memory_bandwidth_gb_per_s": g.memory_bandwidth_gb_per_s,
                        "board_watts": g.board_watts,
                        "sources": {
                            field: {"source": s.title, "url": s.url, "as_of": s.as_of}
                            for field, s in g.sources.items()
                        },
                    }
                    for g in known
                ]
            )
        )
        return
    print_table(
        ["slug", "name", "TFLOP/s dense", "GiB", "GB/s", "W", "source of memory, as of"],
        [
            [
                g.slug,
                g.name,
                f"{dense_tensor_tflops(g):.1f}",
                f"{g.memory_gib:g}",
                f"{g.memory_bandwidth_gb_per_s:g}",
                f"{g.board_watts:g}",
                f"{g.sources['memory_gib'].title}, {g.sources['memory_gib'].as_of}",
            ]
            for g in known
        ],
        {2, 3, 4, 5},
    )


@click.command()
@click.option("--json", "as_json", is_flag=True)
def workloads(as_json: bool) -> None:
    """List the training runs of the catalog."""
    from service.estimate.architecture import flops_per_token, parameters
    from service.reports.as_table import print_json, print_table

    _, snapshot = open_facts()
    known = list(snapshot.workloads.values())
    if as_json:
        import orjson

        from service.reports.as_json import workload as render

        print_json(orjson.dumps([render(w) for w in known]))
        return
    print_table(
        ["slug", "name", "parameters", "tokens", "FLOPs per token", "source, as of"],
        [
            [
                w.slug,
                w.name,
                f"{parameters(w.architecture):,}",
                f"{w.tokens:,}",
                f"{flops_per_token(w.architecture, w.recipe.seq_len):.3e}",
                f"{w.sources['tokens'].title}, {w.sources['tokens'].as_of}",
            ]
            for w in known
        ],
        {2, 3, 4},
    )


@click.command()
@click.option("--gpu", help="Canonical GPU name, e.g. h100-sxm; exact, never a part of a name.")
@click.option("--gpu-count", type=click.IntRange(1, 1024))
@click.option("--tier", help="on_demand | spot | reserved | community | marketplace")
@click.option("--provider")
@click.option("--region")
@click.option("--country")
@click.option("--max-price", type=Money(), help="Per hour of the whole instance, in --currency.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Prices as known on that day.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--json", "as_json", is_flag=True)
def offers(
    gpu: str | None,
    gpu_count: int | None,
    tier: str | None,
    provider: str | None,
    region: str | None,
    country: str | None,
    max_price: Decimal | None,
    currency: str,
    as_of: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List stored cloud offers, cheapest first, each with source and day."""
    from service.estimate.cost import conversion
    from service.reports.as_table import print_json, print_table
    from service.store import offers as stored
    from service.usecases import find_gpu

    sessions, snapshot = open_facts()
    currency = currency.strip().upper()
    wanted = stored.OfferFilter(
        gpu=find_gpu(snapshot, "gpu", gpu).slug if gpu else None,
        gpu_count_min=gpu_count,
        gpu_count_max=gpu_count,
        tier=tier,
        provider=provider,
        region=region,
        country=country,
        price_max=max_price,
        currency=currency,
        as_of=as_of.date() if as_of else None,
    )
    with sessions.reading() as session:
        page = stored.search(session, wanted, limit=limit)
    rates = tuple(snapshot.exchange.values())
    prices = [o.hourly_price * conversion(o.currency, currency, rates).factor for o in page.offers]
    if as_json:
        import orjson

        print_json(
            orjson.dumps(
                [
                    {
                        "slug": o.slug,
                        "provider": o.provider,
                        "instance": o.instance,
                        "region": o.region,
                        "country": o.country,
                        "gpu": o.gpu,
                        "gpu_count": o.gpu_count,
                        "tier": o.tier,
                        "price_per_hour": f"{price:.6f}",
                        "price_per_gpu_hour": f"{price / o.gpu_count:.6f}",
                        "currency": currency,
                        "source": o.source.title,
                        "url": o.source.url,
                        "as_of": o.as_of,
                        "fetched_at": o.fetched_at,
                    }
                    for o, price in zip(page.offers, prices, strict=True)
                ]
            )
        )
        return
    print_table(
        [
            "provider",
            "instance",
            "region",
            "GPU",
            "n",
            "tier",
            f"{currency}/h",
            f"{currency}/GPU-h",
            "as of",
            "source",
        ],
        [
            [
                o.provider,
                o.instance,
                o.region or "-",
                o.gpu or f"? {o.gpu_raw_name}",
                str(o.gpu_count),
                o.tier,
                f"{price:.2f}",
                f"{price / o.gpu_count:.3f}",
                o.as_of.isoformat(),
                o.source.title,
            ]
            for o, price in zip(page.offers, prices, strict=True)
        ],
        {4, 6, 7},
    )
    click.echo(f"{len(page.offers)} of {page.total} offers")
