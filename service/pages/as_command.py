"""The same question for a terminal: as the product's own command, and as a request to the API."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from shlex import join

from service.answers.asked import option_called
from service.answers.question import AskedDecision

FLAGS_ALONE = {("buyer", "business"): "--business"}


def command(asked: AskedDecision, said: Mapping[str, Sequence[str]], language: str) -> str:
    """`heimvorteil decide ...` with what was said, in the language of the page."""
    words = ["heimvorteil", "decide"]
    if isinstance(asked.workload, str) and "workload" in said:
        words.append(asked.workload)
    for name, values in said.items():
        if name == "workload":
            continue
        option = option_called(name, AskedDecision.model_fields[name])
        for value in values or ("none",):
            alone = FLAGS_ALONE.get((name, value))
            words += [alone] if alone else [option, value]
    return join([*words, *([] if language == "en" else ["--lang", language])])


def request(asked: AskedDecision, root: str) -> str:
    """The same as curl sends it."""
    body = asked.model_dump(mode="json", exclude_defaults=True)
    return join(["curl", f"{root}api/v1/decisions", "--json", json.dumps(body, ensure_ascii=False)])


def frame(address: str, language: str, root: str) -> str:
    """The answer alone in a frame, for a page of one's own."""
    source = escape(f"{root}embed?{address}&lang={language}")
    return f'<iframe src="{source}" width="100%" height="420"></iframe>'
