"""What the shipped facts remark beside a price, and what a reader said, in the reader's language."""

from collections.abc import Mapping
from functools import lru_cache

from service.estimate.trainer_files.settings import DEFAULT
from service.reports.words.wording import Wording, wording


def source_title(w: Wording, title: str) -> str:
    """What a source is called: by its own name, or in words where that is the reader or ourselves."""
    if title.endswith(DEFAULT):
        return w.say("default of {trainer}", trainer=title.removesuffix(DEFAULT))
    return _ours(w).get(title, title)


@lru_cache(maxsize=4)
def _ours(w: Wording) -> Mapping[str, str]:
    """Titles that we gave, by their English ones; what others call their pages stays."""
    return dict(zip(_titles(wording("en")), _titles(w), strict=True))


def _titles(w: Wording) -> tuple[str, ...]:
    return (
        w.say("given by you"),
        w.say("assumed where you did not say"),
        w.say("measured by you"),
        w.say("measured by you, with heimvorteil probe"),
        w.say("Heimvorteil's method, its own estimates"),
        w.say("Board power of an H200 measured for this project, published readings of other cards"),
        w.say("DoRA and LoRA of Llama 3.1 8B on an H200, measured for this project"),
        w.say("Heimvorteil's assumption on the lengths of examples"),
        w.say("Heimvorteil calibration, fitted to the catalog's measured runs"),
        w.say("Heimvorteil validation, every shipped run predicted without its own measurement"),
        w.say("Heimvorteil's own assumption where the project publishes no figure"),
        w.say("Heimvorteil's own estimate of what a rented run needs beside its training hours"),
        w.say(
            "Heimvorteil's own estimate for a desktop PC; no published wall measurement of one in LLM "
            "training found"
        ),
        w.say(
            "Heimvorteil's own estimate from the published price sheets of four German suppliers, 13.2 "
            "to 17.7 ct net"
        ),
        w.say(
            "Heimvorteil's own count: how prices of cards moved over as many months, from the stored "
            "price histories"
        ),
        w.say("German feed-in payment, roofs up to 10 kWp with own use, from August 2026"),
        w.say("SMARD day-ahead prices of Germany and Luxembourg, 2024, typical days of each month"),
        w.say(
            "aWATTar hourly day-ahead prices of Austria, September 2017 to August 2026: how years and "
            "their parts differ"
        ),
        w.say("BDEW electricity price analysis, households, January 2026"),
        w.say("ECB euro foreign exchange reference rates"),
        w.say("Zeus power traces, medians over 13 to 22 workloads"),
        w.say(
            "78 plug readings of a desktop with an RTX 4090; they fit 16 W + 1.20 x (GPU + processor + "
            "memory), median residual 0.7 %"
        ),
    )


def note_sentence(w: Wording, note: str) -> str:
    """The remark of a source as a sentence."""
    return w.say("Note: {note}.", note=note_text(w, note))


def note_text(w: Wording, note: str) -> str:
    """The remark of a source; one that a source made itself stays in its own words."""
    note = note.rstrip(".")
    translated = {
        "mean of many tariffs; real contracts differ from it by up to 40 %": w.say(
            "mean of many tariffs; real contracts differ from it by up to 40 %"
        ),
        "quoted second-hand; EIA's own January table is said to differ for some states": w.say(
            "quoted second-hand; EIA's own January table is said to differ for some states"
        ),
        "national mean, quoted second-hand": w.say("national mean, quoted second-hand"),
        "stated to the whole cent; the EIA month it belongs to is not named": w.say(
            "stated to the whole cent; the EIA month it belongs to is not named"
        ),
        "processor and memory are billed apart": w.say("processor and memory are billed apart"),
        "cheapest live offer of the day; others cost 2-3 times as much": w.say(
            "cheapest live offer of the day; others cost 2-3 times as much"
        ),
        "published per month of 730 h": w.say("published per month of 730 h"),
        "undated catalogue; the day is when a tracker saw the same price": w.say(
            "undated catalogue; the day is when a tracker saw the same price"
        ),
        "marketplace median, not one offer": w.say("marketplace median, not one offer"),
    }
    return translated.get(note, note)
