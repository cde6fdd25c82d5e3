"""Answers that are kept: the same question on the same facts and day is worked out and written once."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from service.answers.answer import AnsweredComparison, AnsweredDecision, AnsweredEstimates
from service.answers.question import AskedModel
from service.answers.trainer_file import tell_file
from service.errors import NotKept
from service.store import comparisons
from service.store.answer_room import AnswerRoom
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot

Told = TypeVar("Told", AnsweredComparison, AnsweredDecision, AnsweredEstimates)
CODE_VERSION = "9"
"""Raised when the same facts would give another answer; part of a stored answer's identity."""


def with_trainer_file(answer: Told, asked: str | AskedModel) -> Told:
    """The answer with an account of the trainer's file that was asked with."""
    if isinstance(asked, str) or asked.trainer_config is None or asked.finetune is None:
        return answer
    account = tell_file(
        asked.trainer_config,
        asked.deepspeed_config,
        run=asked.run,
        finetune=asked.finetune,
        recipe=asked.recipe,
    )
    workload = answer.workload.model_copy(update={"trainer_file": account})
    return answer.model_copy(update={"workload": workload})


def kept_answer(
    sessions: Sessions,
    snapshot: Snapshot,
    *,
    kind: str,
    asked: bytes,
    asked_at: datetime,
    work_out: Callable[[], AnsweredComparison | AnsweredDecision],
    room: AnswerRoom | None = None,
) -> StoredComparison:
    """The answer as it is kept; `work_out` is called if there is none yet.

    In a `room` it is kept for a while, without one for good, also one that was kept for a while until now.
    Whoever writes first is right: of two processes asked at once both give what the first one wrote. Raises
    what `work_out` raises, nothing is written then; NotKept with the answer, which has no id, where the
    database cannot be written.
    """
    identity = identity_of(kind, asked, snapshot.data_version, asked_at)
    with sessions.reading_one() as connection:
        known = comparisons.known(connection, identity)
    if known is not None:
        if room is None and known.expires_from is not None:
            with suppress(NotKept), sessions.writing_one() as connection:
                comparisons.keep(connection, identity)
        return known
    answer = work_out().model_copy(update={"id": identity})
    stored = StoredComparison(
        id=identity,
        asked_at=asked_at,
        request=asked,
        answer=answer.to_json(),
        data_version=snapshot.data_version,
        code_version=CODE_VERSION,
        kind=kind,
        expires_from=None if room is None else asked_at,
    )
    try:
        with sessions.writing_one() as connection:
            taken_bytes = comparisons.add(connection, stored)
            if not taken_bytes:
                return comparisons.get(connection, identity, kind)
    except NotKept as error:
        error.told = unkept(answer, snapshot, kind=kind, asked=asked, asked_at=asked_at)
        raise
    if room is not None:
        room.took(taken_bytes, asked_at)
    return stored


def unkept(
    answer: AnsweredComparison | AnsweredDecision,
    snapshot: Snapshot,
    *,
    kind: str,
    asked: bytes,
    asked_at: datetime,
) -> StoredComparison:
    """An answer in the form in which it would be kept; its id is empty."""
    return StoredComparison(
        id="",
        asked_at=asked_at,
        request=asked,
        answer=answer.model_copy(update={"id": ""}).to_json(),
        data_version=snapshot.data_version,
        code_version=CODE_VERSION,
        kind=kind,
    )


def identity_of(kind: str, asked: bytes, data_version: int, asked_at: datetime) -> str:
    """The name of an answer: the same for the same question on the same facts and day."""
    day = asked_at.date().isoformat().encode()
    parts = [asked, str(data_version).encode(), day, CODE_VERSION.encode()]
    if kind != "comparison":
        parts.append(kind.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]
