"""What stands around the sections of every report: its name, its subtitle, the words of renderers."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from service.answers.answer import AnsweredComparison, AnsweredDecision, AnsweredWorkload
from service.answers.option import AnsweredGrid, AnsweredOption, AnsweredRate
from service.reports.document.document import Document, Section
from service.reports.document.notebook import Notebook
from service.reports.words.wording import Wording


def document_labels(w: Wording) -> dict[str, str]:
    """The words that renderers need themselves."""
    return {
        "page": w.say("Page"),
        "of": w.say("of"),
        "median": w.say("median"),
        "low": w.say("80 % range from"),
        "high": w.say("to"),
        "unit": w.say("unit"),
        "note": w.say("note"),
        "section": w.say("section"),
        "row": w.say("row"),
        "column": w.say("column"),
        "text": w.say("text"),
        "number": w.say("number"),
        "source": w.say("Source"),
        "as_of": w.say("As of"),
        "address": w.say("Address"),
        "summary": w.say("Summary"),
        "as_stored": w.say("as of the stored answer; it does not follow changed prices"),
        "cheapest": w.say("Cheapest by the prices of this workbook"),
        "its_cost": w.say("Its cost"),
        "outside": w.say("Outside your limits"),
        "data": w.say("Numbers of this picture"),
    }


def framed(
    n: Notebook,
    answer: AnsweredComparison | AnsweredDecision,
    content: bytes,
    *,
    title: str,
    subtitle: str,
    name: str,
    made: str,
    sections: Iterable[Section | None],
    screen: tuple[Section, ...],
) -> Document:
    """The document of these sections, once they are written: notes and sources come with them."""
    w = n.w
    return Document(
        language=w.language,
        title=title,
        subtitle=subtitle,
        name=safe_name(name, answer.workload.slug, answer.id[:8]),
        made_at=answer.asked_at,
        made=made,
        sections=tuple(section for section in sections if section is not None),
        screen=screen,
        notes_title=w.say("Notes"),
        notes=n.notes,
        sources_title=w.say("Sources"),
        sources=n.sources,
        labels=document_labels(w),
        record=content,
    )


def safe_name(*parts: str) -> str:
    """A file's name without anything but a-z, 0-9 and dashes, at most 80 characters."""
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    return words[:80].strip("-")


def zone_in_words(w: Wording, zone: str, named: AnsweredRate | AnsweredGrid | None) -> str:
    """Where home is, as people call it; the zone's code where nobody has named it."""
    return w.zone(zone, named.zone_name if named else zone)


def run_subtitle(
    w: Wording, workload: AnsweredWorkload, options: Sequence[AnsweredOption], zone: str, asked_at: datetime
) -> str:
    """The run's size, where home is, and of which day the answer is."""
    rate = next((o.rate for o in options if o.rate), None)
    return w.counted(
        "{parameters} parameters, {tokens} tokens, {count} step. {zone}, {day}.",
        "{parameters} parameters, {tokens} tokens, {count} steps. {zone}, {day}.",
        workload.steps,
        parameters=w.compact(workload.parameters),
        tokens=w.compact(workload.tokens),
        zone=zone_in_words(w, zone, rate),
        day=w.day(asked_at.date()),
    )
