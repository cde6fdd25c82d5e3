"""`/`: the question and its answer on one screen. The address is the question; nothing is kept unasked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import NotFound as NoSuchPage

from service.answers.answer import AnsweredDecision
from service.answers.question import AskedDecision
from service.answers.reading import read_decision
from service.errors import HeimvorteilError, InvalidValue, UnknownName
from service.pages import as_command
from service.pages.asked_by_address import address_of, asked_by_address, said_by
from service.pages.cards import SCALE_PX, cards
from service.pages.frame import DRAWN, html
from service.pages.language import language, words
from service.pages.picture import chart_of, picture
from service.pages.question_form import ASKED_FIRST, form
from service.pages.what_if import changes, chip, with_changes
from service.remembered import Remembered
from service.reports.formats.renderers import renderer
from service.reports.words.decision_sentences import sure_sentence, verdict_lines
from service.reports.words.headline import headline
from service.reports.words.sentences import trust_sentence
from service.reports.words.turning_sentences import near_tie_sentence, telling_turns, turn_sentence
from service.reports.words.wording import Wording
from service.state import facts, now, state
from service.store import comparisons
from service.store.comparisons import StoredComparison
from service.store.snapshot import Snapshot
from service.usecases.deciding import answer_decision, unkept_decision
from service.usecases.reporting import report_on

blueprint = Blueprint("answer_page", __name__)
TRIED = Remembered(16 * 2**20)
"""Answers that were worked out for a page: its picture and its report ask the same question again."""


@blueprint.get("/")
def ask() -> Response:
    """The question, with the example's values where nothing is said, and its answer."""
    said = _said()
    try:
        stored = _worked_out(said)
    except HeimvorteilError as error:
        return _page(said, None, error=error)
    return _page(said, stored)


@blueprint.post("/answers")
def keep() -> Response:
    """Keep the answer of the question in the form, and go to its address, which never changes."""
    said = {name: tuple(request.form.getlist(name)) for name in request.form if name != "lang"}
    try:
        stored = answer_decision(state().sessions, facts(), _asked(said), now())
    except InvalidValue as error:
        return _page(said, None, error=error)
    response = redirect(f"/answers/{stored.id}?lang={language()}", 303)
    assert isinstance(response, Response)
    return response


@blueprint.get("/answers/<string:identity>")
def kept(identity: str) -> Response:
    """An answer as it was kept."""
    with state().sessions.reading() as session:
        stored = comparisons.get(session, identity, "decision")
    return _page(said_by(AskedDecision.read(stored.request)), stored)


@blueprint.get("/answer.<string:extension>")
def report(extension: str) -> Response:
    """The answer to the question in the address as a report to hand on."""
    try:
        chosen = renderer(extension)
    except UnknownName as error:
        raise NoSuchPage(str(error)) from None
    made = report_on(state().sessions, _worked_out(_said()), extension, language())
    response = Response(made.content, content_type=chosen.media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{made.name}"'
    response.headers["Content-Security-Policy"] = DRAWN
    return response


@blueprint.get("/what-if")
def otherwise() -> Response:
    """The question with one thing changed at a time, each with its difference."""
    w, asked = words(), _asked(_said())
    found = list(changes(w, asked))
    stored = _answered(with_changes(asked, [change for _, change, _ in found]))
    d = read_decision(stored.answer)
    chips = [
        chip(w, name, address_of(said_by(changed)), told, d.currency)
        for (name, _, changed), told in zip(found, d.what_if, strict=True)
    ]
    return html("pages/what_if.html", chips=chips, address=address_of(_said()))


@blueprint.get("/picture.svg")
def plans_picture() -> Response:
    """Cost against time of the plans; 404 where there are too few to draw."""
    chart = chart_of(_worked_out(_said()).answer, language())
    if chart is None:
        raise NoSuchPage("fewer than two plans have a cost and a duration")
    svg = picture(chart, language(), is_dark=request.args.get("ground") == "dark")
    response = Response(svg, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = DRAWN
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


BESIDE = ("lang", "ground")
"""What an address says of the page and not of the question."""


def _said() -> Mapping[str, Sequence[str]]:
    said = {name: tuple(request.args.getlist(name)) for name in request.args if name not in BESIDE}
    return said or ASKED_FIRST


def _asked(said: Mapping[str, Sequence[str]]) -> AskedDecision:
    return asked_by_address(AskedDecision, said, language())


def _worked_out(said: Mapping[str, Sequence[str]]) -> StoredComparison:
    return _answered(_asked(said))


def _answered(asked: AskedDecision) -> StoredComparison:
    snapshot, at, question = facts(), now(), asked.kept()
    key = (state().database, snapshot.data_version, question, at.date())
    known = TRIED.get(key)
    if known:
        answered_at = datetime.fromisoformat(known[0])
        return StoredComparison("", answered_at, question, known[1], snapshot.data_version, "", "decision")
    stored = unkept_decision(state().sessions, snapshot, asked, at)
    TRIED.keep(key, (stored.asked_at.isoformat(), stored.answer))
    return stored


def _page(
    said: Mapping[str, Sequence[str]], stored: StoredComparison | None, error: HeimvorteilError | None = None
) -> Response:
    w, snapshot = words(), facts()
    d = read_decision(stored.answer) if stored else None
    chart = chart_of(stored.answer, w.language) if stored and stored.answer else None
    refused = error.field if isinstance(error, InvalidValue) else ""
    asked = AskedDecision.read(stored.request) if stored else None
    return html(
        "pages/answer.html",
        422 if error else 200,
        form=form(w, snapshot, said, _usual(w, d), refused),
        error=error,
        address=address_of(said),
        identity=stored.id if stored else "",
        command=as_command.command(asked, said_by(asked), w.language) if asked else "",
        curl=as_command.request(asked, request.url_root) if asked else "",
        scale_px=SCALE_PX,
        alt=chart.alt if chart else "",
        **_told(w, snapshot, d),
    )


def _told(w: Wording, snapshot: Snapshot, d: AnsweredDecision | None) -> dict[str, object]:
    if d is None:
        return {"answer": "", "cards": [], "lines": [], "trust": "", "nearest": []}
    acted_on = d.best or d.home
    lines = [sure_sentence(w, d.best, d.asked_at.date())] if d.best and d.has_limits else []
    lines += [near_tie_sentence(w, tie, d) for tie in d.near_ties]
    lines += [turn_sentence(w, turn, d) for turn in telling_turns(w, d)[:1]]
    said = {*lines, headline(w, d)}
    more = [line for line in verdict_lines(w, d)[2:] if line not in said] if d.best else []
    return {
        "answer": headline(w, d),
        "cards": cards(w, d),
        "lines": lines,
        "notes": more,
        "trust": trust_sentence(w, acted_on, d.workload) or "" if acted_on else "",
        "nearest": [change.sentence for change in d.nearest_possible],
        "asked_at": w.day(d.asked_at.date()),
        "workload": d.workload,
    }


def _usual(w: Wording, d: AnsweredDecision | None) -> dict[str, str]:
    """What the fields are where nothing is said, as far as the answer knows it better than the question."""
    rate = d.home.rate if d and d.home else None
    return {"kwh_price": w.unit_price(rate.per_kwh, rate.currency)} if rate else {}
