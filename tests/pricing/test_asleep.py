"""Sources whose terms may forbid keeping their prices sleep until somebody decides, and say so everywhere."""

import json

import pytest
from click.testing import CliRunner

from pricing import rounds
from pricing.asleep import sleep_of
from pricing.refresh import Outcome
from pricing.sources import SOURCES
from service.cli import main

BY_NAME = {source.name: source for source in SOURCES}
OFF = ("vast", "runpod")


@pytest.fixture(autouse=True)
def switched_off(monkeypatch):
    for name in OFF:
        monkeypatch.delenv(BY_NAME[name].switch, raising=False)


def run(*arguments):
    return CliRunner().invoke(main, ["prices", *arguments])


def test_only_those_whose_terms_ask_for_a_decision_sleep_by_themselves():
    assert {source.name for source in SOURCES if source.off_because} == set(OFF)
    assert sleep_of(BY_NAME["skypilot_vast"], {}) is None and sleep_of(BY_NAME["gpuhunt_runpod"], {}) is None


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("vast", "", "terms"), ("vast", "on", None), ("vast", "off", "off"), ("vast", "yes", "off"),
        ("ecb", "", None), ("ecb", "off", "off"), ("vultr", "on", "no_key"),
    ],
)  # fmt: skip
def test_a_switch_is_on_or_off(name, value, why):
    source = BY_NAME[name]
    found = sleep_of(source, {source.switch: value})
    assert (found and found.why) == why
    assert found is None or found.variable in found.said
    if value == "yes":
        assert "must be on or off" in found.said


@pytest.mark.parametrize("name", OFF)
def test_it_says_so_wherever_a_source_is_looked_at(database, monkeypatch, name):
    switch = BY_NAME[name].switch
    listed = {one["source"]: one for one in json.loads(run("list", "--json").stdout)}
    assert listed[name]["state"] == "asleep"
    for told in (
        listed[name]["asleep_because"], run("show", name).stdout, run("refresh", name).stdout,
        run("show", name, "--raw").stderr, run("check", name).stdout,
        run("check", name, "--lang", "de").stdout,
    ):  # fmt: skip
        assert f"{switch}=on" in "".join(told.split()), told
    assert run("refresh", name).exit_code == run("check", name).exit_code == 0
    monkeypatch.setenv(switch, "on")
    (awake,) = (one for one in json.loads(run("list", "--json").stdout) if one["source"] == name)
    assert awake["asleep_because"] is None and awake["state"] != "asleep"


def test_a_quick_refresh_in_which_all_others_failed_has_failed(database, monkeypatch):
    def refreshed(_sessions, sources, *_):
        return [Outcome(s.name, "asleep" if s.name in OFF else "failed") for s in sources]

    monkeypatch.setattr(rounds, "refresh_all", refreshed)
    assert run("refresh", "--quick").exit_code == 1
