"""`heimvorteil prices check` as a person uses it: real HTTP on loopback, and nothing stored."""

import json
import time

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from pricing.sources import SOURCES
from service.cli import main
from tests.pricing.replay import one_of_each_form, replaying

FORMS = one_of_each_form(SOURCES)
SOME = ("ecb", "linode", "aws", "energy_charts")


@pytest.fixture
def server(database, monkeypatch):
    with replaying() as replay:
        for name, value in replay.environment(SOURCES).items():
            monkeypatch.setenv(name, value)
        for source in SOURCES:
            if source.key:
                monkeypatch.delenv(source.key, raising=False)
        yield replay


@pytest.fixture
def check(server):
    def invoke(*words, code=0):
        result = CliRunner().invoke(main, ["prices", "check", *words])
        assert result.exit_code == code, (result.output, result.exception)
        return result.stdout

    return invoke


def rows_stored(database):
    with database.engine.connect() as connection:
        return [
            connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar()
            for table in ("refreshes", "offers", "offer_prices", "exchange_rates", "spot_prices")
        ]


def test_every_form_of_source_is_reached_and_as_expected_and_nothing_is_stored(check, database, server):
    before = rows_stored(database)
    found = json.loads(check(*(source.name for source in FORMS), "--json"))
    assert [one["source"] for one in found] == [source.name for source in FORMS]
    assert all(one["is_reached"] and one["is_as_expected"] and one["rows"] for one in found), found
    assert len(server.asked) >= len(FORMS) and rows_stored(database) == before
    aws = next(one for one in found if one["source"] == "aws")
    assert aws["refused"] == 3 and {odd["kind"] for odd in aws["oddities"]} == {"refused", "old"}


def test_one_without_its_key_is_not_called_and_has_not_failed(check, server):
    (found,) = json.loads(check("lambda_cloud", "--json"))
    assert found["is_reached"] is found["is_as_expected"] is None and server.asked == []
    assert "HEIMVORTEIL_LAMBDA_CLOUD_KEY" in check("lambda_cloud")


@pytest.mark.parametrize(
    ("fault", "is_reached", "is_as_expected"),
    [("500 for ever", False, None), ("401", False, None), ("changed schema", True, False),
     ("wrong content type", True, False)],
)  # fmt: skip
def test_a_fault_is_told_and_is_exit_code_1(check, server, fault, is_reached, is_as_expected):
    server.fault = fault
    found = json.loads(check(*SOME, "--json", code=1))
    for one in found:
        assert (one["is_reached"], one["is_as_expected"]) == (is_reached, is_as_expected), one
        assert one["oddities"][0]["said"]
    assert sorted(server.asked) == sorted(SOME), "each was called once"


def test_a_slow_source_costs_its_time_and_no_more(check, server):
    server.fault = "slow drip"
    began = time.monotonic()
    (found,) = json.loads(check("linode", "--timeout", "1", "--json", code=1))
    assert found["is_reached"] is False and 0.9 < time.monotonic() - began < 20


def test_it_is_said_in_german_and_where_there_is_no_network(check, monkeypatch, server):
    table = check("ecb", "linode", "--lang", "de")
    assert "Form wie erwartet" in table and "2 von 2 Quellen erreicht" in table and "ja" in table
    monkeypatch.setenv("HEIMVORTEIL_SOURCE_ECB_URL", "http://127.0.0.1:1/ecb")
    said = check("ecb", "--lang", "de", code=1)
    assert "Keine von 1 Quellen war zu erreichen" in said
    mixed = check("ecb", "linode", code=1)
    assert "1 of 2 sources reached, 1 as expected" in mixed


def test_names_and_times_that_cannot_be_are_refused(check):
    check("ebc", code=2)
    check("ecb", "--timeout", "0", code=2)
    check("ecb", "--json", "--lang", "de", code=2)
