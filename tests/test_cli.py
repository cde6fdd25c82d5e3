"""The command line as a person uses it: first use, the answer, its languages, its errors."""

import json
import subprocess
import sys
from copy import copy
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.cli import main


@pytest.fixture(scope="module")
def database(catalog_copy):
    """Filled already, so that no test's place in the order decides who says that it was."""
    return catalog_copy()


def test_first_use_fills_the_database_and_says_so_in_one_line(tmp_path):
    """As a new user: no arguments, no server, no network, the default place."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-c", "from service.cli import main; main()", "compare"]
    here = Path(__file__).parent.parent
    first = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=here, check=True)
    assert len(first.stderr.splitlines()) == 1 and "created and filled sqlite:///" in first.stderr
    assert "88–99 days" in " ".join(first.stdout.split())
    again = CliRunner().invoke(main, ["compare"], env=environment | {"HEIMVORTEIL_DATABASE_URL": None})
    assert again.stderr == "" and again.stdout == first.stdout
    assert list((tmp_path / "data").rglob("*.sqlite3"))


def test_the_answer_as_json_is_the_answer_of_the_api(run):
    answer = json.loads(run("compare", "--json").stdout)
    assert {"id", "workload", "options", "verdict", "break_even", "reference_method"} <= set(answer)
    assert answer["workload"]["parameters"] == 1_879_048_192
    assert [o["kind"] for o in answer["options"]] == ["home", "cloud"]


def test_another_question_in_german(run):
    text = " ".join(
        run(
            "compare",
            "gpt2-124m",
            "--home",
            "RTX 3090",
            "--home-count",
            "2",
            "--cloud",
            "8xa100-sxm-80gb",
            "--country",
            "US-CA",
            "--currency",
            "USD",
            "--lang",
            "de",
        ).stdout.split()
    )
    assert "Zu Hause: 2 x GeForce RTX 3090" in text and "California" in text and "$" in text


def test_ones_own_model(run, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "model_type": "llama",
                "hidden_size": 2048,
                "intermediate_size": 5632,
                "num_attention_heads": 32,
                "num_hidden_layers": 22,
                "num_key_value_heads": 4,
                "vocab_size": 32000,
            }
        )
    )
    assert (
        "1.1 billion parameters" in run("compare", "--config", str(config), "--tokens", "1000000000").stdout
    )
    own = run(
        "compare",
        "--dimensions",
        "n_layers=12,d_model=768,n_heads=12,vocab_size=50304",
        "--recipe",
        "seq_len=1024,micro_batch=16",
        "--tokens",
        "10000000000",
        "--cloud",
        "any",
        "--limit",
        "2",
    )
    assert "own model" in own.stdout and own.stdout.count("Rented") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "nanochat-d31"), "WORKLOAD = 'nanochat-d31': unknown; valid: nanochat-d3"),
        (("compare", "--home", "rtx-407"), "home = 'rtx-407': unknown; valid: rtx-4070"),
        (("compare", "--cloud", "8xh10"), "cloud = 'h10': unknown"),
        (("compare", "--country", "ZZ"), "country = 'ZZ': unknown"),
        (("compare", "--currency", "XYZ"), "currency = 'XYZ': unknown; valid: "),
        (("compare", "--cloud", "any", "--limit", "0"), "limit = 0: must be between 1 and 500"),
        (("compare", "--kwh-price", "nan"), "'--kwh-price': 'nan' is not a number"),
        (("compare", "--lang", "fr"), "'fr' is not one of 'en', 'de'"),
        (("compare", "--hom", "rtx-4070"), "No such option '--hom'"),
        (("--verbose",), "No such option '--verbose'"),
        (("compar",), "No such command 'compar'"),
        (("compare", "--home-count", "0"), "--home-count = 0"),
        (("compare", "--tokens", "5"), "tokens = 5"),
        (("compare", "--tier", "cheap"), "tier = 'cheap'"),
        (("compare", "--home", ""), "home = '': unknown; valid: a10"),
        (("compare", "--country", "D"), "country = 'D': unknown; valid: "),
        (("decide", "--own", ""), "own = '': unknown; valid: a10"),
        (("decide", "--weights", "1001,1,1"), "must be at most 1000"),
        (("compare", "--dimensions", "n_layers=12"), "--tokens"),
        (("compare", "--dimensions", "n_layers", "--tokens", "10000000000"), "name=value"),
        (("offers", "--gpu", "a1"), "gpu = 'a1': unknown; valid: a1"),
        (("gpus", "--category", "gforce"), "category = 'gforce': unknown; valid: geforce"),
        (("prices", "refresh", "ebc"), "source = 'ebc': unknown; valid: ecb"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, words, message):
    result = run(*words, code=2)
    assert len(result.stderr.strip().splitlines()) == 1
    assert message in result.stderr


def test_what_could_be_asked_is_still_asked(run, tmp_path):
    """A monthly fee in yen, a price as a spreadsheet gives it, 24 for midnight, a long file name."""
    assert run("compare", "--currency", "JPY", "--base-fee", "1500")
    assert run("compare", "--kwh-price", "0.12345678901234")
    assert run("compare", "--tariff", "24-6=0.2212345678901,6-24=0.36")
    config = {
        "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 32, "vocab_size": 128256,
        "intermediate_size": 8192, "model_type": "llama",
    }  # fmt: skip
    path = tmp_path / f"{'long' * 25}.json"
    path.write_text(json.dumps(config))
    assert "longlong:" in run("compare", "--config", str(path), "--tokens", "1000000000").stdout


def test_a_database_that_cannot_be_written_still_answers(run, monkeypatch, catalog_copy):
    """Only what was to be kept is refused, in one line."""
    url = catalog_copy()
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url.replace("///", "///file:") + "?mode=ro&uri=true")
    for words in (("compare", "--kwh-price", "0.111"), ("decide", "--budget", "901")):
        told = run(*words)
        assert "RTX 4070" in told.stdout and "Report:" not in told.stdout
        assert len(told.stderr.strip().splitlines()) == 1 and "not kept" in told.stderr
    for words in (
        ("compare", "--json", "--kwh-price", "0.112"),
        ("report", "--kwh-price", "0.113", "-o", "-"),
    ):
        refused = run(*words, code=2).stderr
        assert len(refused.strip().splitlines()) == 1 and "cannot be written" in refused


def test_a_bad_setting_or_database_is_one_line_too(run, monkeypatch, tmp_path):
    monkeypatch.setenv("HEIMVORTEIL_PORT", "eighty")
    assert "HEIMVORTEIL_PORT = 'eighty'" in run("compare", code=2).stderr
    monkeypatch.delenv("HEIMVORTEIL_PORT")
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", "mysql://nowhere")
    assert "unknown database" in run("compare", code=2).stderr
    (tmp_path / "broken.sqlite3").write_bytes(b"this is not a database" * 100)
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", f"sqlite:///{tmp_path / 'broken.sqlite3'}")
    assert len(run("compare", code=2).stderr.strip().splitlines()) == 1


def test_lists_name_source_and_day(run):
    assert "rtx-4070" in run("gpus").stdout and "2025-12-01" in run("gpus", "--wide").stdout
    assert "nanochat-d32" in run("workloads").stdout
    offers = run("offers", "--gpu", "a10", "--currency", "EUR").stdout
    assert "a100" not in offers and "days" in offers and "2026-05-24" in offers
    listed = json.loads(run("offers", "--gpu", "h100-sxm", "--gpu-count", "8", "--json").stdout)
    prices = [float(o["price_per_hour"]) for o in listed]
    assert prices == sorted(prices) and all(o["source"] and o["as_of"] for o in listed)
    assert json.loads(run("gpus", "--category", "geforce", "--json").stdout)[0]["sources"]
    assert json.loads(run("workloads", "--json").stdout)
    assert "ecb" in run("prices", "list").stdout


def test_tokens_are_shown_once_listed_and_revoked(run):
    shown = run("token", "create", "laptop").stdout.strip()
    assert shown.startswith("hv_") and len(shown) > 40
    listed = run("token", "list").stdout
    assert "laptop" in listed and shown not in listed
    assert run("token", "revoke", "laptop").stdout == "revoked laptop\n"
    assert len(run("token", "create", "laptop", code=2).stderr.splitlines()) == 1
    assert len(run("token", "revoke", "nobody", code=2).stderr.splitlines()) == 1


def test_the_database_is_brought_up_to_date(run):
    assert "is up to date" in run("db", "upgrade").stdout


def test_a_report_is_a_file_whose_format_is_its_name(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("report", "-o", "plan.pdf", "--lang", "de").stdout == "plan.pdf\n"
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF")
    name = run("report", "gpt2-124m", "--home", "RTX 3090", "--format", "md").stdout.strip()
    assert name.startswith("heimvorteil-gpt2-124m-") and "GeForce RTX 3090" in (tmp_path / name).read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_report_on_a_stored_comparison_is_the_answer_of_that_day(run):
    answer = run("compare", "--json", "--cloud", "8xa100-sxm-80gb").stdout
    identity = json.loads(answer)["id"]
    told = run("report", identity, "--format", "json", "-o", "-").stdout
    assert json.loads(told) == json.loads(answer)
    asked = json.loads(run("compare", "--cloud", "8xa100-sxm-80gb", "--format", "json", "-o", "-").stdout)
    assert asked["options"] == json.loads(answer)["options"]
    once, again = (run("report", identity, "--format", "xlsx", "-o", "-").stdout_bytes for _ in range(2))
    assert once == again


def test_reports_that_cannot_be_are_refused_in_one_line(run, tmp_path):
    assert "valid: " in run("report", "--format", "docx", code=2).output
    assert "no comparison" in run("report", "0" * 20, code=2).output
    nowhere = run("report", "--format", "md", "-o", str(tmp_path / "no" / "x.md"), code=2)
    assert "cannot be written" in nowhere.output and len(nowhere.output.splitlines()) == 1


GERMAN = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "de_DE.UTF-8"}


def test_the_language_is_that_of_the_line_else_of_the_locale(run, monkeypatch):
    assert run("prices", "--help").stdout.startswith("Usage: ")
    for name, value in GERMAN.items():
        monkeypatch.setenv(name, value)
    german = run("prices", "--help").stdout
    assert german.startswith("Aufruf: ") and "Befehle:" in german and "Diese Hilfe zeigen" in german
    assert run("prices", "--help", "--lang", "en").stdout.startswith("Usage: ")
    for_programs = run("compare", "--json").stdout
    assert '"Training at home is' in for_programs and "Zu Hause" not in for_programs
    assert "Urteil" in run("compare").stdout
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert run("prices", "--help").stdout.startswith("Usage: ")


@pytest.mark.parametrize("line", ["--lang de offers -h", "offers --lang=de -h", "offers -h --lang de"])
def test_lang_may_stand_anywhere(run, line):
    told = run(*line.split()).stdout
    assert told.startswith("Aufruf: ") and "offers [OPTIONEN]" in told
    assert "[Vorgabe: 20; 1<=x<=500]" in told


def test_help_in_german_leaves_the_commands_as_they_are(run):
    before = run("decide", "--help").stdout
    assert "--runs GANZZAHL" in run("decide", "--help", "--lang", "de").stdout
    assert run("decide", "--help").stdout == before
    assert run("--lang", "de").stdout == run("--help", "--lang", "de").stdout


def test_every_option_and_command_says_what_it_is_for():
    """Its German is asked for in tests/reports/test_translations.py."""

    def silent(command, path):
        if not command.help:
            yield path
        for one in copy(command).get_params(click.Context(command)):
            if isinstance(one, click.Option) and not one.help:
                yield f"{path} {one.opts[0]}"
        for name, below in getattr(command, "commands", {}).items():
            yield from silent(below, f"{path} {name}")

    assert list(silent(main, "heimvorteil")) == []
