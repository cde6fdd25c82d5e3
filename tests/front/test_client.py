"""Whose request it is, behind proxies and without."""

from ipaddress import ip_network

import pytest

from service.errors import InvalidValue
from service.front.client import client_of
from service.front.wsgi import environ_of
from service.settings import Settings

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "203.0.113.5", "192.0.2.1"),  # a stranger says what he likes
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"),  # the left was sent by the client
        ("10.0.0.1", "203.0.113.5, 10.9.9.9", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
    ],
)
def test_the_address_is_read_from_the_right(peer, forwarded, address):
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client_of(peer, headers, PROXIES).address == address
    assert client_of(peer, headers, ()).address == peer.removeprefix("::ffff:")


def test_a_home_of_ipv6_is_one_client():
    one, two = (client_of(f"2001:db8:0:1::{end}", {}, ()).key for end in ("1", "ffff"))
    assert one == two == "2001:db8:0:1::/64"
    assert client_of("2001:db8:0:2::1", {}, ()).key != one
    assert client_of("::ffff:127.0.0.1", {}, ()).is_here and not client_of("10.0.0.1", {}, ()).is_here


def test_a_proxy_here_that_nobody_named_is_not_this_machine():
    assert not client_of("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, ()).is_here
    assert not client_of("127.0.0.1", {"forwarded": "for=203.0.113.5"}, PROXIES).is_here


def environ(peer, **headers):
    named = {"host": "inside:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {"method": "GET", "raw_path": b"/a%2Fb%C3%A4%FF", "query_string": b"q=%20", "scheme": "http",
             "http_version": "1.1", "server": ("10.0.0.9", "8080")}  # fmt: skip
    return environ_of(scope, named, client_of(peer, named, PROXIES), b"")


def test_scheme_and_host_are_the_trusted_proxys():
    told = {"x_forwarded_for": "203.0.113.5", "x_forwarded_proto": "https", "x_forwarded_host": "example.org"}
    behind, stranger = environ("10.0.0.1", **told), environ("192.0.2.1", **told)
    assert (behind["wsgi.url_scheme"], behind["HTTP_HOST"]) == ("https", "example.org")
    assert (stranger["wsgi.url_scheme"], stranger["HTTP_HOST"]) == ("http", "inside:8080")
    assert not any("FORWARDED" in name for name in (*behind, *stranger))
    odd = environ("10.0.0.1", x_forwarded_proto="javascript", x_forwarded_host="a b<")
    assert (odd["wsgi.url_scheme"], odd["HTTP_HOST"]) == ("http", "inside:8080")


def test_the_path_is_as_wsgi_has_it():
    assert environ("192.0.2.1")["PATH_INFO"] == "/a/bÃ¤ÿ"


def test_networks_are_read_or_refused():
    read = Settings.from_environ({"HEIMVORTEIL_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert read.trusted_proxies == PROXIES
    with pytest.raises(InvalidValue, match=r"HEIMVORTEIL_TRUSTED_PROXIES = '10\.0\.0\.0/99'"):
        Settings.from_environ({"HEIMVORTEIL_TRUSTED_PROXIES": "10.0.0.0/99"})
