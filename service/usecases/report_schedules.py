"""Saving a decision to be asked again and reported on a cadence, pausing it, and forgetting it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from service.answers.question import AskedDecision
from service.errors import InvalidValue, UnknownName, worded
from service.estimate.cadence import LONGEST, cadence_of, next_run
from service.reports.words.wording import LANGUAGES
from service.store import comparisons, report_files, report_schedules
from service.store.report_schedules import ReportOrder, ReportSchedule
from service.store.session import Sessions
from service.usecases.alerts import check_webhook
from service.usecases.reporting import decision_report

LONGEST_NAME = 120
LONGEST_SLUG = 40
MOST_SCHEDULES = 1_000


@dataclass(frozen=True, slots=True)
class WantedReport:
    """What somebody wants to be told again and again."""

    decision: str
    """Id of the stored decision whose question is asked again."""
    every: str = "weekly"
    """As service/estimate/cadence.py reads it."""
    first_at: datetime | None = None
    """When it runs first, aware; the weekday and hour of all later runs. None: one round from now."""
    name: str = ""
    """"" for one made from the run and the cadence."""
    format: str = "html"
    """Extension of the file in the folder."""
    language: str | None = None
    """Of report, notices and feed; None for the decision's."""
    folder: str = ""
    """Of this machine; "" for no file."""
    webhook_url: str = ""


def save_schedule(sessions: Sessions, wanted: WantedReport, who: str, now: datetime) -> ReportSchedule:
    """Keep it, due one round from now or when it says. Its feed exists with or without folder and webhook.

    Raises InvalidValue or UnknownName naming the field that cannot be, among them a folder that cannot be
    written into and a decision whose question this version cannot ask; NotFound for an unknown decision.
    """
    cadence = cadence_of(wanted.every)
    first_at = _first_at(wanted, now)
    with sessions.reading() as session:
        decision = comparisons.get(session, wanted.decision, "decision")
    request = _in_language(AskedDecision.read(decision.request), wanted.language)
    if wanted.webhook_url:
        check_webhook(wanted.webhook_url)
    folder = ""
    if wanted.folder:
        folder = report_files.checked_folder(wanted.folder)
        # What cannot be rendered is said now and not in a week.
        decision_report(sessions, wanted.decision, wanted.format, request.lang)
    run = request.workload if isinstance(request.workload, str) else request.workload.name
    name = _checked_name(wanted.name) or f"{run} {cadence.name}"[:LONGEST_NAME]
    order = ReportOrder(
        name, request.kept(), decision.id, cadence.name, first_at,
        wanted.format, request.lang, folder, wanted.webhook_url,
    )  # fmt: skip
    with sessions.begin() as session:
        taken = report_schedules.slugs(session)
        if len(taken) >= MOST_SCHEDULES:
            raise InvalidValue("schedules", MOST_SCHEDULES, worded("are saved already; remove one first"))
        slug = _slug(name)
        if not wanted.name:
            slug = next(s for n in range(1, MOST_SCHEDULES + 2) if (s := _numbered(slug, n)) not in taken)
        due = next_run(cadence, first_at, now)
        return report_schedules.add(session, slug, order, created_by=who, now=now, due=due)


def find_schedule(sessions: Sessions, name: str) -> ReportSchedule:
    """The schedule of that slug. Raises UnknownName with the nearest ones first."""
    with sessions.reading() as session:
        known = report_schedules.slugs(session)
        if name not in known:
            raise UnknownName("name", name, known)
        return report_schedules.get(session, name)


def pause_schedule(sessions: Sessions, slug: str, now: datetime) -> ReportSchedule:
    """It runs no more until it is resumed, but by hand. Raises NotFound."""
    with sessions.begin() as session:
        report_schedules.pause(session, slug, now)
        return report_schedules.get(session, slug)


def resume_schedule(sessions: Sessions, slug: str, now: datetime) -> ReportSchedule:
    """It runs again at its next time that lies ahead; what was missed in the pause stays missed. NotFound."""
    with sessions.begin() as session:
        order = report_schedules.get(session, slug).order
        due = next_run(cadence_of(order.cadence), order.first_at, now)
        report_schedules.resume(session, slug, due)
        return report_schedules.get(session, slug)


def _first_at(wanted: WantedReport, now: datetime) -> datetime:
    if wanted.first_at is None:
        return now
    if wanted.first_at.tzinfo is None:
        raise InvalidValue("first_at", str(wanted.first_at), worded("needs its offset from UTC, like +01:00"))
    if not -LONGEST <= wanted.first_at - now <= LONGEST:
        raise InvalidValue("first_at", wanted.first_at.isoformat(), worded("must be within a year of now"))
    return wanted.first_at.astimezone(UTC)


def _in_language(request: AskedDecision, language: str | None) -> AskedDecision:
    if language is not None and language not in LANGUAGES:
        raise InvalidValue("lang", language, worded("unknown"), LANGUAGES)
    return request if language is None else request.model_copy(update={"lang": language})


def _checked_name(given: str) -> str:
    name = " ".join(given.split())
    if len(name) > LONGEST_NAME or not name.isprintable() or (name and not _slug(name)):
        raise InvalidValue(
            "name",
            name[:LONGEST_NAME],
            worded(
                "must be printable, up to {longest_name} characters, with a letter in it",
                longest_name=LONGEST_NAME,
            ),
        )
    return name


def _slug(name: str) -> str:
    """The name in lower case, digits and hyphens; also the beginning of the files' names."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")


def _numbered(slug: str, number: int) -> str:
    ending = "" if number == 1 else f"-{number}"
    return (slug or "report")[: LONGEST_SLUG - len(ending)] + ending
