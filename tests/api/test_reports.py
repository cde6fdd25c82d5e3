"""Reports over REST: every format, the same bytes after facts have changed, refusals with the choices."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from service.api import comparisons as resource
from service.errors import NotFound, UnknownName
from service.estimate.interval import Interval
from service.remembered import Remembered
from service.reports.formats.renderers import RENDERERS
from service.reports.words.sentences import duration
from service.reports.words.wording import wording
from service.store import comparisons, offers
from service.usecases.reporting import comparison_report, decision_report, price_history, stored_report
from tests.api.conftest import assert_problem


def asked(client, **body):
    return client.post("/api/v1/comparisons", json=body).get_json()["id"]


def decided(client, **body):
    return client.post("/api/v1/decisions", json=body).get_json()["id"]


@pytest.mark.parametrize(
    ("kind", "ask", "name"),
    [("comparisons", asked, "heimvorteil"), ("decisions", decided, "heimvorteil-plan")],
)
def test_every_format_in_both_languages(client, kind, ask, name):
    identity = ask(client)
    for extension, renderer in RENDERERS.items():
        for language in ("en", "de"):
            response = client.get(f"/api/v1/{kind}/{identity}.{extension}?lang={language}")
            assert response.status_code == 200 and response.headers["Content-Type"] == renderer.media_type
            named = f'inline; filename="{name}-nanochat-d32-{identity[:8]}.{extension}"'
            assert response.headers["Content-Disposition"] == named
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.data == client.get(response.request.path + f"?lang={language}").data
            again = client.get(
                response.request.path + f"?lang={language}",
                headers={"If-None-Match": response.headers["ETag"]},
            )
            assert again.status_code == 304
    json = client.get(f"/api/v1/{kind}/{identity}.json")
    assert json.data == client.get(f"/api/v1/{kind}/{identity}").data


@pytest.mark.parametrize(("kind", "ask"), [("comparisons", asked), ("decisions", decided)])
def test_what_cannot_be_had_is_refused_with_the_choices(client, kind, ask):
    identity = ask(client)
    body = assert_problem(client.get(f"/api/v1/{kind}/{identity}.pfd"), 404, "extension")
    assert body["errors"][0]["choices"][0] == "pdf" and set(body["errors"][0]["choices"]) == set(RENDERERS)
    assert_problem(client.get(f"/api/v1/{kind}/nope.pdf"), 404)
    assert_problem(client.get(f"/api/v1/{kind}/{identity}.pdf?lang=fr"), 422, "lang")
    assert_problem(client.get(f"/api/v1/{kind}/{identity}.pdf?lange=de"), 422, "lange")


def test_a_report_is_found_under_its_own_kind_only_even_where_it_is_remembered(client):
    comparison, decision = asked(client), decided(client)
    for kind, identity, other in (
        ("comparisons", comparison, "decisions"),
        ("decisions", decision, "comparisons"),
    ):
        assert client.get(f"/api/v1/{kind}/{identity}.md").status_code == 200
        assert_problem(client.get(f"/api/v1/{other}/{identity}.md"), 404)


def test_whichever_it_is_a_stored_answer_is_reported_on(own_app, sessions):
    client = own_app.test_client()
    comparison, decision = asked(client), decided(client, budget=700, deadline_hours=720)
    for language in ("en", "de"):
        for identity, report in ((comparison, comparison_report), (decision, decision_report)):
            assert stored_report(sessions, identity, "md", language) == report(
                sessions, identity, "md", language
            )
    with pytest.raises(NotFound, match="comparison or decision '0000'"):
        stored_report(sessions, "0000", "md")
    with pytest.raises(NotFound, match="decision"):
        decision_report(sessions, comparison, "md")
    with pytest.raises(UnknownName):
        stored_report(sessions, decision, "docx")


QUESTIONS = {
    "within both": {"budget": 700, "deadline_hours": 720},
    "none possible": {"budget": 100, "deadline_hours": 240},
    "a card to buy": {"buy": ["rtx-4090=1900"], "runs": 5, "deadline_hours": 1440},
    "nothing rented": {"tier": "none"},
    "no machine": {"own": [], "deadline_hours": 720},
    "two machines, tax": {"own": ["rtx-4070", "2xrtx-3090"], "rent_terms": {"tax_share": 0.19}},
    "cleanest": {"weights": [0, 0, 1]},
    "any tier": {"tier": "any", "budget": 2000},
}


QUICK = ("within both", "a card to buy")


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(q, id=name, marks=() if name in QUICK else pytest.mark.long)
        for name, q in QUESTIONS.items()
    ],
)
def test_decisions_on_the_shipped_catalog_fill_three_pages_at_most(client, question):
    language = "de"  # of the two the one with the longer words
    answer = client.post("/api/v1/decisions", json={**question, "lang": language}).get_json()
    content = client.get(f"/api/v1/decisions/{answer['id']}.pdf?lang={language}").data
    pages = PdfReader(BytesIO(content)).pages
    text = " ".join(" ".join(p.extract_text() for p in pages).replace("\u200b", "").split())
    # What is bought has its money over time, and where it goes, beside all else.
    assert 1 <= len(pages) <= (4 if "buy" in question else 3)
    w = wording(language)
    for option in answer["shortlist"]:
        cost = Interval(*(option["cost"][q] for q in ("p10", "p50", "p90")))
        numbers = [w.about(cost.p50, "EUR"), w.about_between(cost, "EUR")]
        numbers.append(duration(w, option["calendar_hours"]["p50"]))
        if option["plan_co2_interval_kg"]:
            numbers.append(w.rounded(option["plan_co2_interval_kg"]["p50"]))
        assert [n for n in numbers if n not in text] == []
    assert "".join(answer["summary"].split(". ")[0].split()) in "".join(text.split())


def test_a_stored_decision_gives_the_same_bytes_after_the_facts_have_changed(own_app, sessions):
    client = own_app.test_client()
    identity = decided(client, deadline_hours=720)
    before = {
        (extension, "de"): decision_report(sessions, identity, extension, "de").content
        for extension in RENDERERS
    }
    answer = client.get(f"/api/v1/decisions/{identity}").get_json()
    with sessions.begin() as session:
        offer = offers.get(session, answer["best"]["offer"]["slug"])
        changed = [
            replace(offer, hourly_price=offer.hourly_price * i, as_of=day, fetched_at=None)
            for i, day in ((2, date(2026, 11, 25)), (3, date(2025, 1, 1)))
        ]
        offers.add_all(session, changed, datetime(2099, 1, 1, tzinfo=UTC))
    assert decided(client, deadline_hours=720) != identity
    for (extension, language), content in before.items():
        assert decision_report(sessions, identity, extension, language).content == content, extension


def test_the_same_question_of_the_same_day_is_answered_as_it_is_kept(client, monkeypatch):
    first = client.post("/api/v1/comparisons", json={"trials": 3})
    monkeypatch.setattr(resource, "ANSWERED", Remembered(2**20))
    second = client.post("/api/v1/comparisons", json={"trials": 3})
    assert first.data == second.data


def test_a_stored_comparison_gives_the_same_bytes_after_the_facts_have_changed(own_app, sessions):
    client = own_app.test_client()
    identity = asked(client)
    before = {
        (extension, "en"): comparison_report(sessions, identity, extension, "en").content
        for extension in RENDERERS
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


def test_prices_of_the_rented_plan_known_at_the_time_are_drawn(own_app, sessions):
    client = own_app.test_client()
    answer = client.post("/api/v1/decisions", json={"deadline_hours": 720}).get_json()
    assert "Price history" not in client.get(f"/api/v1/decisions/{answer['id']}.md").get_data(as_text=True)
    with sessions.begin() as session:
        offer = offers.get(session, answer["best"]["offer"]["slug"])
        dearer = replace(offer, hourly_price=offer.hourly_price * 2, as_of=date(2026, 1, 3), fetched_at=None)
        offers.add_all(session, [dearer], datetime(2026, 1, 4, tzinfo=UTC))
    again = client.post("/api/v1/decisions", json={"deadline_hours": 720}).get_json()
    assert again["best"]["offer"]["slug"] == answer["best"]["offer"]["slug"] and again["id"] != answer["id"]
    text = client.get(f"/api/v1/decisions/{again['id']}.md").get_data(as_text=True)
    assert "Price history of the rented GPU" in text and "price changes: 1" in text
