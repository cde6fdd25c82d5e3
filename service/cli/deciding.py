"""`heimvorteil decide`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.household import household, lives
from service.cli.opening import open_facts
from service.cli.report_files import destination, writes_report
from service.errors import InvalidValue

if TYPE_CHECKING:
    from service.usecases.requests import DecisionRequest

NONE = "none"
QUESTION = (
    click.option("--budget", type=float, help="Most it may cost, in --currency."),
    click.option("--deadline", help="When it must be done: 36h, 30d, 2w."),
    click.option("--weights", help="Instead: weights of cost, time and CO2, e.g. 2,1,0."),
    click.option(
        "--probability",
        type=float,
        default=0.8,
        show_default=True,
        help="How surely a plan must keep its limits.",
    ),
    click.option(
        "--own",
        multiple=True,
        default=("rtx-4070",),
        show_default=True,
        help="A machine you have: GPU or COUNTxGPU, or 'none'.",
    ),
    click.option(
        "--buy", multiple=True, help="A machine you could buy: GPU at its stored price, or GPU=PRICE."
    ),
    click.option(
        "--runs",
        type=click.IntRange(1, 10_000),
        default=1,
        show_default=True,
        help="Over how many such runs a bought card loses its value.",
    ),
    click.option(
        "--tier",
        default="on_demand",
        show_default=True,
        help="on_demand | spot | reserved | community | marketplace | any | none",
    ),
)
"""What a decision is asked with, beside what a household says of itself."""


def asks_decision(command: Callable[..., None]) -> Callable[..., None]:
    """The command with all options of a decision's question."""
    command = click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)(
        command
    )
    command = lives(command)
    for option in reversed(QUESTION):
        command = option(command)
    return command


def decision_question(
    *,
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
    **asked_of_household: Any,
) -> "DecisionRequest":
    """The question that these options ask."""
    from service.usecases.deciding import hours_of
    from service.usecases.requests import DecisionRequest

    return DecisionRequest(
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


@click.command()
@click.argument("workload", default="nanochat-d32")
@asks_decision
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@writes_report
def decide(as_json: bool, extension: str | None, file: Path | None, **asked: Any) -> None:
    """Find the best plan for WORKLOAD within a budget and a deadline, over machines and all offers.

    With -o or --format a report on it is written instead: heimvorteil decide --budget 700 -o plan.pdf
    """
    from service.usecases.deciding import answer_decision, decide_from_store

    to = destination(extension, file) if extension or file else None
    if to and as_json:
        raise InvalidValue("--json", True, "goes to the screen; a file of it is -o FILE.json")
    now = datetime.now(UTC)
    sessions, snapshot = open_facts()
    request = decision_question(**asked)
    if to:
        from service.usecases.reporting import decision_report

        stored = answer_decision(sessions, snapshot, request, now)
        to.write(decision_report(sessions, stored.id, to.extension, request.language))
        return
    if as_json:
        from service.reports.listings.as_table import print_json

        print_json(answer_decision(sessions, snapshot, request, now).answer)
        return
    from service.reports import decision_from_json, decision_json, decision_text

    decision = decide_from_store(sessions, snapshot, request, now)
    rendered = decision_json.render(decision, request.language)
    click.echo(decision_text.render(decision_from_json.decision(rendered), request.language), nl=False)


def _weights(said: str) -> tuple[float, float, float]:
    try:
        cost, time, co2 = (float(part) for part in said.split(","))
    except ValueError:
        raise InvalidValue("--weights", said, "is not three numbers like 2,1,0") from None
    return cost, time, co2
