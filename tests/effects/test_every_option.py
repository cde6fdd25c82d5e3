"""Every option and argument of every command has an effect or is refused by name; none is ignored.

What there is to try is asked of click itself: an option without a case fails.
"""

import pytest

from tests.effects.looking import COMMANDS as ALL
from tests.effects.looking import opts_of, refusal_names
from tests.effects.of_commands import COMMANDS
from tests.effects.test_questions_asked import EVERY

TRIED = {**EVERY, **COMMANDS}


def test_every_option_and_argument_of_every_command_has_a_case():
    there = {f"{name} {one}" for name, command in ALL.items() for one, _ in opts_of(command)}
    tried = {f"{name} {one}" for name, cases in TRIED.items() for one in cases}
    assert (there - tried, tried - there) == (set(), set())
    assert ALL.keys() == TRIED.keys()


@pytest.mark.parametrize(("name", "option"), [(name, one) for name in COMMANDS for one in COMMANDS[name]])
def test_every_option_counts(said, name, option):
    for case in COMMANDS[name][option]:
        then = f" then {case.then}" if case.then else ""
        code, usual = said(f"{name} {case.beside} {case.instead}{then}".strip())
        assert code == case.usually, (case, usual)
        code, answer = said(f"{name} {case.beside} {case.option}{then}".strip())
        if case.refused:
            assert code == 2, f"not refused: {name} {case}: {answer}"
            assert answer.count("\n") == 1 and (case.says or refusal_names(name, option, answer)), answer
        else:
            assert code == 0, (case, answer)
            assert answer != usual, f"ignored: {name} {case}: {answer}"
        assert case.says in answer, answer
