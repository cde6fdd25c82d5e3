"""Kept answers read back: today's as they stand, older ones as today's would say them."""

import orjson
from pydantic import ValidationError

from service.answers import upgrade
from service.answers.answer import AnsweredComparison, AnsweredDecision


def read_comparison(content: bytes) -> AnsweredComparison:
    """A stored comparison of any version."""
    try:
        return AnsweredComparison.model_validate_json(content)
    except ValidationError:
        return AnsweredComparison.model_validate(upgrade.comparison(orjson.loads(content)))


def read_decision(content: bytes) -> AnsweredDecision:
    """A stored decision of any version."""
    try:
        return AnsweredDecision.model_validate_json(content)
    except ValidationError:
        return AnsweredDecision.model_validate(upgrade.decision(orjson.loads(content)))
