"""What REST says, as the command line says the same: options for fields."""

import re

FIELD = re.compile(r"^(?P<field>[a-z_]+) = (?:None(?=:))?")
BESIDE_ITS_OPTION = re.compile(r" \(field [a-z_]+\)")


def by_options(detail: str) -> str:
    """The line of the command line for the detail of a problem."""
    told = BESIDE_ITS_OPTION.sub("", detail)
    found = FIELD.match(told)
    if found is None:
        return f"heimvorteil: {told}"
    called = "LOGFILE" if found["field"] == "log" else "--" + found["field"].replace("_", "-")
    nothing = told[: found.end()].endswith("None")
    return f"heimvorteil: {called}{'' if nothing else ' = '}{told[found.end() :]}"
