"""Is this installation well? What was looked at, what was found, how bad it is; the words are elsewhere."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import disk_usage
from typing import Any, Literal

from service.errors import InvalidValue, nearest_first
from service.settings import PREFIX, SETTINGS, Settings
from service.store.condition import Condition
from service.store.price_sources import Standing
from service.store.session import HEAD_REVISION

Grade = Literal["ok", "note", "fault"]
"""note: nothing is broken yet, or it is as somebody wants it"""
SCARCE_BYTES, LITTLE_BYTES = 500 * 10**6, 5 * 10**9
SLACK = timedelta(minutes=2)
"""Clocks of two machines may differ by so much."""
SEVERAL = {"stale": "several_stale", "failing": "several_failing"}
"""A finding of one source, and of several for the same cause."""
ADDRESS, DETAIL = re.compile(r"^https?://\S+: "), re.compile(r" \(.*\)$")
"""What is of one source alone in the sentence that says why it failed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: which, how bad, and what service/reports/words/checkup.py says of it."""

    about: str
    grade: Grade
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


def of_settings(environ: Mapping[str, str], known: Collection[str]) -> list[Finding]:
    """Variables that are no setting, with the nearest that are, and values that cannot be used."""
    variables = {*(setting.variable for setting in SETTINGS), *known}
    found = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in variables:
            nearest = nearest_first(name, variables)[0]
            found.append(Finding("settings", "fault", "unknown_setting", {"name": name, "nearest": nearest}))
    try:
        Settings.from_environ(environ)
    except InvalidValue as error:
        found.append(Finding("settings", "fault", "bad_setting", {"line": str(error)}))
    given = sum(name in variables for name in environ)
    return found or [Finding("settings", "ok", "settings_are_known", {"count": given})]


def of_database(at: Condition) -> list[Finding]:
    """Whether it can be reached, written, and has the schema that is needed."""
    if not at.exists:
        return [Finding("database", "note", "no_database", {"database": at.shown})]
    if at.error is not None:
        return [Finding("database", "fault", "database_away", {"database": at.shown, "error": at.error})]
    if not at.is_current:
        kind = "newer_schema" if at.is_newer else "older_schema"
        told = {"revision": at.revision or "-", "head": HEAD_REVISION}
        return [Finding("migrations", "fault", kind, told)]
    found = [Finding("migrations", "ok", "schema_is_current", {"head": HEAD_REVISION})]
    if at.not_writable is not None:
        return [Finding("database", "fault", "not_writable", {"error": at.not_writable}), *found]
    size = {"database": at.shown, "bytes": at.size_bytes or 0, "version": at.data_version}
    return [Finding("database", "ok", "database_is_well", size), *found]


def of_sources(standings: Collection[Standing]) -> list[Finding]:
    """Those that are stale or failing, with why; how many are well."""
    if not standings:
        return [Finding("sources", "note", "no_sources")]
    found = []
    for one in standings:
        if one.state in ("stale", "failing"):
            error = one.last.error if one.last and one.last.outcome == "failed" else ""
            told = {"name": one.source.name, "age": one.age, "error": error}
            found.append(Finding("sources", "fault" if one.state == "stale" else "note", one.state, told))
    well = sum(one.state in ("fresh", "standby") for one in standings)
    asleep = sum(one.state == "asleep" for one in standings)
    counts = {"well": well, "of": len(standings), "asleep": asleep}
    if not well:
        return [*found, Finding("sources", "note", "no_source_well", counts)]
    grade: Grade = "ok" if well + asleep == len(standings) else "note"
    return [*found, Finding("sources", grade, "sources_well", counts)]


def grouped(found: Iterable[Finding]) -> list[Finding]:
    """The findings, sources that are stale or failing for the same cause as one of them."""
    groups: dict[object, list[Finding]] = {}
    for one in found:
        key: object = id(one)
        if one.kind in SEVERAL:
            key = (one.kind, one.values["age"] is None, cause_of(one.values["error"]))
        groups.setdefault(key, []).append(one)
    return [group[0] if len(group) == 1 else _as_one(group) for group in groups.values()]


def _as_one(group: list[Finding]) -> Finding:
    """Sources with one cause: their names, the longest that one of them was not read, the cause."""
    first = group[0]
    ages = [one.values["age"] for one in group if one.values["age"] is not None]
    told = {
        "names": tuple(one.values["name"] for one in group), "age": max(ages, default=None),
        "cause": cause_of(first.values["error"]),
    }  # fmt: skip
    return Finding(first.about, first.grade, SEVERAL[first.kind], told)


def cause_of(error: str) -> str:
    """Why a source failed, without the address and the details that are its own."""
    return DETAIL.sub("", ADDRESS.sub("", error))


def of_disk(folder: Path) -> list[Finding]:
    """How much room the disk under a folder has, or under the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = disk_usage(folder).free
    grade: Grade = "fault" if free < SCARCE_BYTES else "note" if free < LITTLE_BYTES else "ok"
    kind = "disk_is_well" if grade == "ok" else "disk_is_full"
    return [Finding("disk", grade, kind, {"folder": str(folder), "bytes": free})]


def of_clock(
    now: datetime, earlier: Mapping[str, datetime | None], of_database: datetime | None
) -> list[Finding]:
    """Whether the clock is before what has certainly happened, or far from the database's."""
    for what, at in earlier.items():
        if at is not None and now < at - SLACK:
            return [Finding("clock", "fault", "clock_is_behind", {"what": what, "by": at - now})]
    if of_database is not None and abs(now - of_database) > SLACK:
        return [Finding("clock", "fault", "clock_differs", {"by": abs(now - of_database)})]
    return [Finding("clock", "ok", "clock_is_well", {"now": now})]


def is_well(found: Collection[Finding]) -> bool:
    """Whether nothing has to be done."""
    return all(one.grade != "fault" for one in found)
