"""`heimvorteil decide`."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from service.cli.amounts import Money
from service.cli.opening import open_facts
from service.cli.report_files import destination, writes_report
from service.errors import InvalidValue

NONE = "none"


@click.command()
@click.argument("workload", default="nanochat-d32")
@click.option("--budget", type=float, help="Most it may cost, in --currency.")
@click.option("--deadline", help="When it must be done: 36h, 30d, 2w.")
@click.option("--weights", help="Instead: weights of cost, time and CO2, e.g. 2,1,0.")
@click.option("--probability", type=float, default=0.8, show_default=True,
              help="How surely a plan must keep its limits.")  # fmt: skip
@click.option("--own", multiple=True, default=("rtx-4070",), show_default=True,
              help="A machine you have: GPU or COUNTxGPU, or 'none'.")  # fmt: skip
@click.option("--buy", multiple=True, help="A machine you could buy: GPU at its stored price, or GPU=PRICE.")
@click.option("--runs", type=click.IntRange(1, 10_000), default=1, show_default=True,
              help="Over how many such runs a bought card loses its value.")  # fmt: skip
@click.option("--tier", default="on_demand", show_default=True,
              help="on_demand | spot | reserved | community | marketplace | any | none")  # fmt: skip
@click.option("--country", default="DE", show_default=True, help="Where home is: ISO country or US-STATE.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--kwh-price", type=Money(), help="Your own price per kWh, in that currency.")
@click.option("--hours-per-day", type=float, default=24.0, show_default=True,
              help="How long the machine at home may run.")  # fmt: skip
@click.option("--wear-per-hour", type=Money(), default="0", help="Loss of value of your own card per hour.")
@click.option("--heating-share", type=float, default=0.0, help="Share of the energy that replaces heating.")
@click.option("--heat-price", type=Money(), default="0", help="What a kWh of heat costs otherwise.")
@click.option("--rent", "rent_terms", multiple=True, metavar="NAME=VALUE",
              help="A term of the rented run, e.g. idle_share=0.2, egress_gb=50, tax_share=0.19")  # fmt: skip
@click.option("--host-memory", type=float, help="GiB of your PC that offload may use; usual: 64.")
@click.option("--display-gib", type=float, default=0.0, help="GiB that a screen on the card takes.")
@click.option("--plug-watts", type=float, help="Watts measured at your plug while training.")
@click.option("--tokens", type=int, help="Train on this many tokens instead of the published number.")
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@writes_report
def decide(
    workload: str,
    budget: float | None,
    deadline: str | None,
    weights: str | None,
    probability: float,
    own: tuple[str, ...],
    buy: tuple[str, ...],
    runs: int,
    tier: str,
    country: str,
    currency: str,
    kwh_price: Decimal | None,
    hours_per_day: float,
    wear_per_hour: Decimal,
    heating_share: float,
    heat_price: Decimal,
    rent_terms: tuple[str, ...],
    host_memory: float | None,
    display_gib: float,
    plug_watts: float | None,
    tokens: int | None,
    lang: str,
    as_json: bool,
    extension: str | None,
    file: Path | None,
) -> None:
    """Find the best plan for WORKLOAD within a budget and a deadline, over machines and all offers.

    With -o or --format a report on it is written instead: heimvorteil decide --budget 700 -o plan.pdf
    """
    from service.estimate.home_bill import HomeTerms
    from service.usecases.deciding import answer_decision, decide, hours_of
    from service.usecases.requests import DecisionRequest

    to = destination(extension, file) if extension or file else None
    if to and as_json:
        raise InvalidValue("--json", True, "goes to the screen; a file of it is -o FILE.json")
    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = DecisionRequest(
        workload=workload,
        own=() if own == (NONE,) else own,
        buy=buy,
        runs=runs,
        budget=budget,
        deadline_hours=None if deadline is None else hours_of(deadline),
        weights=None if weights is None else _weights(weights),
        least_probability=probability,
        country=country,
        currency=currency.strip().upper(),
        kwh_price=kwh_price,
        host_memory_gib=host_memory,
        display_gib=display_gib,
        plug_watts=plug_watts,
        tokens=tokens,
        tier=tier,
        home_terms=HomeTerms(
            hours_per_day=hours_per_day, wear_per_hour=wear_per_hour, heating_share=heating_share,
            heat_per_kwh=heat_price,
        ),
        cloud_terms=tuple(_term(said) for said in rent_terms),
        language=lang,
    )  # fmt: skip
    if to:
        from service.usecases.reporting import decision_report

        stored = answer_decision(sessions, snapshot, request, now)
        to.write(decision_report(sessions, stored.id, to.extension, lang))
        return
    if as_json:
        from service.reports.as_table import print_json

        print_json(answer_decision(sessions, snapshot, request, now).answer)
        return
    from service.reports import decision_from_json, decision_json, decision_text

    told = decision_from_json.decision(decision_json.render(decide(snapshot, request, now), lang))
    click.echo(decision_text.render(told, lang), nl=False)


def _weights(said: str) -> tuple[float, float, float]:
    try:
        cost, time, co2 = (float(part) for part in said.split(","))
    except ValueError:
        raise InvalidValue("--weights", said, "is not three numbers like 2,1,0") from None
    return cost, time, co2


def _term(said: str) -> tuple[str, float]:
    name, _, value = said.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InvalidValue("--rent", said, "is not of the form name=number") from None
