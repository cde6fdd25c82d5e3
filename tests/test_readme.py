"""The README stays short: two commands, a map of the rooms, and links to everything else."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MOST_LINES = 160


def test_it_is_short():
    assert len(README.splitlines()) <= MOST_LINES


def test_the_map_has_every_room_and_no_other():
    drawn = README.split("```text\nservice/")[1].split("```")[0]
    rooms, folders = set(), {}
    for line in f"service/{drawn}".splitlines():
        indent = len(line) - len(line.lstrip())
        for word in line.split():
            if not re.fullmatch(r"\w+/", word):
                break
            folders[indent] = folders.get(indent - 2, ROOT) / word if indent else ROOT / word
            rooms.add(folders[indent])
    assert all(room.is_dir() for room in rooms), [str(room) for room in rooms if not room.is_dir()]
    packages = {path.parent for wing in ("service", "pricing") for path in (ROOT / wing).rglob("__init__.py")}
    assert len(packages) > 15
    assert packages <= rooms, sorted(str(path.relative_to(ROOT)) for path in packages - rooms)
    assert {ROOT / "migrations", ROOT / "tests", ROOT / "service" / "docs"} <= rooms


def test_the_top_level_is_the_house():
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    allowed = {
        "README.md",
        "pyproject.toml",
        "docker-compose.yml",
        "service",
        "pricing",
        "migrations",
        "tests",
    }
    assert visible - allowed <= {"heimvorteil.egg-info", "build"}
    assert allowed <= visible


@pytest.mark.parametrize("which", ["test-command", "long-test-command"])
def test_the_test_commands_are_what_ci_runs(which):
    script = (ROOT / ".ci" / "run").read_text()
    assert f" {which}" in script and "README.md" in script
    assert README.count(f"<!-- {which} -->") == 1
    assert "\n" not in shown(which)


def test_the_second_test_command_runs_what_the_first_leaves_out():
    assert shown("test-command").startswith("python3")
    assert f"{shown('test-command').split(' && ')[-1]} -m long" == shown("long-test-command")


@pytest.mark.parametrize("fails", ["", "python3", ".venv"])
def test_ci_runs_both_and_fails_where_one_does(tmp_path, fails):
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "run"
    script.write_text((ROOT / ".ci" / "run").read_text())
    said = README.replace(shown("test-command"), "python3 --version")
    said = said.replace(shown("long-test-command"), ".venv/bin/python --version")
    (tmp_path / "README.md").write_text(said)
    for name in ("python3", ".venv/bin/python"):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        code = int(bool(fails) and name.startswith(fails))
        program.write_text(f"#!/bin/sh\necho {name} ran\nexit {code}\n")
        program.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", script], env=environment, capture_output=True, text=True)
    assert "python3 ran" in ran.stdout and ".venv/bin/python ran" in ran.stdout, ran
    assert ran.returncode == (1 if fails else 0)


def shown(which: str) -> str:
    """The command that stands behind the mark."""
    return README.split(f"<!-- {which} -->")[1].split("```")[1].removeprefix("sh\n").strip()
