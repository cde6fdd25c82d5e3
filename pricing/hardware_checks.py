"""Does an offer contradict the hardware that its instance is known to have?"""

import re
from collections.abc import Mapping

from pricing.instances import fitted, gpus_in
from service.errors import Worded, worded
from service.facts import CloudOffer, Gpu

COUNTED = re.compile(r"\s*(\d+)\s*x\s*(?=[a-z])", re.I)
"""How many GPUs a card's name speaks of: "8x H100 SXM"."""


def contradiction(offer: CloudOffer, gpus: Mapping[str, Gpu]) -> Worded | None:
    """Why such an instance cannot be: another number of GPUs, or another card, than its type or name says."""
    found = contradicting(offer, gpus)
    return found[1] if found else None


def contradicting(offer: CloudOffer, gpus: Mapping[str, Gpu]) -> tuple[str, Worded] | None:
    """The field that contradicts its instance, gpu_count or gpu, and why; None where none does."""
    count, known = offer.gpu_count, gpus_in(offer.instance)
    if known is not None and known != count:
        return "gpu_count", worded(
            "{told}, but {instance} has {known:.3g}",
            told=counted_gpus(count),
            instance=offer.instance,
            known=known,
        )
    if (named := COUNTED.match(offer.gpu_raw_name)) and int(named[1]) != count:
        return "gpu_count", worded(
            'a number of GPUs of {count}, but their name is "{name}"', count=count, name=offer.gpu_raw_name
        )
    card = fitted(offer.instance)
    if card is not None and card.slug and offer.gpu and card.slug != offer.gpu:
        return "gpu", worded(
            "a {told}, but {instance} has a {known}",
            told=_name(offer.gpu, gpus),
            instance=offer.instance,
            known=_name(card.slug, gpus),
        )
    return None


def counted_gpus(count: int) -> str:
    """1 GPU, 2 GPUs."""
    return "1 GPU" if count == 1 else f"{count} GPUs"


def _name(slug: str, gpus: Mapping[str, Gpu]) -> str:
    return gpus[slug].name if slug in gpus else slug
