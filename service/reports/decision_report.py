"""A stored decision as a document: the plan first, then what else there is, and what it hangs on."""

from collections.abc import Sequence

from service.answers.answer import AnsweredDecision
from service.answers.reading import read_decision
from service.reports.charts.charts import Spending
from service.reports.document.document import Bullets, Document, Paragraph, Section
from service.reports.document.frame import framed, run_subtitle
from service.reports.document.notebook import Notebook
from service.reports.sections.decision_on_screen import decision_screen
from service.reports.sections.decision_plans import nearest_section, picture_section, plans_section
from service.reports.sections.decision_turning import turning_section
from service.reports.sections.hours_section import hours_section
from service.reports.sections.numbered_plans import (
    CHOSEN_AT_MOST,
    NumberedPlan,
    chosen_plans,
    named_plans,
    numbered_plans,
)
from service.reports.sections.rented_price import PricePoint, history_section, stale_rent_sentence
from service.reports.sections.report_grounds import (
    assumptions_section,
    carbon_sentence,
    fit_section,
    record_section,
)
from service.reports.sections.report_parts import bill_section, chart_labels, over_time_section, spending
from service.reports.sections.what_if_section import decided_otherwise
from service.reports.words.bill import uncounted_sentence
from service.reports.words.decision_sentences import (
    cluster_sentence,
    debugging_sentence,
    impossible_sentence,
    limits_phrase,
    verdict_lines,
)
from service.reports.words.nearest_possible import nearest_sentence
from service.reports.words.plan_names import plan_name
from service.reports.words.sentences import duration, power_limit_sentences
from service.reports.words.verdict import (
    code_change_sentence,
    marginal_sentence,
    no_fit_sentence,
    not_practical_sentence,
)
from service.reports.words.wording import Wording, wording

IN_THE_LEAD = 2
"""Sentences: what to do, and what it comes to; what else is to be known stands below. That it is sure enough
only at the rent that was stated stands between them."""


def decision_document(content: bytes, language: str = "en", history: Sequence[PricePoint] = ()) -> Document:
    """The document of a stored decision, every number out of it.

    `history` are the prices of the rented plan (`AnsweredDecision.rented`) as they were known when the
    question was answered, the oldest first; without two of them there is no such section. Raises
    InvalidValue for a language we do not speak.
    """
    d = read_decision(content)
    w = wording(language)
    n = Notebook(w, d.asked_at)
    plans = numbered_plans(d)
    chosen = chosen_plans(d, plans)
    ordered = [*chosen, *(p for p in plans if p not in chosen)]
    options = [p.option for p in ordered]
    bills = [p.number for p in ordered if p.plan.cost]
    shown = sum(1 for p in chosen if p.plan.cost)
    sections = (
        verdict_section(n, d, chosen),
        nearest_section(n, d),
        plans_section(n, d, plans, bills),
        decided_otherwise(w, d),
        picture_section(n, d, plans),
        over_time_section(n, _spendings(w, [*named_plans(d, plans), *chosen]), d.currency),
        bill_section(n, options, d.currency, max(1, shown), is_drawn=False),
        turning_section(n, d, plans),
        history_section(n, history, d.rented),
        hours_section(n, options),
        fit_section(n, options, max(1, len(chosen))) if options else None,
        energy_section(n, d, chosen),
        record_section(n, d.sources, [p.option for p in chosen], d.workload),
        assumptions_section(n, d.sources, options),
    )
    return framed(
        n, d, content,
        title=_title(w, d),
        subtitle=run_subtitle(w, d.workload, options, d.zone, d.asked_at),
        name="heimvorteil-plan",
        made=w.say(
            "Heimvorteil, decision {id} of {day}, facts of version {version}",
            id=d.id, day=w.day(d.asked_at.date()), version=w.number(d.data_version),
        ),
        sections=sections,
        screen=decision_screen(n, d),
    )  # fmt: skip


def _title(w: Wording, d: AnsweredDecision) -> str:
    if not d.has_limits:
        return w.say("{run}: the best plan", run=d.workload.name)
    return w.say("{run}: the best plan {limits}", run=d.workload.name, limits=limits_phrase(w, d))


def _spendings(w: Wording, plans: Sequence[NumberedPlan]) -> list[Spending]:
    """The first of these plans over calendar time, each once, as a chart draws them."""
    priced = {p.number: p for p in plans if p.plan.calendar_hours and p.plan.cost and not p.plan.practical}
    drawn = list(priced.values())[:CHOSEN_AT_MOST]
    labels = chart_labels(w, [p.option for p in drawn])
    return [
        spending(w, label, p.plan.calendar_hours, p.plan.cost, p.plan.purchase)
        for label, p in zip(labels, drawn, strict=True)
        if p.plan.calendar_hours and p.plan.cost
    ]


def verdict_section(n: Notebook, d: AnsweredDecision, chosen: Sequence[NumberedPlan]) -> Section:
    """The plan, or that there is none and the smallest change that makes one; then what to know first."""
    w, best = n.w, d.best
    said = verdict_lines(w, d) if best else [impossible_sentence(w, d)]
    in_the_lead = IN_THE_LEAD + d.needs_stated_rent
    lead, said = said[:in_the_lead], said[in_the_lead:]
    lead += [] if best else [nearest_sentence(w, change, d) for change in d.nearest_possible[:1]]
    acted_on = best or d.rented
    caveats = [*said, _beside(w, d), debugging_sentence(w, d)]
    caveats += [no_fit_sentence(w, p.plan) for p in chosen if p.plan.hours is None]
    caveats += [not_practical_sentence(w, p.plan) for p in chosen if p.plan.practical]
    caveats += [marginal_sentence(w, p.plan) for p in chosen if p.plan.fit.verdict == "marginal"]
    if best and best.is_at_home:
        caveats.append(code_change_sentence(w, best) or "")
    if acted_on:
        if best is None or d.prices is None:
            caveats.append(stale_rent_sentence(n, acted_on))  # else the verdict has told its age
        caveats.append(cluster_sentence(w) if acted_on.instances > 1 else "")
    caveats.append(uncounted_sentence(w, d.shortlist))
    items = tuple(line for line in caveats if line)
    return Section("verdict", w.say("Verdict"), (Paragraph(" ".join(lead), is_lead=True), Bullets(items)))


def _beside(w: Wording, d: AnsweredDecision) -> str:
    """The other side for comparison: home where the best is rented, else the rented plan; empty where that
    was told already, as what may be better."""
    other = d.rented if d.best and d.best.is_at_home else d.home
    if other is None or other.cost is None or other.calendar_hours is None or other.is_best_if_rents_hold:
        return ""
    phrases = {
        "plan": plan_name(w, other),
        "cost": w.about(other.cost.p50, d.currency),
        "time": duration(w, other.calendar_hours.p50),
    }
    if not d.has_limits:
        return w.say("For comparison: {plan}; cost {cost}, duration {time}.", **phrases)
    return w.say(
        "For comparison: {plan}; cost {cost}, duration {time}, probability of keeping the limits {sure}.",
        sure=w.likely(d.told_chance(other)), **phrases,
    )  # fmt: skip


def energy_section(n: Notebook, d: AnsweredDecision, chosen: Sequence[NumberedPlan]) -> Section | None:
    """CO2e of the training with its grids; the power limit at home, where a slower run still is a plan."""
    w = n.w
    lines = [line for p in chosen if (line := carbon_sentence(n, p.option))]
    at_home = [p.option for p in chosen if p.plan.is_at_home and p.plan.keeps_limits]
    limits = power_limit_sentences(w, at_home[:1], d.currency)
    if not lines and not limits:
        return None
    title = w.say("Greenhouse gas of the training")
    if limits:
        title = w.say("Greenhouse gas of the training, power limit")
    return Section("energy", title, (Bullets((*lines, *limits)),))
