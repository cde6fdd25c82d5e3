"""The pages in a real browser: playwright drives the chromium of the system. Without either they are left
out, and say how to run them: `pip install playwright` and Debian's package `chromium`."""

import shutil
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from service.app import create_app
from service.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip(
    "playwright.sync_api", reason="no browser tests: pip install '.[browser]', and chromium of the system"
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no browser tests: there is no chromium on this machine"),
    # The driver leaves pipes to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NO_LOCAL_CHECKS = "--disable-features=LocalNetworkAccessChecks"
"""A page of others may frame what runs on this machine: here both do."""
SMALL = "workload=gpt2-124m&own=rtx-3090&country=DE&budget=100&deadline_hours=30d"
IMPOSSIBLE = "budget=20&deadline_hours=2d"
WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def root(page_sessions) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(Settings.from_environ({}), page_sessions), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--no-proxy-server", "--disable-gpu", NO_LOCAL_CHECKS],
        )
        yield opened
        opened.close()


@pytest.fixture
def page_of(browser):
    """Opens a page; what the browser complains of meanwhile is `page.complaints`."""
    contexts = []

    def opened(width=1280, height=800, **how):
        context = browser.new_context(viewport={"width": width, "height": height}, **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("width", "scheme", "language", "said"),
    [
        (320, "light", "de", SMALL),
        (390, "dark", "en", IMPOSSIBLE),
        (1280, "dark", "de", IMPOSSIBLE),
        (2560, "light", "en", SMALL),
    ],
)
def test_nothing_is_complained_of_and_nothing_runs_out_at_the_side(
    root, page_of, width, scheme, language, said
):
    page = page_of(width, color_scheme=scheme)
    page.goto(f"{root}/?{said}&lang={language}", wait_until="networkidle")
    for summary in page.query_selector_all("details:not([open]) > summary"):
        summary.evaluate("one => one.parentElement.open = true")
    assert page.complaints == []
    assert page.evaluate(WIDE) <= 0
    assert page.query_selector_all(".what-if li, .map img, .plans img") != []


def test_question_and_answer_are_on_the_first_screen(root, page_of):
    page = page_of(1280, 800)
    page.goto(f"{root}/")
    bottom = max(
        card.bounding_box()["y"] + card.bounding_box()["height"] for card in page.query_selector_all(".card")
    )
    assert bottom <= 800


def test_the_keyboard_reaches_answer_and_report(root, page_of):
    page = page_of()
    page.goto(f"{root}/?{SMALL}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "answer"
    for _ in range(20):
        page.keyboard.press("Tab")
        if "answer.pdf" in (page.evaluate("document.activeElement.getAttribute('href')") or ""):
            break
    else:
        pytest.fail("the report is not reached")


def test_a_moved_slider_asks_again_marks_what_changed_and_keeps_nothing(root, page_of):
    page = page_of()
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto(f"{root}/?{SMALL}", wait_until="networkidle")
    before = page.inner_text(".card .cost")
    page.focus("#s-kwh_price")
    page.keyboard.press("End")
    page.wait_for_function("before => document.querySelector('.card .cost').innerText !== before", arg=before)
    assert page.query_selector_all(".card .cost.new") != []
    assert "kwh_price=0.8" in page.url and page.input_value("#f-kwh_price") == "0.8"
    assert page.evaluate("document.activeElement.id") == "s-kwh_price"
    assert set(sent) == {"GET"} and page.complaints == []


def test_the_knee_sets_the_power_limit(root, page_of):
    page = page_of()
    page.goto(f"{root}/?{SMALL}", wait_until="networkidle")
    page.click("button.knee")
    page.wait_for_url("**power_limit_watts=*")
    assert page.input_value("#f-power_limit_watts") == page.get_attribute("button.knee", "value")


def test_a_number_of_ones_own_begins_at_its_control(root, page_of):
    page = page_of()
    page.goto(f"{root}/?{SMALL}", wait_until="networkidle")
    page.evaluate("document.querySelectorAll('.card details').forEach(one => one.open = true)")
    page.click("a[href='#f-kwh_price'] >> nth=0")
    assert page.evaluate("document.activeElement.id") == "f-kwh_price"


def test_what_would_be_possible_applies_itself(root, page_of):
    page = page_of()
    page.goto(f"{root}/?{IMPOSSIBLE}")
    page.click(".nearest a >> nth=0")
    assert page.query_selector_all(".nearest") == [] and page.query_selector_all(".card.best") != []


def test_it_works_without_a_script(root, page_of):
    page = page_of(java_script_enabled=False)
    page.goto(f"{root}/?{SMALL}")
    page.fill("#f-own", "2xrtx-3090")
    page.click("form.question .ask")
    assert "own=2xrtx-3090" in page.url and "2 x" in page.inner_text("main")
    page.click("form[data-slider=hours_per_day] .apply")
    assert "hours_per_day=24" in page.url and "kwh_price" not in page.url
    page.click("#map a")
    assert page.query_selector_all("table.turns tr") != []


def test_the_answer_alone_stands_in_a_frame_of_another_page(root, page_of):
    page = page_of()
    # Another name of this machine is another origin.
    other = f"{root.replace('127.0.0.1', 'localhost')}/of-others"
    body = f'<iframe src="{root}/embed?{SMALL}" width="900" height="400"></iframe>'
    page.route(other, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(other)
    page.frame_locator("iframe").locator(".card").first.wait_for()
    assert page.frame_locator("iframe").locator("script, form").count() == 0
