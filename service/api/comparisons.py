"""/api/v1/comparisons: home against cloud, answered, kept, and found again."""

from collections import OrderedDict
from datetime import date
from functools import wraps
from threading import Lock

from flask import Blueprint, Response, request
from spectree import Response as Answers

from service.api.contract import contract
from service.api.questions import ComparisonIn, workload_asked
from service.api.schemas import ComparisonOut
from service.api.state import State, facts, now, state
from service.store import comparisons
from service.usecases import ComparisonRequest, answer

blueprint = Blueprint("comparisons", __name__)
ANSWERS_KEPT = 512
LARGEST_KEPT_BYTES = 64 * 1024
Question = tuple[int, bytes, int, date]


class Answered:
    """The last answers of this process by body, data version and day; each was stored before it is here."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Question, tuple[str, bytes]] = OrderedDict()

    def get(self, question: Question) -> tuple[str, bytes] | None:
        """The identity and bytes of an answer, if it was given lately."""
        with self._lock:
            found = self._kept.get(question)
            if found:
                self._kept.move_to_end(question)
            return found

    def keep(self, question: Question, given: tuple[str, bytes]) -> None:
        """Remember an answer; the longest unasked one is forgotten."""
        with self._lock:
            self._kept[question] = given
            while len(self._kept) > ANSWERS_KEPT:
                self._kept.popitem(last=False)


ANSWERED = Answered()


@contract.validate(
    json=ComparisonIn,
    resp=Answers(HTTP_201=ComparisonOut),
    tags=["comparisons"],
    operation_id="comparisons_create",
)
def asked(json: ComparisonIn) -> Response:
    """Compare training at home with renting; the answer is kept under its address."""
    snapshot, today = facts(), now()
    wanted = ComparisonRequest(
        workload=workload_asked(json.workload, today.date()),
        home=json.home,
        home_count=json.home_count,
        cloud=json.cloud,
        country=json.country,
        currency=json.currency,
        kwh_price=json.kwh_price,
        tokens=json.tokens,
        tier=json.tier,
        limit=json.limit,
        language=json.lang,
    )
    stored = answer(state().sessions, snapshot, wanted, today)
    body = request.get_data(cache=True)
    if len(stored.answer) <= LARGEST_KEPT_BYTES:
        ANSWERED.keep(
            _question(state(), body, snapshot.data_version, today.date()), (stored.id, stored.answer)
        )
    return _created(stored.id, stored.answer)


@blueprint.post("/comparisons")
@wraps(asked)
def create() -> Response:
    # The same question on the same facts and day is answered from memory, without parsing it again.
    if request.mimetype == "application/json":
        body = request.get_data(cache=True)
        given = ANSWERED.get(_question(state(), body, facts().data_version, now().date()))
        if given:
            return _created(*given)
    response: Response = asked()
    return response


@blueprint.get("/comparisons/<string:id>")
@contract.validate(resp=Answers(HTTP_200=ComparisonOut), tags=["comparisons"], operation_id="comparisons_get")
def get(id: str) -> Response:
    """A comparison as it was answered that day."""
    with state().sessions.reading() as session:
        stored = comparisons.get(session, id.removesuffix(".json"))
    response = Response(stored.answer, mimetype="application/json")
    response.set_etag(stored.id)
    # A stored answer never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.make_conditional(request)
    return response


def _question(of: State, body: bytes, data_version: int, day: date) -> Question:
    return id(of), body, data_version, day


def _created(identity: str, body: bytes) -> Response:
    response = Response(body, 201, mimetype="application/json")
    response.headers["Location"] = f"/api/v1/comparisons/{identity}"
    response.headers["Cache-Control"] = "no-store"
    return response
