"""Every option of a question changes the answer or is refused by name, with whatever else is asked."""

import pytest

from tests.effects.cases import Case, Cases, changes, refused
from tests.effects.looking import refusal_names
from tests.effects.of_questions import COMPARISON, DECISION, WORKLOAD

FORM = {
    "compare": "--json", "report": "--format json -o -", "decide": "--json", "reports schedule": "",
}  # fmt: skip
"""What each is asked with, so that all of the answer can be looked at."""
QUESTIONS: dict[str, Cases] = {
    "compare": {"workload": WORKLOAD, **COMPARISON},
    "report": {"asked_about": WORKLOAD, **COMPARISON},
    "decide": {"workload": WORKLOAD, **DECISION},
    "reports schedule": {"asked_about": WORKLOAD, **DECISION},
}
TO_A_FILE: Cases = {
    "-o": (changes("-o FOLDER/report.csv", says="report.csv"),),
    "--format": (changes("--format csv", "-o -", instead="--format md"), refused("--format doc", "-o -")),
}
BESIDE: dict[str, Cases] = {
    "compare": {
        **TO_A_FILE,
        "--json": (changes("--json"), refused("--json", "-o -")),
        "--explain": (
            changes("--explain"),
            refused("--explain", "--json", says="--json"),
            refused("--explain", "-o -"),
        ),
    },
    "report": TO_A_FILE,
    "decide": {**TO_A_FILE, "--json": (changes("--json"), refused("--json", "-o -"))},
    "reports schedule": {
        "--every": (changes("--every daily"),),
        "--first": (changes("--first 2027-02-01", says="2027-02-01"),),
        "--to": (changes("--to FOLDER"),),
        "--format": (changes("--format csv", "--to FOLDER"), refused("--format csv", says="--to")),
        "--webhook": (changes("--webhook https://example.org/x"), refused("--webhook x")),
        "--name": (changes("--name mine", says="mine"),),
    },
}
"""What is no part of the question."""
EVERY = {name: {**cases, **BESIDE[name]} for name, cases in QUESTIONS.items()}


def line(name: str, option: str, case: Case, last: str) -> str:
    form = "" if option in BESIDE[name] else FORM[name]
    return " ".join(f"{name} {case.workload} {form} {case.beside} {last}".split())


SAME = {"report": "compare", "reports schedule": "decide"}
"""Who asks with the same options as another: those are tried twice by the second command of the README."""
TRIED = [
    pytest.param(name, option, marks=pytest.mark.long if option in QUESTIONS.get(SAME.get(name), ()) else ())
    for name in EVERY
    for option in EVERY[name]
]


@pytest.mark.parametrize(("name", "option"), TRIED)
def test_every_option_counts(asked, name, option):
    for case in EVERY[name][option]:
        code, usual = asked(line(name, option, case, case.instead))
        assert code == 0, (case, usual)
        code, answer = asked(line(name, option, case, case.option))
        if case.refused:
            assert code == 2, f"not refused: {name} {case}"
            assert answer.count("\n") == 1 and (case.says or refusal_names(name, option, answer)), answer
        else:
            assert code == 0, (case, answer)
            assert answer != usual, f"ignored: {name} {case}"
        assert case.says in str(answer), answer
