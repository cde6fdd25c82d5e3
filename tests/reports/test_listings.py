"""Tables of the command line on terminals of 80 and 60 columns, in both languages."""

import re

import pytest

from service.reports.listings import on_terminal

LISTINGS = (
    "offers",
    "offers --gpu h100-sxm --gpu-count 8",
    "price-history h100-sxm --tier on_demand",
    "prices list",
    "gpus",
    "workloads",
)


@pytest.fixture(scope="module")
def database(catalog_copy):
    return catalog_copy()


@pytest.fixture
def wide(monkeypatch):
    def set_to(width):
        monkeypatch.setattr(on_terminal, "columns", lambda piped: width)

    return set_to


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("listing", LISTINGS)
def test_a_listing_fits_a_terminal_of_80_columns_and_one_of_60(run, wide, listing, language):
    words = (*listing.split(), "--lang", language)
    wide(80)
    lines = run(*words).stdout.splitlines()
    assert any(line.startswith("──") for line in lines), lines[:3]
    assert max(map(len, lines)) <= 80
    wide(60)
    assert max(map(len, run(*words).stdout.splitlines())) <= 60


ENGLISH = re.compile(
    r"\b(offers?|provider|source|tier|days?|on demand|on_demand|as of|never|unknown|of the)\b"
)


@pytest.mark.parametrize(
    "listing",
    ["offers --gpu h100-sxm", "price-history h100-sxm --to 2026-09-01", "prices list", "providers", "gpus",
     "workloads", "prices unmapped", "prices conflicts", "alerts list", "reports list", "token list"],
)  # fmt: skip
def test_a_listing_in_german_has_no_english_words_and_german_numbers(run, listing):
    told = run(*listing.split(), "--lang", "de").stdout
    names = re.compile(
        r"^\[\d+\] .*|^.*Stand \d+\.\d+\.\d{4}\..*|https?://.*|\([a-z]+\.[a-z]+/[^)]*\)", re.MULTILINE
    )
    ours = names.sub("", told)  # what others call their pages, and what they say themselves
    assert not ENGLISH.search(ours), ENGLISH.search(ours)
    assert not re.search(r"\d{4}-\d\d-\d\d", ours) and not re.search(r"\s{2}\d+\.\d{1,2}\s", ours)
    assert told != run(*listing.split()).stdout


def test_json_stays_as_it_is_in_every_language(run, monkeypatch):
    for listing in ("offers --gpu a10 --json", "gpus --json", "providers --json", "price-history a10 --json"):
        assert run(*listing.split(), "--lang", "de").stdout == run(*listing.split()).stdout
