"""What the catalog holds: `gpus`, `workloads`."""

import click

from service.cli.opening import open_facts


@click.command()
@click.option("--category", help="Only this category, e.g. geforce or datacenter.")
@click.option("--json", "as_json", is_flag=True)
def gpus(category: str | None, as_json: bool) -> None:
    """List the GPUs of the catalog."""
    from service.errors import UnknownName
    from service.estimate.hardware import dense_tensor_tflops
    from service.reports.listings.as_table import print_json, print_table

    _, snapshot = open_facts()
    cards = list(snapshot.gpus.values())
    if category:
        categories = {g.category for g in cards}
        if category not in categories:
            raise UnknownName("category", category, categories)
        cards = [g for g in cards if g.category == category]
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
                    for g in cards
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
            for g in cards
        ],
        {2, 3, 4, 5},
    )


@click.command()
@click.option("--json", "as_json", is_flag=True)
def workloads(as_json: bool) -> None:
    """List the training runs of the catalog."""
    from service.estimate.architecture import flops_per_token, parameters
    from service.reports.listings.as_table import print_json, print_table

    _, snapshot = open_facts()
    runs = list(snapshot.workloads.values())
    if as_json:
        import orjson

        from service.answers.told import tell_workload

        print_json(orjson.dumps([tell_workload(w).model_dump() for w in runs]))
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
            for w in runs
        ],
        {2, 3, 4},
    )
