"""`/`: the question in the address, the answer on the page; nothing is kept until somebody saves it."""

import json
import re
import shlex
from html import unescape

import pytest
import sqlalchemy as sa

from service.answers.question import AskedDecision
from service.cli.deciding import decide, decision_question
from service.errors import InvalidValue, UnknownName
from service.pages.asked_by_address import address_of, asked_by_address, said_by
from service.store.work_models import ComparisonRow

NOT_ASKED = ("as_json", "extension", "file")
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def html(response):
    return unescape(response.get_data(as_text=True))


def heading(response):
    return re.search(r"<h1>(.*?)</h1>", html(response), re.S)[1]


def kept(sessions):
    with sessions.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(ComparisonRow))


def test_the_first_page_has_question_and_answer(client, page_sessions):
    before = kept(page_sessions)
    response = client.get("/")
    page = html(response)
    assert response.status_code == 200
    for value in ("nanochat d32", "RTX 4070", "Germany", "€700", "30 days", 'placeholder="€0.372"'):
        assert value in page
    assert re.search(
        r"rent .+ at .+: about €\d+, .+\. At home it would be €\d+, but about 4 months\.", heading(response)
    )
    assert page.count('<article class="card') == 3
    assert "80 % range" in page and "CO₂e" in page and "code changes" in page
    assert kept(page_sessions) == before


def test_the_page_speaks_as_the_browser_asks_and_as_the_address_says(client):
    german = client.get("/", headers=GERMAN)
    assert "Zu Hause wären es" in heading(german) and "700 €" in html(german)
    assert german.headers["Content-Language"] == "de" and "Accept-Language" in german.headers["Vary"]
    assert "At home it would be" in heading(client.get("/?lang=en", headers=GERMAN))


def test_no_script_of_others_and_none_in_the_page(client):
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    page = response.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src="|<link [^>]*href=")(?:https?:)?//', page)
    links = re.findall(r'<a href="(?:https?:)?//[^>]*>', page)
    assert links and all('rel="noopener noreferrer"' in link for link in links)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert client.get(address, buffered=True).status_code == 200 and "v=" in address


def test_what_is_typed_comes_back_as_text(client):
    response = client.get("/", query_string={"own": '"><script>alert(1)</script>'})
    assert response.status_code == 422
    assert "<script>alert" not in response.get_data(as_text=True)
    assert 'aria-invalid="true"' in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("said", "field", "valid"),
    [
        ({"own": "rtx-4071"}, "own", "rtx-4070"),
        ({"budget": "1.000"}, "budget", "write 1 or 1000"),
        ({"deadline_hours": "30"}, "deadline", "30d"),
        ({"budgets": "700"}, "budgets", "budget"),
        ({"kwh_price": "29 $"}, "kwh_price", "USD"),
    ],
)
def test_what_cannot_be_is_said_beside_the_question(client, said, field, valid):
    response = client.get("/", query_string=said)
    alert = re.search(r'role="alert">(.*?)</section>', html(response), re.S)[1]
    assert response.status_code == 422 and field in alert and valid in alert
    assert 'name="workload"' in html(response)


def test_an_answer_is_kept_when_asked_and_stays_at_its_address(client, page_sessions):
    before = kept(page_sessions)
    response = client.post(
        "/answers?lang=de", data={"workload": "gpt2-124m", "budget": "12,50 €", "country": "Österreich"}
    )
    assert response.status_code == 303 and kept(page_sessions) == before + 1
    page = client.get(response.headers["Location"])
    assert page.status_code == 200 and "Österreich" in html(page) and "12,50 €" in html(page)
    assert 'action="/answers' not in html(page)
    assert client.get("/answers/0123456789abcdef0123").status_code == 404


def test_nothing_is_kept_of_what_cannot_be_asked(client, page_sessions):
    before = kept(page_sessions)
    assert client.post("/answers", data={"workload": "no-such-model"}).status_code == 422
    assert kept(page_sessions) == before


def test_reports_and_picture_of_the_same_address(client):
    said = {"workload": "gpt2-124m", "own": "rtx-3090", "lang": "de"}
    pdf = client.get("/answer.pdf", query_string=said)
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF") and pdf.mimetype == "application/pdf"
    light, dark = (
        client.get("/picture.svg", query_string=said | ground) for ground in ({}, {"ground": "dark"})
    )
    assert light.mimetype == dark.mimetype == "image/svg+xml"
    assert b'"white"' in light.data and b"#14171b" in dark.data and b"#14171b" not in light.data
    assert client.get("/answer.exe").status_code == 404


def test_what_if_tells_differences_without_keeping_them(client, page_sessions):
    before = kept(page_sessions)
    page = html(client.get("/what-if"))
    chips = re.findall(r'<li><a href="(/\?[^"]+)"><strong>(.*?)</strong>(.*?)</a>', page, re.S)
    assert len(chips) >= 5 and kept(page_sessions) == before
    address, _, told = next(c for c in chips if c[1] == "as a business")
    assert re.search(r"€\d+ less", told) and "buyer=business" in address
    assert client.get(address).status_code == 200


def test_an_address_and_its_question_are_the_same_thing():
    asked = AskedDecision.of(
        own=("2xrtx-3090", "rtx-4070"), kwh_price="0.29", budget=1234.5, deadline_hours=36, tier="any", runs=3
    )
    assert asked_by_address(AskedDecision, said_by(asked), "en") == asked
    assert address_of({"own": ("a", "b")}) == "own=a&own=b"
    assert asked_by_address(AskedDecision, {"own": ("none",)}, "en").own == ()
    with pytest.raises(UnknownName):
        asked_by_address(AskedDecision, {"what_if": ("x",)}, "en")
    with pytest.raises(InvalidValue, match="at most"):
        asked_by_address(AskedDecision, {"workload": ("x" * 3000,)}, "en")


def test_the_same_question_as_a_command_and_as_a_request(client):
    said = {
        "workload": "gpt2-124m", "own": "2xrtx-3090", "budget": "12.5", "deadline_hours": "3d",
        "buyer": "business",
    }  # fmt: skip
    page = html(client.get("/", query_string=said | {"lang": "de"}))
    command, curl = (one for one in re.findall(r"<pre><code>(.*?)</code></pre>", page, re.S))
    asked = asked_by_address(AskedDecision, {name: (value,) for name, value in said.items()}, "de")
    words = shlex.split(command)
    assert words[:3] == ["heimvorteil", "decide", "gpt2-124m"] and words[-2:] == ["--lang", "de"]
    options = decide.make_context("decide", words[2:]).params
    typed = decision_question(**{k: v for k, v in options.items() if k not in NOT_ASKED})
    assert typed.model_copy(update={"tariff": asked.tariff}) == asked and typed.contract == asked.contract
    body = json.loads(shlex.split(curl)[-1])
    assert AskedDecision.of(**body) == asked
    assert client.post("/api/v1/decisions", json=body).status_code == 201


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("get", "/nothing", 404), ("post", "/", 405), ("get", "/answers/0123456789abcdef0123", 404)],
)
def test_an_error_is_a_page_for_a_browser_and_a_problem_for_a_program(client, method, address, status):
    asks = getattr(client, method)
    page = asks(address, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"} | GERMAN)
    assert page.status_code == status and page.mimetype == "text/html" and "Frage stellen" in html(page)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert asks(address).mimetype == "application/problem+json"
    assert (
        client.get("/api/v1/gpus/none", headers={"Accept": "text/html"}).mimetype
        == "application/problem+json"
    )
