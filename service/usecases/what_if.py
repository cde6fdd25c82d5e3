"""The alternatives of a question, each answered from the same facts; none is kept by itself."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from service.answers.answer import AnsweredChange
from service.answers.question import AskedComparison, AskedDecision
from service.answers.told_alternative import told_changes
from service.answers.what_if import placed
from service.errors import InvalidValue

Asked = TypeVar("Asked", AskedComparison, AskedDecision)
Worked = TypeVar("Worked")


def alternatives_of(
    request: Asked, work_out: Callable[[Asked], Worked]
) -> Iterator[tuple[Worked, tuple[AnsweredChange, ...]]]:
    """What each alternative comes to, and what it changes.

    Raises what `work_out` raises, with the place of the alternative in the question.
    """
    for place, other in enumerate(request.alternatives()):
        try:
            worked = work_out(other)
        except InvalidValue as error:
            raise placed(error, place) from None
        yield worked, told_changes(request, other)
