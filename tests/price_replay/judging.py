"""Readings lived through in order, questions asked on evenings, recommendations held against the judge."""

from collections.abc import Iterable, Sequence
from datetime import date

from service.store.session import Sessions
from tests.price_replay.ledger import Reading
from tests.price_replay.living import PANEL, Life, Panel, Recommended
from tests.price_replay.oracle import Oracle, Shown


def shown_of(one: Recommended) -> Shown:
    """A recommendation as the judge sees it."""
    offer = one.offer
    return Shown(
        one.on, offer.origin, offer.provider, offer.instance, offer.region, offer.gpu_raw_name,
        offer.gpu_count, offer.tier, offer.term_months, float(offer.hourly_price), offer.as_of,
    )  # fmt: skip


def replayed(
    sessions: Sessions, read: Sequence[Reading], evenings: Iterable[date], panel: Panel = PANEL
) -> tuple[Life, list[Recommended]]:
    """The readings taken in day by day, the panel asked on the evenings."""
    life, answers, left = Life(sessions), [], list(read)
    for evening in evenings:
        while left and left[0].read_at.date() <= evening:
            life.take(left.pop(0))
        answers += life.answers(evening, panel)
    return life, answers


def faults(answers: Sequence[Recommended], read: Sequence[Reading]) -> list[str]:
    """What is wrong with the recommendations: the day, the question, the offer and why."""
    oracle = Oracle(read)
    return [
        f"{fault} ({one.on}, {one.question}: {one.offer.slug})"
        for one in answers
        for fault in oracle.faults(shown_of(one))
    ]
