"""Rates of VAT in the catalog: complete for the European Union, with source and day; wrong ones refused."""

from datetime import date

import pytest

from service.countries import PARTS_OF_THE_WORLD
from service.errors import InvalidValue
from service.facts import given_by_user
from service.store.vat_rates import COLUMNS, RATES, vat_rates
from service.store.versions import CATALOG

TODAY = date(2026, 11, 28)


def standard(country):
    from service.estimate.vat import vat_of

    return vat_of(vat_rates(), country, TODAY, "private", given_by_user(TODAY)).standard


def test_every_rate_has_its_source_and_days():
    for rate in vat_rates():
        assert rate.source.title and rate.source.url and rate.source.as_of <= TODAY, rate
        assert rate.source.read_on, rate


def test_the_european_union_and_its_neighbours_are_there():
    known = {rate.country for rate in vat_rates() if rate.kind == "standard"}
    assert PARTS_OF_THE_WORLD["eu"] | {"GB", "CH", "NO", "LI", "IS"} <= known
    assert "US" not in {rate.country for rate in vat_rates()}


@pytest.mark.parametrize(
    ("country", "share"), [("DE", 0.19), ("AT", 0.20), ("FI", 0.255), ("CH", 0.081), ("EE", 0.24)]
)
def test_rates_as_their_sources_have_them(country, share):
    assert standard(country).share == share


def test_reduced_rates_of_electricity_are_what_eurostats_prices_hold():
    """Price with all taxes over that without VAT, of the same half-year."""
    from tests.facts_for_tests import shipped_catalog

    by_zone = {}
    for rate in shipped_catalog().electricity:
        if rate.source.slug == "eurostat-nrg-pc-204-2024s2":
            by_zone.setdefault(rate.zone, {})[rate.taxes] = float(rate.per_kwh)
    derived = [r for r in vat_rates() if r.source.slug == "eurostat-nrg-pc-204-2024s2"]
    assert len(derived) >= 9
    for rate in derived:
        prices = by_zone[rate.country]
        assert rate.share == pytest.approx(prices["all"] / prices["excl_vat"] - 1, abs=0.011), rate


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("D,standard,0.19,,2026-11-28,eurofiscalis-vat-2026,", "country"),
        ("DE,reduced,0.07,,2026-11-28,eurofiscalis-vat-2026,", "kind"),
        ("DE,standard,19,,2026-11-28,eurofiscalis-vat-2026,", "share"),
        ("DE,standard,0.19,,2026-11-28,nobody,", "source"),
        ("DE,standard,0.19,,,eurofiscalis-vat-2026,", "read_on"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(tmp_path, row, field):
    (tmp_path / "sources").symlink_to(CATALOG / "sources")
    (tmp_path / RATES).write_text(",".join(COLUMNS) + "\n" + row + "\n")
    with pytest.raises(InvalidValue, match=field):
        vat_rates(tmp_path)
