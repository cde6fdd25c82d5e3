"""`heimvorteil prices` as a person uses it, against real HTTP."""

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pricing import registry
from pricing.sources import SOURCES
from service.cli import main
from tests.pricing.test_every_source import FIXTURES
from tests.pricing.test_several_processes import NAMES, Source
from tests.waiting import PATIENCE_S

ECB = next(source for source in SOURCES if source.name == "ecb")


@pytest.fixture(scope="module")
def seeded(catalog_copy):
    return catalog_copy()


@pytest.fixture
def source():
    served = Source()
    yield served
    served.close()


@pytest.fixture
def run(seeded, source, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", seeded)
    for name in NAMES:
        monkeypatch.setenv(f"HEIMVORTEIL_SOURCE_{name.upper()}_URL", f"{source.url}/{name}")

    def invoke(*words, code=0):
        result = CliRunner().invoke(main, ["prices", *words])
        assert result.exit_code == code, result.output
        return result

    return invoke


def test_a_refresh_tells_each_source_and_sums_up(run, monkeypatch, source):
    done = run("refresh", *NAMES)
    assert sorted(line.split(":")[0] for line in done.stderr.splitlines()) == list(NAMES)
    words = done.stdout.split()
    assert [w for w in words if w in NAMES] == list(NAMES)
    assert "new or changed" in " ".join(words) and "seconds" in words

    monkeypatch.setenv("HEIMVORTEIL_SOURCE_ECB_URL", f"{source.url}/gone")
    failed = json.loads(run("refresh", *NAMES, "--json", code=1).stdout)
    (again,) = json.loads(run("refresh", "linode", "--json").stdout)
    assert [(o["source"], o["outcome"]) for o in (*failed[:1], again)] == [
        ("ecb", "failed"),
        ("linode", "unchanged"),
    ]
    assert "HTTP 404" in failed[0]["error"] and failed[0]["changed"] is None and again["changed"] == 0
    assert failed[1]["outcome"] != "failed" and failed[1]["seconds"] > 0
    unknown = run("refresh", "ebc", code=2)
    assert unknown.stderr.startswith("heimvorteil: source = 'ebc': unknown; valid: ecb")


def test_a_source_without_its_key_has_not_failed(run, monkeypatch):
    monkeypatch.setattr(registry, "SOURCES", (replace(ECB, key="HEIMVORTEIL_TEST_KEY"),))
    (asleep,) = json.loads(run("refresh", "--json").stdout)
    assert asleep["outcome"] == "asleep" and "HEIMVORTEIL_TEST_KEY" in asleep["error"]


def test_the_list_says_how_each_source_stands(run):
    run("refresh", "ecb")
    listed = {row["source"]: row for row in json.loads(run("list", "--json").stdout)}
    assert set(listed) == {s.name for s in SOURCES}
    ecb = listed["ecb"]
    assert (ecb["state"], ecb["accepted"], ecb["rejected"], ecb["every_s"]) == ("fresh", 3, 0, 21600)
    assert 0 <= ecb["age_s"] < 3600 and ecb["next_run_at"] > ecb["last_success_at"]
    assert listed["energy_charts"]["state"] == "new" and listed["energy_charts"]["last_success_at"] is None
    table = run("list", "--wide").stdout
    assert "last success" in table and "next run" in table and "fresh" in table


def test_a_raw_answer_is_printed_as_it_came_and_nothing_is_kept(run, source, monkeypatch):
    before = run("show", "ecb").stdout
    assert run("show", "ecb", "--raw").stdout_bytes == (FIXTURES / "ecb.xml").read_bytes()
    assert run("show", "ecb").stdout == before
    assert run("show", "ecb", "--rejected").exit_code == 0
    monkeypatch.setenv("HEIMVORTEIL_SOURCE_ECB_URL", f"{source.url}/gone")
    assert "HTTP 404" in run("show", "ecb", "--raw", code=1).stderr


@pytest.mark.long
def test_on_a_terminal_each_source_has_a_bar(run, source):
    source.hold("ecb")
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from service.cli import main; main()", "prices", "refresh", *NAMES],
        stderr=end,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"},
        cwd=Path(__file__).parents[2],
    )
    os.close(end)
    seen = b""
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
        if b"asking" in seen:
            source.let_go("ecb")
    os.close(terminal)
    assert process.wait(PATIENCE_S) == 0
    shown = seen.decode()
    assert "━" in shown and "asking" in shown and " accepted, 0 rejected" in shown
    assert "ecb" in shown and "linode" in shown


def test_a_source_that_another_process_reads_is_said_and_has_an_exit_code_of_its_own(
    monkeypatch, catalog_copy
):
    """It said nothing and ended with 0, as if prices had been read."""
    from pricing import rounds
    from pricing.refresh import Outcome

    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", catalog_copy())
    left = Outcome("ecb", "running", error="another process is refreshing it right now")
    one, bad = Outcome("linode", "ok", 3), Outcome("linode", "failed")
    for outcomes, code in (([left], 4), ([left, one], 0), ([left, bad], 1)):
        monkeypatch.setattr(rounds, "refresh_all", lambda *_, found=outcomes: found)
        done = CliRunner().invoke(main, ["prices", "refresh", *(o.source for o in outcomes)])
        assert done.exit_code == code, done.output
        assert "another process is refreshing ecb: not read here" in done.stderr


def test_a_clock_that_is_behind_is_said_and_no_age_is_below_zero(monkeypatch, catalog_copy):
    from service.cli import offering

    class Past(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2020, 11, 1, tzinfo=tz)

    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", catalog_copy())
    monkeypatch.setattr(offering, "datetime", Past)
    done = CliRunner().invoke(main, ["offers", "--limit", "2"])
    assert done.exit_code == 0 and "its clock is wrong" in done.stderr
    assert not re.search(r"\s-\d", done.stdout)
