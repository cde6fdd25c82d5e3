"""What came of calling every price source once, as rows and JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from service.reports.words.wording import Wording, wording

NUMERIC = {3, 4, 5}
NOTHING = "-"
OddKind = Literal["refused", "unmapped", "old", "left_out", "error", "no_key", "terms", "off"]


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something a person should look at: of which kind, how many or how long, and the source's own words."""

    kind: OddKind
    count: int
    said: str


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What came of calling one source once."""

    source: str
    is_reached: bool | None
    """None: it was not called, because it sleeps."""
    is_as_expected: bool | None
    """Whether its answer has the shape that its parser knows; None where there was no answer."""
    rows: int
    """Facts that a refresh would keep."""
    refused: int
    seconds: float
    oddities: tuple[Oddity, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether it could not be reached or its answer is not as expected."""
        return self.is_reached is False or self.is_as_expected is False


def as_json(checks: Sequence[SourceCheck]) -> list[dict[str, Any]]:
    """One object for each source; null is what is not known."""
    return [{**asdict(check), "seconds": round(check.seconds, 2)} for check in checks]


def titles(language: str) -> list[str]:
    """Of the columns of `rows`."""
    w = wording(language)
    return [
        w.say("source"),
        w.say("reached"),
        w.say("shape as expected"),
        w.say("rows"),
        w.say("refused"),
        w.say("seconds"),
        w.say("oddities"),
    ]


def rows(checks: Sequence[SourceCheck], language: str) -> list[list[str]]:
    """A row for each source."""
    w = wording(language)
    return [
        [
            check.source,
            _answer(w, check.is_reached),
            _answer(w, check.is_as_expected),
            w.number(check.rows) if check.is_as_expected is not None else NOTHING,
            w.number(check.refused) if check.is_as_expected is not None else NOTHING,
            w.number(check.seconds, 1) if check.is_reached is not None else NOTHING,
            "; ".join(_odd(w, oddity) for oddity in check.oddities),
        ]
        for check in checks
    ]


def summed_up(checks: Sequence[SourceCheck], language: str) -> str:
    """One line on all of them."""
    w = wording(language)
    called = [check for check in checks if check.is_reached is not None]
    reached = [check for check in called if check.is_reached]
    if called and not reached:
        return w.say("None of {count} sources could be reached: is there a network?", count=len(called))
    return w.say(
        "{reached} of {called} sources reached, {expected} as expected; {asleep} asleep and not called. "
        "Nothing was stored.",
        reached=len(reached),
        called=len(called),
        expected=sum(check.is_as_expected is True for check in called),
        asleep=len(checks) - len(called),
    )


def _answer(w: Wording, value: bool | None) -> str:
    if value is None:
        return NOTHING
    return w.say("yes") if value else w.say("no")


def _odd(w: Wording, oddity: Oddity) -> str:
    count, said = w.number(oddity.count), oddity.said
    if oddity.kind == "refused":
        return w.say("{count} refused: {said}", count=count, said=said)
    if oddity.kind == "unmapped":
        return w.say("{count} with a GPU that nobody has mapped: {said}", count=count, said=said)
    if oddity.kind == "old":
        return w.say("its newest price is {count} days old", count=count)
    if oddity.kind == "left_out":
        return w.say("regions that could not be read: {said}", said=said)
    if oddity.kind == "no_key":
        return w.say("not called, it needs a key: {said}", said=said)
    if oddity.kind == "terms":
        return w.say(
            "not called, its terms forbid keeping its prices without permission: {said}=on calls it",
            said=said,
        )
    if oddity.kind == "off":
        return w.say("not called, switched off: {said}", said=said)
    return said
