"""kill -9 at every step of a refresh and of an import: the facts are as before or as after, never between."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.long


@pytest.mark.parametrize("work", ["refresh", "import"])
def test_the_facts_are_as_before_or_as_after(catalog_database_url, work):
    command = [sys.executable, "-m", "tests.fuzz.killed", catalog_database_url, work]
    ran = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=4 * PATIENCE_S
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    before, *later = told["states"]
    assert told["steps"] > 4
    assert before != told["after"], "the work does something"
    assert later in ([], [told["after"]]), [
        [name for name in one if one[name] not in (before[name], told["after"][name])] for one in later
    ]
