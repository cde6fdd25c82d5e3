"""Errors in German: every sentence has its words, and slips of the command line are told in them."""

import ast
import errno
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner

import service
from service.answers.asked import PYDANTIC
from service.cli import main
from service.cli.error_lines import CLICK, _read_back
from service.errors import Verbatim, foreign, system_reason, worded
from service.reports.words.error_words import said
from service.reports.words.spoken import begin_line, end_line
from service.store.untold_cards import CATALOG, FILE

ROOT = Path(service.__file__).parents[1]
GERMAN = ROOT / "service" / "translations" / "errors.de.po"
OVER_HTTP = ROOT / "service" / "api"
"""Speaks English alone."""
OF_TABLES = ("service/errors.py", "service/answers/asked.py", "service/cli/error_lines.py")
"""Where sentences also come from the tables that are read here."""
SENTENCES = {"InvalidValue": (2,), "CardNotTold": (2,), "MissingFact": (0, 1), "NotFound": (0,),
             "DatabaseNotReady": (0,), "NotKept": (0,), "refused": (2,), "refuse_said": (2,),
             "refuse_given": (1,), "refuse_beside": (1,)}  # fmt: skip
"""Where an error's sentences stand among the arguments; mypy holds variables to `Worded`."""
NO_BREAK = "\N{NO-BREAK SPACE}"


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call by a plain name: its file, the name, the call."""
    for room in ("service", "pricing"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if OVER_HTTP not in path.parents:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                        yield str(path.relative_to(ROOT)), node.func.id, node


def sentences() -> set[str]:
    """Every template of an error that the command line can show."""
    kinds = tomllib.loads((CATALOG / FILE).read_text(encoding="utf-8"))["kinds"].values()
    found = {*CLICK, *PYDANTIC.values(), *(kind["reason"] for kind in kinds)}
    for file, name, call in calls():
        if name == "worded":
            template = call.args[0]
            if isinstance(template, ast.Constant):
                found.add(template.value)
                given = {keyword.arg for keyword in call.keywords}
                assert placeholders(template.value) == given, f"{file}:{call.lineno}"
            else:
                assert file in OF_TABLES, f"{file}:{call.lineno}: not a literal"
    return {one for one in found if any(c.isalpha() for text, *_ in parts(one) for c in text)}


def parts(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return list(string.Formatter().parse(template))


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in parts(template) if name}


def test_every_sentence_of_an_error_has_its_german_and_none_is_idle():
    with GERMAN.open("rb") as file:
        german = {m.id: m.string for m in read_po(file, locale="de") if m.id}
    found = sentences()
    assert len(found) > 400
    assert found - set(german) == set()
    assert set(german) - found == set()
    for ours, theirs in german.items():
        assert placeholders(ours) == placeholders(theirs), ours
        assert "ungültig" not in theirs and '"' not in theirs, theirs


def test_no_error_is_raised_with_words_that_cannot_be_translated():
    for file, name, call in calls():
        for place in SENTENCES.get(name, ()):
            if place < len(call.args):
                assert not isinstance(call.args[place], ast.Constant | ast.JoinedStr), f"{file}:{call.lineno}"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("compare --home rtx-407", "--home „rtx-407“: unbekannt; möglich: rtx-4070, "),
        (
            "compare --home rtx-407",
            " weitere (Karten von NVIDIA und AMD; fehlt eine, bitte die ähnlichste nehmen)",
        ),
        ("compare --country Germny", "--country „Germny“: unbekannt; möglich: Germany\n"),
        ("compare --kwh-price 37", f"--kwh-price 37: wären 37{NO_BREAK}EUR pro kWh; sind Cent gemeint: 37ct"),
        ("compare --kwh-price $0,30", "--kwh-price „$0,30“: ist in USD, die Antwort aber in EUR; "),
        ("decide --budget 1.000", "--budget: „1.000“ ist zweideutig: Gemeint sein kann 1 oder 1000; "),
        ("decide --budget viel", "--budget: „viel“ ist keine Zahl"),
        ("decide --budget 5kg", "--budget: „5kg“ darf mit diesen Einheiten stehen: €, "),
        ("decide --deadline 30", "--deadline 30: wovon? Stunden, Tage oder Wochen; möglich: 30h, 30d, 30w"),
        ("decide --deadline bald", "--deadline „bald“: ist keine Frist wie 30d; möglich: 36h, 30d, 2w"),
        (
            "compare --power-limit 50",
            f"GeForce RTX 4070 unter 100{NO_BREAK}W: Was weniger als 50{NO_BREAK}% der ",
        ),
        ("compare --plug-watts -5", "--plug-watts -5: muss größer als 0 und höchstens 10.000.000 sein"),
        ("compare --hours-per-day 25,5", "--hours-per-day 25,5: muss größer als 0 und höchstens 24 sein"),
        ("compare --solar-share 30", "muss zwischen 0 und 1 liegen; sind Prozent gemeint: 30% oder 0,3"),
        (
            "compare --plug-watts 99999",
            f"--plug-watts 99999: ist unplausibel; plausibel wären 15 bis 1.900{NO_BREAK}W",
        ),
        ("compare --plug-watts 0,3", "sind Kilowatt gemeint: 300"),
        ("compare --buy rtx-4090=1", "ist unplausibel; plausibel wären "),
        ("decide --budget 500-700", "--budget: „500-700“ ist eine Spanne; bitte eine einzelne Zahl angeben"),
        ("decide --deadline 3m", "--deadline „3m“: Minuten oder Monate; möglich: 3min, 3mo"),
        ("compare --cloud vast --tier spot", "stattdessen möglich: --tier marketplace"),
        ("report -o /nirgends/x.pdf", "lässt sich nicht schreiben: Datei oder Ordner gibt es nicht"),
        ("alerts add h100-sxm", "--below: ein Preisalarm hat "),
        ("measure /nirgends.log", "LOGFILE: die Datei „/nirgends.log“ gibt es nicht"),
        ("compare --solar-share 5", "--solar-share 5: muss zwischen 0 und 1 liegen"),
        (
            "compare --feed-in 0,08",
            "--feed-in 0,08: wird für Solarstrom gezahlt; bitte auch --solar-share angeben",
        ),
        ("compare --watt 5", "Die Option --watt gibt es nicht."),
        (
            "compare --tokn 5",
            "Die Option --tokn gibt es nicht. Gemeint vielleicht: --tokens, --json, --mean-tokens?",
        ),
        ("compare --kwh-price", "Die Option --kwh-price braucht einen Wert."),
        ("comapre", "Den Befehl comapre gibt es nicht. Gemeint vielleicht: compare?"),
        ("compare a b", "Zu viel angegeben: b"),
        ("compare --config fehlt.json", "--config: die Datei „fehlt.json“ gibt es nicht"),
        ("compare --dimensions d_model --tokens 1e9", "--dimensions „d_model“: hat nicht die Form name=wert"),
        ("compare --examples 5", "--examples 5: gehört zu --finetune METHODE, und die fehlt"),
        ("compare --what-if kwh-prise=1", "--what-if „kwh-prise“: unbekannt; möglich: kwh-price, "),
        (
            "measure --tokens-per-s 900 --gpu rtx-4090",
            "nicht bekannt: das trainierte Modell; bitte mit --workload nennen",
        ),
        ("measure --tokens-per-s 900", "--gpu: bitte die Karte nennen, auf der gemessen wurde"),
        ("offers --provider awss", "--provider „awss“: unbekannt; möglich: aws, "),
        ("offers --wide --json", "--wide: gehört zur Tabelle; --json enthält alles"),
        ("price-history h100-sxm --from 2026-13-40", "--from: „2026-13-40“ "),
        ("price-history h100-sxm --from 2026-03-01 --to 2026-02-01", "--from „2026-03-01“: liegt nach dem "),
        ("prices import fehlt.csv", "die Datei „fehlt.csv“ gibt es nicht"),
        ("prices refresh ebc", "„ebc“: unbekannt; möglich: ecb, "),
        ("alerts remove keiner", "nicht gefunden: Preisalarm „keiner“"),
        ("reports run keiner", "NAME „keiner“: unbekannt"),
        ("token revoke keiner", "nicht gefunden: gültiges Token „keiner“"),
    ],
)
def test_a_slip_is_told_in_german(words, line, database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    monkeypatch.setenv("LC_ALL", "de_AT.UTF-8")
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("heimvorteil: ") and result.stderr.count("\n") == 1, result.stderr
    assert line in result.stderr


NEVER_MET = (
    "unknown error", "{name} {filename!r} is not executable.", "{value!r} is not a valid UUID.",
    "Error: {message}", "Try '{command} {option}' for help.", "Missing argument", "Missing option",
    "Missing parameter", "Missing {param_type}", "Invalid value for {param_hint}: {message}",
    "Invalid value: {message}", "{value!r} is not one of {choices}.", "{value!r} is not {choice}.",
    "{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}.",
    "Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", "Choose from:\n\t{choices}",
    "Choice({choices})", "file", "directory", "path", "Invalid start character for option ({option})",
    "Argument {name!r} takes {nargs} values.", "Option {name!r} requires {nargs} arguments.",
    "{len_type} values are required, but {len_value} was given.",
    "{len_type} values are required, but {len_value} were given.",
)  # fmt: skip
"""Of click's sentences those that `usage_line` puts in words of its own, and those of kinds of parameters
that we have none of."""
EXAMPLES = {
    "name": "x",
    "filename": "x",
    "value": "x",
    "number_type": "integer",
    "range": "1<=x<=64",
    "states": "on",
}


def test_every_sentence_of_click_that_one_can_meet_is_known():
    rooms = [Path(click.__file__).with_name(name) for name in ("types.py", "exceptions.py", "parser.py")]
    calls_of = [n for room in rooms for n in ast.walk(ast.parse(room.read_text())) if isinstance(n, ast.Call)]
    templates = {
        one.value
        for call in calls_of
        if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    assert len(templates) > 30
    begin_line(["--lang", "de"])
    for template in templates - set(NEVER_MET):
        names = ("File", "Directory", "Path") if template.startswith("{name}") else ("x",)
        for name in names:
            if f"is a {name.lower()}" in template:
                continue  # of a parameter that takes one
            line = template.format(**{p: "x" for p in placeholders(template)} | EXAMPLES | {"name": name})
            assert said(_read_back(line)) != line, line
    end_line()


def test_what_others_say_is_quoted_as_theirs():
    told = worded(
        "{url} is {state}: {line}", url="a.db", state=worded("damaged"), line=Verbatim("no such table")
    )
    assert said(told, language="de") == "a.db ist beschädigt: „no such table“"
    assert said(told, language="en") == "a.db is damaged: no such table"
    assert said(worded("is not JSON: {error}", error=ValueError("Extra data")), language="de").endswith(
        "„Extra data“"
    )
    full = worded(
        "cannot be written: {error}", error=system_reason(OSError(errno.ENOSPC, "No space left on device"))
    )
    assert said(full, language="de").endswith(": kein Platz mehr auf dem Datenträger")
    assert str(full) == "cannot be written: No space left on device"
    assert str(system_reason(OSError(errno.ELOOP, "Too many levels"))) == "Too many levels"


def test_an_option_asks_for_german_in_an_english_locale(database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    asked = ["compare", "--home", "rtx-407"]
    assert "„rtx-407“: unbekannt" in CliRunner().invoke(main, [*asked, "--lang", "de"]).stderr
    assert "--home = 'rtx-407': unknown; valid: rtx-4070" in CliRunner().invoke(main, asked).stderr


@pytest.mark.parametrize(
    ("url", "code", "line"),
    [
        (
            "postgresql://nobody@127.0.0.1:9/none",
            3,
            "postgresql+psycopg://nobody@127.0.0.1:9/none ist nicht zu erreichen: ",
        ),
        (
            "mysql://host/name",
            2,
            "HEIMVORTEIL_DATABASE_URL „mysql://host/name“: unbekannte Datenbank; möglich: sqlite",
        ),
        (
            "here",
            2,
            "HEIMVORTEIL_DATABASE_URL „here“: ist keine Adresse einer Datenbank; möglich: sqlite:///file",
        ),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_german(url, code, line, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    result = CliRunner().invoke(main, ["compare", "--lang", "de"])
    assert result.exit_code == code
    assert line in result.stderr


def test_an_error_is_its_english_sentence_to_programs():
    begin_line(["--lang", "de"])
    sentence = worded("must be between {least} and {most:,}", least=1, most=1_000_000)
    assert str(sentence) == "must be between 1 and 1,000,000"
    assert said(sentence) == "muss zwischen 1 und 1.000.000 liegen"
    assert said(foreign("disk {full}")) == "disk {full}"
    end_line()
    assert said(sentence) == sentence
