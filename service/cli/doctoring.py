"""`doctor`: is this installation well, and what to do where it is not?"""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.beside import LANG

if TYPE_CHECKING:
    from service.store.condition import Condition
    from service.usecases.checkup import Finding

MARKS = {"ok": "ok", "note": "--", "fault": "!!"}


@click.command()
@click.option("--network", is_flag=True, help="Also ask a price source whether the network can be reached.")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@LANG
@click.pass_context
def doctor(context: click.Context, network: bool, as_json: bool, lang: str) -> None:
    """Look at settings, database, sources, disk, clock and versions; exit code 1 where something is wrong.

    Nothing is changed, made or upgraded by looking.
    """
    from service.usecases.checkup import is_well

    found = _look(network)
    (_print_json if as_json else _print)(found, lang)
    context.exit(0 if is_well(found) else 1)


def _look(network: bool) -> "list[Finding]":
    from pricing.reachable import variables
    from service.errors import InvalidValue
    from service.settings import Settings, default_database_url
    from service.store import condition
    from service.usecases import checkup

    found = checkup.of_settings(os.environ, variables())
    at = None
    try:
        # Whatever else is wrong with the settings: which database was meant can still be looked at.
        only = {"HEIMVORTEIL_DATABASE_URL": os.environ.get("HEIMVORTEIL_DATABASE_URL", "")}
        at = condition.look(Settings.from_environ(only).database_url or default_database_url())
        found += checkup.of_database(at)
    except InvalidValue as error:
        found.append(checkup.Finding("database", "fault", "bad_setting", {"line": str(error)}))
    if at is not None and at.clock is not None:
        found += checkup.of_sources(at.standings)
    found += checkup.of_disk(at.file.parent if at is not None and at.file is not None else Path.cwd())
    found += _clock(at)
    found.append(checkup.Finding("versions", "ok", "versions", _versions()))
    return found + (_network() if network else [])


def _clock(at: "Condition | None") -> "list[Finding]":
    from service.usecases import checkup

    written = max(file.stat().st_mtime for file in Path(__file__).parent.glob("*.py"))
    earlier = {
        "files": datetime.fromtimestamp(written, UTC),
        "facts": at.facts_changed_at if at is not None else None,
    }
    # SQLite has no clock of its own.
    other = at.clock if at is not None and at.file is None else None
    return checkup.of_clock(datetime.now(UTC), earlier, other)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    from service.store import calibration_file
    from service.store.condition import SQLITE_VERSION

    try:
        product = version("heimvorteil")
    except PackageNotFoundError:
        product = "-"
    return {
        "product": product,
        "calibration": calibration_file.version(),
        "python": platform.python_version(),
        "sqlite": SQLITE_VERSION,
    }


def _network() -> "list[Finding]":
    from pricing.reachable import reach
    from service.usecases.checkup import Finding

    reached = reach(os.environ)
    told = {"name": reached.name, "seconds": reached.seconds, "error": reached.error}
    if reached.error is not None:
        return [Finding("network", "fault", "no_network", told)]
    return [Finding("network", "ok", "network_is_well", told)]


def _print(found: "list[Finding]", lang: str) -> None:
    from service.logs import harmless
    from service.reports.words.checkup import told
    from service.reports.words.wording import wording
    from service.usecases.checkup import grouped

    for one in grouped(found):
        what, way_out = told(wording(lang), one.kind, one.values)
        click.echo(harmless(f"{MARKS[one.grade]} {one.about:<10} {what}"))
        if way_out:
            click.echo(harmless(f"   {'':<10} -> {way_out}"))


def _print_json(found: "list[Finding]", lang: str) -> None:
    import orjson

    from service.reports.listings.as_table import print_json
    from service.reports.words.checkup import told
    from service.reports.words.wording import wording
    from service.usecases.checkup import is_well

    findings = []
    for one in found:
        what, way_out = told(wording(lang), one.kind, one.values)
        findings.append({
            "about": one.about, "grade": one.grade, "kind": one.kind, "message": what,
            "way_out": way_out or None,
        })  # fmt: skip
    print_json(orjson.dumps({"is_well": is_well(found), "findings": findings}))
