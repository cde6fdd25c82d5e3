"""Numbers as people write them; what could mean two things is asked back."""

from decimal import Decimal

import pytest
from click.testing import CliRunner

from service.answers.as_written import number_written
from service.answers.times_written import hours_of
from service.cli import main
from service.errors import InvalidValue


@pytest.mark.parametrize(
    ("said", "field", "number"),
    [
        ("0,29", "kwh_price", "0.29"),
        ("29ct", "kwh_price", "0.29"),
        ("29 ct/kWh", "kwh_price", "0.29"),
        ("0.372", "kwh_price", "0.372"),
        ("700€", "budget", "700"),
        ("700 EUR", "budget", "700"),
        ("€700", "budget", "700"),
        ("$ 700", "budget", "700"),
        ("CHF 1'200", "budget", "1200"),
        ("€0.30/kWh", "kwh_price", "0.30"),
        ("1.000,50", "budget", "1000.50"),
        ("1,000.50", "budget", "1000.50"),
        ("1.000.000", "budget", "1000000"),
        ("12,5", "budget", "12.5"),
        ("1e9", "tokens", "1e9"),
        ("10B", "tokens", "1e10"),
        ("37,58 Mrd.", "tokens", "37.58e9"),
        ("150W", "power_limit_watts", "150"),
        ("30 %", "tariff__solar_share", "0.3"),
        ("-3", "budget", "-3"),
    ],
)
def test_what_people_write_is_read(said, field, number):
    assert number_written(said, field) == Decimal(number)


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        ("1.000", "budget", "means two things: write 1 or 1000"),
        ("2,500", "tokens", "means two things: write 2.5 or 2500"),
        ("700 kg", "budget", "may be written with €"),
        ("kg 700", "budget", "may be written with €"),
        ("€700€", "budget", "may be written with €"),
        ("abc", "kwh_price", "is not a number"),
        ("", "budget", "is not a number"),
        ("1.2.3", "budget", "is not a number"),
        ("nan", "budget", "is not a number"),
        ("10W", "trials", "is not a number"),
    ],
)
def test_what_is_none_or_two_is_not(said, field, why):
    with pytest.raises(ValueError, match=why):
        number_written(said, field)


@pytest.mark.parametrize(
    ("said", "hours"), [("36h", 36), ("30 days", 720), ("2 Wochen", 336), ("1,5d", 36), ("1 Monat", 730.5)]
)
def test_a_deadline_says_its_unit(said, hours):
    assert hours_of(said) == hours


def test_thirty_of_what():
    with pytest.raises(InvalidValue, match="of what"):
        hours_of("30")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "--kwh-price", "37"), "for cents write 37ct"),
        (("compare", "--kwh-price", "0.3 $"), "is in USD, and the answer in EUR"),
        (("compare", "--kwh-price", "$0.3"), "is in USD, and the answer in EUR"),
        (("decide", "--budget", "1.000"), "means two things"),
        (("compare", "--country", "Germny"), "Germany"),
    ],
)
def test_it_is_asked_back_in_one_line(words, said, database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2 and said in result.output, result.output
