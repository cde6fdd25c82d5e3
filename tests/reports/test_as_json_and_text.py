"""The same comparison as JSON and as one screen of text, in both languages."""

import json
import re
from decimal import Decimal

import pytest

from service.decide.comparison import compare
from service.decide.options import Rental, cloud_option, home_option
from service.errors import InvalidValue
from service.reports.words.sentences import age
from service.reports.words.wording import wording
from tests.facts_for_tests import (
    ASKED_AT,
    D32,
    GERMANY,
    H100_SXM,
    KNOWLEDGE,
    RATIO,
    RENTAL,
    RTX_4070,
)
from tests.reports.told_for_tests import answered, as_plain_comparison, screen


@pytest.fixture(scope="module")
def comparison():
    return _compare(RENTAL)


def _compare(rental):
    options = [
        home_option(D32, RTX_4070, 1, GERMANY, currency="EUR", knowledge=KNOWLEDGE),
        cloud_option(D32, H100_SXM, 8, rental, currency="EUR", knowledge=KNOWLEDGE),
    ]
    return compare(
        D32,
        options,
        asked_at=ASKED_AT,
        currency="EUR",
        zone="DE",
        knowledge=KNOWLEDGE,
        data_version=1,
        reference_ratio=RATIO,
        reference_card=RTX_4070,
    )


def test_json_has_the_promised_keys(comparison):
    answer = as_plain_comparison(comparison)
    assert {"workload", "options", "verdict", "break_even", "reference_method"} <= set(answer)
    for option in answer["options"]:
        assert {
            "kind",
            "label",
            "gpu",
            "gpu_count",
            "fit",
            "hours",
            "energy_kwh",
            "cost",
            "co2_kg",
            "sources",
        } <= set(option)
        assert {"verdict", "adjustments", "peak_memory_gib", "available_memory_gib"} <= set(option["fit"])
        for key in ("hours", "energy_kwh", "co2_kg"):
            interval = option[key]
            assert 0 < interval["p10"] < interval["p50"] < interval["p90"]
        assert option["cost"]["currency"] == "EUR" and option["cost"]["items"]
        for number in option["sources"]:
            assert number["unit"] and number["source"] and number["as_of"]
    assert {"cheaper", "faster", "summary"} <= set(answer["verdict"])
    assert answer["reference_method"] == {
        "gpu_hours": 264,
        "ratio_low": 8,
        "ratio_high": 9,
        "hours_low": 2112,
        "hours_high": 2376,
        "days_low": 88,
        "days_high": 99,
        "watts": 200,
        "energy_kwh_low": pytest.approx(422.4),
        "energy_kwh_high": pytest.approx(475.2),
    }
    assert json.loads(json.dumps(answer)) == answer


def test_text_fits_one_screen_and_says_everything(comparison):
    text = screen(answered(comparison, "en"), "en")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    for word in (
        "At home: GeForce RTX 4070",
        "Rented: 8 x H100 SXM",
        "Does it fit?",
        "Verdict",
        "probability",
        "The verdict turns at",
        "days old",
        "80 % range",
        "2,112–2,376 h",
        "88–99 days",
        "422.4–475.2 kWh",
        "activation checkpointing",
    ):
        assert word in " ".join(text.split()), word


def test_german_is_german_to_the_last_comma(comparison):
    text = screen(answered(comparison, "de"), "de", reasons=[])
    for word in (
        "Zu Hause: GeForce RTX 4070",
        "Gemietet",
        "Passt es?",
        "Urteil",
        "2.112–2.376 h",
        "422,4–475,2 kWh",
        "24.11.2026",
        "Wahrscheinlichkeit",
        "Deutschland",
    ):
        assert word in " ".join(text.split()), word
    for english in (
        "Verdict",
        "At home",
        "Rented",
        "days",
        "hours",
        "checkpointing in",
        "cheaper",
        "interval",
        "Every input",
    ):
        assert not re.search(rf"\b{english}\b", text), english


def test_explain_gives_source_and_date_to_every_number(comparison):
    text = screen(answered(comparison, "en"), "en", reasons=[], width=200)
    table = text[text.index("Every input number") :]
    for name in (
        "memory_gib",
        "boost_clock_mhz",
        "tokens",
        "per_kwh",
        "hourly_price",
        "USD per EUR",
        "grams_co2e_per_kwh",
        "plug_factor",
        "peak_bf16_tflops",
    ):
        assert name in table, name
    assert table.count("2026-10-30") > 20


def test_a_missing_price_is_a_dash():
    text = screen(answered(_compare(Rental(None)), "en"), "en")
    cost = next(line for line in text.splitlines() if line.strip().startswith("Cost "))
    assert cost.rstrip().endswith("–")
    assert "a price is missing" in text
    assert "€0.00" not in text and "€0 " not in text
    answer = as_plain_comparison(_compare(Rental(None)))
    assert answer["options"][1]["cost"] is None and answer["verdict"]["cheaper"] is None


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (2938.4, "2,940", "2.940"),
        (33.44, "33.4", "33,4"),
        (1.386, "1.39", "1,39"),
        (0.0523, "0.0523", "0,0523"),
        (0, "0", "0"),
        (999.6, "1,000", "1.000"),
        (9.996, "10.0", "10,0"),
    ],
)
def test_estimates_are_shown_with_three_digits(value, english, german):
    assert wording("en").rounded(value) == english
    assert wording("de").rounded(value) == german


def test_money_in_both_languages():
    assert wording("en").money(1234.5, "EUR") == "€1,234" or wording("en").money(1234.5, "EUR") == "€1,235"
    assert wording("de").money(12.5, "EUR") == "12,50 €"
    assert wording("en").about(129.4, "CHF") == "CHF 129" and wording("de").about(129.4, "CHF") == "129 CHF"
    assert wording("en").money(-3, "NOK") == "−NOK 3.00"


@pytest.mark.parametrize(
    ("price", "english"),
    [("19.2", "$19.20"), ("0.08", "$0.08"), ("0.0744", "$0.0744"), ("0.372", "$0.372"), ("98.32", "$98.32"),
     ("2.318", "$2.32"), ("0", "$0.00")],
)  # fmt: skip
def test_prices_of_a_unit_keep_three_digits_and_no_idle_zeros(price, english):
    assert wording("en").unit_price(Decimal(price), "USD") == english


def test_a_price_of_a_day_to_come_is_not_called_minus_so_many_days_old():
    assert age(wording("en"), 3) == "3 days old"
    assert age(wording("en"), -508) == "508 days ahead of this computer's clock"
    assert age(wording("de"), -1) == "der Uhr dieses Rechners um 1 Tag voraus"


def test_estimated_money_has_three_digits_and_no_cents_from_ten_on():
    assert wording("en").about(1_495_846, "EUR") == "€1,500,000"
    assert wording("de").about(1_084.4, "EUR") == "1.080 €"
    assert wording("en").about(12.345, "USD") == "$12"


def test_an_unknown_language_is_refused_with_the_valid_ones():
    with pytest.raises(InvalidValue, match="en, de"):
        wording("fr")
