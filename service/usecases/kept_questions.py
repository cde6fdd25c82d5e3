"""Questions that were kept when a name of several cards meant one, asked again as they were meant."""

import re

from service.answers.question import AskedDecision
from service.errors import InvalidValue, SeveralMeant
from service.estimate.alias_key import alias_key
from service.estimate.gpu_called import ONCE_MEANT
from service.store.snapshot import Snapshot
from service.usecases.finding import configuration, find_gpu

PRICE = re.compile(r"(?P<card>[^=]*)(?P<price>=.*)?", re.DOTALL)


def as_meant(snapshot: Snapshot, asked: AskedDecision) -> AskedDecision:
    """The question with every name that is asked back today as the card that it stood for when it was kept.

    A name that means one card today is left as it is, and so is one that never did: it raises SeveralMeant
    where the question is answered, with the cards that are to be chosen from.
    """
    machines = {
        field: tuple(_as_meant(snapshot, field, name) for name in getattr(asked, field))
        for field in ("own", "buy")
    }
    return asked.model_copy(update=machines)


def _as_meant(snapshot: Snapshot, field: str, name: str) -> str:
    """2xRTX 3060=300 -> 2xrtx-3060-12gb=300"""
    machine = PRICE.fullmatch(name)
    assert machine is not None
    card, price = machine["card"].strip(), machine["price"] or ""
    several = configuration(card)
    plain = several["gpu"].strip() if several else card
    try:
        find_gpu(snapshot, field, plain)
    except SeveralMeant:
        slug = next((slug for old, slug in ONCE_MEANT.items() if alias_key(old) == alias_key(plain)), "")
        if slug in snapshot.gpus:
            return f"{several['count']}x{slug}{price}" if several else f"{slug}{price}"
    except InvalidValue:
        pass
    return name
