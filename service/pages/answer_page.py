"""`/`: the question and its answer on one screen. The address is the question; nothing is kept unasked."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, redirect, request

from service.answers.answer import AnsweredDecision
from service.answers.option import AnsweredPowerLimit
from service.answers.question import AskedDecision
from service.answers.reading import read_decision
from service.errors import HeimvorteilError, InvalidValue
from service.pages import as_command
from service.pages.asked_by_address import address_of, said_by
from service.pages.cards import SCALE_PX, cards
from service.pages.frame import EMBEDDED, html
from service.pages.language import language, words
from service.pages.nearest import nearest
from service.pages.question_form import form
from service.pages.refused import told as refusal
from service.pages.sliders import Slider, sliders
from service.pages.worked_out import answered, asked, asked_here, said_here
from service.reports.words.decision_sentences import (
    cost_sentence,
    if_rents_hold_sentence,
    needs_stated_rent_sentence,
    sure_sentence,
    verdict_lines,
)
from service.reports.words.headline import headline
from service.reports.words.sentences import trust_sentence
from service.reports.words.turning_sentences import near_tie_sentence, telling_turns, turn_sentence
from service.reports.words.wording import Wording
from service.state import facts, now, state
from service.store import comparisons
from service.store.comparisons import StoredComparison
from service.usecases.deciding import answer_decision

blueprint = Blueprint("answer_page", __name__)
LIMIT = "power_limit_watts"
Said = Mapping[str, Sequence[str]]


@blueprint.get("/")
def ask() -> Response:
    """The question, with the example's values where nothing is said, and its answer."""
    said = said_here()
    try:
        stored = answered(asked(said))
    except HeimvorteilError as error:
        return _page(said, None, error=error)
    return _page(said, stored)


@blueprint.post("/answers")
def keep() -> Response:
    """Keep the answer of the question in the form, for the days of those without a token, and go to its
    address, which never changes."""
    said = {name: tuple(request.form.getlist(name)) for name in request.form if name != "lang"}
    try:
        stored = answer_decision(state().sessions, facts(), asked(said), now(), state().room)
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


@blueprint.get("/embed")
def embed() -> Response:
    """The answer alone, for a frame in a page of others."""
    w, said = words(), said_here()
    d = read_decision(answered(asked_here()).answer)
    told = _told(w, said, d)
    return html(
        "pages/embed.html", policy=EMBEDDED, address=address_of(said), scale_px=SCALE_PX, **told
    )  # fmt: skip


def _page(said: Said, stored: StoredComparison | None, error: HeimvorteilError | None = None) -> Response:
    w, snapshot = words(), facts()
    d = read_decision(stored.answer) if stored else None
    refused = error.field if isinstance(error, InvalidValue) else ""
    question = AskedDecision.read(stored.request) if stored else None
    identity = stored.id if stored else ""
    return html(
        "pages/answer.html",
        422 if error else 200,
        form=form(w, snapshot, said, _usual(w, d), refused),
        sliders=_sliders(w, said, d) if d and not identity else [],
        error=refusal(w, error) if error else "",
        address=address_of(said),
        identity=identity,
        kept_for=w.counted("{count} day", "{count} days", state().settings.answer_days),
        command=as_command.command(question, said_by(question), w.language) if question else "",
        curl=as_command.request(question, request.url_root) if question else "",
        embed=as_command.frame(address_of(said), w.language, request.url_root),
        scale_px=SCALE_PX,
        **_told(w, said, d),
    )


def _told(w: Wording, said: Said, d: AnsweredDecision | None) -> dict[str, Any]:
    if d is None:
        return {"answer": "", "cards": [], "lines": [], "trust": "", "nearest": []}
    answer, acted_on = headline(w, d), d.best or d.home
    lines = []
    if d.best and d.needs_stated_rent:
        lines = [needs_stated_rent_sentence(w, d, d.best)]
    elif d.best and d.has_limits:
        lines = [sure_sentence(w, d.best, d.asked_at.date())]
        lines += filter(None, [if_rents_hold_sentence(w, d)])
    lines += [near_tie_sentence(w, tie, d) for tie in d.near_ties]
    lines += [turn_sentence(w, turn, d) for turn in telling_turns(w, d)[:1]]
    known = {*lines, answer, cost_sentence(w, d, d.best) if d.best else ""}
    more = [line for line in verdict_lines(w, d)[1:] if line not in known] if d.best else []
    return {
        "answer": answer,
        "cards": cards(w, d),
        "lines": lines,
        "notes": more,
        "trust": trust_sentence(w, acted_on, d.workload) or "" if acted_on else "",
        "nearest": nearest(w, facts(), said, d),
        "asked_at": w.day(d.asked_at.date()),
        "workload": d.workload,
    }


def _usual(w: Wording, d: AnsweredDecision | None) -> dict[str, str]:
    """What the fields are where nothing is said, as far as the answer knows it better than the question."""
    rate = d.home.rate if d and d.home else None
    return {"kwh_price": w.unit_price(rate.per_kwh, rate.currency)} if rate else {}


def _sliders(w: Wording, said: Said, d: AnsweredDecision) -> list[Slider]:
    return sliders(w, facts(), said, d, _advice(said, d))


def _advice(said: Said, d: AnsweredDecision) -> AnsweredPowerLimit | None:
    """On the power limit of the machine at home; where one is asked for, that of the question without it."""
    if LIMIT in said:
        d = read_decision(answered(asked({n: v for n, v in said.items() if n != LIMIT})).answer)
    return d.home.power_limit if d.home else None
