"""A comparison on a terminal: one screen, home beside cloud, and the reasons below."""

from collections.abc import Callable, Sequence

from service.answers.answer import AnsweredComparison, AnsweredDecision
from service.answers.option import AnsweredExplanation, AnsweredOption
from service.answers.parts import AnsweredNumber
from service.estimate.inputs import RECORD
from service.reports.document.document import (
    Bullets,
    Cell,
    Column,
    Day,
    Lasting,
    Missing,
    MoneySpread,
    Number,
    Paragraph,
    Row,
    Section,
    Spread,
    Stated,
    Table,
    Words,
)
from service.reports.document.frame import zone_in_words
from service.reports.document.notebook import Notebook
from service.reports.sections.report_grounds import ladder_table
from service.reports.sections.what_if_section import compared_otherwise
from service.reports.words.bill import uncounted_sentence
from service.reports.words.decision_sentences import several_nodes_sentences
from service.reports.words.explaining import explanation_sentences, stages_sentence, told_sentences
from service.reports.words.input_names import basis_in_words
from service.reports.words.prices import price_sentences
from service.reports.words.sentences import (
    adjustments_sentence,
    cloud_name,
    fit_sentence,
    model_sentences,
    power_limit_sentences,
    reference_sentences,
    trust_sentence,
)
from service.reports.words.tariff_sentences import when_sentences
from service.reports.words.verdict import verdict_sentences
from service.reports.words.why_not import why_not_sentences
from service.reports.words.wording import Wording

SIDE_BY_SIDE = 2
"""Options that stand side by side; more stand below each other."""


def comparison_screen(
    n: Notebook, c: AnsweredComparison, reasons: Sequence[AnsweredExplanation] | None
) -> tuple[Section, ...]:
    """What a terminal shows of a comparison.

    `reasons` (why each option takes its time, in their order) add the ladder of memory and every input number
    with its source; None leaves all of that out.
    """
    w = n.w
    table = _beside(w, c) if len(c.options) <= SIDE_BY_SIDE else _below(w, c)
    verdict = titled(("verdict", w.say("Verdict"), verdict_sentences(w, c)))
    sections = [
        Section("asked", "", (Paragraph(headline(w, c)),)),
        *verdict,
        Section("glance", "", (table,)),
        *(section for section in (compared_otherwise(w, c),) if section),
        *paragraphs(w, c),
    ]
    if reasons is not None:
        sections += [
            Section(
                f"ladder-{i}",
                w.say("Every way to fit: {device}", device=o.label),
                (ladder_table(n, o, with_layers=True),),
            )
            for i, o in enumerate(c.options)
            if o.fit.ladder
        ]
        sections += _reasoned(w, c, reasons)
        sections.append(_inputs(n, [*c.sources, *(x for option in c.options for x in option.sources)]))
    return (*sections, *report_section(w, c))


def report_section(w: Wording, answer: AnsweredComparison | AnsweredDecision) -> tuple[Section, ...]:
    """The last line of a screen: how to make a report; none for an answer that is not kept."""
    said = report_sentence(w, answer)
    return (Section("report", "", (Paragraph(said),)),) if said else ()


def headline(w: Wording, c: AnsweredComparison) -> str:
    """What is asked, and when."""
    workload = c.workload
    flops = f"{workload.total_flops:.2e}".replace("e+", "e")
    return w.counted(
        "{name}: {parameters} parameters, {tokens} tokens, {count} step, {flops} FLOPs. {zone}, {day}.",
        "{name}: {parameters} parameters, {tokens} tokens, {count} steps, {flops} FLOPs. {zone}, {day}.",
        workload.steps,
        name=workload.name,
        parameters=w.compact(workload.parameters),
        tokens=w.compact(workload.tokens),
        flops=flops.replace(".", "," if w.language == "de" else "."),
        zone=zone_name(w, c),
        day=w.day(c.asked_at.date()),
    )


def zone_name(w: Wording, c: AnsweredComparison) -> str:
    """Where home is: what stands at home names it, the grid before the tariff."""
    named = (f for o in c.options if o.kind == "home" for f in (o.carbon, o.rate) if f and f.zone == c.zone)
    return zone_in_words(w, c.zone, next(named, None))


def report_sentence(w: Wording, answer: AnsweredComparison | AnsweredDecision) -> str:
    """Under which id the answer is kept, and how to make a report of it; nothing for one that is not kept."""
    if not answer.id:
        return ""
    return w.say("Report: heimvorteil report {id}", id=answer.id)


def _kind(w: Wording, option: AnsweredOption) -> str:
    if option.purchase:
        return w.say("To buy")
    return w.say("At home") if option.kind == "home" else w.say("Rented")


def _named(w: Wording, option: AnsweredOption, label: str) -> str:
    """An option with where it stands; of one that takes years, that it is not practical."""
    name = f"{_kind(w, option)}: {label}"
    return w.say("{plan} (not practical)", plan=name) if option.practical else name


def _beside(w: Wording, c: AnsweredComparison) -> Table:
    """Home beside cloud: fit, hours, energy, cost, CO2, each as median and 80 % interval."""
    columns = [
        Column(f"option-{i}", _named(w, option, option.label)) for i, option in enumerate(c.options, 1)
    ]

    def row(key: str, title: str, cell: Callable[[AnsweredOption], Cell | None]) -> Row:
        return Row(key, (Words(title), *(cell(option) or Missing() for option in c.options)))

    rows = (
        row("fits", w.say("Does it fit?"), lambda o: Words(fit_sentence(w, o))),
        row("memory", w.say("Memory per GPU"), lambda o: Words(memory_in_words(w, o))),
        row("hours", w.say("Hours (80 % range)"), lambda o: Spread(o.hours, "h") if o.hours else None),
        row(
            "time",
            w.say("Done after"),
            lambda o: Lasting(o.elapsed_hours) if o.elapsed_hours else None,
        ),
        row(
            "speed",
            w.say("Speed"),
            lambda o: None if o.tokens_per_s is None else Number(o.tokens_per_s, w.say("tokens/s"), 0),
        ),
        row("watts", w.say("At the wall"), lambda o: Spread(o.wall_watts, "W") if o.hours else None),
        row("energy", w.say("Energy"), lambda o: Spread(o.energy_kwh, "kWh") if o.energy_kwh else None),
        row("cost", w.say("Cost"), _cost),
        row("co2", w.say("CO₂e"), lambda o: Spread(o.co2_kg, "kg") if o.co2_kg else None),
    )
    return Table("glance", "", (Column("what", ""), *columns), rows, len(rows), by_column=True)


def _below(w: Wording, c: AnsweredComparison) -> Table:
    """Many options, one a line: what decides between them."""
    columns = (
        Column("option", ""),
        Column("fits", w.say("Does it fit?")),
        Column("hours", w.say("Hours (80 % range)"), is_number=True),
        Column("energy", w.say("Energy"), is_number=True),
        Column("cost", w.say("Cost"), is_number=True),
        Column("co2", w.say("CO₂e"), is_number=True),
    )
    rows = tuple(
        Row(
            f"option-{i}",
            (
                Words(_named(w, o, cloud_name(o, c))),
                Words(fit_sentence(w, o)),
                Spread(o.hours, "h") if o.hours else Missing(),
                Number(o.energy_kwh.p50, "kWh") if o.energy_kwh else Missing(),
                _cost(o) or Missing(),
                Number(o.co2_kg.p50, "kg") if o.co2_kg else Missing(),
            ),
        )
        for i, o in enumerate(c.options, 1)
    )
    return Table("glance", "", columns, rows, len(rows))


def memory_in_words(w: Wording, option: AnsweredOption) -> str:
    """What a GPU needs of what it has."""
    fit = option.fit
    return w.say(
        "{need} of {available} GiB",
        need=w.rounded(fit.peak_memory_interval_gib.p50),
        available=w.rounded(fit.available_memory_gib),
    )


def _cost(option: AnsweredOption) -> Cell | None:
    return MoneySpread(option.cost.total, option.cost.currency) if option.cost else None


def paragraphs(w: Wording, c: AnsweredComparison) -> list[Section]:
    """Titles with their sentences, empty ones left out."""
    changes = [
        adjustments_sentence(w, cloud_name(o, c), o) for o in c.options if o.fit.adjustments and o.hours
    ]
    sentences = [trust_sentence(w, o, c.workload) for o in c.options]
    trust = list(dict.fromkeys(line for line in sentences if line))
    trust += model_sentences(w, c.workload)
    trust += several_nodes_sentences(w, c)
    trust.append(uncounted_sentence(w, c.options))
    return titled(
        ("why_not", w.say("Why not the others"), why_not_sentences(w, c)),
        ("adjustments", w.say("Adjustments"), changes),
        ("as_told", w.say("As built in"), told_sentences(w, c.options)),
        ("limit", w.say("Power limit"), power_limit_sentences(w, c.options, c.currency)),
        ("hours", w.say("When to run"), [line for o in c.options for line in when_sentences(w, o)]),
        ("prices", w.say("Prices"), price_sentences(w, c)),
        ("trust", w.say("How far to trust this"), trust),
        ("reference", w.say("Rule of three, for comparison"), reference_sentences(w, c)),
    )


def titled(*parts: tuple[str, str, Sequence[str | None]]) -> list[Section]:
    """Key, title and sentences as sections; those without a sentence are left out. A verdict's first sentence
    is set apart."""
    sections = []
    for key, title, lines in parts:
        sentences = tuple(line for line in lines if line)
        if sentences and key == "verdict":
            lead = (Paragraph(sentences[0], is_lead=True), Bullets(sentences[1:]))
            sections.append(Section(key, title, lead))
        elif sentences:
            sections.append(Section(key, title, (Bullets(sentences),)))
    return sections


def _reasoned(w: Wording, c: AnsweredComparison, reasons: Sequence[AnsweredExplanation]) -> list[Section]:
    """Where each option's time and doubt come from, and the runs it rests on."""
    return titled(
        *(
            (
                f"reasons-{i}",
                w.say("Why these hours: {device}", device=option.label),
                [stages_sentence(w, option) if option.hours else None, *explanation_sentences(w, reason)],
            )
            for i, (option, reason) in enumerate(zip(c.options, reasons, strict=False), 1)
        )
    )


def _inputs(n: Notebook, numbers: Sequence[AnsweredNumber]) -> Section:
    """Every input number with unit, basis and day, each once, and the number of its source."""
    w = n.w
    columns = (
        Column("number", w.say("Number")),
        Column("value", w.say("Value and unit")),
        Column("as_of", w.say("As of")),
        Column("basis", w.say("Basis")),
        Column("source", w.say("Source")),
    )
    rows: list[Row] = []
    subject = ""
    distinct = {(x.subject, x.name): x for x in reversed(numbers) if x.subject != RECORD}
    for x in reversed(distinct.values()):
        if x.subject != subject:
            subject = x.subject
            rows.append(Row(f"subject-{len(rows)}", (Words(subject), *[Words("")] * 4)))
        low, high = (x.low, x.high) if x.low != x.high else (None, None)
        name = Words("  " + x.name.rsplit(".", 1)[-1])
        cells = (name, Stated(x.value, x.unit, low, high), Day(x.as_of), Words(basis_in_words(w, x.basis)))
        rows.append(Row(f"input-{len(rows)}", (*cells, n.cite(x.cited))))
    return Section(
        "inputs", w.say("Every input number"), (Table("inputs", "", columns, tuple(rows), len(rows)),)
    )
