"""`heimvorteil probe`, and what `heimvorteil measure` learns from its result."""

from pathlib import Path
from typing import Any

import click

from service.cli.beside import LANG, refuse_beside, refuse_given, refuse_lang_of_json
from service.cli.opening import open_facts
from service.errors import InvalidValue, system_reason, worded

OF_A_PROBE = ("logfile", "gpu", "lang", "dry_run", "yes", "as_json")
"""What `measure` asks that has a meaning for a probe."""


@click.command()
@click.option(
    "-o", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it; else the screen."
)
@LANG
def probe(file: Path | None, lang: str) -> None:
    """Write a script that tries a card for 90 seconds: run it where you train, tell `measure` what it says.

    It needs the PyTorch that you train with and nothing else, changes no setting, and prints one line:
    heimvorteil probe -o probe.py; python probe.py > probe.json; heimvorteil measure probe.json
    """
    from service.here.script import script

    if file is None:
        refuse_given("lang", worded("is of what is said beside the script; name a file with -o"))
        click.echo(script(), nl=False)
        return
    from service.reports.listings.probe import what_next

    try:
        file.write_text(script(), encoding="utf-8")
    except OSError as error:
        raise InvalidValue(
            "-o", str(file), worded("cannot be written: {strerror}", strerror=system_reason(error))
        ) from None
    click.echo(what_next(str(file), lang), nl=False)


def learn_from_probe(
    told: dict[str, Any], gpu: str | None, lang: str, *, keep: bool, yes: bool, as_json: bool
) -> None:
    """Learn from a probe and say what. Raises InvalidValue for options that mean nothing for one."""
    from service.reports.listings import probe as listing
    from service.usecases.probing import learn

    reason = worded("means nothing for a probe, which says itself what was trained")
    refuse_beside(OF_A_PROBE, reason, ["--gpu", "--dry-run"])
    refuse_lang_of_json(as_json)
    sessions, snapshot = open_facts()
    learnt = learn(sessions, snapshot, told, gpu=gpu, keep=keep, yes=yes, lang=lang)
    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(listing.as_json(learnt)))
        return
    click.echo(listing.render(learnt, lang), nl=False)
