"""What the catalog holds: `gpus`, `workloads`."""

from typing import TYPE_CHECKING

import click

from service.cli.beside import WIDE_IS_OF_TABLES, refuse_given
from service.cli.opening import open_facts
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.reports.words.wording import Wording


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
    w = words()
    told = [f"{g.sources['memory_gib'].title}, {w.day(g.sources['memory_gib'].as_of)}" for g in cards]
    numbers, sources = numbered_sources(told)
    print_table(
        [w.say("slug"), w.say("name"), w.say("TFLOP/s dense"), "GiB", "GB/s", "W", w.say("source of memory")],
        [
            [
                g.slug,
                g.name,
                w.number(dense_tensor_tflops(g), 1),
                w.exact(g.memory_gib),
                w.exact(g.memory_bandwidth_gb_per_s),
                w.exact(g.board_watts),
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
    w = words()
    told = [f"{run.sources['tokens'].title}, {w.day(run.sources['tokens'].as_of)}" for run in runs]
    numbers, sources = numbered_sources(told)
    print_table(
        [
            w.say("slug"),
            w.say("name"),
            w.say("parameters"),
            w.say("tokens"),
            w.say("FLOPs per token"),
            w.say("source"),
        ],
        [
            [
                run.slug,
                run.name,
                _count(w, parameters(run.architecture), wide=wide),
                _count(w, run.tokens, wide=wide),
                _scientific(w, flops_per_token(run.architecture, run.recipe.seq_len)),
                number,
            ]
            for run, number in zip(runs, numbers, strict=True)
        ],
        {2, 3, 4},
        spare={4, 5},
        wide=wide,
    )
    print_below(sources if wide else ())


def _scientific(w: "Wording", number: float) -> str:
    """1.234e+10 with the language's decimal sign."""
    digits, exponent = f"{number:.3e}".split("e")
    return f"{w.number(float(digits), 3)}e{exponent}"


def _count(w: "Wording", number: float, *, wide: bool) -> str:
    """A large number to three digits, or exactly where there is room: 1.88 G, 1,879,048,192."""
    if wide:
        return w.number(number)
    power, letter = next(
        ((p, s) for p, s in ((12, "T"), (9, "G"), (6, "M")) if number >= 0.9995 * 10**p), (0, "")
    )
    return f"{w.rounded(number / 10**power)} {letter}".rstrip()
