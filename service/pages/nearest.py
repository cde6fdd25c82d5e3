"""Where no plan keeps the limits: each change alone that makes one possible, as a question to ask at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.answers.answer import AnsweredDecision, AnsweredNearest
from service.pages.asked_by_address import address_of
from service.reports.words.plan_names import plan_name
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording
from service.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Nearest:
    """One change: what it is called, what it asks, what is possible then."""

    name: str
    address: str
    plan: str


def nearest(
    w: Wording, snapshot: Snapshot, said: Mapping[str, Sequence[str]], d: AnsweredDecision
) -> list[Nearest]:
    """The smallest change first; none where a plan keeps the limits."""
    if d.best is not None:
        return []
    return [
        Nearest(
            _name(w, snapshot, n, d.currency), address_of({**said, **_changed(n)}),
            _possible(w, n),
        )
        for n in d.nearest_possible
    ]  # fmt: skip


def _name(w: Wording, snapshot: Snapshot, n: AnsweredNearest, currency: str) -> str:
    if n.change == "budget":
        return w.say("{money} instead", money=w.about(n.value, currency, at_least=True))
    if n.change == "deadline":
        return w.say("{time} instead", time=duration(w, n.value))
    if n.change == "tokens":
        return w.say("train on {tokens} tokens", tokens=w.compact(n.value))
    smaller = snapshot.workloads.get(n.workload or "")
    return w.say("the smaller {model}", model=smaller.name if smaller else n.workload)


def _possible(w: Wording, n: AnsweredNearest) -> str:
    plan = plan_name(w, n.option) if n.option else ""
    return w.say("{plan}, if its rent still holds", plan=plan) if n.needs_stated_rent else plan


def _changed(n: AnsweredNearest) -> Mapping[str, Sequence[str]]:
    if n.change == "budget":
        return {"budget": (f"{math.ceil(n.value)}",)}
    if n.change == "deadline":
        return {"deadline_hours": (f"{math.ceil(n.value)}h",)}
    if n.change == "tokens":
        return {"tokens": (f"{math.floor(n.value)}",)}
    return {"workload": (n.workload or "",)}
