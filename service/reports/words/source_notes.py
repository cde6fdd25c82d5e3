"""What the shipped facts remark beside a price, and what a reader said, in the reader's language."""

from service.estimate.trainer_files.settings import DEFAULT
from service.reports.words.wording import Wording


def source_title(w: Wording, title: str) -> str:
    """What a source is called: by its own name, or in words where it is the reader or a trainer's default."""
    if title.endswith(DEFAULT):
        return w.say("default of {trainer}", trainer=title.removesuffix(DEFAULT))
    return {
        "given by you": w.say("given by you"),
        "assumed where you did not say": w.say("assumed where you did not say"),
    }.get(title, title)


def note_sentence(w: Wording, note: str) -> str:
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
    return w.say("Note: {note}.", note=translated.get(note, note))
