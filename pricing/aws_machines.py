"""How many GPUs an AWS instance type has, for lists that name the type alone.

Keyed 2026-11-28 from the accelerated types of the EC2 guide as gpuhunt's and Spare Cores' tables repeat it:
https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
"""

from pricing.instances import Fitted, fitted
from pricing.json_answers import Unusable

_ONE = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
_USUAL = {**dict.fromkeys(_ONE, 1), "12xlarge": 4, "24xlarge": 4, "48xlarge": 8}
_EIGHT = {"48xlarge": 8}
GPUS: dict[str, dict[str, int]] = {
    "p2": {"xlarge": 1, "8xlarge": 8, "16xlarge": 16},
    "p3": {"2xlarge": 1, "8xlarge": 4, "16xlarge": 8},
    "p3dn": {"24xlarge": 8},
    "p4d": {"24xlarge": 8},
    "p4de": {"24xlarge": 8},
    "p5": {"4xlarge": 1, **_EIGHT},
    "p5e": _EIGHT,
    "p5en": _EIGHT,
    "p6-b200": _EIGHT,
    "p6-b300": _EIGHT,
    "p6e-gb200": {"36xlarge": 4},
    "g3": {"4xlarge": 1, "8xlarge": 2, "16xlarge": 4},
    "g3s": {"xlarge": 1},
    "g4ad": {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 2, "16xlarge": 4},
    "g4dn": {**dict.fromkeys(_ONE, 1), "12xlarge": 4, "metal": 8},
    "g5": _USUAL,
    "g5g": {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "16xlarge": 2, "metal": 2},
    "g6": _USUAL,
    "gr6": {"4xlarge": 1, "8xlarge": 1},
    "g6e": _USUAL,
    "g7e": {"2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 2, "24xlarge": 4, "48xlarge": 8},
}
"""Family -> size -> whole GPUs."""


def gpus_of(instance: str) -> int | None:
    """The GPUs of a type, p5.48xlarge; None for a type that the table does not hold."""
    family, _, size = instance.strip().lower().partition(".")
    return GPUS.get(family, {}).get(size)


def whole_cards(instance: str) -> tuple[Fitted, int]:
    """The card of an instance type and how many it has; raises Unusable for a share of one, or an unknown
    type."""
    card, count = fitted(instance), gpus_of(instance)
    if card is not None and card.count is not None and card.count < 1:
        raise Unusable(f"{card.count:.3g} GPUs: a share of one")
    if card is None or count is None:
        raise Unusable(f"which GPUs {instance} has is not known")
    return card, count
