"""Does an offer contradict the hardware that its instance is known to have?"""

import re
from collections.abc import Mapping

from pricing.instances import fitted, gpus_in
from service.facts import CloudOffer, Gpu

COUNTED = re.compile(r"\s*(\d+)\s*x\s*(?=[a-z])", re.I)
"""How many GPUs a card's name speaks of: "8x H100 SXM"."""


def contradiction(offer: CloudOffer, gpus: Mapping[str, Gpu]) -> str | None:
    """Why such an instance cannot be: another number of GPUs, or another card, than its type or name says."""
    count, known = offer.gpu_count, gpus_in(offer.instance)
    if known is not None and known != count:
        return f"{count} GPUs, but {offer.instance} has {known:.3g}"
    if (named := COUNTED.match(offer.gpu_raw_name)) and int(named[1]) != count:
        return f'a number of GPUs of {count}, but their name is "{offer.gpu_raw_name}"'
    card = fitted(offer.instance)
    if card is not None and card.slug and offer.gpu and card.slug != offer.gpu:
        return f"a {_name(offer.gpu, gpus)}, but {offer.instance} has a {_name(card.slug, gpus)}"
    return None


def _name(slug: str, gpus: Mapping[str, Gpu]) -> str:
    return gpus[slug].name if slug in gpus else slug
