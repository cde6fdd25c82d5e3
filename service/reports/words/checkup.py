"""What `heimvorteil doctor` found, and the way out of each fault, in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.reports.words.error_words import on_file
from service.reports.words.sentences import span
from service.reports.words.wording import Wording

Told = tuple[str, str]
"""What it is, and what to do; "" where nothing has to be done."""
GB = 10**9
NAMES_TOLD = 3


def told(w: Wording, kind: str, values: Mapping[str, Any]) -> Told:
    """The sentence of a finding and its way out."""
    return TOLD[kind](w, values)


def _unknown_setting(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("{name} is no setting and has no effect.", **v),
        w.say("Was {nearest} meant? Correct it, or take it away.", **v),
    )


def _bad_setting(w: Wording, v: Mapping[str, Any]) -> Told:
    return w.say("A setting cannot be used: {line}.", **v), w.say("Correct it; nothing starts with it.")


def _settings_are_known(w: Wording, v: Mapping[str, Any]) -> Told:
    count = v["count"]
    return w.counted(
        "{count} setting is given and known.", "{count} settings are given and known.", count
    ), ""


def _no_database(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("There is no database yet: {database}.", **v),
        w.say(
            "The first command that asks it makes it; if there should be one, see HEIMVORTEIL_DATABASE_URL."
        ),
    )


def _database_away(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("{database} cannot be asked: {error}.", **v),
        w.say(
            "Does its server run, and does HEIMVORTEIL_DATABASE_URL name it? Is the file whole and readable?"
        ),
    )


def _not_writable(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("The database can be read and not be written: {error}.", **v),
        w.say("Give this user the right to write the file and its folder, or free the disk."),
    )


def _database_is_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "{database} can be read and written: {size} MB, facts at version {version}.",
            database=v["database"], size=w.rounded(v["bytes"] / 1e6), version=v["version"],
        ),
        "",
    )  # fmt: skip


def _older_schema(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("The schema is at {revision}, this version needs {head}.", **v),
        w.say("Run heimvorteil db upgrade; a SQLite file is upgraded by the next command that asks it."),
    )


def _newer_schema(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "The schema is at {revision}, newer than this version's {head}.",
            revision=v["revision"],
            head=v["head"],
        ),
        w.say("Install the version that wrote it, or a newer one."),
    )


def _schema_is_current(w: Wording, v: Mapping[str, Any]) -> Told:
    return w.say("The schema is at {head}, as this version needs it.", **v), ""


def _stale(w: Wording, v: Mapping[str, Any]) -> Told:
    if v["age"] is None:
        what = w.say("{name} has never been read.", **v)
    else:
        what = w.say("{name} is stale: it was last read {age} ago.", name=v["name"], age=span(w, v["age"]))
    why = w.say("Its last try: {error}.", **v) if v["error"] else ""
    return (
        f"{what} {why}".strip(),
        w.say(
            "Does serve or heimvorteil prices watch run? Try heimvorteil prices refresh {name}.",
            **v,
        ),
    )


def _failing(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("{name} failed: {error}. Its prices of before still count.", **v),
        w.say("It is tried again by itself; heimvorteil prices check {name} looks at it now.", **v),
    )


def _several_stale(w: Wording, v: Mapping[str, Any]) -> Told:
    names = _few(w, v["names"])
    if v["age"] is None:
        what = w.say("{count} sources have never been read: {names}.", count=len(v["names"]), names=names)
    else:
        what = w.say(
            "{count} sources are stale, the oldest was last read {age} ago: {names}.",
            count=len(v["names"]), age=span(w, v["age"]), names=names,
        )  # fmt: skip
    why = w.say("Their last try: {error}.", error=_cause(w, v)) if v["cause"] else ""
    return (
        f"{what} {why}".strip(),
        w.say(
            "Does serve or heimvorteil prices watch run? Try heimvorteil prices refresh. Each of them: "
            "heimvorteil doctor --json."
        ),
    )


def _several_failing(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "{count} sources failed ({error}): {names}. Their prices of before still count.",
            count=len(v["names"]), error=_cause(w, v), names=_few(w, v["names"]),
        ),
        w.say(
            "They are tried again by themselves; heimvorteil prices check looks at them now. Each of them: "
            "heimvorteil doctor --json."
        ),
    )  # fmt: skip


def _few(w: Wording, names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    shown, more = ", ".join(names[:NAMES_TOLD]), len(names) - NAMES_TOLD
    return w.say("{names} and {more} more", names=shown, more=more) if more > 0 else shown


def _cause(w: Wording, v: Mapping[str, Any]) -> str:
    """A stored cause in the language of the reader where it is a sentence of our own."""
    return on_file(v["cause"], w.language) or w.say("unknown cause")


def _no_sources(w: Wording, _: Mapping[str, Any]) -> Told:
    return w.say("No price source is known to the database."), w.say(
        "Run heimvorteil prices refresh --quick."
    )


def _sources_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "{well} of {of} price sources are fresh or not needed now, "
            "{asleep} sleep without a key or a switch.",
            **v,
        ),
        "",
    )  # fmt: skip


def _no_source_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "None of {of} price sources is fresh, {asleep} sleep without a key or a switch: prices are those "
            "shipped, or older ones.",
            **v,
        ),
        w.say("Run heimvorteil prices refresh --quick; heimvorteil prices check says what is in the way."),
    )


def _disk_is_full(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("{size} GB are free at {folder}.", size=w.rounded(v["bytes"] / GB), folder=v["folder"]),
        w.say("Free the disk, or move the database to a larger one."),
    )


def _disk_is_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return _disk_is_full(w, v)[0], ""


def _clock_is_behind(w: Wording, v: Mapping[str, Any]) -> Told:
    named = {"files": w.say("these programs were written"), "facts": w.say("the facts last changed")}
    return (
        w.say(
            "The clock is {by} before the moment at which {what}.", by=span(w, v["by"]), what=named[v["what"]]
        ),
        _set_the_clock(w),
    )


def _clock_differs(w: Wording, v: Mapping[str, Any]) -> Told:
    return w.say("The clock differs by {by} from the database's.", by=span(w, v["by"])), _set_the_clock(w)


def _set_the_clock(w: Wording) -> str:
    return w.say("Set it by the network (NTP): prices are dated by it, and tokens end by it.")


def _clock_is_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return w.say("The clock says {now}.", now=w.minute(v["now"])), ""


def _versions(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say(
            "Heimvorteil {product}, calibration {calibration}, Python {python}, SQLite {sqlite}.",
            **v,
        ),
        "",
    )  # fmt: skip


def _no_network(w: Wording, v: Mapping[str, Any]) -> Told:
    return (
        w.say("{name} cannot be reached: {error}.", **v),
        w.say("Prices need the network: see the name service, the proxy (HTTPS_PROXY) and the firewall."),
    )


def _network_is_well(w: Wording, v: Mapping[str, Any]) -> Told:
    return w.say("{name} was reached in {seconds} s.", name=v["name"], seconds=w.rounded(v["seconds"])), ""


TOLD: dict[str, Callable[[Wording, Mapping[str, Any]], Told]] = {
    "unknown_setting": _unknown_setting,
    "bad_setting": _bad_setting,
    "settings_are_known": _settings_are_known,
    "no_database": _no_database,
    "database_away": _database_away,
    "not_writable": _not_writable,
    "database_is_well": _database_is_well,
    "older_schema": _older_schema,
    "newer_schema": _newer_schema,
    "schema_is_current": _schema_is_current,
    "stale": _stale,
    "failing": _failing,
    "several_stale": _several_stale,
    "several_failing": _several_failing,
    "no_sources": _no_sources,
    "sources_well": _sources_well,
    "no_source_well": _no_source_well,
    "disk_is_full": _disk_is_full,
    "disk_is_well": _disk_is_well,
    "clock_is_behind": _clock_is_behind,
    "clock_differs": _clock_differs,
    "clock_is_well": _clock_is_well,
    "versions": _versions,
    "no_network": _no_network,
    "network_is_well": _network_is_well,
}
