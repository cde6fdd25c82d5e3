"""What the catalog holds: `gpus`, `workloads`."""

import click

from service.cli.beside import WIDE_IS_OF_TABLES, refuse_given
from service.cli.opening import open_facts


@click.command()
@click.option("--category", help="Only this category, e.g. geforce or datacenter.")
@click.option("--wide", is_flag=True, help="Every column, and the sources.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def gpus(category: str | None, wide: bool, as_json: bool) -> None:
    """List the GPUs of the catalog."""
    from service.errors import UnknownName
    from service.estimate.hardware import dense_tensor_tflops
    from service.reports.listings.as_table import numbered_sources, print_below, print_json, print_table

    _, snapshot = open_facts()
    cards = list(snapshot.gpus.values())
    if category:
        categories = {g.category for g in cards}
        if category not in categories:
            raise UnknownName("category", category, categories)
        cards = [g for g in cards if g.category == category]
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
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
    told = [f"{g.sources['memory_gib'].title}, {g.sources['memory_gib'].as_of}" for g in cards]
    numbers, sources = numbered_sources(told)
    print_table(
        ["slug", "name", "TFLOP/s dense", "GiB", "GB/s", "W", "source of memory"],
        [
            [
                g.slug,
                g.name,
                f"{dense_tensor_tflops(g):.1f}",
                f"{g.memory_gib:g}",
                f"{g.memory_bandwidth_gb_per_s:g}",
                f"{g.board_watts:g}",
                number,
            ]
            for g, number in zip(cards, numbers, strict=True)
        ],
        {2, 3, 4, 5},
        spare={6},
        wide=wide,
    )
    print_below(sources if wide else ())


@click.command()
@click.option("--wide", is_flag=True, help="Every column, and the sources.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def workloads(wide: bool, as_json: bool) -> None:
    """List the training runs of the catalog."""
    from service.estimate.architecture import flops_per_token, parameters
    from service.reports.listings.as_table import numbered_sources, print_below, print_json, print_table

    _, snapshot = open_facts()
    runs = list(snapshot.workloads.values())
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
        import orjson

        from service.answers.told import tell_workload

        print_json(orjson.dumps([tell_workload(w).model_dump() for w in runs]))
        return
    told = [f"{w.sources['tokens'].title}, {w.sources['tokens'].as_of}" for w in runs]
    numbers, sources = numbered_sources(told)
    print_table(
        ["slug", "name", "parameters", "tokens", "FLOPs per token", "source"],
        [
            [
                w.slug,
                w.name,
                _count(parameters(w.architecture), wide=wide),
                _count(w.tokens, wide=wide),
                f"{flops_per_token(w.architecture, w.recipe.seq_len):.3e}",
                number,
            ]
            for w, number in zip(runs, numbers, strict=True)
        ],
        {2, 3, 4},
        spare={4, 5},
        wide=wide,
    )
    print_below(sources if wide else ())


def _count(number: float, *, wide: bool) -> str:
    """A large number to three digits, or exactly where there is room: 1.88 G, 1,879,048,192."""
    if wide:
        return f"{number:,}"
    power, letter = next(
        ((p, s) for p, s in ((12, "T"), (9, "G"), (6, "M")) if number >= 0.9995 * 10**p), (0, "")
    )
    return f"{number / 10**power:.3g} {letter}".rstrip()
