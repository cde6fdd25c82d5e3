"""Why rows of one's own table are refused, as a German reads it; programs and the store keep the English."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from pricing.importing import take_in
from service.cli import main
from service.errors import Worded
from service.reports.words.error_words import said
from service.store import refreshes
from service.usecases.price_imports import PriceTable

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = "instance,gpu,gpu_count,price_per_hour,currency,tier,note\n"
SKYPILOT = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region\n"
GPUHUNT = "instance_name,location,price,gpu_count,gpu_name,gpu_memory,spot\n"


def refused_because(database, text, format_="csv", provider="lambda"):
    table = PriceTable("quote.csv", format_, provider, NOW.date(), text=text)
    reasons = list(take_in(database, table, NOW, dry_run=True).reasons)
    assert all(isinstance(reason, Worded) for reason in reasons), reasons
    return [said(reason, language="de") for reason in reasons]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            "a,8x H100 SXM,1,16,USD,,",
            "als Anzahl ist 1 angegeben, der Name der GPU lautet aber „8x H100 SXM“",
        ),
        ("p5.48xlarge,H100 SXM,4,20,USD,,", "angegeben: 4 GPUs; p5.48xlarge hat 8"),
        ("g5.xlarge,RTX 4090,1,1,USD,,", "angegeben: GeForce RTX 4090; in g5.xlarge steckt aber A10G"),
        ("a,RTX 4090,1,20000,USD,,", "20.000 USD pro GPU und Stunde: unplausibel"),
        ("a,RTX 4090,1,0.0015,USD,,", "0,0015 USD pro GPU und Stunde: unplausibel"),
        (
            "a,Voodoo 5,1,400,USD,,",
            "400 USD pro GPU und Stunde: unplausibel; Voodoo 5 (on_demand) kostet weniger ",
        ),
        ("a,RTX 4090,1,1,XYZ,,", "zu XYZ ist kein Wechselkurs gespeichert; bekannt: "),
        ("a,RTX 4090,1,1,USD,,\x1b[31m", "note enthält das Steuerzeichen \\x1b"),
        (
            "a,RTX 4090,1,0.3,USD,,\na,RTX 4090,1,0.9,USD,spot,",
            "der Spot-Preis 0,9 liegt über dem Preis auf Abruf (0,3)",
        ),
        (
            "a,RTX 4090,1,0.45,USD,,\na,RTX 4090,1,0.5,USD,,",
            "die Tabelle nennt dafür 2 verschiedene Preise: 0,45 USD und 0,5 USD",
        ),
        ("a,,1,1,USD,,", "der Name der GPU oder ihre Anzahl fehlt"),
    ],
)
def test_a_refused_row_of_ones_own_table_says_why_in_german(database, rows, reason):
    (told,) = refused_because(database, f"{OWN}{rows}\n")
    assert told.startswith(reason)


def test_what_a_card_costs_is_told_with_german_numbers_and_days(database):
    (told,) = refused_because(database, f"{OWN}a,H100 SXM,8,2.40,USD,,\n")
    assert told.startswith("0,3 USD pro GPU und Stunde: unplausibel; H100 SXM (on_demand) kostet mehr als 0,")
    assert " Preise vom " in told and " bis " in told
    assert told.endswith("; ist das der Preis für nur eine der 8 GPUs?")
    assert not {"seen", "more", "times", "is", "per"} & set(told.split())


def test_refused_rows_of_catalogues_are_told_in_german(database):
    rows = "x,H100,,3,,us\nx,H100,0.5,3,,us\nx,H100,1,,,us\ny,H100,1,3,4.5,us\n,H100,1,3,,us\n"
    assert refused_because(database, SKYPILOT + rows, "skypilot") == [
        "die Anzahl der GPUs fehlt",
        "0,5 GPUs: nur ein Teil einer GPU",
        "kein Preis bekannt, weder auf Abruf noch Spot",
        "der Spot-Preis 4,5 liegt über dem Preis auf Abruf (3)",
        "der Preis der GPU allein, ohne den Rechner dazu",
    ]
    rows = "x,us,1,1,,80,False\nx,us,,1,H100,80,False\n"
    assert refused_because(database, GPUHUNT + rows, "gpuhunt") == [
        "der Name der GPU fehlt",
        "der Preis ist nicht bekannt",
    ]


def test_the_command_line_speaks_german_and_its_json_english(database, tmp_path):
    file = tmp_path / "quote.csv"
    file.write_text(f"{OWN}a,RTX 4090,1,1,XYZ,,\nb,RTX 4090,1,0.45,USD,,\n", encoding="utf-8")
    asked = ["--lang", "de", "prices", "import", str(file), "--provider", "lambda", "--dry-run"]
    shown = " ".join(CliRunner().invoke(main, asked).stdout.split())
    assert "1 Angebot würde gespeichert (1 neu oder geändert), 1 Zeile abgelehnt" in shown
    assert "Grund der Ablehnung" in shown and "zu XYZ ist kein Wechselkurs gespeichert;" in shown
    (reason,) = json.loads(CliRunner().invoke(main, [*asked, "--json"]).stdout)["reasons"]
    assert reason.startswith("no exchange rate of XYZ is stored; known: AUD, ")


def test_a_moved_price_is_asked_back_in_german(database, tmp_path):
    file = tmp_path / "quote.csv"
    file.write_text(f"{OWN}a,RTX 4090,1,0.12,USD,,\n", encoding="utf-8")
    asked = ["--lang", "de", "prices", "import", str(file), "--provider", "lambda"]
    line = CliRunner().invoke(main, asked).stderr
    assert "rtx-4090 on_demand von 0," in line and " auf 0,1" in line, line
    assert "EUR pro GPU und Stunde. Wenn das stimmt: mit --yes bestätigen." in line


def test_a_stored_reason_is_told_in_german_where_it_has_no_values(database):
    with database.begin() as session:
        run = refreshes.Refresh("gpuhunt_runpod", NOW, "ok", NOW, rejected=1)
        number = refreshes.add(session, run)
        refreshes.add_rejected(session, number, [refreshes.RejectedRow("no name of its GPU", "x,us")])
    shown = (
        CliRunner().invoke(main, ["--lang", "de", "prices", "show", "gpuhunt_runpod", "--rejected"]).stdout
    )
    assert "der Name der GPU fehlt" in shown, shown
    shown = CliRunner().invoke(main, ["prices", "show", "gpuhunt_runpod"]).stdout
    assert "no name of its GPU" in shown
