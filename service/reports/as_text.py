"""A comparison as text for a terminal: one screen, home beside cloud, and the reasons below."""

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.estimate.explanation import Explanation
from service.estimate.inputs import RECORD
from service.estimate.interval import Interval
from service.facts import Source
from service.reports.answered import AnsweredComparison, AnsweredNumber, AnsweredOption
from service.reports.words.bill import uncounted_sentence
from service.reports.words.explaining import explanation_sentences, rung_cells, rung_titles, stages_sentence
from service.reports.words.prices import price_sentences
from service.reports.words.sentences import (
    HOURS_PER_DAY,
    adjustment_sentence,
    cloud_name,
    fit_sentence,
    power_limit_sentences,
    reference_sentences,
    trust_sentence,
)
from service.reports.words.source_notes import source_title
from service.reports.words.tariff_sentences import when_sentences
from service.reports.words.verdict import break_even_sentence, verdict_sentences
from service.reports.words.wording import Wording, wording

DASH = "\N{EN DASH}"
LADDER_WIDTH = 24
SIDE_BY_SIDE = 2
"""Options that stand side by side; more stand below each other."""


def render(
    c: AnsweredComparison,
    language: str = "en",
    *,
    explain: bool = False,
    reasons: Sequence[Explanation] = (),
    width: int = 100,
) -> str:
    """The answer as plain text of this width.

    `explain` adds the ladder of memory, why each option takes its time (`reasons`, in the order of the
    options) and every input number with its source.
    """
    w = wording(language)
    page = StringIO()
    console = Console(file=page, width=width, color_system=None, highlight=False, emoji=False)
    console.print(Text(headline(w, c)))
    console.print(options_table(w, c) if len(c.options) <= SIDE_BY_SIDE else options_list(w, c))
    for title, lines in paragraphs(w, c):
        console.print(Text(title))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    if explain:
        for part in (*ladders(w, c), *reasoned(w, c, reasons), *inputs(w, c)):
            console.print(part)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def headline(w: Wording, c: AnsweredComparison) -> str:
    """What is asked, and when."""
    workload = c.workload
    flops = f"{workload.total_flops:.2e}".replace("e+", "e")
    return w.say(
        "{name}: {parameters} parameters, {tokens} tokens, {steps} steps, {flops} FLOPs. {zone}, {day}.",
        name=workload.name,
        parameters=w.compact(workload.parameters),
        tokens=w.compact(workload.tokens),
        steps=w.number(workload.steps),
        flops=flops.replace(".", "," if w.language == "de" else "."),
        zone=zone_name(w, c),
        day=w.day(c.asked_at.date()),
    )


def zone_name(w: Wording, c: AnsweredComparison) -> str:
    """Where home is, as people call it; the zone's code where nobody has named it."""
    known = [f for o in c.options if o.kind == "home" for f in (o.carbon, o.rate) if f and f.zone == c.zone]
    return w.zone(c.zone, known[0].zone_name if known else c.zone)


def options_table(w: Wording, c: AnsweredComparison) -> Table:
    """Home beside cloud: fit, hours, energy, cost, CO2, each as median and 80 % interval."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column("")
    for option in c.options:
        kind = w.say("At home") if option.kind == "home" else w.say("Rented")
        table.add_column(f"{kind}: {option.label}")

    def row(title: str, cell: Callable[[AnsweredOption], str]) -> None:
        table.add_row(title, *(cell(option) for option in c.options))

    row(w.say("Does it fit?"), lambda o: fit_sentence(w, o))
    row(
        w.say("Memory per GPU"),
        lambda o: w.say(
            "{need} of {available} GiB",
            need=w.rounded(o.planned.peak.p50),
            available=w.rounded(o.planned.available_gib),
        ),
    )
    row(w.say("Hours (p10–p90)"), lambda o: measured(w, o.hours, "h"))
    row(
        w.say("Days"),
        lambda o: measured(
            w, o.elapsed_hours * (1 / HOURS_PER_DAY) if o.elapsed_hours else None, w.say("days")
        ),
    )
    row(
        w.say("Speed"),
        lambda o: w.say("{speed} tokens/s", speed=w.number(o.time.tokens_per_s)) if o.time else DASH,
    )
    row(w.say("At the wall"), lambda o: measured(w, o.power.watts if o.time else None, "W"))
    row(w.say("Energy"), lambda o: measured(w, o.energy_kwh, "kWh"))
    row(w.say("Cost"), lambda o: money(w, o))
    row(w.say("CO₂e"), lambda o: measured(w, o.co2_kg, "kg"))
    return table


def options_list(w: Wording, c: AnsweredComparison) -> Table:
    """Many options, one a line: what decides between them."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column("", overflow="fold")
    for title in (
        w.say("Does it fit?"),
        w.say("Hours (p10–p90)"),
        w.say("Energy"),
        w.say("Cost"),
        w.say("CO₂e"),
    ):
        table.add_column(title, overflow="fold")
    for o in c.options:
        kind = w.say("At home") if o.kind == "home" else w.say("Rented")
        table.add_row(
            f"{kind}: {cloud_name(o, c)}",
            fit_sentence(w, o),
            measured(w, o.hours, "h"),
            f"{w.rounded(o.energy_kwh.p50)} kWh" if o.energy_kwh else DASH,
            money(w, o),
            f"{w.rounded(o.co2_kg.p50)} kg" if o.co2_kg else DASH,
        )
    return table


def measured(w: Wording, i: Interval | None, unit: str) -> str:
    """Median and 80 % interval, or a dash."""
    if i is None:
        return DASH
    return f"{w.rounded(i.p50)} {unit} ({w.between(i)})"


def money(w: Wording, option: AnsweredOption) -> str:
    """Median and 80 % interval of the cost, or a dash."""
    if option.cost is None:
        return DASH
    total, currency = option.cost.total, option.cost.currency
    low, high = w.about(total.p10, currency), w.about(total.p90, currency)
    return f"{w.about(total.p50, currency)} ({low} {DASH} {high})"


def paragraphs(w: Wording, c: AnsweredComparison) -> list[tuple[str, list[str]]]:
    """Titles with their sentences, empty ones left out."""
    changes = [
        f"{cloud_name(option, c)}: " + "; ".join(adjustment_sentence(w, a) for a in option.adjustments) + "."
        for option in c.options
        if option.adjustments and option.time
    ]
    turning = break_even_sentence(w, c)
    said = [trust_sentence(w, o, c.workload) for o in c.options]
    trust = list(dict.fromkeys(line for line in said if line))
    trust.append(uncounted_sentence(w, [o.cost for o in c.options]))
    found = [
        (w.say("Verdict"), [*verdict_sentences(w, c), *([turning] if turning else [])]),
        (w.say("Adjustments"), changes),
        (w.say("Power limit"), power_limit_sentences(w, c.options, c.currency)),
        (w.say("When to run"), [line for o in c.options for line in when_sentences(w, o)]),
        (w.say("Prices"), price_sentences(w, c)),
        (w.say("How far to trust this"), trust),
        (w.say("Rule of three, for comparison"), reference_sentences(w, c)),
    ]
    return [(title, lines) for title, lines in found if lines]


def ladders(w: Wording, c: AnsweredComparison) -> list[RenderableType]:
    """The ladder of every option that does not fit as published."""
    found: list[RenderableType] = []
    for option in c.options:
        if not option.ladder:
            continue
        table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
        for i, title in enumerate(rung_titles(w)):
            width = LADDER_WIDTH if i == 0 else None
            side: Literal["left", "right"] = "left" if i in (0, 4, 7) else "right"
            table.add_column(title, justify=side, min_width=width, no_wrap=i > 0)
        for rung in option.ladder:
            table.add_row(*rung_cells(w, rung))
        found += [Text(w.say("Every way to fit: {device}", device=option.label)), table]
    return found


def reasoned(w: Wording, c: AnsweredComparison, reasons: Sequence[Explanation]) -> list[RenderableType]:
    """Where each option's time and doubt come from, and the runs it rests on."""
    found: list[RenderableType] = []
    for option, reason in zip(c.options, reasons, strict=False):
        found.append(Text(w.say("Why these hours: {device}", device=option.label)))
        lines = explanation_sentences(w, reason)
        if option.time:
            lines.insert(0, stages_sentence(w, option.time))
        found += [Padding(Text(line), (0, 0, 0, 2)) for line in lines]
    return found


def inputs(w: Wording, c: AnsweredComparison) -> list[RenderableType]:
    """Every input number with unit and day, each once, and the numbered list of their sources."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column(w.say("Number"), no_wrap=True)
    table.add_column(w.say("Value and unit"), overflow="fold")
    table.add_column(w.say("As of"), no_wrap=True)
    table.add_column(w.say("Source"), overflow="fold")
    numbers: dict[tuple[str, str], int] = {}
    sources: list[Source] = []
    seen: set[tuple[str, str]] = set()
    subject = ""
    for i in [*c.numbers, *(i for option in c.options for i in option.numbers)]:
        key, source = (i.subject, i.name), i.source
        if key in seen or i.subject == RECORD:
            continue
        seen.add(key)
        known = (source.title, source.url)
        if known not in numbers:
            numbers[known] = len(sources) + 1
            sources.append(source)
        name = i.name.rsplit(".", 1)[-1]
        said = f"{basis(w, i)} [{numbers[known]}]".strip()
        if i.subject != subject:
            subject = i.subject
            table.add_row(Text(subject, overflow="ellipsis"), end_section=False)
        table.add_row(f"  {name}", f"{value(w, i)} {i.unit}", w.day(source.as_of), Text(said))
    listed = [
        Text(f"[{number}] {source_title(w, source.title)}{read_on(w, source)}. {source.url}".rstrip())
        for number, source in enumerate(sources, 1)
    ]
    return [Text(w.say("Every input number")), table, Text(w.say("Sources")), *listed]


def value(w: Wording, i: AnsweredNumber) -> str:
    """The number itself, with its range where it has one."""

    def plain(number: float, digits: int) -> str:
        if number == int(number) and abs(number) < 1e15:
            return w.number(number)
        return w.exact(float(f"{number:.{digits}g}"))

    if i.low is None or i.high is None or i.low == i.high:
        return plain(i.value, 5)
    return f"{plain(i.value, 4)} ({plain(i.low, 3)}{DASH}{plain(i.high, 3)})"


def basis(w: Wording, i: AnsweredNumber) -> str:
    """How the number follows from its source; nothing for one that is simply stated there."""
    return {
        "derived": w.say("derived from"),
        "estimate": w.say("our estimate after"),
        "assumed": w.say("assumed after"),
        "measured": w.say("measured,"),
        "fitted": w.say("fitted to"),
        "user": w.say("your own figure,"),
    }.get(i.basis, "")


def read_on(w: Wording, source: Source) -> str:
    """When we read it there, if we did."""
    return w.say(", read {day}", day=w.day(source.read_on)) if source.read_on else ""
