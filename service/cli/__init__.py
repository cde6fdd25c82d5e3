"""The command line: parses words, asks a use case, prints the answer. The one place both wings meet.

Heavy imports stay inside the commands: `heimvorteil --help` must not pay for a database or a web server.
"""

from typing import Any

import click

from pricing.commands import prices
from service.cli.alerting import alerts
from service.cli.comparing import compare
from service.cli.listing import gpus, workloads
from service.cli.measuring import measure
from service.cli.offering import offers, price_history
from service.cli.opening import open_database
from service.cli.operating import db, serve, token
from service.cli.validating import validate
from service.errors import HeimvorteilError

EXIT_BAD_INPUT = 2


class OneLineErrors(click.Group):
    """A group whose errors are one line on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error raised on purpose becomes its one line."""
        try:
            return super().invoke(ctx)
        except HeimvorteilError as error:
            click.echo(f"heimvorteil: {error}", err=True)
            ctx.exit(EXIT_BAD_INPUT)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heimvorteil")
@click.pass_context
def main(context: click.Context) -> None:
    """Train a transformer at home or rent? Time, memory, electricity and cloud prices in one answer."""
    context.obj = open_database


for command in (
    compare,
    measure,
    validate,
    serve,
    offers,
    price_history,
    gpus,
    workloads,
    prices,
    alerts,
    db,
    token,
):
    main.add_command(command)
