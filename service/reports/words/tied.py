"""Where a line must not end: between a number and its unit, a count and its cards, a sign and its amount."""

import re

BEFORE_A_UNIT = re.compile(
    r"(?<=\d) (?=(?:[€$£¥%]|[kM]?Wh?\b|kg\b|g/kWh|Gi?B\b|h\b|[A-Z]{3}\b|TFLOP/s|[Tt]okens?/s|Tagen?\b|days?\b"
    r"|Stunden?\b|hours?\b|Minuten\b|minutes\b|Sekunden\b|seconds\b|Monaten?\b|months?\b|Jahren?\b|years?\b"
    r"|x [A-Z]))|(?<=\d x) (?=[A-Z])"
)
AFTER_A_SIGN = re.compile(r"(?<=\([+−])(?=[€$£¥])")


def tied(text: str) -> str:
    """The same text with no-break spaces before units, and nothing to break behind a sign."""
    return AFTER_A_SIGN.sub("\u2060", BEFORE_A_UNIT.sub("\xa0", text))
