"""VAT by buyer and by how a price is shown; cases one can do in the head."""

from dataclasses import replace
from datetime import date
from math import exp, hypot, log

import numpy as np
import pytest

from service.estimate.cloud_bill import PRICE_VAT, CloudTerms, Doubt, Rented, cloud_bill
from service.estimate.vat import vat_of
from service.facts import Figure, Source, VatRate

DAY = date(2026, 11, 28)
SAID = Source("user", "given by you", "", DAY)
BOOK = Source("book", "a book of rates", "https://example.org/vat", date(2026, 1, 1))
RATES = (
    VatRate("DE", "standard", 0.25, None, BOOK),
    VatRate("DE", "standard", 0.20, date(2026, 7, 1), BOOK),
    VatRate("DE", "standard", 0.30, date(2027, 1, 1), BOOK),
    VatRate("DE", "electricity", 0.10, None, BOOK),
    VatRate("FR", "standard", 0.5, None, BOOK),
)
USUAL = Figure("cloud_run.tax_share", 0.0, "of the bill", SAID, 0.0, 0.27, "assumed")


def vat(buyer="private", country="DE", day=DAY):
    return vat_of(RATES, country, day, buyer, SAID)


def test_the_rate_of_the_day_is_the_one_that_began_last():
    assert vat().standard.share == 0.20
    assert vat(day=date(2026, 6, 30)).standard.share == 0.25
    assert vat(day=date(2027, 1, 1)).standard.share == 0.30
    assert vat(country="US").standard is None


def test_electricity_has_its_own_rate_or_the_standard_one():
    assert vat().electricity_share == 0.10
    assert vat(country="FR").electricity_share == 0.5
    assert vat(country="US").electricity_share is None


@pytest.mark.parametrize(
    ("buyer", "price_vat", "share"),
    [
        ("private", "net", 0.20), ("private", None, 0.20), ("private", "gross", 0.0),
        ("business", "net", 0.0), ("business", None, 0.0), ("business", "gross", -1 / 6),
    ],
)  # fmt: skip
def test_who_bears_it(buyer, price_vat, share):
    """120 with 20 % are 100 without: a sixth less."""
    assert vat(buyer).on(price_vat) == pytest.approx(share)


def test_where_the_rate_is_not_known_nothing_is_added_and_the_usual_range_stands():
    somewhere = vat(country="US")
    assert somewhere.on("net") == 0.0 and somewhere.figure("net", USUAL) is USUAL


def test_its_figure_says_whether_it_is_known_or_assumed():
    known, assumed = vat().figure("net", USUAL), vat().figure(None, USUAL)
    assert (known.value, known.low, known.high, known.basis) == (0.20, None, None, "published")
    assert (assumed.value, assumed.low, assumed.high, assumed.basis) == (0.20, 0.0, 0.20, "assumed")
    assert known.source == BOOK
    business = vat("business").figure("net", USUAL)
    assert (business.value, business.high, business.basis, business.source) == (0.0, None, "user", SAID)


def bill(shown, terms_vat, spread=1.0, **told):
    offers = Rented(
        np.full(len(shown), 10.0), np.zeros(len(shown), bool), *(np.zeros(len(shown)) for _ in range(5)),
        price_vat=np.array([PRICE_VAT.index(one) for one in shown], dtype=np.int8),
    )  # fmt: skip
    hours = np.array([[10.0 / spread], [10.0], [10.0 * spread]]) * np.ones(len(shown))
    nothing = CloudTerms(0, 0, 1000, 0, 0, 0, 0, 0, 1, 0, vat=terms_vat)
    return cloud_bill(hours, offers, replace(nothing, **told))


def test_each_offer_bears_what_its_price_leaves_out():
    """100 EUR of rent: 120 of a net price, 100 of a gross one; a business pays 100 and 83.33."""
    assert bill(("net", "gross", None), vat()).total[1] == pytest.approx([120, 100, 120])
    assert bill(("net", "gross", None), vat("business")).total[1] == pytest.approx([100, 500 / 6, 100])


def test_ones_own_tax_wins_for_every_price():
    told = bill(("net", "gross", None), vat(), tax_share=0.07, tax_as_told=True)
    assert told.total[1] == pytest.approx([107, 107, 107])
    assert told.total[0] == pytest.approx([107, 107, 107])


def test_an_unknown_price_may_hold_it_already():
    """Without another doubt the bill is 100 to 120; with one as wide, ln 1.2 twice in squares."""
    assert bill((None,), vat()).total[:, 0] == pytest.approx([100, 120, 120])
    found = bill((None, "net"), vat(), spread=1.2).total
    assert found[0] == pytest.approx([120 * 1.2 ** -(2**0.5), 100])
    assert found[2] == pytest.approx([144, 144])
    assert bill((None,), vat("business")).total[:, 0] == pytest.approx([100, 100, 100])


def test_the_factor_of_tax_is_that_of_each_offer():
    assert bill(("net", "gross"), vat()).tax_factor == pytest.approx([1.2, 1.0])
    assert bill(("net", "gross"), vat("business")).tax_factor == pytest.approx([1.0, 5 / 6])


def test_whether_a_price_holds_it_is_one_doubt_among_the_others():
    """11 h with a tenth idle, none to three tenths: each at its own tax; of the unknown one in squares."""
    plain = CloudTerms(0, 0, 1000, 0, 0, 0.1, 0, 0, 1, 0)
    idle = Doubt("idle_share", replace(plain, idle_share=0), replace(plain, idle_share=0.3))
    found = bill(("net", "gross", None), vat(), idle_share=0.1, doubts=(idle,))
    assert found.total[1] == pytest.approx([132, 110, 132])
    assert found.total[0] == pytest.approx([120, 100, 132 * exp(-hypot(log(1.1), log(1.2)))])
    assert found.total[2] == pytest.approx([156, 130, 156])
    assert found.tax_factor == pytest.approx([1.2, 1.0, 1.2])
