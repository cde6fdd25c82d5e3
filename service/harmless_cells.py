"""Text in a table that no spreadsheet takes for a formula; every CSV file we write asks here."""

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""OWASP's list of what begins a formula in some spreadsheet, the full-width signs included."""
_STARTS = frozenset(FORMULA_STARTS)
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where it begins like a formula and is no number."""
    is_formula = text[:1] in _STARTS and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
