"""`heimvorteil decide`."""

from datetime import UTC, datetime
from typing import Any

import click

from service.cli.household import household, lives
from service.cli.opening import open_facts
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
@lives
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
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
    lang: str,
    as_json: bool,
    **asked_of_household: Any,
) -> None:
    """Find the best plan for WORKLOAD within a budget and a deadline, over machines and all offers."""
    from service.usecases.deciding import answer_decision, decide, hours_of
    from service.usecases.requests import DecisionRequest
    from service.usecases.tariffs import market_of

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
        tier=tier,
        language=lang,
        **household(**asked_of_household),
    )
    if as_json:
        from service.reports.as_table import print_json

        print_json(answer_decision(sessions, snapshot, request, now).answer)
        return
    from service.reports import decision_from_json, decision_json, decision_text

    market = market_of(sessions, snapshot, request, now.date())
    rendered = decision_json.render(decide(snapshot, request, now, market), lang)
    click.echo(decision_text.render(decision_from_json.decision(rendered), lang), nl=False)


def _weights(said: str) -> tuple[float, float, float]:
    try:
        cost, time, co2 = (float(part) for part in said.split(","))
    except ValueError:
        raise InvalidValue("--weights", said, "is not three numbers like 2,1,0") from None
    return cost, time, co2
