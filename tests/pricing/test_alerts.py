"""Alerts end to end: prices cross, a real receiver on loopback is told, signed, until it has heard."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import pricing.alerts
import pricing.webhooks
from pricing import addresses
from pricing.alerts import after_refresh, deliver, evaluate
from pricing.refresh import refresh
from pricing.sources import SOURCES
from pricing.webhooks import Refused, public_https
from service.app import create_app
from service.cli import main
from service.estimate.cadence import WAITS
from service.facts import CloudOffer
from service.settings import Settings
from service.store import alerts, offers, tokens
from service.store.alerts import Rule
from service.store.session import Sessions
from service.store.snapshot import load
from service.usecases.alerts import save_alert
from tests.facts_for_tests import SOURCE
from tests.pricing.test_every_source import recorded
from tests.waiting import PATIENCE_S

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOOK = "https://hooks.example.org/prices?x=1"


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


def price(sessions, amount, at, instance="p", **fields):
    """The only offer of 8 x GTX 1080 costs this much, as read at this moment."""
    offer = CloudOffer(
        "runpod", instance, "", None, "gtx-1080", "GTX 1080", 8, 8.0, "on_demand", Decimal(amount), "USD",
        at.date(), SOURCE, origin="live", **fields,
    )  # fmt: skip
    with sessions.begin() as session:
        offers.add_all(session, [offer], at)


def watch(sessions, **fields):
    given = {"name": "", "gpu": "gtx-1080", "gpu_count": 8, "currency": "USD", "webhook_url": HOOK}
    if "fall_percent" not in fields:
        given["threshold_per_hour"] = Decimal(2)
    return save_alert(sessions, load(sessions), Rule(**(given | fields)), "me", NOON)


def events(sessions, alert):
    with sessions.reading() as session:
        return alerts.events(session, alert.slug)


def test_it_fires_once_per_crossing_and_tells_what_and_why(sessions, receiver):
    alert = watch(sessions)
    for number, amount in enumerate(["3", "2", "1.5", "2.5", "2", "2"]):
        at = NOON + number * HOUR
        price(sessions, amount, at)
        after_refresh(sessions, at, receiver.connect)
        after_refresh(sessions, at, receiver.connect)
    assert [json.loads(told.body)["price_per_hour"] for told in receiver.heard] == ["2", "2"]
    first, second = receiver.heard
    assert first.path == "/prices?x=1" and first.headers["Content-Type"] == "application/json"
    said = json.loads(first.body)
    assert said["reference_per_hour"] == "3" and said["unit"] == "USD/h"
    assert said["condition"] == "8 x gtx-1080: at most 2 USD per hour"
    assert said["offer"]["provider"] == "runpod" and said["offer"]["source"] and said["offer"]["as_of"]
    assert first.headers["Idempotency-Key"] == said["id"] != json.loads(second.body)["id"]
    signed = first.headers["Heimvorteil-Timestamp"].encode() + b"." + first.body
    right = hmac.new(alert.webhook_secret.encode(), signed, hashlib.sha256).hexdigest()
    assert first.headers["Heimvorteil-Signature"] == f"v1={right}"
    assert [e.attempts for e in events(sessions, alert)] == [1, 1]
    assert all(e.delivered_at and not e.error and e.next_attempt_at is None for e in events(sessions, alert))


def test_a_receiver_that_is_down_is_told_the_same_later_and_every_try_is_recorded(sessions, receiver):
    alert = watch(sessions)
    receiver.status = 503
    price(sessions, "1", NOON)
    after_refresh(sessions, NOON, receiver.connect)
    after_refresh(sessions, NOON + timedelta(seconds=30), receiver.connect)
    assert len(receiver.heard) == 1
    receiver.status = 302
    after_refresh(sessions, NOON + timedelta(minutes=2), receiver.connect)
    receiver.status = 204
    after_refresh(sessions, NOON + HOUR, receiver.connect)
    after_refresh(sessions, NOON + 2 * HOUR, receiver.connect)
    assert len(receiver.heard) == 3
    assert len({(told.body, told.headers["Idempotency-Key"]) for told in receiver.heard}) == 1
    [event] = events(sessions, alert)
    with sessions.reading() as session:
        tries = alerts.attempts(session, event.id)
    assert [(t.number, t.status) for t in tries] == [(1, 503), (2, 302), (3, 204)]
    assert [t.error for t in tries] == ["HTTP 503", "HTTP 302, and no redirect is followed", ""]
    assert event.delivered_at == NOON + HOUR


def test_a_receiver_that_never_answers_is_given_up(sessions):
    def nobody(url):
        return HTTPConnection("127.0.0.1", 1, timeout=PATIENCE_S)

    alert = watch(sessions)
    price(sessions, "1", NOON)
    at = NOON
    evaluate(sessions, at)
    for wait in (*WAITS, timedelta(days=9)):
        assert deliver(sessions, at, nobody) == 0
        at += wait
    assert deliver(sessions, at + timedelta(days=30), nobody) == 0
    [event] = events(sessions, alert)
    assert event.attempts == len(WAITS) + 1 and event.next_attempt_at is None
    assert event.delivered_at is None and "refused" in event.error.lower()


def test_several_processes_tell_it_once(sessions, receiver):
    watch(sessions)
    price(sessions, "1", NOON)
    threads = [
        threading.Thread(target=after_refresh, args=(sessions, NOON, receiver.connect)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.heard) == 1


def test_a_fall_tier_provider_and_currency(sessions, receiver):
    fall = watch(sessions, fall_percent=20.0, webhook_url="")
    spot = watch(sessions, tier="spot")
    euro = watch(sessions, currency="EUR", threshold_per_hour=Decimal("0.95"), provider="runpod")
    for number, amount in enumerate(["2", "1.7", "1.1", "1"]):
        price(sessions, amount, NOON + number * HOUR)
        after_refresh(sessions, NOON + number * HOUR, receiver.connect)
    assert [str(e.price_per_hour) for e in events(sessions, fall)] == ["1.1"]
    assert events(sessions, fall)[0].next_attempt_at is None
    assert events(sessions, spot) == []
    [event] = events(sessions, euro)
    assert event.currency == "EUR" and Decimal("0.85") < event.price_per_hour < Decimal("0.95")
    assert len(receiver.heard) == 1
    with sessions.begin() as session:
        alerts.remove(session, fall.slug)
        alerts.remove(session, euro.slug)
        assert [a.slug for a in alerts.all(session)] == [spot.slug]


def test_only_public_https_is_spoken_to(monkeypatch):
    for url in (
        "http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://localhost/",
        "https://169.254.169.254/latest/meta-data", "https://192.168.1.1:8443/", "https://no-such-name.invalid/",
    ):  # fmt: skip
        with pytest.raises(Refused):
            public_https(url)
    answers = {"mixed.example": ["93.184.216.34", "10.0.0.1"], "good.example": ["93.184.216.34"]}
    monkeypatch.setattr(
        addresses.socket,
        "getaddrinfo",
        lambda host, *a, **k: [(0, 0, 0, "", (ip, 0)) for ip in answers[host]],
    )
    with pytest.raises(Refused, match=r"mixed\.example"):
        public_https("https://mixed.example/")
    connection = public_https("https://good.example:8443/x")
    asked = []

    def refuse(address, timeout):
        asked.append(address)
        raise OSError("not here")

    monkeypatch.setattr(pricing.webhooks.socket, "create_connection", refuse)
    answers["good.example"] = ["10.0.0.1"]
    with pytest.raises(OSError, match="not here"):
        connection.connect()
    assert asked == [("93.184.216.34", 8443)], "the address that was checked, not the name again"


def test_a_private_address_is_an_attempt_that_failed(sessions):
    alert = watch(sessions, webhook_url="https://rebound.example/")
    price(sessions, "1", NOON)
    after_refresh(sessions, NOON)
    [event] = events(sessions, alert)
    assert event.attempts == 1 and "not a public address" in event.error


def test_a_refresh_looks_at_the_rules_and_never_fails_for_them(sessions, monkeypatch, caplog):
    alert = watch(sessions, webhook_url="")
    price(sessions, "1", NOON)
    ecb = next(source for source in SOURCES if source.name == "ecb")
    assert refresh(sessions, ecb, NOON, lambda _: recorded("ecb"), {}).outcome in ("ok", "unchanged")
    assert len(events(sessions, alert)) == 1

    def broken(*_args):
        raise RuntimeError("broken")

    monkeypatch.setattr(pricing.alerts, "evaluate", broken)
    assert refresh(sessions, ecb, NOON + HOUR, lambda _: recorded("ecb"), {}).outcome in ("ok", "unchanged")
    assert "broken" in caplog.text


def test_over_rest_with_feeds(sessions):
    with sessions.begin() as session:
        token = tokens.create(session, "ops", NOON)
    client = create_app(Settings.from_environ({}), sessions).test_client()
    auth = {"Authorization": f"Bearer {token}"}
    body = {"name": "cheap & <old>", "gpu": "GTX 1080", "gpu_count": 8, "threshold_per_hour": 2.5,
            "webhook_url": HOOK}  # fmt: skip
    assert client.post("/api/v1/alerts", json=body).status_code == 401
    made = client.post("/api/v1/alerts", json=body, headers=auth)
    assert made.status_code == 201, made.get_json()
    alert = made.get_json()
    assert alert["webhook_secret"].startswith("whsec_") and alert["gpu"] == "gtx-1080"
    assert alert["threshold_per_hour"] == "2.5" and made.headers["Location"].endswith(alert["slug"])
    url = f"/api/v1/alerts/{alert['slug']}"
    seen = [client.get(url).get_json(), client.get("/api/v1/alerts").get_json()["items"][0]]
    assert all(a["webhook_url"] is None and a["has_webhook"] for a in seen)
    trusted = client.get(url, headers=auth).get_json()
    assert trusted["webhook_url"] == HOOK
    assert "webhook_secret" not in trusted and alert["webhook_secret"] not in str(trusted)
    assert client.get(url, headers={"Authorization": "Bearer hv_wrong"}).status_code == 401

    atom = "{http://www.w3.org/2005/Atom}"
    empty = client.get(f"{url}/feed.atom")
    assert ElementTree.fromstring(empty.data).findall(f"{atom}entry") == []
    price(sessions, "2", NOON)
    evaluate(sessions, NOON)
    feed = client.get(f"{url}/feed.atom")
    assert feed.mimetype == "application/atom+xml"
    root = ElementTree.fromstring(feed.data)
    for name in ("id", "title", "updated", "author", "link"):
        assert root.find(f"{atom}{name}") is not None
    assert root.findtext(f"{atom}title") == "cheap & <old>"
    [entry] = root.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}id").startswith("urn:uuid:")
    assert entry.findtext(f"{atom}updated") == "2026-11-24T12:00:00Z" == root.findtext(f"{atom}updated")
    assert HOOK not in feed.text
    again = client.get(f"{url}/feed.atom", headers={"If-None-Match": feed.headers["ETag"]})
    assert again.status_code == 304 and empty.headers["ETag"] != feed.headers["ETag"]
    everything = ElementTree.fromstring(client.get("/api/v1/alerts/feed.atom").data)
    assert everything.findtext(f"{atom}entry/{atom}id") == entry.findtext(f"{atom}id")
    assert everything.findtext(f"{atom}id") != root.findtext(f"{atom}id")
    [event] = client.get(url).get_json()["events"]
    assert (
        event["price_per_hour"] == "2" and client.get(f"/api/v1/offers/{event['offer']}").status_code == 200
    )

    assert client.delete(url).status_code == 401
    assert client.delete(url, headers=auth).status_code == 204
    for gone in (client.get(url), client.get(f"{url}/feed.atom"), client.delete(url, headers=auth)):
        assert gone.status_code == 404 and gone.mimetype == "application/problem+json"


REFUSED = [
    ({"gpu": "gtx-108"}, "gpu"),
    ({"provider": "runpood"}, "provider"),
    ({"currency": "XYZ"}, "currency"),
    ({"threshold_per_hour": None}, "threshold_per_hour"),
    ({"fall_percent": 5}, "threshold_per_hour"),
    ({"threshold_per_hour": None, "fall_percent": 100}, "fall_percent"),
    ({"threshold_per_hour": 0}, "threshold_per_hour"),
    ({"gpu_count": 0}, "gpu_count"),
    ({"tier": "cheap"}, "tier"),
    ({"name": "a\u0000b"}, "name"),
    ({"webhook_url": "http://hooks.example.org/"}, "webhook_url"),
    ({"webhook_url": "https://user:pw@hooks.example.org/"}, "webhook_url"),
    ({"webhook_url": "https://10.1.2.3/"}, "webhook_url"),
    ({"webhook_url": "https://[fd00::1]/"}, "webhook_url"),
    ({"webhook_url": "https://localhost/"}, "webhook_url"),
    ({"webhook_url": "https://hooks.example.org:99999/"}, "webhook_url"),
    ({"webhook_url": "https://hooks.example.org/\r\nX: y"}, "webhook_url"),
    ({"colour": "red"}, "colour"),
]


def test_a_rule_that_cannot_be_is_refused_by_field(sessions):
    with sessions.begin() as session:
        token = tokens.create(session, "ops", NOON)
    client = create_app(Settings.from_environ({}), sessions).test_client()
    for change, field in REFUSED:
        body = {"gpu": "gtx-1080", "threshold_per_hour": 2} | change
        answer = client.post("/api/v1/alerts", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 422, (change, answer.data)
        assert field in [error["field"] for error in answer.get_json(force=True)["errors"]], change
        assert client.get("/api/v1/alerts").get_json()["total"] == 0, change


def test_on_the_command_line(catalog_copy, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", catalog_copy())

    def run(*words, code=0):
        done = CliRunner().invoke(main, ("alerts", *words))
        assert done.exit_code == code, done.output
        return done

    said = run("add", "rtx-4090", "--below", "0.3", "--webhook", "https://rebound.invalid/").stdout
    slug = said.split(":")[0]
    assert "whsec_" in said
    assert slug in run("list").stdout and "whsec_" not in run("list").stdout
    assert "not a public address" in run("test", slug, code=1).stdout
    assert "removed" in run("remove", slug).stdout
    assert "there is no alert" in run("remove", slug, code=2).stderr
    assert "threshold" in run("add", "rtx-4090", code=2).stderr
