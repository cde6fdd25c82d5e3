"""`/`: the question in the address, the answer on the page; nothing is kept until somebody saves it."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from service.answers.question import AskedDecision
from service.answers.reading import read_decision
from service.cli.deciding import decide, decision_question
from service.errors import InvalidValue, UnknownName
from service.pages.asked_by_address import address_of, asked_by_address, said_by
from service.pages.cards import cards
from service.pages.worked_out import answered
from service.reports.words.wording import wording
from service.store.answer_room import expire
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
    assert "Sure enough only if that rent still holds." in heading(response)
    assert "wanted; at rents of this age no plan is that sure." in page
    assert page.count('<article class="card') == 3
    assert "80 % range" in page and "CO₂e" in page and "code changes" in page
    assert kept(page_sessions) == before


def test_what_would_be_better_if_its_rent_holds_stands_beneath_the_answer(client):
    for language, said in (("en", "Perhaps better: rent "), ("de", "Vielleicht besser: ")):
        page = html(client.get(f"/?workload=nanochat-d20&budget=60&lang={language}"))
        (beneath,) = re.findall(r'<p class="beneath">(.*?)</p>', page)
        assert said in beneath and page.count(said) == 1
    assert said not in html(client.get("/?workload=nanochat-d20&budget=60&tier=none&lang=de"))


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
    reports = re.findall(r'href="(/[^"]*\.(?:pdf|html|xlsx)\?[^"]*)"', html(page))
    assert len(reports) == 3 and all(response.headers["Location"][9:29] in one for one in reports)
    assert client.get(next(one for one in reports if ".html" in one)).status_code == 200
    assert client.get("/answers/0123456789abcdef0123").status_code == 404


def test_a_saved_answer_gives_its_reasons_in_the_language_of_the_reader(client):
    said = {"workload": "gpt2-124m", "own": "2xrtx-3090", "budget": "3", "deadline_hours": "1d"}
    address = client.post("/answers?lang=de", data=said).headers["Location"]
    english, german = (html(client.get(address.partition("?")[0] + f"?lang={one}")) for one in ("en", "de"))
    assert "Why not: over the budget: about €" in english and "über dem Budget: etwa" in german
    report = f"/api/v1{address.partition('?')[0]}.md".replace("answers", "decisions")
    assert ": over the budget: about €" in client.get(report, query_string={"lang": "en"}).get_data(
        as_text=True
    )


def test_what_was_saved_without_a_token_expires_and_asking_again_prolongs_nothing(client, page_sessions):
    assert "Save under its own address for up to 30 days" in html(client.get("/"))
    assert "Unter eigener Adresse bis zu 30 Tage speichern" in html(client.get("/?lang=de"))
    said = {"workload": "gpt2-124m", "budget": "13"}
    address = client.post("/answers", data=said).headers["Location"]
    identity = re.search(r"/answers/(\w+)", address)[1]

    def expires_from():
        with page_sessions.reading() as session:
            return session.scalar(sa.select(ComparisonRow.expires_from).where(ComparisonRow.id == identity))

    first = expires_from()
    assert first is not None
    assert client.post("/answers", data=said).headers["Location"] == address and expires_from() == first
    expire(page_sessions, datetime.now(UTC) + timedelta(days=31), 30, 10**9)
    gone = client.get(address, headers={"Accept": "text/html"})
    assert gone.status_code == 410 and "its answer has expired" in html(gone)


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


def test_every_field_is_named_and_explained_in_german(client):
    page = html(client.get("/", headers=GERMAN))
    english = html(client.get("/"))
    others = r'<label for="f-(\w+)"><span>(.*?)</span>.*?<small>(.*?)</small>'
    told = {name: (label, hint) for name, label, hint in re.findall(others, page, re.S)}
    known = {name: (label, hint) for name, label, hint in re.findall(others, english, re.S)}
    assert len(told) > 20 and told.keys() == known.keys()
    for name, (label, hint) in told.items():
        assert label != name.replace("_", " ") and hint and hint != known[name][1], name
    for value, word in (("business", "ein Unternehmen"), ("marketplace", "Marktplatz"), ("yes", "ja")):
        assert f'<option value="{value}">{word}</option>' in page
    assert '<option value="" selected>auf Abruf</option>' in page


def test_cents_are_asked_back_in_the_language_of_the_page(client):
    alert = html(client.get("/?kwh_price=37&lang=de")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Preis pro kWh (kwh_price) = 37: wären 37 EUR pro kWh; sind Cent gemeint: 37ct" in alert
    assert client.get("/?kwh_price=37ct").status_code == 200


def test_every_price_of_a_bill_has_its_source_and_its_age(client):
    page = html(client.get("/"))
    bills = re.findall(r'<table class="bill">(.*?)</table>', page, re.S)
    assert len(bills) == 3
    for bill in bills:
        assert re.search(r"[\d.]+ (?:kWh|h) × €[\d.]+ / (?:kWh|h) · <a href=\"https://.*?</a>, 20\d\d-", bill)
        assert "days old" in bill
    assert 'href="#f-kwh_price"' in bills[0] and "price unknown, not counted" in bills[1]


def test_the_map_names_countries_and_stands_in_a_table_too(client):
    page = html(client.get("/map"))
    rows = re.findall(r'<th scope="row">(.*?)</th><td>€([\d.]+)</td><td>€([\d.]+)</td>', page)
    rents = {where: (float(kwh), float(rent)) for where, kwh, rent in rows}
    assert {"today", "Germany", "France", "United States"} <= rents.keys()
    assert all((rents["France"][i] < rents["Germany"][i]) for i in (0, 1))
    assert re.search(r"France, .*: <a href=\"https://[^>]*>Eurostat .*?</a>, 20\d\d-", page)
    assert "Switzerland (electricity without VAT): " in page
    assert "by cost alone" in page, "at home it takes longer than the deadline"
    assert "by cost alone" not in html(client.get("/map?workload=gpt2-124m&own=rtx-3090"))
    for narrow in ("", "&width=narrow"):
        drawn = client.get(f"/map.svg?workload=gpt2-124m&own=rtx-3090{narrow}")
        assert drawn.status_code == 200 and "France" in drawn.get_data(as_text=True)
    assert client.get("/map.svg?own=none").status_code == 404
    assert "Nothing to draw" in html(client.get("/map?own=none"))


def test_sliders_ask_one_thing_and_the_knee_stays_when_a_limit_is_set(client):
    page = html(client.get("/?own=rtx-4070&budget=700&power_limit_watts=160"))
    assert 'id="s-power_limit_watts" min="100" max="200.0" step="5" value="160.0"' in page
    assert re.search(r'class="knee" name="power_limit_watts" value="150">Knee at 150 W: \d+% less', page)
    one = re.search(r'data-slider="hours_per_day">(.*?)</form>', page, re.S)[1]
    assert re.findall(r'<input type="hidden" name="(\w+)"', one) == [
        "lang",
        "own",
        "budget",
        "power_limit_watts",
    ]
    assert ">8 h</output>" in html(client.get("/?hours_per_day=8 h"))
    assert 'class="slider"' not in html(client.get("/?own=none"))
    assert 'id="s-kwh_price" min="0.0" max="0.8" step="0.01" value="0.0"' in html(client.get("/?kwh_price=0"))


def test_no_carbon_is_not_unknown_carbon(client):
    with client.application.test_request_context():
        d = read_decision(answered(AskedDecision.of(workload="gpt2-124m", own=("rtx-3090",))).answer)
    own = next(p for p in d.shortlist if p.is_at_home)
    for kilograms, told in ((0.0, "0 kg CO₂e"), (None, "")):
        plan = own.model_copy(update={"plan_co2_kg": kilograms})
        one = d.model_copy(update={"best": plan, "shortlist": (plan,)})
        assert cards(wording("en"), one)[0].co2 == told


def test_where_no_plan_is_possible_each_change_is_a_question_that_has_one(client):
    page = html(client.get("/?budget=20&deadline_hours=2d"))
    found = re.search(r'<section class="nearest".*?</section>', page, re.S)[0]
    addresses = re.findall(r'href="(/\?[^"]+)"', found)
    assert len(addresses) == 3
    for address in addresses:
        assert 'class="nearest"' not in html(client.get(address)), address
        assert "Best plan" in html(client.get(address))


def test_the_answer_alone_may_be_framed_and_nothing_else(client):
    alone = client.get("/embed")
    policy = alone.headers["Content-Security-Policy"]
    assert (
        "frame-ancestors *" in policy
        and "script-src" not in policy
        and "X-Frame-Options" not in alone.headers
    )
    assert "<script" not in html(alone) and "<form" not in html(alone)
    page = client.get("/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_page_is_small(client):
    sent = len(client.get("/").data)
    for name in ("page.css", "live.js", "icon.svg"):
        sent += len(client.get(f"/static/pages/{name}", buffered=True).data)
    assert sent < 120_000
