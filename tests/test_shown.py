"""Text from outside is shown without what moves a cursor, forges a line or gives a secret away."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.http import FetchFailed
from pricing.outside_text import LONGEST_NAME, text_objection
from pricing.sources import SOURCES
from service.errors import DatabaseAway
from service.facts import CloudOffer
from service.public_hosts import is_public_address, may_be_public
from service.shown import CONTROL, address, said, visible
from service.store import refreshes
from service.store.refreshes import Refresh, RejectedRow
from service.store.session import Sessions, engine_for
from tests.facts_for_tests import ASKED_AT as NOW
from tests.facts_for_tests import SOURCE


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://me:pw@mirror.example/list", "https://***@mirror.example/list"),
        ("https://hv_token@mirror.example:8443/list", "https://***@mirror.example:8443/list"),
        ("https://a.example/x?securityToken=abc&y=2", "https://a.example/x?securityToken=***&y=2"),
        ("https://a.example/x?a=1;api_key=abc", "https://a.example/x?a=1&api_key=***"),
        (
            "https://a.example/?X-Amz-Signature=9f&X-Amz-Date=1",
            "https://a.example/?X-Amz-Signature=***&X-Amz-Date=1",
        ),
        ("https://a.example/?sv=1&sig=9f", "https://a.example/?sv=1&sig=***"),
        ("https://a.example/?access%5Ftoken=9f", "https://a.example/?access%5Ftoken=***"),
        ("https://a.example/?password=9f#token=8e", "https://a.example/?password=***#***"),
        ("https://a.example/\x1b[2J", "https://a.example/\\x1b[2J"),
        ("https://[::1", "***"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, told):
    assert address(url) == told
    assert said(f"{url} failed") in (f"{told} failed", f"{visible(url)} failed")
    assert "9f" not in str(FetchFailed(f"{url}: HTTP 500")) or "9f" not in url


def test_an_address_without_secrets_is_shown_as_it_is():
    urls = [source.url for source in SOURCES]
    assert len(urls) > 30 and [address(url) for url in urls] == urls


def test_what_ends_a_line_or_moves_a_cursor_is_shown_in_letters():
    assert visible("a\r\nb\x1b[31m\x9b\u202e\u2028") == "a\\r\\nb\\x1b[31m\\x9b\\u202e\\u2028"
    assert visible("Straße, 日本 😀") == "Straße, 日本 😀"


def test_an_error_of_a_mirror_is_kept_and_read_without_its_secrets(sessions):
    error = "https://me:pw@mirror.example/x?token=abc: HTTP 500\nforged\x1b[2J\0"
    with sessions.begin() as session:
        number = refreshes.add(session, Refresh("ecb", NOW, "failed", NOW, error=error))
        refreshes.add_rejected(session, number, [RejectedRow("no\0good", "a\0b\x1b[2J")])
    with sessions.reading() as session:
        kept = refreshes.get(session, number).error
        (row,) = refreshes.rejected_by(session, number)
    for told in (kept, row.reason, row.raw):
        assert not CONTROL.search(told)
    assert "pw" not in kept and "abc" not in kept and "***@mirror.example" in kept


def test_a_database_url_is_shown_without_the_password_among_its_parameters():
    engine = engine_for("postgresql://me@127.0.0.1:1/facts?password=secret&application_name=x")
    with pytest.raises(DatabaseAway, match="application_name=x") as refused, Sessions(engine).reading():
        pass
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("field", ["gpu_raw_name", "instance", "region", "note"])
def test_an_offer_with_a_control_character_or_a_name_without_end_is_refused(field):
    offer = CloudOffer(
        "cumulus", "a10.1", "eu-1", "DE", None, "NVIDIA A10", 1, 24.0, "on_demand", Decimal("1.5"), "USD",
        SOURCE.as_of, SOURCE,
    )  # fmt: skip
    assert text_objection(offer) is None
    assert "control character \\x1b" in text_objection(replace(offer, **{field: "H100 \x1b]0;owned\x07"}))
    assert "control character \\x00" in text_objection(replace(offer, **{field: "H100\0"}))
    assert "characters" in text_objection(replace(offer, **{field: "H" * (LONGEST_NAME + 1)}))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "192.0.2.1",
        "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "100::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:808:808::1", "2001::1", "no address",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet(address):
    assert not is_public_address(address)
    assert not may_be_public(address.partition("%")[0])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is(address):
    assert is_public_address(address) and may_be_public(address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "1.2.3.0x10", "localhost",
             "a.local",
             "db.internal", "x.localhost.", "router.lan"],
)  # fmt: skip
def test_a_number_in_disguise_and_a_name_of_the_inside_are_no_public_hosts(host):
    assert not may_be_public(host)


def test_a_name_is():
    assert may_be_public("hooks.example.com") and may_be_public("hooks.example.com.")
