"""Numbers as people write them; what could mean two things is asked back."""

from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from service.answers.as_written import UNITS, another_currency, as_digits, number_written
from service.answers.question import AskedDecision
from service.answers.times_written import hours_of, time_written
from service.cli import main
from service.cli.asking import _contract
from service.errors import InvalidValue
from service.pages.asked_by_address import asked_by_address, said_by
from service.pages.question_form import _as_called
from service.reports.words.wording import wording

FIELDS = (*(field for field, *_ in UNITS), "trials", "seq_len")


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
        ("5k", "budget", "5000"),
        ("5 k€", "budget", "5000"),
        ("5T€", "budget", "5000"),
        ("5 TEUR", "budget", "5000"),
        ("$5k", "budget", "5000"),
        ("5 Tsd. Euro", "budget", "5000"),
        ("1,5 Mio. €", "budget", "1500000"),
        ("700,- €", "budget", "700"),
        ("700.–", "budget", "700"),
        ("ca. 700 €", "budget", "700"),
        ("about 700", "budget", "700"),
        ("1 200 €", "budget", "1200"),
        ("37 Cent", "kwh_price", "0.37"),
        ("0,29 € / kWh", "kwh_price", "0.29"),
        ("29 ct pro kWh", "kwh_price", "0.29"),
        ("EUR 0.29 per kWh", "kwh_price", "0.29"),
        ("0,3kW", "plug_watts", "300"),
        ("1.500 kW", "plug_watts", "1500"),
        ("30 Prozent", "idle_share", "0.3"),
        ("8 Std./Tag", "hours_per_day", "8"),
        ("3,5 MWh/Jahr", "yearly_kwh", "3500"),
        ("37,58 Mrd. Tokens", "tokens", "37.58e9"),
        ("10 Billionen", "tokens", "1e13"),
        ("30 Tage", "max_age_days", "30"),
        ("18 months", "years_kept", "1.5"),
        ("64 GB", "host_memory_gib", "64"),
        ("2,125", "max_price", "2.125"),
        ("1 Gbit/s", "download_mbit_per_s", "1000"),
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
        ("1.000", "trials", "means two things: write 1 or 1000"),
        ("1.500 W", "plug_watts", "means two things: write 1.5 or 1500"),
        ("2.048", "seq_len", "means two things: write 2.048 or 2048"),
        ("500-700 €", "budget", "is a range"),
        ("500 bis 700", "budget", "is a range"),
        ("10 20", "budget", "is not a number"),
        ("1.00,5", "budget", "is not a number"),
        ("12,34,567", "budget", "is not a number"),
        ("5T", "budget", "may be written with €, EUR"),
    ],
)
def test_what_is_none_or_two_is_not(said, field, why):
    with pytest.raises(ValueError, match=why):
        number_written(said, field)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("36h", 36),
        ("30 days", 720),
        ("2 Wochen", 336),
        ("1,5d", 36),
        ("1 Monat", 730.5),
        ("3Monate", 2191.5),
        ("3mo", 2191.5),
        ("a week", 168),
        ("einem Monat", 730.5),
        ("1 Jahr", 8766),
        ("90 min", 1.5),
        ("48 Std.", 48),
        ("1 500 h", 1500),
        ("in 3 Wochen", 504),
    ],
)
def test_a_deadline_says_its_unit(said, hours):
    assert hours_of(said) == hours


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("30", "of what"), ("3m", "minutes or months"), ("1.500h", "means two things: write 1.5h or 1500h"),
        ("bald", "is not like 30d"), ("2026-12-31", "is not like 30d"), ("30 d 5 h", "is not like 30d"),
    ],
)  # fmt: skip
def test_a_deadline_of_what_is_asked_back(said, why):
    with pytest.raises(InvalidValue, match=why):
        hours_of(said)


@given(
    st.floats(1e-6, 1e12) | st.integers(0, 10**15) | st.decimals(0, 10**6, places=9), st.sampled_from(FIELDS)
)
def test_what_we_write_of_a_number_is_read_back(number, field):
    assert number_written(as_digits(number), field) == Decimal(
        repr(number) if isinstance(number, float) else number
    )


@given(
    st.floats(0.1, 87_000)
    | st.integers(1, 3650).map(lambda days: days * 24.0)
    | st.integers(1, 99).map(float)
)
def test_what_we_write_of_a_deadline_is_read_back(hours):
    assert hours_of(time_written(hours)) == pytest.approx(hours, rel=1e-12)


@given(st.floats(0.01, 1e9), st.floats(0.1, 87_000), st.decimals("0.01", 1, places=9))
def test_an_address_of_ours_asks_the_same(budget, hours, price):
    asked = AskedDecision.of(budget=budget, deadline_hours=hours, kwh_price=price, tokens=1_234_567)
    again = asked_by_address(AskedDecision, said_by(asked), "en")
    assert again.model_dump(exclude={"deadline_hours"}) == asked.model_dump(exclude={"deadline_hours"})
    assert again.deadline_hours == pytest.approx(hours, rel=1e-12)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("amount", [5, 700, 1000, 1234, 12_500, 1_000_000, 1.5, 700.25])
def test_an_amount_in_a_field_of_the_page_is_read_back(language, amount):
    shown = _as_called(wording(language), None, "budget", as_digits(amount), "EUR")
    assert number_written(shown, "budget") == Decimal(str(amount))


@pytest.mark.parametrize(
    ("said", "windows"),
    [
        ("22-6=0,22,6-22=0,36", ["0.22", "0.36"]), ("22-6=0.22,6-22=0.36", ["0.22", "0.36"]),
        ("22-6=22ct,6-22=36ct", ["0.22", "0.36"]), ("22–6 Uhr = 0,22 €; 6–22 Uhr = 0,36 €", ["0.22", "0.36"]),
        ("22:00-6:00=0,2 6:00-22:00=0,4", ["0.2", "0.4"]), ("0-24=0,3", ["0.3"]),
    ],
)  # fmt: skip
def test_a_contract_is_read_with_commas_and_cents(said, windows):
    assert [str(one["per_kwh"]) for one in _contract(said)["windows"]] == windows


@pytest.mark.parametrize("said", ["HT=0,36,NT=0,22", "22-6", "22-6=viel", "22:30-6=0,2"])
def test_a_contract_of_unknown_hours_is_asked_back(said):
    with pytest.raises(InvalidValue, match=r"22-6=0\.22"):
        _contract(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "--kwh-price", "37"), "for cents write 37ct"),
        (("compare", "--kwh-price", "0.3 $"), "is in USD, and the answer in EUR"),
        (("compare", "--kwh-price", "$0.3"), "is in USD, and the answer in EUR"),
        (("decide", "--budget", "1.000"), "means two things"),
        (("compare", "--country", "Germny"), "unknown; valid: Germany\n"),
        (("compare", "--country", "Östereich"), "unknown; valid: Österreich\n"),
        (("compare", "--home", "rtx-9999"), "valid: rtx-5090, rtx-5090-d, rtx-5090-laptop, rtx-4090, "),
        (("compare", "--home", "rtx-5099"), "valid: rtx-5090, "),
        (
            ("compare", "--cloud", "vast", "--tier", "spot"),
            "an offer of tier spot of vast is not known; choose --tier marketplace",
        ),
        (("compare", "--cloud", "awss"), "valid: aws, "),
        (("compare", "--tokens", "10 Billion", "--lang", "de"), "zweideutig: Gemeint sein kann 10B oder 10T"),
        (("decide", "--budget", "1 Billion", "--lang", "de"), "mit diesen Einheiten stehen: €, EUR, $, k"),
        (("compare", "--plug-watts", "99999"), "is not plausible; "),
        (("compare", "--plug-watts", "0,3"), "for kilowatts write 300"),
        (("compare", "--buy", "rtx-4090=1"), "is not plausible; "),
        (("compare", "--buy", "rtx-4090=1.900"), "means two things: write 1.9 or 1900"),
        (("compare", "--buy", "rtx-4090=$1900"), "is in USD, and the answer in EUR"),
        (("compare", "--what-if", "kwh-price=0.3$"), "is in USD, and the answer in EUR"),
        (("compare", "--tariff", "22-6=$0.22,6-22=0.36"), "is in USD, and the answer in EUR"),
        (("compare", "--tariff", "22-6=22,6-22=36"), "--tariff = '22': would be 22 EUR per kWh; for cents"),
    ],
)
def test_it_is_asked_back_in_one_line(words, said, database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2 and said in result.output, result.output


@pytest.mark.parametrize(
    ("said", "currency", "is_another"),
    [
        ("700€", "€", False), ("700€", " euro ", False), ("700 EUR", "eur", False), ("700", "usd", False),
        ("$700", "Dollar", False), ("700€", "$", True), ("700 Franken", "€", True),
    ],
)  # fmt: skip
def test_a_currency_is_the_same_however_the_answer_names_it(said, currency, is_another):
    assert (another_currency(said, currency) is not None) == is_another
