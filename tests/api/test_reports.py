"""Reports over REST: every format, the same bytes after facts have changed, refusals with the choices."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from service.api import comparisons as resource
from service.api.remembered import Remembered
from service.reports.renderers import RENDERERS
from service.store import comparisons, offers
from service.usecases.reporting import comparison_report, price_history
from tests.api.conftest import assert_problem


def asked(client, **body):
    return client.post("/api/v1/comparisons", json=body).get_json()["id"]


def test_every_format_in_both_languages(client):
    identity = asked(client)
    for extension, renderer in RENDERERS.items():
        for language in ("en", "de"):
            response = client.get(f"/api/v1/comparisons/{identity}.{extension}?lang={language}")
            assert response.status_code == 200 and response.headers["Content-Type"] == renderer.media_type
            named = f'inline; filename="heimvorteil-nanochat-d32-{identity[:8]}.{extension}"'
            assert response.headers["Content-Disposition"] == named
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.data == client.get(response.request.path + f"?lang={language}").data
            again = client.get(
                response.request.path + f"?lang={language}",
                headers={"If-None-Match": response.headers["ETag"]},
            )
            assert again.status_code == 304
    json = client.get(f"/api/v1/comparisons/{identity}.json")
    assert json.data == client.get(f"/api/v1/comparisons/{identity}").data


def test_what_cannot_be_had_is_refused_with_the_choices(client):
    identity = asked(client)
    body = assert_problem(client.get(f"/api/v1/comparisons/{identity}.pfd"), 404, "extension")
    assert body["errors"][0]["choices"][0] == "pdf" and set(body["errors"][0]["choices"]) == set(RENDERERS)
    assert_problem(client.get("/api/v1/comparisons/nope.pdf"), 404)
    assert_problem(client.get(f"/api/v1/comparisons/{identity}.pdf?lang=fr"), 422, "lang")
    assert_problem(client.get(f"/api/v1/comparisons/{identity}.pdf?lange=de"), 422, "lange")


def test_the_same_question_of_the_same_day_is_answered_as_it_is_kept(client, monkeypatch):
    first = client.post("/api/v1/comparisons", json={"limit": 3})
    monkeypatch.setattr(resource, "ANSWERED", Remembered(2**20))
    second = client.post("/api/v1/comparisons", json={"limit": 3})
    assert first.data == second.data


def test_a_stored_comparison_gives_the_same_bytes_after_the_facts_have_changed(own_app, sessions):
    client = own_app.test_client()
    identity = asked(client)
    before = {
        (extension, language): comparison_report(sessions, identity, extension, language).content
        for extension in RENDERERS
        for language in ("en", "de")
    }
    with sessions.reading() as session:
        stored = comparisons.get(session, identity)
        slug = client.get(f"/api/v1/comparisons/{identity}").get_json()["options"][1]["offer"]["slug"]
        offer = offers.get(session, slug)
    dearer = replace(
        offer,
        hourly_price=offer.hourly_price * 2,
        as_of=date(2026, 11, 25),
        fetched_at=None,
        source=replace(offer.source, as_of=date(2026, 11, 25)),
    )
    earlier = replace(dearer, hourly_price=Decimal(3), as_of=date(2025, 1, 1))
    with sessions.begin() as session:
        offers.add_all(session, [dearer, earlier], datetime(2099, 1, 1, tzinfo=UTC))
    with sessions.reading() as session:
        assert len(offers.history(session, slug)) > len(price_history(sessions, stored))
    assert asked(client) != identity
    for (extension, language), content in before.items():
        assert comparison_report(sessions, identity, extension, language).content == content, extension


def test_prices_known_at_the_time_are_drawn(own_app, sessions):
    client = own_app.test_client()
    identity = asked(client)
    slug = client.get(f"/api/v1/comparisons/{identity}").get_json()["options"][1]["offer"]["slug"]
    with sessions.begin() as session:
        offer = offers.get(session, slug)
        observed = [
            replace(offer, hourly_price=offer.hourly_price + i, as_of=date(2026, 7, i), fetched_at=None)
            for i in range(1, 4)
        ]
        offers.add_all(session, observed, datetime(2026, 7, 4, tzinfo=UTC))
    identity = asked(client, cloud=slug)
    page = client.get(f"/api/v1/comparisons/{identity}.html").get_data(as_text=True)
    assert "Price history of the rented GPU" in page and "price changes: " in page
