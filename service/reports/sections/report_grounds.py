"""The grounds of a report, shared by every kind of answer: memory, track record, assumptions."""

from collections.abc import Iterable, Sequence

from service.answers.answer import AnsweredWorkload
from service.answers.option import AnsweredOption
from service.answers.parts import AnsweredNumber
from service.estimate.inputs import RECORD
from service.estimate.tariff import SOLAR_GRAMS, SOLAR_SHARE
from service.reports.document.document import (
    Bullets,
    Cell,
    Column,
    Day,
    Number,
    Row,
    Section,
    Share,
    Spread,
    Stated,
    Table,
    Words,
)
from service.reports.document.notebook import Notebook
from service.reports.sections.report_parts import OPTIONS_ON_PAGE, more_sentence, no_fit, option_name
from service.reports.words.explaining import rung_sentence, told_sentences
from service.reports.words.input_names import OF_ONE, basis_in_words, key_of, names, subject_in_words
from service.reports.words.sentences import adjustments_sentence, model_sentences, trust_sentence
from service.reports.words.source_notes import source_title
from service.reports.words.wording import Wording


def fit_section(n: Notebook, options: Sequence[AnsweredOption], on_page: int = OPTIONS_ON_PAGE) -> Section:
    """Will it fit, and what must be changed: need against memory, adjustments, the ladder of the first."""
    w = n.w
    columns = (
        Column("option", w.say("Option")),
        Column("need", w.say("Memory per GPU"), is_number=True),
        Column("available", w.say("Usable"), is_number=True),
        Column("sure", w.say("Chance that it fits"), is_number=True),
        Column("speed", w.say("Speed"), is_number=True),
        Column("watts", w.say("At the wall"), is_number=True),
    )
    rows = tuple(
        Row(
            f"fit-{i}",
            (
                option_name(w, o),
                Spread(o.fit.peak_memory_interval_gib, "GiB"),
                Number(o.fit.available_memory_gib, "GiB"),
                Words(w.likely(o.fit.fit_probability)),
                Number(o.tokens_per_s, w.say("tokens/s"), 0)
                if o.tokens_per_s is not None
                else n.missing(no_fit(w)),
                Spread(o.wall_watts, "W") if o.hours else n.missing(no_fit(w)),
            ),
        )
        for i, o in enumerate(options, 1)
    )
    title = w.say("Will it fit, and what must be changed")
    blocks: list[Bullets | Table] = [
        Table("fit", title, columns, rows, on_page, more=more_sentence(w, len(rows), on_page))
    ]
    changes = [adjustments_sentence(w, o.label, o) for o in options[:on_page] if o.fit.adjustments]
    changes += told_sentences(w, options[:on_page])
    if changes:
        blocks.append(Bullets(tuple(dict.fromkeys(changes))))
    blocks += [ladder_table(n, o) for o in options[:1] if o.fit.ladder]
    return Section("fit", title, tuple(blocks))


def ladder_table(n: Notebook, option: AnsweredOption, *, with_layers: bool = False) -> Table:
    """Every way to hold the run on a machine, each line allowing one thing more; a page has no room for how
    many layers are computed twice."""
    w = n.w
    columns = (
        Column("rung", w.say("Each line allows one thing more"), widest=48),
        Column("batch", w.say("Micro-batch"), is_number=True),
        *((Column("redone", w.say("Redone"), is_number=True),) if with_layers else ()),
        Column("need", w.say("Needs"), is_number=True),
        Column("sure", w.say("Chance that it fits"), is_number=True),
        Column("hours", w.say("Hours more"), is_number=True),
        Column("host", w.say("Main memory"), is_number=True),
        Column("code", w.say("Change the code?")),
    )
    rows = tuple(
        Row(
            f"rung-{i}",
            (
                Words(rung_sentence(w, rung.code, option.fit.is_as_asked)),
                Number(rung.micro_batch, "", 0),
                *((Number(rung.checkpointed_layers, "", 0),) if with_layers else ()),
                Number(rung.peak_memory_gib, "GiB"),
                Words(
                    w.likely(rung.fit_probability)
                    if rung.host_memory_suffices
                    else w.say("main memory too small")
                ),
                Number(rung.hours_added, "h"),
                Number(rung.host_memory_gib, "GiB"),
                Words(
                    w.say("new")
                    if rung.experimental
                    else w.say("yes")
                    if rung.needs_code_change
                    else w.say("no")
                ),
            ),
        )
        for i, rung in enumerate(option.fit.ladder, 1)
    )
    title = w.say("Every way to fit: {device}", device=option.label)
    return Table("ladder", title, columns, rows, len(rows))


def carbon_sentence(n: Notebook, option: AnsweredOption) -> str | None:
    """Greenhouse gas of an option and the grid it comes from; None where either is not known."""
    w, grid = n.w, option.carbon
    if grid is None or option.co2_kg is None:
        return None
    line = w.say(
        "{label}: {kg} kg CO₂e ({between}) at {grams} g/kWh, the grid of {zone} in {year} {source}.",
        label=option.label,
        kg=w.rounded(option.co2_kg.p50),
        between=w.between(option.co2_kg),
        grams=w.stated(grid.grams_co2e_per_kwh),
        zone=w.zone(grid.zone, grid.zone_name),
        year=str(grid.year),
        source=_mark(n.cite(grid.cited).numbers),
    )
    roof = {x.name: x for x in option.sources if x.name in (SOLAR_SHARE, SOLAR_GRAMS)}
    if len(roof) < 2:
        return line
    grams = roof[SOLAR_GRAMS]
    return f"{line} " + w.say(
        "{share} of the energy comes from your own roof and counts {grams} g/kWh {source}.",
        share=w.percent(roof[SOLAR_SHARE].value),
        grams=w.stated(grams.value),
        source=_mark(n.cite(grams.cited).numbers),
    )


def _mark(numbers: Iterable[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def record_section(
    n: Notebook,
    numbers: Sequence[AnsweredNumber],
    options: Sequence[AnsweredOption],
    workload: AnsweredWorkload,
) -> Section | None:
    """How well estimates of these classes did so far, from the validation; nothing where that is not kept."""
    w = n.w
    record = {x.name.removeprefix("track_record."): x for x in numbers if x.subject == RECORD}
    lacking = {
        "run": w.say("speed, other runs of this card known"),
        "gpu": w.say("speed, no run of this card known"),
        "project": w.say("speed, no run of this training code known"),
        "reporter": w.say("speed, no run of this machine's owner known"),
    }
    # Answers kept from before the evidence was told apart by place have one record for both.
    kinds = dict(lacking)
    for place, said in (("home", w.say("home cards")), ("datacenter", w.say("rented cards"))):
        here = [o for o in options if (o.kind == "home") == (place == "home")]
        known = {o.evidence == "same-gpu-and-engine" for o in here}
        at_hand = ["reporter"] * (True in known) + ["gpu"] * (False in known) + ["project"] * bool(here)
        for key in at_hand:
            kinds[f"{key}_{place}"] = w.say("{kind}: {place}", kind=lacking[key], place=said)
    kinds["memory"] = w.say("peak memory")
    rows = []
    for key, kind in kinds.items():
        if f"{key}.rows" not in record:
            continue
        count = record[f"{key}.rows"]
        error, inside = (record.get(f"{key}.{name}") for name in ("median_absolute_error", "coverage_80"))
        cells: tuple[Cell, ...] = (
            Words(kind),
            Number(count.value, "", 0),
            Share(error.value, 1) if error else n.missing(w.say("Not measured.")),
            Share(inside.value) if inside else n.missing(w.say("Not measured.")),
            n.cite(count.cited),
        )
        rows.append(Row(f"record-{key}", cells))
    trust = [line for o in _first_of_each(options) if (line := trust_sentence(w, o, workload))]
    trust += model_sentences(w, workload)
    if not rows and not trust:
        return None
    columns = (
        Column("kind", w.say("Published runs, each predicted without its own measurement"), widest=64),
        Column("runs", w.say("Runs"), is_number=True),
        Column("error", w.say("Median error"), is_number=True),
        Column("inside", w.say("In the 80 % range"), is_number=True),
        Column("source", w.say("Source")),
    )
    title = w.say("How well such estimates have done so far")
    table = (Table("record", title, columns, tuple(rows), len(rows)),) if rows else ()
    return Section("record", title, (*table, Bullets(tuple(trust))))


def _first_of_each(options: Sequence[AnsweredOption]) -> list[AnsweredOption]:
    return list({o.kind: o for o in reversed(options)}.values())[::-1]


def assumptions_section(
    n: Notebook, numbers: Sequence[AnsweredNumber], options: Sequence[AnsweredOption]
) -> Section:
    """Every number the answer rests on, those a reader may dispute first; the page shows only these."""
    w, disputable = n.w, names(n.w)
    weights = {name: weight for weight, name in enumerate(disputable)}
    near = [*numbers, *(x for o in _first_of_each(options) for x in o.sources)]
    every = [*near, *(x for o in options for x in o.sources)]
    distinct = {(x.subject, x.name): x for x in reversed(every) if x.subject != RECORD}
    named = {(x.subject, x.name): x for x in near if key_of(x) in disputable}
    first = sorted(named, key=lambda subject_name: weights[key_of(named[subject_name])])
    others = [x for key, x in reversed(distinct.items()) if key not in named]
    rows = [Row(f"input-{i}", _assumption(n, named[key], in_words=True)) for i, key in enumerate(first, 1)]
    rows += [Row(f"number-{i}", _assumption(n, x, in_words=False)) for i, x in enumerate(others, 1)]
    columns = (
        Column("what", w.say("Number"), widest=40),
        Column("about", w.say("Of")),
        Column("value", w.say("Value"), is_number=True),
        Column("basis", w.say("Basis")),
        Column("as_of", w.say("As of"), is_number=True),
        Column("age", w.say("Age"), is_number=True),
        Column("source", w.say("Source")),
    )
    title = w.say("Assumptions")
    more = ""
    if others:
        more = w.say(
            "and {count} more numbers (terms of the formulas, dimensions): the workbook, the CSV file and "
            "the JSON answer have them all",
            count=w.number(len(others)),
        )
    table = Table("assumptions", title, columns, tuple(rows), len(first), more=more)
    return Section("assumptions", title, (table,))


def _assumption(n: Notebook, x: AnsweredNumber, *, in_words: bool) -> tuple[Cell, ...]:
    w, day = n.w, x.as_of
    return (
        Words(names(w)[key_of(x)] if in_words else x.name),
        Words(subject_in_words(w, x)),
        _stated(w, x, in_words=in_words),
        Words(basis_in_words(w, x.basis)),
        Day(day),
        Number(n.age_days(day), w.counted("day", "days", n.age_days(day)), 0),
        n.cite(x.cited) if in_words else Words(source_title(w, x.source)),
    )


def _stated(w: Wording, number: AnsweredNumber, *, in_words: bool) -> Stated:
    """The number with its range; `in_words` turns shares into percent and translates the unit."""
    value, unit = number.value, number.unit
    low, high = (number.low, number.high) if number.low != number.high else (None, None)
    if not in_words:
        return Stated(value, unit, low, high)
    if unit in OF_ONE:
        least, most = (None if x is None else round(100 * x, 6) for x in (low, high))
        return Stated(round(100 * value, 6), "%", least, most)
    words = {"ratio": "", "tokens": w.say("tokens"), "TFLOP/s dense": "TFLOP/s"}
    if unit.startswith("g CO2e/kWh"):
        return Stated(value, "g/kWh", low, high)
    return Stated(value, words.get(unit, unit), low, high)
