"""A stored comparison as a document: verdict first, then what it rests on and what would change it."""

from collections.abc import Sequence

from service.answers.answer import AnsweredComparison
from service.answers.option import AnsweredExplanation, AnsweredOption
from service.answers.reading import read_comparison
from service.reports.document.document import (
    Bullets,
    Cell,
    Column,
    Document,
    Money,
    Paragraph,
    Row,
    Section,
    Share,
    Table,
    Words,
)
from service.reports.document.frame import framed, run_subtitle
from service.reports.document.notebook import Notebook
from service.reports.sections.hours_section import hours_section
from service.reports.sections.on_screen import comparison_screen
from service.reports.sections.rented_price import PricePoint, history_section, stale_rent_sentence
from service.reports.sections.report_grounds import (
    assumptions_section,
    carbon_sentence,
    fit_section,
    record_section,
)
from service.reports.sections.report_parts import (
    bill_section,
    options_table,
    over_time_section,
    spendings,
    unit_price,
)
from service.reports.sections.what_if_section import compared_otherwise
from service.reports.words.bill import uncounted_sentence
from service.reports.words.decision_sentences import several_nodes_sentences
from service.reports.words.prices import (
    average_tariff_sentence,
    market_sentence,
    rent_distance_sentence,
    suggestion_sentence,
)
from service.reports.words.sentences import medians_sentence, power_limit_sentences, reference_sentences
from service.reports.words.vat import vat_sentences
from service.reports.words.verdict import (
    break_even_sentence,
    cannot_sentences,
    cheaper_sentence,
    code_change_sentence,
    faster_sentence,
    looked_at_sentence,
    marginal_sentence,
    sure_sentence,
    waiting_sentence,
)
from service.reports.words.why_not import why_not_sentences
from service.reports.words.wording import Wording, wording

FITTED_ON_PAGE = 4
DOUBTFUL = 0.8
"""Below this probability the verdict itself is said to be uncertain."""


def comparison_document(
    content: bytes,
    language: str = "en",
    history: Sequence[PricePoint] = (),
    reasons: Sequence[AnsweredExplanation] | None = None,
) -> Document:
    """The document of a stored answer, every number out of it.

    `history` are the prices of the first rented offer as they were known when the question was answered,
    the oldest first; without two of them there is no such section. `reasons` are why each option takes its
    time: with them a screen has every ladder and every number. Raises InvalidValue for a language we
    do not speak.
    """
    c = read_comparison(content)
    w = wording(language)
    n = Notebook(w, c.asked_at)
    home, cloud = c.first("home"), c.first("cloud")
    sections = (
        verdict_section(n, c, home, cloud),
        Section(
            "options",
            w.say("Options"),
            (options_table(n, c.options), _how_to_read(w, c), *_why_not(w, c)),
        ),
        compared_otherwise(w, c),
        over_time_section(n, spendings(w, [o for o in c.options if not o.practical]), c.currency),
        bill_section(n, c.options, c.currency),
        turning_section(n, c, home, cloud),
        history_section(n, history, cloud),
        hours_section(n, c.options),
        fit_section(n, c.options, FITTED_ON_PAGE),
        energy_section(n, c, home, cloud),
        record_section(n, c.sources, c.options, c.workload),
        assumptions_section(n, c.sources, c.options),
    )
    return framed(
        n, c, content,
        title=w.say("{run}: at home or rented?", run=c.workload.name),
        subtitle=run_subtitle(w, c.workload, c.options, c.zone, c.asked_at),
        name="heimvorteil",
        made=w.say(
            "Heimvorteil, comparison {id} of {day}, facts of version {version}",
            id=c.id, day=w.day(c.asked_at.date()), version=w.number(c.data_version),
        ),
        sections=sections,
        screen=comparison_screen(n, c, reasons),
    )  # fmt: skip


def _why_not(w: Wording, c: AnsweredComparison) -> tuple[Bullets, ...]:
    sentences = tuple(why_not_sentences(w, c))
    return (Bullets(sentences),) if sentences else ()


def _how_to_read(w: Wording, c: AnsweredComparison) -> Paragraph:
    line = medians_sentence(w)
    if c.considered_offers:
        line += " " + w.say(
            "Stored offers looked at: {count}; these are the cheapest.", count=w.number(c.considered_offers)
        )
    return Paragraph(line)


def verdict_section(
    n: Notebook, c: AnsweredComparison, home: AnsweredOption | None, cloud: AnsweredOption | None
) -> Section:
    """The verdict in two sentences, then what a reader must know before acting on it."""
    w = n.w
    title = w.say("Verdict")
    if home is None or cloud is None:
        lead = w.say("There is nothing to compare: no option of one of the two kinds is known.")
        return Section("verdict", title, (Paragraph(lead, is_lead=True),))
    unfit = cannot_sentences(w, home, cloud)
    if unfit:
        lead = " ".join(unfit)
    else:
        lead = f"{cheaper_sentence(w, c, home, cloud)} {faster_sentence(w, c, home, cloud)}"
    sure = c.verdict.cheaper_probability
    caveats = [] if unfit else [waiting_sentence(w, c, home, cloud), sure_sentence(w, c)]
    caveats += [marginal_sentence(w, o) for o in (home, cloud) if o.fit.verdict == "marginal"]
    if sure is not None and sure < DOUBTFUL:
        caveats.append(
            w.say(
                "Which of the two is cheaper is not certain: in {share} of cases it is the other.",
                share=w.percent(1 - sure),
            )
        )
    if home.hours:
        caveats.append(code_change_sentence(w, home))
    caveats += vat_sentences(w, c.vat, home, cloud)
    caveats += [rent_distance_sentence(w, cloud.offer), stale_rent_sentence(n, cloud)]
    caveats.append(looked_at_sentence(w, c))
    if cloud.suggestions:
        caveats.append(suggestion_sentence(w, cloud))
    caveats += several_nodes_sentences(w, c)
    caveats.append(uncounted_sentence(w, c.options))
    items = tuple(line for line in caveats if line)
    return Section("verdict", title, (Paragraph(lead, is_lead=True), Bullets(items)))


def turning_section(
    n: Notebook, c: AnsweredComparison, home: AnsweredOption | None, cloud: AnsweredOption | None
) -> Section | None:
    """What would change the verdict: the two prices at which it turns, and what else it hangs on."""
    w = n.w
    title = w.say("What would change the verdict")
    turns = any((c.break_even.rent_per_hour, c.break_even.per_kwh))
    table = (_turning_table(n, c, home, cloud, title),) if turns else ()
    lines = [
        break_even_sentence(w, c) if home and cloud else "",
        market_sentence(w, cloud.offer if cloud else None),
        average_tariff_sentence(w, home),
    ]
    sentences = tuple(line for line in lines if line)
    return Section("turns", title, (*table, Bullets(sentences))) if table or sentences else None


def _turning_table(
    n: Notebook, c: AnsweredComparison, home: AnsweredOption | None, cloud: AnsweredOption | None, title: str
) -> Table:
    """The two prices of this answer beside those at which the verdict turns."""
    w = n.w
    rows = []
    rent, per_kwh = unit_price(cloud, "rent"), unit_price(home, "electricity")
    for key, words, today, unit, turns in (
        ("rent", w.say("rent per hour"), rent, "h", c.break_even.rent_per_hour),
        ("per_kwh", w.say("electricity per kWh"), per_kwh, "kWh", c.break_even.per_kwh),
    ):
        now: Cell = Money(today or 0.0, c.currency, per=unit)
        if today is None:
            now = n.missing(w.say("No price is known for this configuration."))
        at: Cell = Money(float(turns or 0), c.currency, per=unit)
        change: Cell = Share(float(turns or 0) / today - 1 if today else 0.0, is_signed=True)
        if turns is None or not today:
            change = n.missing(w.say("No price of this kind turns the verdict, or a price is missing."))
        if turns is None:
            at = change
        rows.append(Row(f"turns-{key}", (Words(words), now, at, change)))
    columns = (
        Column("what", w.say("Price")),
        Column("today", w.say("In this answer"), is_number=True),
        Column("turns", w.say("The verdict turns at"), is_number=True),
        Column("change", w.say("Change"), is_number=True),
    )
    return Table("turns", title, columns, tuple(rows), len(rows))


def energy_section(
    n: Notebook, c: AnsweredComparison, home: AnsweredOption | None, cloud: AnsweredOption | None
) -> Section | None:
    """CO2e with its grids, the power limit, and the well-known rule of three beside it."""
    w = n.w
    lines = [line for o in (home, cloud) if o and (line := carbon_sentence(n, o))]
    lines += power_limit_sentences(w, c.options, c.currency)
    if home and cloud:
        lines += reference_sentences(w, c)
    if not lines:
        return None
    return Section("energy", w.say("Greenhouse gas, power limit, rule of three"), (Bullets(tuple(lines)),))
